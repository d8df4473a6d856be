"""A free time as the pages show it and as their forms send it back; and what an address or a form says, read with care."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.dateparse import parse_datetime

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


def instant_of(text) -> datetime | None:
    """An ISO instant; in an address a plus sign may have become a blank."""
    try:
        found = parse_datetime(str(text or "").strip().replace(" ", "+"))
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


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
