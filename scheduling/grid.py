"""The calendar as it is drawn: columns of five-minute rows, or a week of providers. Everything is asked once.

Pure apart from `gather`, which makes the same number of queries for ten appointments and for a thousand.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from kap.core import clock
from kap.people.models import Provider
from scheduling import looks, slots
from scheduling.availability import DAY, Snapshot, load
from scheduling.models import Appointment, Room, State
from scheduling.slots import Interval

ROW = 5  # minutes
AT_LEAST = (8, 18)  # hours that are always shown
SHORTEST_SLOT = timedelta(minutes=20)


@dataclass
class Event:
    """One appointment in one column. `href` is empty where the viewer may only know that the time is taken."""

    at: datetime
    ends: datetime
    words: str
    detail: str = ""
    href: str = ""
    move: str = ""
    classes: str = ""
    row: int = 0
    height: int = 0
    appointment: Appointment | None = None


@dataclass
class Slot:
    at: datetime
    href: str
    label: str
    row: int = 0
    height: int = 0


@dataclass
class Column:
    """A provider or a room on one day, or one provider's day of a week."""

    name: str
    detail: str = ""
    initials: str = ""
    href: str = ""
    today: bool = False
    off: list = field(default_factory=list)  # (row, height)
    items: list = field(default_factory=list)  # Event and Slot in order of time
    now: int | None = None


@dataclass
class Found:
    """What the database said about some days, some providers and some rooms."""

    zone: ZoneInfo
    first: date
    days: int
    providers: list[Provider]
    rooms: list[Room]
    appointments: list[Appointment]
    open_ids: set
    known: Snapshot
    location: object = None
    may_book: bool = False

    def day(self, number: int) -> date:
        return self.first + number * DAY

    def bounds(self, day: date) -> tuple[datetime, datetime]:
        return midnight(day, self.zone), midnight(day + DAY, self.zone)

    def of(self, thing, day: date) -> list[Appointment]:
        start, end = self.bounds(day)
        is_room = isinstance(thing, Room)
        return [
            a for a in self.appointments
            if a.starts_at < end and a.ends_at > start
            and (a.room_id == thing.pk if is_room else any(s.provider_id == thing.pk and not s.on_call for s in a.staff.all()))
        ]  # fmt: skip


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return slots.at_wall_clock(day, time(0), zone)


def gather(*, user, zone, first, days, providers, rooms=(), location=None, may_book=False) -> Found:
    """Three queries for hours, time off and what is taken; five for the appointments and their people."""
    start, end = midnight(first, zone), midnight(first + days * DAY, zone)
    known = load(start=start, end=end, providers=providers, rooms=rooms)
    concerned = Appointment.objects.between(start, end).exclude(state=State.CANCELLED)
    by_staff = concerned.filter(staff__provider__in=providers, staff__on_call=False).values("pk")
    by_room = concerned.filter(room__in=rooms).values("pk")
    ids = set(
        by_staff.union(by_room).values_list("pk", flat=True)
        if rooms
        else by_staff.values_list("pk", flat=True)
    )
    appointments = (
        Appointment.objects.filter(pk__in=ids).select_related("service", "room", "location").order_by("starts_at")
        .prefetch_related("attendees__client", "staff")
    )  # fmt: skip
    if location is not None:
        appointments = appointments.filter(location=location)
    open_ids = set(Appointment.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))
    return Found(
        zone,
        first,
        days,
        list(providers),
        list(rooms),
        list(appointments),
        open_ids,
        known,
        location,
        may_book,
    )


# --- Drawing ----------------------------------------------------------------------------------------------------------


def hours_shown(found: Found) -> tuple[int, int]:
    """From which full hour to which: the usual day, wider where somebody works or is booked earlier or later."""
    low, high = AT_LEAST
    spans = [(a.starts_at, a.ends_at) for a in found.appointments]
    spans += [(i.start, i.end) for p in found.providers for _place, i in found.known.shifts[p.pk]]
    for start, end in spans:
        start, end = start.astimezone(found.zone), end.astimezone(found.zone)
        low = min(low, start.hour)
        high = max(high, 24 if end.date() > start.date() else end.hour + (end.minute > 0))
    return low, high


def row_of(instant: datetime, day: date, found: Found, low: int, high: int) -> int:
    """Rows from the top, by the wall clock; what lies outside is cut off at the edge."""
    local = instant.astimezone(found.zone)
    minute = 0 if local.date() < day else 24 * 60 if local.date() > day else local.hour * 60 + local.minute
    return (min(max(minute, low * 60), high * 60) - low * 60) // ROW


def column(found: Found, thing, day: date, low: int, high: int, **looks_like) -> Column:
    made = Column(**looks_like)
    start, end = found.bounds(day)
    made.today = day == clock.today(found.zone)

    def place(item, starts, ends):
        item.row = row_of(starts, day, found, low, high)
        item.height = max(row_of(ends, day, found, low, high) - item.row, 2)
        return item

    for appointment in found.of(thing, day):
        made.items.append(place(event(found, appointment), appointment.starts_at, appointment.ends_at))
    if isinstance(thing, Provider):
        works = found.known.hours(thing.pk, found.location and found.location.pk)
        shown = Interval(start + timedelta(hours=low), start + timedelta(hours=high))
        for off in slots.subtract([shown], works):
            top = row_of(off.start, day, found, low, high)
            made.off.append((top, row_of(off.end, day, found, low, high) - top))
        made.items += [
            place(slot(found, thing, i), i.start, i.end) for i in free_hours(found, thing, start, end)
        ]
    made.items.sort(key=lambda item: (item.at, isinstance(item, Slot)))
    if made.today:
        made.now = row_of(clock.now(), day, found, low, high)
    return made


def event(found: Found, appointment) -> Event:
    is_open = appointment.pk in found.open_ids
    local = appointment.starts_at.astimezone(found.zone)
    detail = (
        f"{appointment.service.name} · {looks.place(appointment)}" if is_open else looks.place(appointment)
    )
    movable = is_open and found.may_book and appointment.state == State.BOOKED
    return Event(
        at=appointment.starts_at, ends=appointment.ends_at, words=f"{local:%H:%M} {looks.title(appointment, is_open)}",
        detail=detail, appointment=appointment,
        href=reverse("scheduling:appointment", args=[appointment.pk]) if is_open else "",
        move=reverse("scheduling:move", args=[appointment.pk]) if movable else "",
        classes=f"ev-{looks.tone(appointment) if is_open else 'busy'} {looks.STATE_CLASS.get(appointment.state, '')}",
    )  # fmt: skip


def free_hours(found: Found, provider, start, end) -> list[Interval]:
    """Her free time from now on, cut at full hours so that each piece is one link."""
    if not found.may_book:
        return []
    start = max(start, clock.now())
    if start >= end:
        return []
    free = slots.intersect(
        found.known.free(provider, found.location and found.location.pk), [Interval(start, end)]
    )
    pieces = []
    for stretch in free:
        at = stretch.start
        while at < stretch.end:
            local = at.astimezone(found.zone)
            on_the_hour = at + timedelta(
                minutes=60 - local.minute, seconds=-local.second, microseconds=-local.microsecond
            )
            until = min(on_the_hour, stretch.end)
            if until - at >= SHORTEST_SLOT:
                pieces.append(Interval(at, until))
            at = until
    return pieces


def slot(found: Found, provider, interval: Interval) -> Slot:
    places = [place for place, i in found.known.shifts[provider.pk] if i.contains(interval)]
    local = interval.start.astimezone(found.zone)
    what = {
        "at": interval.start.isoformat(),
        "provider": provider.pk,
        **({"location": places[0]} if places else {}),
    }
    label = _("Book %(at)s, %(name)s") % {"at": local.strftime("%a %-d %b, %H:%M"), "name": provider.name}
    return Slot(interval.start, f"{reverse('scheduling:book')}?{urlencode(what)}", label)


def day_columns(found: Found, low: int, high: int) -> list[Column]:
    day = found.first
    made = [
        column(found, p, day, low, high, name=p.name, detail=p.title, initials=p.user.initials)
        for p in found.providers
    ]
    return made + [column(found, r, day, low, high, name=r.name, detail=r.location.name) for r in found.rooms]


def week_columns(found: Found, provider, low: int, high: int, link) -> list[Column]:
    """One provider's week: a column a day."""
    return [
        column(found, provider, day, low, high, name=f"{day:%a}", detail=f"{day:%-d %b}", href=link(day))
        for day in (found.day(n) for n in range(found.days))
    ]


@dataclass
class Cell:
    day: date
    works: bool
    events: list[Event]
    free: str
    href: str


def week_rows(found: Found) -> list[tuple[Provider, list[Cell]]]:
    """Several providers side by side: a row each, a cell a day."""
    return [(p, [cell(found, p, found.day(n)) for n in range(found.days)]) for p in found.providers]


def cell(found: Found, provider, day: date) -> Cell:
    start, end = found.bounds(day)
    works = slots.intersect(
        found.known.hours(provider.pk, found.location and found.location.pk), [Interval(start, end)]
    )
    free = free_hours(found, provider, start, end)
    left = sum((i.length for i in free), timedelta())
    hours = f"{left.total_seconds() / 3600:.1f}".rstrip("0").rstrip(".")
    return Cell(
        day, bool(works), [event(found, a) for a in found.of(provider, day)],
        _("%(hours)s h free") % {"hours": hours} if free else "", slot(found, provider, free[0]).href if free else "",
    )  # fmt: skip


def agenda(found: Found, provider, day: date) -> list[dict]:
    """One provider's day as a list: what a phone shows."""
    rows = [agenda_row(found, e) for e in (event(found, a) for a in found.of(provider, day))]
    start, end = found.bounds(day)
    for free in slots.merge(free_hours(found, provider, start, end)):
        span = f"{free.start.astimezone(found.zone):%H:%M} – {free.end.astimezone(found.zone):%H:%M}"
        words = _("Free %(span)s") % {"span": span}
        rows.append(
            {"kind": "gap", "at": free.start, "words": words, "href": slot(found, provider, free).href}
        )
    if start <= clock.now() < end:
        rows.append({"kind": "now", "at": clock.now()})
    return sorted(rows, key=lambda row: row["at"])


def agenda_row(found: Found, shown: Event) -> dict:
    a = shown.appointment
    is_open = bool(shown.href)
    over = {State.DONE: "done", State.NO_SHOW: "cancelled", State.ARRIVED: "live"}
    return {
        "kind": "", "at": a.starts_at, "minutes": int((a.ends_at - a.starts_at).total_seconds() // 60),
        "state": over.get(a.state, ""), "title": looks.title(a, is_open), "href": shown.href,
        "stage": looks.stage(a) if is_open else "", "badge": a.service.name if is_open else "",
        "detail": looks.place(a), "note": looks.badge(a) if a.state != State.BOOKED and is_open else None,
    }  # fmt: skip
