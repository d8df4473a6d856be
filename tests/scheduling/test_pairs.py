"""A dosing time is offered only with an integration 24 to 48 elapsed hours after its end."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.slots import days_that_fit, pairs

DAY = datetime(2026, 6, 1, tzinfo=UTC)  # a Monday
LENGTH = timedelta(minutes=150)
HOUR = timedelta(hours=1)
US_ZONES = ("America/Los_Angeles", "America/Denver", "America/Phoenix", "America/Chicago", "America/New_York",
            "America/Anchorage", "America/Adak", "Pacific/Honolulu", "America/Detroit",
            "America/Indiana/Indianapolis", "America/Boise")  # fmt: skip


def at(hours):
    return DAY + timedelta(hours=hours)


def test_both_limits_count_and_nothing_beyond():
    ends = at(10) + LENGTH
    reach = [ends + 24 * HOUR, ends + 48 * HOUR]
    beyond = [ends + 24 * HOUR - timedelta(seconds=1), ends + 48 * HOUR + timedelta(seconds=1)]
    (pair,) = pairs([at(10)], LENGTH, reach + beyond)
    assert {pair.integration, *pair.others} == set(reach)
    assert pairs([at(10)], LENGTH, beyond) == []


def test_the_earliest_that_survives_a_session_running_late_is_proposed():
    ends = at(10) + LENGTH
    tight, safe, later = ends + 24 * HOUR, ends + 25 * HOUR, ends + 30 * HOUR
    (pair,) = pairs([at(10)], LENGTH, [later, tight, safe])
    assert (pair.integration, pair.others) == (safe, (tight, later))
    (only,) = pairs([at(10)], LENGTH, [tight])
    assert only.integration == tight


def test_a_dosing_time_without_integration_is_not_offered():
    found = pairs([at(10), at(34)], LENGTH, [at(10) + LENGTH + 26 * HOUR])
    assert [pair.dosing for pair in found] == [at(10)]


def test_friday_needs_the_weekend_so_other_days_are_named():
    week = [DAY + timedelta(days=day, hours=17) for day in range(5)]
    integration = [start - HOUR for start in week]
    zone = ZoneInfo("America/Los_Angeles")
    fitting = days_that_fit(week, LENGTH, integration, zone=zone)
    assert fitting == [date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 3)]
    assert pairs(week[4:], LENGTH, integration) == []


def test_naive_times_are_refused():
    with pytest.raises(ValueError):
        pairs([datetime(2026, 1, 1)], LENGTH, [])


def transitions(zone):
    """The instants at which the zone's clock jumps, 2026 to 2035, to the minute."""
    found, instant = [], datetime(2026, 1, 1, tzinfo=UTC)
    while instant.year < 2036:
        later = instant + timedelta(days=1)
        low, high = instant, later
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                same = middle.astimezone(zone).utcoffset() == instant.astimezone(zone).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high.replace(second=0, microsecond=0))
        instant = later
    return found


@pytest.mark.parametrize("name", US_ZONES)
def test_around_every_change_of_clocks_the_window_is_elapsed_hours(name):
    zone = ZoneInfo(name)
    changes = transitions(zone)
    assert len(changes) == (0 if name in ("America/Phoenix", "Pacific/Honolulu") else 20)
    for change in changes or [DAY]:
        dosing = [(change + hours * HOUR).astimezone(zone) for hours in range(-60, 12, 4)]
        after = [(change + hours * HOUR).astimezone(zone) for hours in range(-48, 72)]
        found = pairs(dosing, LENGTH, after)
        assert len(found) == len(dosing)
        for pair in found:
            for start in (pair.integration, *pair.others):
                assert 24 * HOUR <= start - (pair.dosing + LENGTH) <= 48 * HOUR
            expected = [
                t for t in after if 24 * HOUR <= t.astimezone(UTC) - pair.dosing - LENGTH <= 48 * HOUR
            ]
            assert len(pair.others) + 1 == len(expected)


hours = st.integers(0, 24 * 14)


@given(st.lists(hours, max_size=20), st.lists(hours, max_size=40))
def test_pairs_are_exactly_the_dosing_times_with_a_reachable_integration(dosing, integration):
    found = {pair.dosing: pair for pair in pairs(map(at, dosing), LENGTH, map(at, integration))}
    for hour in dosing:
        reach = {at(i) for i in integration if 24 * HOUR <= at(i) - at(hour) - LENGTH <= 48 * HOUR}
        assert (at(hour) in found) is bool(reach)
        if reach:
            assert {found[at(hour)].integration, *found[at(hour)].others} == reach
