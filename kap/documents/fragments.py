"""The HTML that is frozen: fragments in our own markup, shown on the page and printed alike."""

from django.template.loader import render_to_string

from kap.documents.models import Kind, Signature

READ_ONLY = (Kind.PRIVACY_NOTICE,)


def consent(template, initials: dict[str, str]) -> str:
    """A text for signing as it was read, with the initials in their places."""
    sections = [{**section, "initials": initials.get(section["key"], "")} for section in template.sections]
    return render_to_string("documents/frozen/consent.html", {"template": template, "sections": sections})


def record(content: dict) -> str:
    """A record of our own: sections with text, or rows of label and value."""
    return render_to_string("documents/frozen/record.html", {"sections": content.get("sections", [])})


def meaning_of(kind: str) -> str:
    """What a client's name under this kind means."""
    if kind in READ_ONLY:
        return Signature.Meaning.READ
    return Signature.Meaning.CONSENTS if kind.endswith("consent") else Signature.Meaning.AGREES


def section_faults(sections) -> list[str]:
    """What keeps a text from being published; empty when it is whole."""
    faults, seen = [], set()
    for number, section in enumerate(sections, 1):
        for field in ("key", "title", "summary", "text"):
            if not str(section.get(field, "")).strip():
                faults.append(f"Section {number}: write its {field}.")
        if section.get("key") in seen:
            faults.append(f"Section {number}: its key is used twice.")
        seen.add(section.get("key"))
    return faults or ([] if sections else ["Write at least one section."])
