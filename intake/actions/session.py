"""Signing the intake session."""

from intake.days import clinic_today
from intake.evidence.forms import licensed_on
from kap.core.actions import action
from kap.core.errors import Refused
from kap.notes import actions as notes
from kap.notes.models import Note

__all__ = ["sign_session"]


@action("intake.sign_session")
def sign_session(*, note, printed_name: str, by) -> Note:
    """Only under a professional licence in force today: the gate to the medical evaluation rests on it.

    Raises Refused, Stale, PermissionDenied.
    """
    if not licensed_on(by.pk, clinic_today()):
        raise Refused(
            "Signing needs a professional licence in force, and none of yours is. Ask the admin to enter it on the "
            "roster; your draft is kept."
        )
    return notes.sign(note=note, printed_name=printed_name, by=by)
