"""A free time as the pages show it and as their forms send it back; and what an address or a form says, read with care."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kap.core.fields import instant_from
from scheduling.availability import Offer, Seat

READABLE = 16  # times of one day


@dataclass(frozen=True)
class Choice:
    """One free time as the page shows it. `value` is what the form sends."""

    starts_at: datetime
    value: str
    detail: str
    own_time: str = ""
    integration: Offer | None = None
    room: str = ""
    checked: bool = False


def uuid_of(text) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def thinned(found: list) -> list:
    """A long day is shown by the half hour: nobody reads forty quarters."""
    if len(found) <= READABLE:
        return found
    return [one for one in found if one.starts_at.minute % 30 == 0] or found


def value_of(offer: Offer) -> str:
    return f"{offer.starts_at.isoformat()}~{','.join(str(provider.pk) for provider, _role in offer.staff)}"


def as_seat(seat: dict, *, anyone: bool = False) -> Seat:
    people = [seat["chosen"]] if seat["chosen"] and not anyone else seat["people"]
    return Seat(tuple((p, sorted(p.user.roles & seat["roles"])[0]) for p in people))


def part_of(text: str):
    """(start, provider ids) of one half of a sent value, or None for nonsense."""
    when, _sep, people = text.partition("~")
    starts_at = instant_from(when)
    ids = [uuid_of(one) for one in people.split(",") if one]
    return (starts_at, ids) if starts_at and ids and None not in ids else None


def people_for(ids, seats) -> tuple | None:
    """Each person in the role of the seat that the time was offered for; None where one does not fit."""
    if len(ids) != len(seats):
        return None
    team = []
    for pk, seat in zip(ids, seats, strict=True):
        found = next(((p, role) for p, role in seat.people if p.pk == pk), None)
        if found is None:
            return None
        team.append(found)
    return tuple(team)
