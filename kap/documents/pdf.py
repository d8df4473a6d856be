"""From a frozen document to a PDF, in the worker. The drawing itself happens in a process without network,
files or secrets (kap.documents.pdf_process); nothing is loaded but our own fonts and style sheet.

The same document gives the same bytes. Fonts of the machine are never used: without any font at all Pango
crashes the process, and with other fonts every machine would print differently.
"""

import os
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe

from kap.core.context import current_clinic
from kap.documents import pdf_process
from kap.documents.pdf_process import Rendered, RenderFailed

__all__ = ["RenderFailed", "Rendered", "render", "write"]


def render(document) -> Rendered:
    """The PDF of a frozen document with the signatures that it bears now; about 30 ms a page."""
    clinic = current_clinic()
    with timezone.override(ZoneInfo(clinic.zone if clinic else "UTC")):
        html = render_to_string(
            "pdf/document.html",
            {
                "document": document, "clinic": clinic, "signatures": list(document.signatures.all()),
                # The fragment came from our own templates, which escape what people typed, and is frozen.
                "fragment": mark_safe(bytes(document.html).decode("utf-8")),  # noqa: S308  # nosec B308, B703 # our templates escaped it
            },
        )  # fmt: skip
    return write(html)


def write(html: str) -> Rendered:
    return pdf_process.draw(html, fontconfig=use_our_fonts())


def use_our_fonts() -> Path:
    """The settings of fontconfig that know our fonts alone. Raises RenderFailed when they are not there."""
    fonts = settings.BASE_DIR / "static" / "vendor" / "fonts"
    if not list(fonts.glob("*.ttf")):
        raise RenderFailed("The fonts are missing. Run `make setup`, which makes static/vendor/fonts.")
    target = Path(settings.VAR_DIR) / "fontconfig" / "fonts.conf"
    words = (
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{fonts}</dir><cachedir>{target.parent / 'cache'}</cachedir></fontconfig>"
    )
    if not target.exists() or target.read_text() != words:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_suffix(f".{os.getpid()}")
        fresh.write_text(words)
        os.replace(fresh, target)
    return target
