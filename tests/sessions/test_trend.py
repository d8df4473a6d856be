"""The trend's geometry: shapes, scale, gaps, limits, and the same in words."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.call_limits import CallLimits, judge_call_limits
from sessions.readings import Reading
from sessions.trend import BOTTOM, HEIGHT, LANE_BOTTOM, LEFT, RIGHT, TOP, trend

ZERO = datetime(2026, 11, 19, 21, 10, tzinfo=UTC)
LIMITS = CallLimits(150, 95, 92, 120)


def at(minute, **values) -> Reading:
    return Reading(taken_at=ZERO + timedelta(minutes=minute), **values)


def mock_up():
    return [
        at(-12, systolic_mmhg=128, diastolic_mmhg=80, heart_rate_bpm=74, spo2_percent=98),
        at(15, systolic_mmhg=136, diastolic_mmhg=84, heart_rate_bpm=80, spo2_percent=98),
        at(45, systolic_mmhg=146, diastolic_mmhg=92, heart_rate_bpm=86, spo2_percent=97),
    ]


def test_minutes_run_from_the_dose():
    drawn = trend(mock_up(), [(ZERO, "150 mg")], ZERO, LIMITS)
    assert [label.words for label in drawn.ticks] == ["0", "15", "30", "45", "60", "75"]
    assert drawn.doses[0].x == drawn.ticks[0].x == 111.0
    assert [mark.x for mark in drawn.pressure] == [51.0, 186.0, 336.0]
    assert drawn.right == 486.0


def test_a_higher_pressure_stands_higher_and_the_limit_where_it_belongs():
    drawn = trend(mock_up(), [], ZERO, LIMITS)
    assert drawn.pressure[2].y < drawn.pressure[0].y < drawn.pressure[0].y2
    assert drawn.limits[0].words == "Call 150"
    assert drawn.limits[0].y < drawn.pressure[2].y
    assert drawn.limits[1].words == "Call 92 %"


def test_the_last_values_are_named_and_do_not_touch():
    drawn = trend(mock_up(), [], ZERO, LIMITS)
    assert drawn.pressure_label.words == "BP 146/92"
    assert drawn.rate_label.words == "HR 86"
    assert abs(drawn.pressure_label.y - drawn.rate_label.y) >= 14


def test_what_was_not_taken_is_not_drawn():
    drawn = trend(
        [at(0, heart_rate_bpm=80), at(10, spo2_percent=97), at(20, heart_rate_bpm=84)], [], ZERO, None
    )
    assert drawn.pressure == []
    assert len(drawn.rate) == 2
    assert len(drawn.oxygen) == 1
    assert drawn.limits == []


def test_the_same_in_words():
    words = trend(mock_up(), [(ZERO, "150 mg")], ZERO, LIMITS).words
    assert "Blood pressure rose from 128/80 before the dose to 146/92 at 45 minutes." in words
    assert "Heart rate rose from 74" in words
    assert "SpO2 fell from 98" in words


def test_without_readings_it_says_so():
    assert trend([], [], None, None).words == "No readings yet."
    assert trend([], [(ZERO, "150 mg")], ZERO, LIMITS).doses[0].words == "150 mg"


@given(
    st.lists(
        st.tuples(
            st.integers(-300, 900),
            st.integers(60, 300),
            st.integers(20, 59),
            st.integers(20, 300),
            st.integers(40, 100),
        ),
        max_size=40,
    )
)
def test_nothing_is_drawn_outside_the_field(rows):
    taken = [
        at(minute, systolic_mmhg=upper, diastolic_mmhg=lower, heart_rate_bpm=rate, spo2_percent=oxygen)
        for minute, upper, lower, rate, oxygen in rows
    ]
    drawn = trend(taken, [(ZERO, "150 mg")], ZERO, LIMITS)
    for mark in drawn.pressure:
        assert LEFT <= mark.x <= RIGHT
        assert TOP <= mark.y <= mark.y2 <= BOTTOM
    for mark in [*drawn.rate, *drawn.oxygen]:
        assert LEFT <= mark.x <= RIGHT
        assert TOP <= mark.y <= LANE_BOTTOM
    assert all(0 <= label.y <= HEIGHT for label in drawn.ticks)
    assert len(drawn.ticks) <= 9


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ({"systolic_mmhg": 149, "diastolic_mmhg": 94, "spo2_percent": 92, "heart_rate_bpm": 120}, []),
        ({"systolic_mmhg": 150, "diastolic_mmhg": 94}, ["call_systolic"]),
        ({"systolic_mmhg": 140, "diastolic_mmhg": 95}, ["call_diastolic"]),
        ({"spo2_percent": 91}, ["call_spo2"]),
        ({"heart_rate_bpm": 121}, ["call_heart_rate"]),
        ({}, []),
    ],
)
def test_the_orders_call_limits(values, codes):
    assert [f.code for f in judge_call_limits(at(10, **values), LIMITS)] == codes
