"""What follows here from something that happened elsewhere: an exit, a session that ended sooner or later."""

from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from kap.core import clock
from kap.core.actions import action
from kap.worklist.models import Kind, Urgency
from scheduling.actions import items
from scheduling.actions.visits import cancel_quietly
from scheduling.models import Appointment, CancelReason, State


@action("scheduling.release_future")
def release_future(*, course, by) -> int:
    """The course is left: what is booked for it from now on is cancelled and the client is told. Returns how many."""
    cancelled = 0
    ahead = Appointment.objects.filter(
        attendees__course=course, state__in=[State.BOOKED, State.ARRIVED], ends_at__gt=clock.now()
    ).order_by("starts_at")  # fmt: skip
    for appointment in ahead:
        appointment.refresh_from_db(fields=["state"])
        if appointment.is_live:  # an integration went with its dose
            cancel_quietly(appointment=appointment, reason=CancelReason.COURSE_ENDED, tell=True, by=by)
            cancelled += 1
    return cancelled


def window_key(dosing) -> str:
    return f"integration_window:{dosing.pk}"


@action("scheduling.recheck_integration")
def recheck_integration(*, session, by):
    """After the actual end: is the booked integration still inside the window? If not, somebody must move it.

    `session`: a dosing session with `course`, `appointment` and `ended_at`. Returns the worklist item, or None.
    """
    dosing, course = session.appointment, session.course
    integration = dosing.integration
    opens, closes = course.rules.integration.window(session.ended_at)
    if integration is not None and opens <= integration.starts_at <= closes:
        items.close_all(window_key(dosing), by=by)
        return None
    zone = ZoneInfo(dosing.location.zone)
    span = f"{opens.astimezone(zone):%a %-d %b, %H:%M} – {closes.astimezone(zone):%a %-d %b, %H:%M}"
    if integration is None:
        words = _("No integration is booked. The window is %(span)s.") % {"span": span}
        link = reverse("scheduling:appointment", args=[dosing.pk])
    else:
        words = _("The session ended at another time than planned. The window is now %(span)s.") % {
            "span": span
        }
        link = reverse("scheduling:move", args=[integration.pk])
    return items.raise_anew(
        window_key(dosing), kind=Kind.RESCHEDULE, urgency=Urgency.TODAY, client=course.client,
        title=_("%(name)s: integration outside its window") % {"name": course.client.name}, detail=words, link=link,
        link_words=_("Move integration") if integration else _("Book integration"), due_at=closes, by=by,
    )  # fmt: skip
