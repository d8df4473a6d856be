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


def in_force(course, kind: str, route: str, setting: str, signer=None):
    """The signed document that holds now, or None. `signer`: only one that this person signed."""
    found = course.documents.in_force(clock.now()).filter(kind=kind, signatures__isnull=False).distinct()
    if signer is not None:
        found = found.signed_by(signer)
    return next((d for d in found if fits(kind, d.route, d.setting, route, setting)), None)


def missing(course, route: str, setting: str, appointment=None) -> list[Missing]:
    """What is not signed, ended or withdrawn. Nobody may override a consent.

    `appointment`: the dosing session it is asked about. What one chaperone took on does not bind another: once a
    companion is named for it, only her own signature counts.
    """
    gaps = []
    for kind in kinds_for(setting):
        signer = appointment.companion if appointment and kind == Kind.CHAPERONE_AGREEMENT else None
        if in_force(course, kind, route, setting, signer) is not None:
            continue
        if signer is not None:
            gaps.append(_not_by(signer, appointment))
            continue
        words = f"{Kind(kind).label} is not in force"
        if kind == Kind.KAP_CONSENT:
            words += f" for: {Route(route).label.lower()}, {Setting(setting).label.lower()}"
        gaps.append(
            Missing(f"{words}.", "Ask for the signature.", reverse("documents:ask", args=[course.pk]))
        )
    return gaps


def _not_by(signer, appointment) -> Missing:
    return Missing(
        f"{signer.name}, who is named as chaperone, has not signed the chaperone agreement.",
        "The text is behind the link in the email to the chaperone. Send it again, or name somebody else.",
        reverse("scheduling:appointment", args=[appointment.pk]),
    )
