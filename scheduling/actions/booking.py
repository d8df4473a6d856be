"""Booking: one appointment, or a dose with its integration as one act."""

from datetime import timedelta

from django.utils.translation import gettext as _

from kap.accounts.permissions import CLINICAL, Can, Role, require
from kap.core import clock
from kap.core.actions import action, audit_label
from kap.core.errors import Refused
from kap.pathway import gates
from kap.pathway.actions import lock as lock_course
from kap.people.actions import join_team
from kap.people.models import TeamMember
from scheduling import availability, checks, messages
from scheduling.actions import items, reserving
from scheduling.models import Appointment, Attendee, Service, StaffOn, State
from scheduling.plans import Booking, DosingPlan, whole_team
from scheduling.refusals import Taken


@action("scheduling.book")
def book(
    *, service, client, starts_at, location, mode, course=None, room=None, staff=(), on_call=(), note="", by
) -> Appointment:
    """One appointment. `starts_at` is an aware instant; staff and on_call are (provider, role) pairs; without a room a
    free suitable one is taken. An integration is tied to the dose of the course that has none.

    Locks: resources in id order. Raises Refused (what is wrong, in sentences), Taken (with the three nearest times),
    PermissionDenied.
    """
    require(by, Can.BOOK)
    if service.code == Service.Code.DOSING:
        raise Refused(_("A dosing session is booked together with its integration."))
    if course is not None and (course.client_id != client.pk or not course.is_open):
        raise Refused(_("This course of treatment is closed. Open a new one first."))
    booking = Booking(service, starts_at, location, mode, room, tuple(staff), tuple(on_call), note=note)
    refuse_if(checks.problems(booking, client) or checks.not_working([booking]))
    candidates = reserving.rooms_to_lock(booking)
    resources = reserving.lock(providers=booking.providers, rooms=candidates, clients=[client])
    dosing = dose_without_integration(course, starts_at) if service.code == Service.Code.INTEGRATION else None
    made = place(
        booking, client=client, course=course, candidates=candidates, resources=resources, dosing=dosing, by=by,
        taken=lambda words="": Taken(words, lambda: availability.three_nearest(booking, client)),
    )  # fmt: skip
    messages.owe(made, news="appointment_booked", by=by)
    if dosing is not None:
        items.close_all(unbooked_key(dosing), by=by)
    return made


@action("scheduling.book_dosing")
def book_dosing(*, course, plan: DosingPlan, by) -> Appointment:
    """A dose and its integration, both or neither. Returns the dosing appointment; `.integration` is the other.

    Locks: resources of both in id order, then the course; then the gate `book_dosing` is asked about the plan.
    Raises GateClosed, Refused, Taken (its times are pairs), PermissionDenied.
    """
    require(by, gates.GATES["book_dosing"].can)
    if plan.integration_starts_at is None:
        raise Refused(_("Choose an integration time as well: both are booked as one."))
    client, dose, after = course.client, plan.booking(), plan.integration_booking()
    refuse_if(checks.problems(dose, client) + checks.problems(after, client) + prescriber_problem(dose))
    refuse_if(checks.not_working([dose, after]))
    rooms = {booking: reserving.rooms_to_lock(booking) for booking in (dose, after)}
    resources = reserving.lock(
        providers={*dose.providers, *after.providers}, rooms={*rooms[dose], *rooms[after]}, clients=[client]
    )
    course = lock_course(course)
    gates.require_open("book_dosing", course, plan)
    if not course.is_open:
        raise Refused(_("This course of treatment is closed. Open a new one first."))

    def taken(words=""):
        return Taken(words, lambda: availability.three_nearest_pairs(plan, course))

    made = place(
        dose, client=client, course=course, candidates=rooms[dose], resources=resources, taken=taken, by=by
    )
    follow = place(
        after, client=client, course=course, candidates=rooms[after], resources=resources, dosing=made, taken=taken,
        by=by,
    )  # fmt: skip
    messages.owe(made, news="appointment_booked", by=by)
    messages.owe(follow, news="appointment_booked", by=by)
    return made


def refuse_if(problems: list[str]) -> None:
    if problems:
        raise Refused(list(dict.fromkeys(problems)))


def prescriber_problem(dose: Booking) -> list[str]:
    """A prescriber is on site, on video or on call throughout (design §5)."""
    if any(role == Role.PRESCRIBER for _p, role in whole_team(dose)):
        return []
    return [_("Name the prescriber who is there or on call.")]


def place(booking: Booking, *, client, course, candidates, resources, taken, by, dosing=None) -> Appointment:
    """Write the appointment with its people and reservations. Everything wanted is locked by now."""
    room = booking.room or reserving.choose_room(booking, candidates, resources)
    if booking.needs_room and room is None:
        raise taken(_("No suitable room is free then."))
    busy = reserving.clash(booking, [client], room, resources)
    if busy is not None:
        raise taken(_("%(who)s is taken then.") % {"who": busy.name})
    made = Appointment.objects.create(
        service=booking.service, location=booking.location, room=room, mode=booking.mode, starts_at=booking.starts_at,
        ends_at=booking.ends_at, route=booking.route, setting=booking.setting, note=booking.note, dosing=dosing,
        booked_by=audit_label(by),
    )  # fmt: skip
    Attendee.objects.create(appointment=made, client=client, course=course)
    seat(made, booking, client, by=by)
    reserving.reserve(
        appointment=made, booking=booking, clients=[client], room=room, resources=resources, taken=taken()
    )
    return made


def seat(appointment, booking: Booking, client, *, by) -> None:
    """Who is there, who is on call; each joins the care team, a monitor only until the day after."""
    StaffOn.objects.bulk_create(
        StaffOn(appointment=appointment, provider=provider, role=role, on_call=calls)
        for team, calls in ((booking.staff, False), (booking.on_call, True))
        for provider, role in team
    )
    for provider, role in whole_team(booking):
        if role not in CLINICAL:
            continue
        until = booking.ends_at + timedelta(days=1) if role == Role.MONITOR else None
        if not on_team(client, provider.user, role, until):  # spares the lock of the client's row
            join_team(client=client, user=provider.user, role=role, until=until, by=by)


def on_team(client, user, role, until) -> bool:
    """Already a member, and for long enough."""
    members = TeamMember.objects.current(clock.now()).filter(client=client, user=user, role=role)
    return any(m.until is None or (until is not None and m.until >= until) for m in members)


def dose_without_integration(course, starts_at) -> Appointment | None:
    """The course's latest dosing appointment before `starts_at` that has no live integration."""
    if course is None:
        return None
    doses = Appointment.objects.filter(
        attendees__course=course, service__code=Service.Code.DOSING, ends_at__lte=starts_at,
        state__in=[State.BOOKED, State.ARRIVED, State.DONE],
    ).order_by("-starts_at")  # fmt: skip
    latest = doses.first()
    return latest if latest is not None and latest.integration is None else None


def unbooked_key(dosing) -> str:
    return f"integration_unbooked:{dosing.pk}"
