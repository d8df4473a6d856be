"""A client's documents for other pages: no bytes are loaded."""

from kap.core import clock
from kap.documents.models import Document, Kind, SignatureRequest, Template

SIGNED_BY_CLIENT = (Kind.KAP_CONSENT, Kind.TELEHEALTH_CONSENT, Kind.CHAPERONE_AGREEMENT)


def of_client(client):
    """The newest first, for `documents/_list.html`. Two queries, however many there are."""
    found = Document.objects.filter(client=client).defer("content", "html").with_pdf()
    return found.select_related("withdrawal").prefetch_related("signatures")


def standing(document) -> tuple[str, str]:
    """(words, tone): in force, ended, withdrawn."""
    if getattr(document, "withdrawal", None):
        return f"Withdrawn {document.withdrawal.withdrawn_at:%d-%b-%Y}", "danger"
    if document.valid_until and document.valid_until <= clock.now():
        return "No longer valid", "warn"
    if document.kind in SIGNED_BY_CLIENT:
        return "In force", "ok"
    return "Signed", "neutral"


def texts_to_ask(course) -> list[tuple[str, str]]:
    """The newest version of each text that fits the course's setting, as choices "kind|route"."""
    newest = {}
    for template in Template.objects.filter(setting__in=["", course.setting]).order_by("version"):
        newest[(template.kind, template.route)] = template
    waiting = set(SignatureRequest.objects.open().filter(course=course).values_list("template_id", flat=True))
    order = list(Kind.values)
    rows = sorted(newest.values(), key=lambda t: (order.index(t.kind), t.route))
    return [(f"{t.kind}|{t.route}", f"{t.title}, version {t.version}") for t in rows if t.pk not in waiting]
