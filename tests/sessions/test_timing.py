"""When vital signs are due, when the chaperone looks in, and when the client may leave."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.order_limits import REMOTE
from kap.core.protocol import shipped
from sessions.timing import (
    chaperone_checks,
    due_minutes,
    earliest_leave,
    next_chaperone_check,
    next_vitals_due,
    no_driving_before,
    overdue_minutes,
    remote_reading_window,
    schedule,
)

P = shipped()
T0 = datetime(2026, 3, 8, 6, 30, tzinfo=UTC)


def at(minute):
    return T0 + timedelta(minutes=minute)


def test_the_schedule_in_the_clinic():
    times = schedule(T0, P, "im", until=at(110))
    assert times == [at(m) for m in (0, 10, 20, 30, 40, 60, 75, 90, 105)]


def test_the_schedule_while_an_infusion_runs():
    assert due_minutes("iv", P, infusion_minutes=60, until_minutes=80) == [0, 10, 20, 30, 40, 50, 60, 75, 90]


def test_the_schedule_at_home():
    assert schedule(T0, P, "sl", until=at(150), setting=REMOTE) == [at(m) for m in (0, 30, 60, 120, 150)]
    assert remote_reading_window(T0, 30, P) == (at(30), at(40))


@pytest.mark.parametrize(
    "taken, due",
    [
        ([], 0),
        ([-16], 0),
        ([-15], 10),
        ([-2], 10),
        ([0], 10),
        ([0, 10], 20),
        ([0, 9], 20),
        ([0, 3], 10),
        ([0, 5], 20),
        ([0, 18], 30),
        ([0, 25], 40),
        ([0, 40], 60),
        ([0, 60], 75),
        ([0, 10, 62], 75),
        ([0, 75], 90),
        ([0, 200], 210),
    ],
)
def test_what_is_due_next(taken, due):
    assert next_vitals_due(T0, [at(m) for m in taken], P, "im") == at(due)


def test_a_booster_starts_the_schedule_anew():
    taken = [at(m) for m in (0, 10, 20, 30, 40)]
    assert next_vitals_due(T0, taken, P, "im") == at(60)
    assert next_vitals_due(T0, taken, P, "im", booster_at=at(42)) == at(52)


def test_due_at_home():
    assert next_vitals_due(T0, [at(0)], P, "sl", setting=REMOTE) == at(30)
    assert next_vitals_due(T0, [at(0), at(30), at(61)], P, "sl", setting=REMOTE) == at(120)


@given(st.lists(st.integers(-60, 300), max_size=12), st.sampled_from(["iv", "im", "sl"]))
def test_the_next_set_is_always_after_the_last_one_and_within_the_longest_gap(taken, route):
    due = next_vitals_due(T0, [at(m) for m in taken], P, route)
    last = max((m for m in taken if m >= -15), default=None)
    assert due >= T0
    if last is not None:
        assert at(last) < due <= at(max(last, 0)) + timedelta(minutes=25)


@pytest.mark.parametrize("late, minutes", [(-5, 0), (0, 0), (0.5, 0), (1, 1), (12.9, 12)])
def test_minutes_overdue(late, minutes):
    assert overdue_minutes(T0, at(late)) == minutes


@pytest.mark.parametrize("route, minutes", [("iv", 60), ("im", 90), ("sl", 120), ("oral", 120), ("in", 120)])
def test_the_least_stay_by_route(route, minutes):
    assert earliest_leave(T0, route, P) == at(minutes)


def test_no_driving_for_a_day():
    assert no_driving_before(T0, P) == T0 + timedelta(hours=24)


def test_the_chaperone_looks_in_every_quarter_of_an_hour():
    assert chaperone_checks(T0, P, until=at(50)) == [at(15), at(30), at(45)]
    assert chaperone_checks(T0, P, until=at(-50)) == []
    assert next_chaperone_check(T0, [], P) == at(15)
    assert next_chaperone_check(T0, [at(-3), at(17)], P) == at(32)
