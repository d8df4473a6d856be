"""Compile every template once: a slip in a tag shows here and not on the page of a client."""

import sys
from pathlib import Path

from kap.ops.environment import ROOT

SUFFIXES = {".html", ".txt", ".svg", ".css", ".ics"}


def broken() -> list[str]:
    """One line for each template that does not compile. Django must be set up."""
    from django.conf import settings
    from django.template import TemplateDoesNotExist, TemplateSyntaxError
    from django.template.loader import get_template

    found = []
    for folder in [Path(folder) for folder in settings.TEMPLATES[0]["DIRS"]]:
        for path in sorted(folder.rglob("*")):
            if path.suffix not in SUFFIXES or not path.is_file():
                continue
            name = str(path.relative_to(folder))
            try:
                get_template(name)
            except TemplateDoesNotExist as error:
                found.append(f"{name}: it names {error}, which does not exist")
            except TemplateSyntaxError as error:
                found.append(f"{name}: {error}")
            if message := comment_over_lines(path.read_text(encoding="utf-8")):
                found.append(f"{name}: {message}")
    return found


def comment_over_lines(text: str) -> str:
    """A {# comment #} that is not closed on its line would be printed into the page."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.count("{#") != line.count("#}"):
            return f"line {number}: a {{# comment #}} must end on its line; use {{% comment %}}"
    return ""


def main() -> int:
    import django

    django.setup()
    found = broken()
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
