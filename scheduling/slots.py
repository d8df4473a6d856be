"""Free times: plain interval arithmetic on aware instants. No database, no clock.

Everything inside is UTC. That is not a matter of taste: Python compares and subtracts two datetimes of one zone by
their wall clock, which is wrong for an hour twice a year. Shifts are wall-clock times in their location's zone;
windows are elapsed hours.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

NOTHING = timedelta(0)
DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Interval:
    """A half-open stretch of time [start, end) in UTC. Raises ValueError if naive or empty."""

    start: datetime
    end: datetime

    def __post_init__(self):
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("An interval needs times with a zone")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.start >= self.end:
            raise ValueError("An interval must end after it starts")

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def overlaps(self, other: "Interval") -> bool:
        """Touching is not overlapping."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: "Interval") -> bool:
        return self.start <= other.start and other.end <= self.end

    def widened(self, before: timedelta, after: timedelta) -> "Interval":
        return Interval(self.start - before, self.end + after)


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """The same time in order, with overlapping and touching stretches joined."""
    joined: list[Interval] = []
    for interval in sorted(intervals):
        if joined and interval.start <= joined[-1].end:
            if interval.end > joined[-1].end:
                joined[-1] = Interval(joined[-1].start, interval.end)
        else:
            joined.append(interval)
    return joined


def subtract(intervals: Iterable[Interval], busy: Iterable[Interval]) -> list[Interval]:
    """What is left of `intervals` once `busy` is taken out, in order and joined."""
    taken = merge(busy)
    left, first = [], 0
    for interval in merge(intervals):
        start = interval.start
        while first < len(taken) and taken[first].end <= start:
            first += 1
        at = first
        while at < len(taken) and taken[at].start < interval.end:
            if taken[at].start > start:
                left.append(Interval(start, taken[at].start))
            start = max(start, taken[at].end)
            at += 1
        if start < interval.end:
            left.append(Interval(start, interval.end))
    return left


def intersect(first: Iterable[Interval], second: Iterable[Interval]) -> list[Interval]:
    """The time that lies in both."""
    one, two = merge(first), merge(second)
    both, i, j = [], 0, 0
    while i < len(one) and j < len(two):
        start, end = max(one[i].start, two[j].start), min(one[i].end, two[j].end)
        if start < end:
            both.append(Interval(start, end))
        if one[i].end <= two[j].end:
            i += 1
        else:
            j += 1
    return both


@dataclass(frozen=True)
class Availability:
    """One resource: when it is open and when it is taken. `open` is None for a client, who has no opening hours.

    Buffers are time that the resource needs clear of other bookings before and after one (cleaning a room, writing
    up). They must not touch `busy`, but may lie outside the opening hours. `busy` holds the bare appointments where
    buffers are given here, or reservations that already carry theirs.
    """

    open: Sequence[Interval] | None
    busy: Sequence[Interval] = ()
    before: timedelta = NOTHING
    after: timedelta = NOTHING

    def free(self, within: Iterable[Interval]) -> list[Interval]:
        """Where an appointment itself may lie."""
        hours = list(within) if self.open is None else intersect(self.open, within)
        return subtract(hours, [taken.widened(self.after, self.before) for taken in self.busy])


def common_free(resources: Sequence[Availability], *, within: Interval) -> list[Interval]:
    """When all the resources are free at once, inside `within`. No resources: nothing is free."""
    if not resources:
        return []
    free = [within]
    for resource in resources:
        free = resource.free(free)
    return free


def starts_in(
    free: Iterable[Interval], length: timedelta, step: timedelta, *, zone: tzinfo = UTC
) -> list[datetime]:
    """Starts on the step grid of the zone's wall clock (09:00, 09:15 ...) from which `length` fits into `free`."""
    if length <= NOTHING or step <= NOTHING:
        raise ValueError("Length and step must be longer than nothing")
    found = []
    for stretch in merge(free):
        start = _next_on_grid(stretch.start, step, zone)
        while start + length <= stretch.end:
            found.append(start)
            start = _next_on_grid(start + step, step, zone)
    return found


def _next_on_grid(instant: datetime, step: timedelta, zone: tzinfo) -> datetime:
    """The first instant at or after this one whose wall clock in the zone is a multiple of the step."""
    offset = instant.astimezone(zone).utcoffset() or NOTHING
    past = (instant - EPOCH + offset) % step
    return instant if not past else instant + (step - past)


def free_starts(
    open_intervals: Sequence[Interval],
    busy: Sequence[Interval],
    length: timedelta,
    step: timedelta,
    *,
    before: timedelta = NOTHING,
    after: timedelta = NOTHING,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    zone: tzinfo = UTC,
) -> list[datetime]:
    """Starts for one resource. `not_before` and `not_after` bound the start itself (notice and horizon).

    All in UTC, ascending. Raises ValueError unless length and step are longer than nothing.
    """
    free = Availability(open_intervals, busy, before, after).free(open_intervals)
    return [
        start
        for start in starts_in(free, length, step, zone=zone)
        if (not_before is None or start >= not_before.astimezone(UTC))
        and (not_after is None or start <= not_after.astimezone(UTC))
    ]


# --- Shifts: wall-clock templates ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShiftRule:
    """ "Mondays 09:00-17:00 from March on." Ends at or before its start: it runs past midnight.

    weekday: Monday is 0. `since` and `until` are calendar days of the start, both included; None is open.
    """

    weekday: int
    starts: time
    ends: time
    since: date | None = None
    until: date | None = None

    def covers(self, day: date) -> bool:
        return (
            day.weekday() == self.weekday
            and (self.since is None or day >= self.since)
            and (self.until is None or day <= self.until)
        )


def at_wall_clock(day: date, wall: time, zone: tzinfo) -> datetime:
    """The instant, in UTC, at which the zone's clock shows this time.

    A time that the clock skips in spring is the moment it jumps. A time that it shows twice in autumn is the first.
    """
    early = datetime.combine(day, wall, tzinfo=zone).replace(fold=0)
    late = early.replace(fold=1)
    if early.utcoffset() >= late.utcoffset():  # an ordinary time, or one shown twice
        return early.astimezone(UTC)
    low, high = late.astimezone(UTC), early.astimezone(UTC)  # a skipped time: the jump lies between the two
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def expand(rules: Iterable[ShiftRule], first: date, last: date, zone: tzinfo) -> list[Interval]:
    """The shifts that begin on the days first..last (both included) as intervals, joined."""
    rules = list(rules)
    made = []
    for number in range((last - first).days + 1):
        day = first + number * DAY
        for rule in rules:
            if rule.covers(day):
                end_day = day if rule.ends > rule.starts else day + DAY
                start, end = at_wall_clock(day, rule.starts, zone), at_wall_clock(end_day, rule.ends, zone)
                if start < end:  # a shift wholly inside the skipped hour does not take place
                    made.append(Interval(start, end))
    return merge(made)


# --- Dosing and its integration -----------------------------------------------------------------------------------


class Pair(NamedTuple):
    """A dosing start, the integration start proposed for it, and the others that the window allows."""

    dosing: datetime
    integration: datetime
    others: tuple[datetime, ...]


Window = tuple[timedelta, timedelta]
DAY_TO_TWO_DAYS: Window = (timedelta(hours=24), timedelta(hours=48))


def pairs(
    dosing_starts: Iterable[datetime],
    dosing_length: timedelta,
    integration_starts: Iterable[datetime],
    window: Window = DAY_TO_TWO_DAYS,
    *,
    slack: timedelta = timedelta(hours=1),
) -> list[Pair]:
    """Each dosing start for which some integration start lies in the window after its planned end, with the best one.

    The window counts elapsed hours from the planned end, both limits included. Best is the earliest that stays in
    the window if the session ends up to `slack` sooner or later than planned; if there is none, the earliest.
    """
    after = sorted({_utc(start) for start in integration_starts})
    made = []
    for start in sorted({_utc(start) for start in dosing_starts}):
        reachable = _reachable(after, start + dosing_length, window)
        if reachable:
            ends = start + dosing_length
            safe = [t for t in reachable if window[0] + slack <= t - ends <= window[1] - slack]
            best = (safe or reachable)[0]
            made.append(Pair(start, best, tuple(t for t in reachable if t != best)))
    return made


def _reachable(ordered: list[datetime], ends: datetime, window: Window) -> list[datetime]:
    opens, closes = ends + window[0], ends + window[1]
    return ordered[bisect_left(ordered, opens) : bisect_right(ordered, closes)]


def days_that_fit(
    dosing_starts: Iterable[datetime],
    dosing_length: timedelta,
    integration_starts: Iterable[datetime],
    window: Window = DAY_TO_TWO_DAYS,
    *,
    zone: tzinfo,
) -> list[date]:
    """The calendar days, in the location's zone, with a dosing start whose integration can be reached.

    For the answer to a Friday dosing where nobody works at the weekend: "Wednesday 4 and Thursday 5 fit".
    """
    found = pairs(dosing_starts, dosing_length, integration_starts, window)
    return sorted({pair.dosing.astimezone(zone).date() for pair in found})


def nearest(starts: Iterable[datetime], wanted: datetime, n: int = 3) -> list[datetime]:
    """The n starts closest to the wanted one, in order of time. Of two equally close, the earlier goes first."""
    wanted = _utc(wanted)
    close = sorted({_utc(start) for start in starts}, key=lambda start: (abs(start - wanted), start))
    return sorted(close[:n])


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("A time needs a zone")
    return instant.astimezone(UTC)
