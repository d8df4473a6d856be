"""What becomes of a booked time: cancelled, arrived, not come, done."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action, audit_label
from kap.core.errors import Refused
from kap.worklist import actions as worklist
from scheduling import messages
from scheduling.actions import items, reserving
from scheduling.actions.booking import unbooked_key
from scheduling.actions.companions import missing_key
from scheduling.models import Appointment, CancelReason, Reservation, Resource, Service, State
from scheduling.refusals import stale


@action("scheduling.cancel")
def cancel(*, appointment, reason: str, note: str = "", by) -> Appointment:
    """The row stays, the time is free, its messages are taken back. A dose takes its integration with it.

    "Client asked" becomes late within the service's notice. Raises Refused, Stale, PermissionDenied.
    """
    require(by, Can.BOOK)
    if reason not in CancelReason.values:
        raise Refused(_("Choose why it is cancelled."))
    return cancel_quietly(appointment=appointment, reason=reason, note=note, tell=True, by=by)


def cancel_quietly(*, appointment, reason: str, note: str = "", tell: bool, by) -> Appointment:
    """The same without asking for the right to book: also what an exit or a session without medicine does."""
    both = [appointment, *([appointment.integration] if appointment.integration else [])]
    concerned = Reservation.objects.filter(appointment__in=both, live=True).values("resource")
    list(Resource.objects.select_for_update().filter(pk__in=concerned).order_by("pk"))
    locked = [reserving.lock_appointment(one, Appointment) for one in sorted(both, key=lambda one: one.pk)]
    first = next(one for one in locked if one.pk == appointment.pk)
    if not first.is_live:
        raise stale(first)
    for one in locked:
        if one.is_live:
            _cancel(one, reason, note, tell, by)
    if first.dosing_id and first.dosing.state in (State.BOOKED, State.ARRIVED, State.DONE):
        dose_lacks_integration(first.dosing, by=by)
    return first


def _cancel(appointment, reason, note, tell, by) -> None:
    now = clock.now()
    if reason == CancelReason.CLIENT and is_late(appointment, now):
        reason = CancelReason.LATE
    appointment.state, appointment.cancel_reason = State.CANCELLED, reason
    appointment.cancelled_at, appointment.cancelled_by = now, audit_label(by)
    if note.strip():
        appointment.note = note.strip()[:300]
    appointment.save(update_fields=["state", "cancel_reason", "cancelled_at", "cancelled_by", "note"])
    reserving.release([appointment])
    messages.drop(appointment, why="The appointment is cancelled.", by=by)
    items.close_all(missing_key(appointment), by=by)
    items.close_all(unbooked_key(appointment), by=by)
    if tell and appointment.starts_at > now:
        messages.owe_cancelled(appointment, by=by)


def is_late(appointment, now) -> bool:
    return appointment.starts_at - now < timedelta(hours=appointment.service.notice_hours)


def dose_lacks_integration(dosing, *, by) -> None:
    """Every dose has its integration: somebody must book another."""
    client = dosing.attendees.select_related("client").first().client
    items.raise_anew(
        unbooked_key(dosing), kind=worklist.Kind.INTEGRATION_UNBOOKED, urgency=worklist.Urgency.TODAY,
        title=_("%(name)s: integration not booked") % {"name": client.name}, client=client,
        detail=_("The integration of the dose on %(day)s was cancelled. Book another inside its window.")
        % {"day": dosing.starts_at.astimezone(ZoneInfo(dosing.location.zone)).strftime("%a %-d %b")},
        link=reverse("scheduling:appointment", args=[dosing.pk]), link_words=_("Book integration"),
        due_at=dosing.ends_at, by=by,
    )  # fmt: skip
    messages.owe_unbooked(dosing, by=by)


@action("scheduling.release_integration")
def release_integration(*, appointment, by) -> Appointment | None:
    """No medicine was given, so there is nothing to integrate: the booked time is free again. Returns it."""
    integration = appointment.integration
    if integration is None or not integration.is_live:
        return None
    locked = reserving.lock_appointment(integration, Appointment)
    _cancel(locked, CancelReason.NOT_DOSED, "", True, by)
    return locked


@action("scheduling.arrive")
def arrive(*, appointment, by) -> Appointment:
    """The client is here. On the day of the appointment only. Raises Refused, Stale."""
    require(by, Can.SEE_CALENDAR)
    appointment = reserving.lock_appointment(appointment, Appointment)
    if appointment.state != State.BOOKED:
        raise stale(appointment)
    zone, now = ZoneInfo(appointment.location.zone), clock.now()
    if appointment.starts_at.astimezone(zone).date() != now.astimezone(zone).date():
        raise Refused(_("Arrival is noted on the day of the appointment. Move the appointment first."))
    appointment.state, appointment.arrived_at, appointment.arrived_by = State.ARRIVED, now, by
    appointment.save(update_fields=["state", "arrived_at", "arrived_by"])
    return appointment


@action("scheduling.no_show")
def no_show(*, appointment, by) -> Appointment:
    """The client did not come. Not before the appointment has begun. A dose that did not happen has no integration."""
    require(by, Can.SEE_CALENDAR)
    appointment = reserving.lock_appointment(appointment, Appointment)
    if appointment.state != State.BOOKED:
        raise stale(appointment)
    if clock.now() < appointment.starts_at:
        raise Refused(_("It has not begun yet. Cancel it if the client will not come."))
    _end(appointment, State.NO_SHOW, by)
    if appointment.service.code == Service.Code.DOSING:
        release_integration(appointment=appointment, by=by)
    return appointment


@action("scheduling.finish")
def finish(*, appointment, by) -> Appointment:
    """It has been held. Called where a session is signed or discharged; twice does no harm."""
    appointment = reserving.lock_appointment(appointment, Appointment)
    if appointment.state == State.DONE:
        return appointment
    if not appointment.is_live:
        raise stale(appointment)
    _end(appointment, State.DONE, by)
    return appointment


def _end(appointment, state, by) -> None:
    appointment.state, appointment.ended_at, appointment.ended_by = state, clock.now(), audit_label(by)
    appointment.save(update_fields=["state", "ended_at", "ended_by"])
    messages.drop(appointment, why=f"The appointment is {appointment.get_state_display().lower()}.", by=by)
    items.close_all(missing_key(appointment), by=by)
