"""Free times from what the database knows: shifts, time off, reservations and credentials of everybody wanted, asked once each.

Four queries whatever the number of providers, rooms and days; the rest is interval arithmetic (scheduling.slots).
All instants are aware UTC; shifts are wall-clock times of their location's zone.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Q, prefetch_related_objects

from kap.core import clock
from kap.people.credentials import missing
from kap.people.models import Provider
from scheduling import slots
from scheduling.models import Location, Mode, Reservation, Resource, Room, Service, Shift, TimeOff
from scheduling.plans import Booking
from scheduling.slots import Availability, Interval, ShiftRule

STEP = timedelta(minutes=15)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Seat:
    """One part to fill: any of these (provider, role) may."""

    people: tuple[tuple[Provider, str], ...]


@dataclass(frozen=True)
class Wish:
    """What is looked for, before its time is known. `rooms`: any of them will do."""

    service: Service
    location: Location
    mode: str
    seats: tuple[Seat, ...]
    rooms: tuple[Room, ...] = ()
    client: object = None
    on_call: tuple = ()

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.service.minutes)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.location.zone)

    @property
    def needs_room(self) -> bool:
        return self.mode == Mode.IN_PERSON

    def providers(self) -> set[Provider]:
        return {provider for seat in self.seats for provider, _role in seat.people}

    @property
    def state(self) -> str:
        """Whose licences count: the state where the client sits."""
        at_home = "" if self.needs_room or self.client is None else self.client.state
        return at_home or self.location.state


@dataclass(frozen=True)
class Offer:
    """A free time with those who would be there."""

    starts_at: datetime
    staff: tuple[tuple[Provider, str], ...]
    room: Room | None


@dataclass(frozen=True)
class PairOffer:
    """A dosing time, the integration proposed for it, and the other integrations that its window allows."""

    dosing: Offer
    integration: Offer
    others: tuple[Offer, ...] = ()

    @property
    def starts_at(self) -> datetime:
        return self.dosing.starts_at


@dataclass
class Snapshot:
    """What was known when the database was asked."""

    start: datetime
    end: datetime
    shifts: dict = field(
        default_factory=lambda: defaultdict(list)
    )  # provider id -> [(location id, Interval)]
    off: dict = field(default_factory=lambda: defaultdict(list))  # provider id -> [Interval]
    busy: dict = field(
        default_factory=lambda: defaultdict(list)
    )  # id of provider, room or client -> [Interval]

    @property
    def within(self) -> Interval:
        return Interval(self.start, self.end)

    def hours(self, provider_id, location_id=None) -> list[Interval]:
        """When she works: at one location, or anywhere. Time off is taken out."""
        mine = [i for place, i in self.shifts[provider_id] if location_id is None or place == location_id]
        return slots.subtract(mine, self.off[provider_id])

    def free(self, provider: Provider, location_id=None) -> list[Interval]:
        """Where an appointment of hers may lie; her own buffer behind it stays clear."""
        resource = Availability(
            self.hours(provider.pk, location_id),
            self.busy[provider.pk],
            after=minutes(provider.buffer_minutes),
        )
        return resource.free([self.within])

    def room_free(self, room: Room) -> list[Interval]:
        return Availability(None, self.busy[room.pk], after=minutes(room.buffer_minutes)).free([self.within])

    def client_free(self, client_id) -> list[Interval]:
        return Availability(None, self.busy[client_id]).free([self.within])


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def span(start: datetime, end: datetime) -> DateTimeTZRange:
    return DateTimeTZRange(start, end, "[)")


def load(
    *,
    start: datetime,
    end: datetime,
    providers: Iterable = (),
    rooms: Iterable = (),
    clients: Iterable = (),
    ignoring=(),
) -> Snapshot:
    """Ask once for everything. `ignoring`: appointments that are about to be moved away."""
    found = Snapshot(start, end)
    providers, rooms, clients = list(providers), list(rooms), list(clients)
    for shift in _shifts(providers, start, end):
        for interval in shift_intervals(shift, start, end):
            found.shifts[shift.provider_id].append((shift.location_id, interval))
    off = TimeOff.objects.filter(
        provider__in=providers, cancelled_at=None, starts_at__lt=end, ends_at__gt=start
    )
    for provider_id, starts_at, ends_at in off.values_list("provider_id", "starts_at", "ends_at"):
        found.off[provider_id].append(Interval(starts_at, ends_at))
    wanted = Resource.objects.filter(Q(provider__in=providers) | Q(room__in=rooms) | Q(client__in=clients))
    taken = Reservation.objects.filter(
        resource__in=wanted.values("pk"), live=True, during__overlap=span(start, end)
    ).exclude(appointment__in=[getattr(a, "pk", a) for a in ignoring])
    for *ids, during in taken.values_list(
        "resource__provider", "resource__room", "resource__client", "during"
    ):
        found.busy[next(filter(None, ids))].append(Interval(during.lower, during.upper))
    return found


def _shifts(providers, start, end):
    """A day more at both ends: a day of the location may lie on two days of UTC."""
    return Shift.objects.filter(
        Q(to_date=None) | Q(to_date__gte=(start - DAY).date()), provider__in=providers,
        from_date__lte=(end + DAY).date(),
    ).select_related("location")  # fmt: skip


def shift_intervals(shift: Shift, start: datetime, end: datetime) -> list[Interval]:
    rule = ShiftRule(shift.weekday, shift.starts, shift.ends, shift.from_date, shift.to_date)
    zone = ZoneInfo(shift.location.zone)
    return slots.expand([rule], (start - DAY).astimezone(zone).date(), end.astimezone(zone).date(), zone)


# --- Offers ---------------------------------------------------------------------------------------------------------


def offers(
    snapshot: Snapshot, wish: Wish, *, not_before: datetime, until: datetime | None = None
) -> list[Offer]:
    """Every start, in order, at which all seats can be filled and (in person) a room is free."""
    place = wish.location.pk if wish.needs_room else None
    starts = {p: set(_starts(snapshot.free(p, place), wish)) for p in wish.providers()}
    possible = set().union(*starts.values()) if starts else set()
    if wish.client is not None:
        possible &= set(_starts(snapshot.client_free(wish.client.pk), wish))
    rooms = (
        [(room, set(_starts(snapshot.room_free(room), wish))) for room in wish.rooms]
        if wish.needs_room
        else []
    )
    covered = Covered(wish)
    found = []
    for start in sorted(possible):
        if start < not_before or (until is not None and start >= until):
            continue
        room = next((room for room, free in rooms if start in free), None)
        if wish.needs_room and room is None:
            continue
        staff = seat(wish.seats, lambda p, role, at=start: at in starts[p] and covered(p, role, at))
        if staff is not None and all(covered(p, role, start) for p, role in wish.on_call):
            found.append(Offer(start, staff, room))
    return found


class Covered:
    """Whether her credentials hold on the day; asked once a day, from what was prefetched."""

    def __init__(self, wish: Wish):
        self.wish, self._known = wish, {}
        people = {*wish.providers(), *(provider for provider, _role in wish.on_call)}
        prefetch_related_objects(list(people), "credentials")

    def __call__(self, provider, role, at) -> bool:
        key = (provider.pk, role, at.astimezone(self.wish.zone).date())
        if key not in self._known:
            self._known[key] = not missing(provider, role, key[2], self.wish.state)
        return self._known[key]


def _starts(free: list[Interval], wish: Wish) -> list[datetime]:
    return slots.starts_in(free, wish.length, STEP, zone=wish.zone)


def seat(seats: Sequence[Seat], is_free, taken: tuple = ()) -> tuple | None:
    """A different free provider for each seat, or None. Few seats, so plain search is enough."""
    if not seats:
        return ()
    first, *rest = seats
    for provider, role in first.people:
        if provider not in taken and is_free(provider, role):
            others = seat(rest, is_free, (*taken, provider))
            if others is not None:
                return ((provider, role), *others)
    return None


def find(wish: Wish, *, start: datetime, end: datetime, ignoring=()) -> list[Offer]:
    snapshot = load(
        start=start, end=end, providers=wish.providers(), rooms=wish.rooms, ignoring=ignoring,
        clients=[wish.client] if wish.client else [],
    )  # fmt: skip
    return offers(snapshot, wish, not_before=max(start, clock.now()))


def find_pairs(
    dosing: Wish, integration: Wish, *, window, start: datetime, end: datetime, ignoring=()
) -> list[PairOffer]:
    """Dosing starts from `start` to `end` whose integration can be reached. `window`: elapsed hours (from, to)."""
    reach = end + dosing.length + timedelta(hours=window[1]) + integration.length
    snapshot = load(
        start=start, end=reach, providers=dosing.providers() | integration.providers(), ignoring=ignoring,
        rooms={*dosing.rooms, *integration.rooms}, clients=[dosing.client] if dosing.client else [],
    )  # fmt: skip
    now = max(start, clock.now())
    doses = {o.starts_at: o for o in offers(snapshot, dosing, not_before=now, until=end)}
    after = {o.starts_at: o for o in offers(snapshot, integration, not_before=now)}
    limits = (timedelta(hours=window[0]), timedelta(hours=window[1]))
    return [
        PairOffer(doses[p.dosing], after[p.integration], tuple(after[t] for t in p.others))
        for p in slots.pairs(doses, dosing.length, after, limits)
    ]


def find_integrations(integration: Wish, *, ended_at: datetime, window, ignoring=()) -> list[Offer]:
    """Integration times inside the window of a dose that ends (or ended) at `ended_at`, the safest first."""
    opens, closes = ended_at + timedelta(hours=window[0]), ended_at + timedelta(hours=window[1])
    found = find(integration, start=opens, end=closes + integration.length, ignoring=ignoring)
    return [offer for offer in found if opens <= offer.starts_at <= closes]


def days_of(pairs: Iterable[PairOffer], zone: ZoneInfo) -> list[date]:
    """The calendar days on which a dose can be booked with its integration."""
    return sorted({pair.starts_at.astimezone(zone).date() for pair in pairs})


def nearest(found: Iterable, wanted: datetime, number: int = 3) -> list:
    """The closest offers or pairs, in order of time."""
    close = sorted(found, key=lambda one: (abs(one.starts_at - wanted), one.starts_at))[:number]
    return sorted(close, key=lambda one: one.starts_at)


# --- From a booking to a wish -----------------------------------------------------------------------------------------


def suitable_rooms(location: Location, service: Service) -> list[Room]:
    rooms = Room.objects.filter(location=location, closed_at=None)
    return list(rooms.filter(kind=service.room_kind) if service.room_kind else rooms)


def wish_of(booking: Booking, client, *, any_room: bool = True) -> Wish:
    """The same appointment at another time: same people; any suitable room."""
    rooms = (
        suitable_rooms(booking.location, booking.service) if any_room or not booking.room else [booking.room]
    )
    seats = tuple(Seat((one,)) for one in booking.staff)
    return Wish(
        booking.service, booking.location, booking.mode, seats, tuple(rooms) if booking.needs_room else (), client,
        booking.on_call,
    )  # fmt: skip


def three_nearest(booking: Booking, client, ignoring=()) -> list[Offer]:
    """The three free times closest to the wanted one, within three weeks; the same people, any suitable room."""
    wish = wish_of(booking, client)
    start = max(clock.now(), booking.starts_at - 21 * DAY)
    found = find(wish, start=start, end=max(start, booking.starts_at) + 21 * DAY, ignoring=ignoring)
    return nearest([o for o in found if o.starts_at != booking.starts_at], booking.starts_at)


def three_nearest_pairs(plan, course) -> list[PairOffer]:
    rules = course.rules.integration
    start = max(clock.now(), plan.starts_at - 14 * DAY)
    found = find_pairs(
        wish_of(plan.booking(), course.client), wish_of(plan.integration_booking(), course.client),
        window=(rules.opens_hours, rules.closes_hours), start=start, end=max(start, plan.starts_at) + 14 * DAY,
    )  # fmt: skip
    return nearest([p for p in found if p.starts_at != plan.starts_at], plan.starts_at)
