"""Opening the room: the appointment becomes a session, the course moves to dosing."""

from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action
from kap.core.errors import Refused, Stale
from kap.pathway.actions import advance
from scheduling.models import Appointment, Service
from sessions import facts
from sessions.entry import Entry, course_of
from sessions.models import DosingSession, Outcome
from sessions.words import said_in_words


@action("dosing.open")
def open_session(*, appointment, by) -> DosingSession:
    """Open the session of a dosing appointment; the gate "enter" is asked again, under the lock.

    Locks: appointment, course. Raises GateClosed (what is missing), Stale (somebody has opened it), Refused,
    PermissionDenied.
    """
    require(by, Can.ENTER_DOSING)
    appointment = (
        Appointment.objects.select_for_update(of=("self",))
        .select_related("service", "location", "companion")
        .get(pk=appointment.pk)
    )
    not_opened(appointment)
    if appointment.service.code != Service.Code.DOSING or not appointment.is_live:
        raise Refused("This is not a dosing appointment that stands. Look at the calendar.")
    if facts.today_of(appointment) != appointment.starts_at.astimezone(facts.zone(appointment)).date():
        raise Refused("A session is opened on the day it is booked for. Move the appointment to today first.")
    course = course_of(appointment)
    moved = advance(course=course, gate="enter_dosing", subject=Entry(appointment, course), by=by)
    dosed = moved.dosing_sessions.exclude(outcome=Outcome.NOT_DOSED).count()
    with said_in_words():
        return DosingSession.objects.create(
            course=moved, appointment=appointment, number=dosed + 1, route=appointment.route,
            setting=appointment.setting, opened_at=clock.now(), opened_by=by,
        )  # fmt: skip


def not_opened(appointment) -> None:
    """Raises Stale naming who was first."""
    session = DosingSession.objects.filter(appointment=appointment).select_related("opened_by").first()
    if session is not None:
        at = session.opened_at.astimezone(facts.zone(appointment))
        raise Stale(f"{session.opened_by.name} opened this session at {at:%H:%M}.")
