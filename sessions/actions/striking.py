"""A wrong entry is struck through, with the reason. It stays readable; it no longer counts."""

from django.db import IntegrityError, transaction

from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action
from kap.core.errors import Refused, Stale
from sessions.actions.common import a_sentence, lock
from sessions.models import Administration, AdverseEvent, Observation, Strike, Vitals

TARGETS = {
    Vitals: "vitals", Administration: "administration", Observation: "observation", AdverseEvent: "adverse_event",
}  # fmt: skip


@action("dosing.strike")
def strike(*, target, reason: str, by) -> Strike:
    """Strike one row of the flowsheet through. A dose can be struck only while its session runs, since what was
    given decides how the session ends. Raises Refused, Stale (struck already), PermissionDenied."""
    field = TARGETS.get(type(target))
    if field is None:
        raise Refused("This entry cannot be struck through.")
    is_dose = field == "administration"
    require(by, Can.GIVE_DOSE if is_dose else Can.CHART_VITALS)
    session = lock(target.session)
    if is_dose and session.ended_at:
        raise Refused("The session is signed. Write down the correction as an adverse event or in the note.")
    reason = a_sentence(reason, "Reason", least=5)
    try:
        with transaction.atomic():
            made = Strike.objects.create(
                session=session,
                reason=reason[:300],
                recorded_at=clock.now(),
                recorded_by=by,
                **{field: target},
            )
    except IntegrityError as error:
        raise Stale("This entry is struck through already.") from error
    if is_dose:
        first = Administration.objects.filter(session=session, strike=None).order_by("given_at").first()
        session.first_dose_at = first.given_at if first else None
        session.save(update_fields=["first_dose_at"])
    return made
