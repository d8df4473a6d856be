"""Which texts a client must have signed for a route and a setting, and which of them are in force."""

from django.urls import reverse

from kap.core import clock
from kap.documents.models import Kind
from kap.pathway.gates import Missing
from kap.pathway.models import Route, Setting

IN_CLINIC = (Kind.KAP_CONSENT,)
REMOTE = (Kind.KAP_CONSENT, Kind.TELEHEALTH_CONSENT, Kind.CHAPERONE_AGREEMENT)


def kinds_for(setting: str) -> tuple[str, ...]:
    """clinical.md §7 and §4: at home also telehealth and the chaperone's agreement."""
    return REMOTE if setting == Setting.REMOTE else IN_CLINIC


def fits(kind: str, document_route: str, document_setting: str, route: str, setting: str) -> bool:
    """A consent to treatment holds for its route and setting; an empty one holds for any."""
    return document_route in ("", route) and document_setting in ("", setting)


def in_force(course, kind: str, route: str, setting: str):
    """The signed document that holds now, or None."""
    found = course.documents.in_force(clock.now()).filter(kind=kind, signatures__isnull=False).distinct()
    return next((d for d in found if fits(kind, d.route, d.setting, route, setting)), None)


def missing(course, route: str, setting: str) -> list[Missing]:
    """What is not signed, ended or withdrawn. Nobody may override a consent."""
    gaps = []
    for kind in kinds_for(setting):
        if in_force(course, kind, route, setting) is not None:
            continue
        words = f"{Kind(kind).label} is not in force"
        if kind == Kind.KAP_CONSENT:
            words += f" for: {Route(route).label.lower()}, {Setting(setting).label.lower()}"
        gaps.append(
            Missing(f"{words}.", "Ask for the signature.", reverse("documents:ask", args=[course.pk]))
        )
    return gaps
