"""Claiming time. Resource rows are locked in id order before anything is looked at or written; commit releases them."""

from django.db import IntegrityError, transaction

from kap.core.actions import constraint_name
from scheduling.availability import minutes, span, suitable_rooms
from scheduling.models import Reservation, Resource
from scheduling.plans import Booking
from scheduling.refusals import Taken

NEVER_TWICE = "nothing_reserved_twice_at_once"


def lock(*, providers=(), rooms=(), clients=()) -> dict:
    """Rows of everybody concerned, locked FOR UPDATE in id order: {pk of provider, room or client: Resource}.

    Missing rows are made first, always in the same order, so that two bookings never wait for each other.
    """
    wanted = sorted(
        {("client", c.pk) for c in clients}
        | {("provider", p.pk) for p in providers}
        | {("room", r.pk) for r in rooms}
    )
    ids = [Resource.objects.get_or_create(**{f"{kind}_id": pk})[0].pk for kind, pk in wanted]
    locked = Resource.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    return {row.provider_id or row.room_id or row.client_id: row for row in locked}


def lock_appointment(appointment, model):
    return (
        model.objects.select_for_update(of=("self",))
        .select_related("service", "location", "room")
        .get(pk=appointment.pk)
    )


def rooms_to_lock(booking: Booking) -> list:
    """The room that was asked for, or all that would do: the free one is chosen only after the lock."""
    if not booking.needs_room:
        return []
    return [booking.room] if booking.room else suitable_rooms(booking.location, booking.service)


def claims(booking: Booking, clients, room) -> list[tuple]:
    """(thing, from, to) of all that the booking takes. Buffers lie behind providers and rooms, not clients."""
    start, end = booking.starts_at, booking.ends_at
    people = [(p, start, end + minutes(p.buffer_minutes)) for p in booking.providers]
    rooms = [(room, start, end + minutes(room.buffer_minutes))] if room else []
    return [*people, *rooms, *((client, start, end) for client in clients)]


def reserve(*, appointment, booking: Booking, clients, room, resources: dict, taken: Taken) -> None:
    """Write the reservations. Raises `taken` when the database refuses: a writer that took no lock was first."""
    rows = [
        Reservation(resource=resources[thing.pk], appointment=appointment, during=span(start, end))
        for thing, start, end in claims(booking, clients, room)
    ]
    try:
        with transaction.atomic():
            Reservation.objects.bulk_create(rows)
    except IntegrityError as error:
        if constraint_name(error) == NEVER_TWICE:
            raise taken from error
        raise


def choose_room(booking: Booking, candidates, resources: dict):
    """The first suitable room that is free, or None. Call after the lock."""
    if not candidates:
        return None
    end = {room.pk: booking.ends_at + minutes(room.buffer_minutes) for room in candidates}
    taken = Reservation.objects.filter(
        resource__in=[resources[room.pk] for room in candidates], live=True,
        during__overlap=span(booking.starts_at, max(end.values())),
    ).values_list("resource_id", "during")  # fmt: skip
    for room in candidates:
        row = resources[room.pk].pk
        if not any(pk == row and during.lower < end[room.pk] for pk, during in taken):
            return room
    return None


def clash(booking: Booking, clients, room, resources: dict):
    """The first thing that is taken already, or None. Call after the lock, so that the answer stays true."""
    wanted = claims(booking, clients, room)
    live = Reservation.objects.filter(resource__in=[resources[t.pk] for t, _, _ in wanted], live=True)
    latest = max(end for _, _, end in wanted)
    busy = list(
        live.filter(during__overlap=span(booking.starts_at, latest)).values_list("resource_id", "during")
    )
    for thing, start, end in wanted:
        row = resources[thing.pk].pk
        if any(pk == row and during.lower < end and during.upper > start for pk, during in busy):
            return thing
    return None


def release(appointments) -> None:
    Reservation.objects.filter(appointment__in=appointments, live=True).update(live=False)
