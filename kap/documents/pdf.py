"""From a frozen document to a PDF, in the worker. Nothing is fetched but our own fonts and style sheet.

The same document gives the same bytes. Fonts of the machine are never used: without any font at all Pango
crashes the process, and with other fonts every machine would print differently.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe

from kap.core.context import current_clinic

SCHEME = "kap:"
ASSETS = (
    "css/pdf.css",
    *(f"vendor/fonts/KapInter-{face}.ttf" for face in ("Regular", "Italic", "SemiBold", "Bold")),
)


@dataclass(frozen=True)
class Rendered:
    body: bytes
    pages: int


class RenderFailed(Exception):
    """The PDF could not be made; the words say why."""


def render(document) -> Rendered:
    """The PDF of a frozen document with the signatures that it bears now; about 30 ms a page."""
    clinic = current_clinic()
    with timezone.override(ZoneInfo(clinic.zone if clinic else "UTC")):
        html = render_to_string(
            "pdf/document.html",
            {
                "document": document, "clinic": clinic, "signatures": list(document.signatures.all()),
                # The fragment came from our own templates, which escape what people typed, and is frozen.
                "fragment": mark_safe(bytes(document.html).decode("utf-8")),  # noqa: S308
            },
        )  # fmt: skip
    return write(html)


def write(html: str) -> Rendered:
    use_our_fonts()
    import weasyprint
    from weasyprint.urls import FatalURLFetchingError

    try:
        made = weasyprint.HTML(string=html, base_url=SCHEME, url_fetcher=_fetcher()).render(
            pdf_variant="pdf/ua-1"
        )
    except FatalURLFetchingError as error:  # a BaseException: it would end the worker
        raise RenderFailed(str(error)) from error
    body = made.write_pdf(pdf_variant="pdf/ua-1", pdf_tags=True)
    return Rendered(body, len(made.pages))


def _fetcher():
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class OwnAssetsOnly(URLFetcher):
        """Denies everything but the files named above: no network, no file of the machine, no data: address."""

        def fetch(self, url, headers=None):
            name = url.removeprefix(SCHEME)
            if not url.startswith(SCHEME) or name not in ASSETS:
                raise FatalURLFetchingError(f"A document may not load {url[:80]}")
            kind = "text/css" if name.endswith(".css") else "font/ttf"
            return URLFetcherResponse(
                url, (settings.BASE_DIR / "static" / name).read_bytes(), {"Content-Type": kind}
            )

    return OwnAssetsOnly(allowed_protocols=["kap"])


def use_our_fonts() -> None:
    """Point fontconfig at our fonts alone, before Pango is loaded. Raises RenderFailed when they are not there."""
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
    os.environ["FONTCONFIG_FILE"] = str(target)
