"""Free times are arithmetic: what is offered is open, free and long enough, on every day of the year."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scheduling.slots import (
    Availability,
    Interval,
    ShiftRule,
    common_free,
    expand,
    free_starts,
    intersect,
    merge,
    nearest,
    starts_in,
    subtract,
)

PACIFIC = ZoneInfo("America/Los_Angeles")
DAY = datetime(2026, 6, 1, tzinfo=UTC)
MIN = timedelta(minutes=1)


def at(hour, minute=0):
    return DAY + timedelta(hours=hour, minutes=minute)


def span(start, end):
    return Interval(at(start), at(end))


@pytest.mark.parametrize(
    "open_hours, busy, left",
    [
        ([(9, 17)], [], [(9, 17)]),
        ([(9, 17)], [(12, 13)], [(9, 12), (13, 17)]),
        ([(9, 17)], [(8, 10), (16, 18)], [(10, 16)]),
        ([(9, 17)], [(9, 17)], []),
        ([(9, 17)], [(8, 18)], []),
        ([(9, 17)], [(17, 18), (8, 9)], [(9, 17)]),
        ([(9, 12), (11, 15)], [(10, 11)], [(9, 10), (11, 15)]),
        ([(9, 10), (14, 15)], [(9.5, 14.5)], [(9, 9.5), (14.5, 15)]),
        ([(9, 12)], [(10, 11), (10.5, 11.5)], [(9, 10), (11.5, 12)]),
        ([], [(1, 2)], []),
    ],
)
def test_subtract(open_hours, busy, left):
    result = subtract([span(*one) for one in open_hours], [span(*one) for one in busy])
    assert result == [span(*one) for one in left]


def test_an_interval_needs_a_zone_and_a_length():
    with pytest.raises(ValueError):
        Interval(datetime(2026, 1, 1), datetime(2026, 1, 2))
    with pytest.raises(ValueError):
        span(9, 9)


def test_starts_stand_on_the_grid_of_the_wall_clock():
    starts = free_starts([Interval(at(9, 5), at(10, 50))], [], 60 * MIN, 15 * MIN)
    assert starts == [at(9, 15), at(9, 30), at(9, 45)]
    half_hour_zone = ZoneInfo("Asia/Kolkata")
    assert starts_in([span(9, 11)], 30 * MIN, 60 * MIN, zone=half_hour_zone) == [at(9, 30), at(10, 30)]


def test_buffers_keep_clear_of_others_but_may_leave_the_shift():
    starts = free_starts([span(9, 12)], [span(10, 10.5)], 30 * MIN, 15 * MIN, before=15 * MIN, after=15 * MIN)
    assert starts == [at(9), at(9, 15), at(10, 45), at(11), at(11, 15), at(11, 30)]


def test_notice_and_horizon_bound_the_start():
    starts = free_starts([span(9, 12)], [], 30 * MIN, 30 * MIN, not_before=at(10), not_after=at(10, 30))
    assert starts == [at(10), at(10, 30)]


def test_nothing_is_shorter_than_nothing():
    with pytest.raises(ValueError):
        free_starts([span(9, 12)], [], timedelta(0), MIN)


def test_a_client_has_no_opening_hours_and_rooms_have_buffers():
    provider = Availability([span(9, 17)], [span(12, 13)])
    room = Availability([span(8, 15)], [span(9, 9.5)], after=30 * MIN, before=30 * MIN)
    client = Availability(None, [span(14, 14.5)])
    free = common_free([provider, room, client], within=span(0, 24))
    assert free == [span(10, 12), span(13, 14), span(14.5, 15)]
    assert common_free([], within=span(0, 24)) == []


def test_nearest_gives_three_in_order_of_time():
    starts = [at(hour) for hour in (8, 9, 11, 13, 16)]
    assert nearest(starts, at(10)) == [at(8), at(9), at(11)]
    assert nearest(starts, at(18), n=1) == [at(16)]
    assert nearest([], at(10)) == []


minutes = st.integers(0, 2 * 24 * 60)


@st.composite
def intervals(draw):
    start = draw(minutes)
    return Interval(DAY + start * MIN, DAY + (start + draw(st.integers(1, 600))) * MIN)


many = st.lists(intervals(), max_size=8)


@given(many, many)
def test_what_is_left_is_open_and_never_busy(open_hours, busy):
    left = subtract(open_hours, busy)
    assert not any(one.overlaps(taken) for one in left for taken in busy)
    assert left == intersect(left, open_hours) == merge(left)
    lengths = sum((one.length for one in left), timedelta())
    both = sum((one.length for one in intersect(open_hours, busy)), timedelta())
    assert lengths + both == sum((one.length for one in merge(open_hours)), timedelta())


@given(
    many,
    many,
    st.integers(1, 240),
    st.sampled_from([5, 10, 15, 30, 60]),
    st.integers(0, 45),
    st.integers(0, 45),
)
def test_no_offered_time_overlaps_anything(open_hours, busy, length, step, before, after):
    for start in free_starts(
        open_hours, busy, length * MIN, step * MIN, before=before * MIN, after=after * MIN
    ):
        offered = Interval(start, start + length * MIN)
        assert any(hours.contains(offered) for hours in merge(open_hours))
        assert not any(offered.widened(before * MIN, after * MIN).overlaps(taken) for taken in busy)
        assert start.minute % step == 0 or step == 60


@given(many, many, st.integers(1, 120))
def test_no_free_time_is_withheld(open_hours, busy, length):
    found = set(free_starts(open_hours, busy, length * MIN, 15 * MIN))
    for quarter in range(0, 3 * 24 * 4, 7):
        start = DAY + quarter * 15 * MIN
        wanted = Interval(start, start + length * MIN)
        fits = any(hours.contains(wanted) for hours in merge(open_hours))
        assert (start in found) is (fits and not any(wanted.overlaps(taken) for taken in busy))


@given(st.lists(st.tuples(many, many), min_size=1, max_size=4))
def test_common_time_suits_every_resource(drawn):
    resources = [Availability(open_hours, busy) for open_hours, busy in drawn]
    for one in common_free(resources, within=span(0, 72)):
        for resource in resources:
            assert any(hours.contains(one) for hours in merge(resource.open))
            assert not any(one.overlaps(taken) for taken in resource.busy)


# --- Shifts ----------------------------------------------------------------------------------------------------------


def wall(interval):
    return interval.start.astimezone(PACIFIC), interval.end.astimezone(PACIFIC)


def test_a_shift_keeps_its_wall_clock_time_over_the_change_of_clocks():
    mondays = ShiftRule(0, time(9), time(17))
    made = expand([mondays], date(2026, 3, 1), date(2026, 3, 14), PACIFIC)
    assert [(start.hour, end.hour) for start, end in map(wall, made)] == [(9, 17), (9, 17)]
    assert [one.start.hour for one in made] == [17, 16]


@pytest.mark.parametrize(
    "day, starts, ends, start_utc, end_utc",
    [
        # 8 March 2026: 02:00 becomes 03:00, which is 10:00 UTC.
        (date(2026, 3, 8), time(1), time(4), 9, 11),
        (date(2026, 3, 8), time(2, 30), time(6), 10, 13),
        (date(2026, 3, 8), time(1), time(2, 30), 9, 10),
        # 1 November 2026: 02:00 becomes 01:00. A time shown twice is the first.
        (date(2026, 11, 1), time(0), time(4), 7, 12),
        (date(2026, 11, 1), time(1), time(4), 8, 12),
        (date(2026, 11, 1), time(0), time(1), 7, 8),
    ],
)
def test_gaps_and_folds(day, starts, ends, start_utc, end_utc):
    (made,) = expand([ShiftRule(day.weekday(), starts, ends)], day, day, PACIFIC)
    assert (made.start.hour, made.start.minute, made.end.hour, made.end.minute) == (start_utc, 0, end_utc, 0)


def test_a_shift_inside_the_skipped_hour_does_not_take_place():
    assert expand([ShiftRule(6, time(2, 10), time(2, 50))], date(2026, 3, 8), date(2026, 3, 8), PACIFIC) == []


def test_a_night_shift_runs_past_midnight():
    (made,) = expand([ShiftRule(4, time(22), time(2))], date(2026, 6, 5), date(2026, 6, 5), PACIFIC)
    assert made.length == timedelta(hours=4)


def test_a_shift_counts_only_between_its_dates():
    rule = ShiftRule(0, time(9), time(10), since=date(2026, 6, 8), until=date(2026, 6, 15))
    days = [one.start.date() for one in expand([rule], date(2026, 6, 1), date(2026, 6, 30), PACIFIC)]
    assert days == [date(2026, 6, 8), date(2026, 6, 15)]


ZONES = st.sampled_from(["America/Los_Angeles", "America/New_York", "Australia/Lord_Howe", "Europe/London"])


@given(ZONES, st.dates(date(2026, 1, 1), date(2035, 12, 31)), st.times(), st.times())
def test_a_shift_shows_its_own_times_wherever_the_clock_shows_them(zone_name, day, starts, ends):
    zone = ZoneInfo(zone_name)
    starts, ends = starts.replace(second=0, microsecond=0), ends.replace(second=0, microsecond=0)
    assume(starts != ends)
    for made in expand([ShiftRule(day.weekday(), starts, ends)], day, day, zone):
        assert made.length <= timedelta(hours=25)
        local = made.start.astimezone(zone)
        skipped = datetime.combine(day, starts, zone).astimezone(UTC).astimezone(zone).time() != starts
        assert local.date() == day
        assert skipped or local.time() == starts
