"""What the actions of the room share: locks in their order, times that make sense, the second person's PIN."""

from datetime import datetime, timedelta

from kap.accounts import pins
from kap.accounts.permissions import Can, allowed
from kap.audit import access
from kap.core import clock
from kap.core.errors import Refused, Stale
from kap.pathway.actions import lock as lock_course
from scheduling.models import Appointment
from sessions.models import DosingSession

GRACE = timedelta(minutes=1)  # a wall clock may run ahead of ours


def lock(session, *, appointment=False) -> DosingSession:
    """The session, locked after its course (and, where it is written, after the appointment)."""
    if appointment:
        Appointment.objects.select_for_update(of=("self",)).get(pk=session.appointment_id)
    course = lock_course(session.course)
    locked = (
        DosingSession.objects.select_for_update(of=("self",))
        .select_related(
            "appointment__location", "order"
        )  # what every entry needs; the rest is fetched by those who do
        .get(pk=session.pk)
    )
    locked.course = course
    return locked


def running(session, *, started: bool | None = None) -> DosingSession:
    """The locked session, if it has not ended. Raises Stale, or Refused before its start where one is needed."""
    locked = lock(session)
    not_ended(locked)
    if started and locked.started_at is None:
        raise Refused("The medicine has not been started. Finish the pre-dose check first.")
    return locked


def not_ended(session) -> None:
    if session.ended_at:
        raise Stale(
            f"This session ended: {session.get_outcome_display().lower()}. Nothing more is added to it."
        )


def in_time(at: datetime | None, session, what: str, *, earliest: datetime | None = None) -> datetime:
    """When it happened: now if nothing was said; never ahead of now, never before `earliest`. Raises Refused."""
    now = clock.now()
    at = at or now
    if at > now + GRACE:
        raise Refused(f"{what} lies in the future. Enter the time at which it happened.")
    if earliest and at < earliest - GRACE:
        raise Refused(f"{what} lies before this session. Enter the time at which it happened.")
    return min(at, now)


def earliest_entry(session) -> datetime:
    """Readings of the same visit may be older than the opened session, by the time a baseline may be old."""
    minutes = session.course.rules.monitoring.baseline_within_minutes
    return min(session.opened_at, session.appointment.starts_at) - timedelta(minutes=minutes)


def prove(person, pin: str, by) -> None:
    """The second person's word, given by her PIN at this screen; her own sign-in is word enough.

    Called outside the action's transaction, so that a wrong try is counted even though nothing else is kept.
    """
    if person is None:
        return
    if not allowed(person, Can.CHART_VITALS):
        raise Refused(f"{person.name} may not confirm this. Choose a clinician.")
    if person.pk == by.pk:
        return
    if not person.pin:
        raise Refused(f"{person.name} has no PIN yet. Set one under Account, or confirm on another device.")
    if not pin.strip():
        raise Refused(f"{person.name} enters the PIN.")
    if not pins.proves(person, pin.strip()):
        access.noted("pin_wrong", by=by, thing=person)
        raise Refused(f"That is not {person.name}'s PIN. Enter it again.")


def a_sentence(words: str, what: str, least: int = 10) -> str:
    words = " ".join(words.split())
    if len(words) < least:
        raise Refused(f"{what}: write a full sentence.")
    return words
