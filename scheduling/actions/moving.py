"""Moving an appointment. A dose takes its integration along, or a new time for it is demanded."""

from django.utils.translation import gettext as _

from kap.accounts.permissions import Can, require
from kap.core.actions import action
from kap.core.errors import Refused, Stale
from kap.pathway.actions import lock as lock_course
from scheduling import availability, checks, messages
from scheduling.actions import reserving
from scheduling.actions.booking import prescriber_problem, refuse_if, seat
from scheduling.models import Appointment, Service, State
from scheduling.plans import Booking
from scheduling.refusals import OutOfWindow, Taken, stale


@action("scheduling.move")
def move(
    *, appointment, starts_at, room=None, staff=None, integration_starts_at=None, version=None, late=False, by
) -> Appointment:
    """To another time, with the same people and place unless others are named.

    `version`: what the person saw; another one raises Stale. A dose whose integration would leave the window needs
    `integration_starts_at`, else OutOfWindow tells the times that fit. An integration may leave the window only after
    the dose has been held and with `late=True`: the record then shows it as late.
    Locks: resources in id order, appointments, course. Raises Refused, Taken, OutOfWindow, Stale, PermissionDenied.
    """
    require(by, Can.BOOK)
    moves = plan_moves(appointment, starts_at, room, staff, integration_starts_at)
    candidates = {one.pk: reserving.rooms_to_lock(booking) for one, booking in moves}
    clients = list({a.client for one, _b in moves for a in one.attendees.select_related("client")})
    refuse_if(problems([booking for _o, booking in moves], clients[0]))
    resources = reserving.lock(
        providers={p for _o, booking in moves for p in booking.providers},
        rooms={room for rooms in candidates.values() for room in rooms}, clients=clients,
    )  # fmt: skip
    locked = {one.pk: _locked(one) for one, _b in sorted(moves, key=lambda m: m[0].pk)}
    first = locked[appointment.pk]
    if first.state != State.BOOKED:
        raise stale(first)
    if version is not None and first.version != version:
        raise Stale(_("Somebody else has moved this appointment meanwhile. Look at it again."))
    keep_window(first, moves, late=late)
    reserving.release([one for one, _b in moves])
    for one, booking in moves:
        _to(locked[one.pk], booking, candidates[one.pk], resources, clients, by=by)
    return first


def plan_moves(appointment, starts_at, room, staff, integration_starts_at) -> list[tuple]:
    """[(appointment, Booking)]: the one that is moved, and the integration that moves with its dose."""
    moves = [(appointment, rebooked(appointment, starts_at, room=room, staff=staff))]
    if integration_starts_at is not None:
        if appointment.service.code != Service.Code.DOSING or appointment.integration is None:
            raise Refused(_("Only a dosing session has an integration that moves with it."))
        integration = appointment.integration
        moves.append((integration, rebooked(integration, integration_starts_at)))
    return moves


def rebooked(appointment, starts_at, *, room=None, staff=None) -> Booking:
    """The same appointment at another time. Its own room first; when that is taken, another suitable one."""
    team = list(appointment.staff.select_related("provider__user"))
    return Booking(
        appointment.service, starts_at, room.location if room else appointment.location, appointment.mode, room,
        tuple(staff) if staff is not None else tuple((s.provider, s.role) for s in team if not s.on_call),
        tuple((s.provider, s.role) for s in team if s.on_call), appointment.route, appointment.setting, appointment.note,
    )  # fmt: skip


def _locked(appointment) -> Appointment:
    return reserving.lock_appointment(appointment, Appointment)


def keep_window(appointment, moves, *, late: bool) -> None:
    """The pair stays inside the hours of the course's protocol, measured from the planned or the actual end."""
    bookings = {one.pk: booking for one, booking in moves}
    if appointment.service.code == Service.Code.DOSING:
        dosing, integration = appointment, appointment.integration
    else:
        dosing, integration = appointment.dosing, appointment
    if dosing is None or integration is None:
        return
    course = lock_course(dosing.attendees.first().course)
    ends = bookings[dosing.pk].ends_at if dosing.pk in bookings else end_of(dosing)
    starts = bookings[integration.pk].starts_at if integration.pk in bookings else integration.starts_at
    opens, closes = course.rules.integration.window(ends)
    if opens <= starts <= closes or (late and dosing.state == State.DONE and starts > closes):
        return
    hours = course.rules.integration
    wish = availability.wish_of(rebooked(integration, starts), course.client)
    limits = (hours.opens_hours, hours.closes_hours)
    raise OutOfWindow(
        _("The integration must be %(from)s to %(to)s h after the dose ends. Choose a time for it that fits.")
        % {"from": limits[0], "to": limits[1]},
        lambda: availability.find_integrations(wish, ended_at=ends, window=limits, ignoring=[integration]),
    )


def end_of(dosing):
    """The actual end once there is one, else the planned end."""
    session = getattr(dosing, "dosing_session", None)
    return (session and session.ended_at) or dosing.ends_at


def problems(bookings: list[Booking], client) -> list[str]:
    found = [p for booking in bookings for p in checks.problems(booking, client, anew=False)]
    found += [p for b in bookings if b.service.code == Service.Code.DOSING for p in prescriber_problem(b)]
    return found or checks.not_working(bookings)


def _to(appointment, booking, candidates, resources, clients, *, by) -> None:
    """Write the new time. Its old reservations are released by now."""
    was_at, client = appointment.starts_at, clients[0]
    search = lambda: availability.three_nearest(booking, client, ignoring=[appointment])  # noqa: E731
    rooms = sorted(
        candidates, key=lambda room: room.pk != appointment.room_id
    )  # the room it had, if that is free
    room = reserving.choose_room(booking, rooms, resources)
    if booking.needs_room and room is None:
        raise Taken(_("No suitable room is free then."), search)
    busy = reserving.clash(booking, clients, room, resources)
    if busy is not None:
        raise Taken(_("%(who)s is taken then.") % {"who": busy.name}, search)
    appointment.starts_at, appointment.ends_at = booking.starts_at, booking.ends_at
    appointment.location, appointment.room = booking.location, room
    appointment.version += 1
    appointment.companion_confirmed_at = appointment.companion_confirmed_by = (
        None  # she said yes to another time
    )
    appointment.save()
    appointment.staff.all().delete()
    seat(appointment, booking, client, by=by)
    reserving.reserve(
        appointment=appointment, booking=booking, clients=clients, room=room, resources=resources,
        taken=Taken("", search),
    )  # fmt: skip
    messages.drop(appointment, why="The appointment has moved.", by=by)
    messages.owe(appointment, news="appointment_moved", was_at=was_at, by=by)
    if appointment.companion_id is not None:
        messages.owe_companion(appointment, by=by)
