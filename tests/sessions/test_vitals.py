"""Vital signs: mistyped, before the dose, during the session."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.order_limits import REMOTE, OrderLimits
from kap.core.levels import Level, hard, worst
from kap.core.protocol import shipped
from sessions.readings import MOAAS, Reading, odd_values
from sessions.vitals import judge_pre_dose_vitals, judge_symptoms, judge_vitals

P = shipped()
T0 = datetime(2026, 3, 1, 17, tzinfo=UTC)
HARD, SOFT, INFO = Level.HARD, Level.SOFT, Level.INFO
NORMAL = {
    "systolic_mmhg": 120,
    "diastolic_mmhg": 78,
    "heart_rate_bpm": 70,
    "spo2_percent": 98,
    "respiratory_per_minute": 14,
    "temperature_c": D("36.8"),
}


def reading(minute=0, **values):
    return Reading(T0 + timedelta(minutes=minute), **values)


def codes(findings):
    return {f.code: f.level for f in findings}


# ---------------------------------------------------------------- slips of the finger


def test_ordinary_values_are_not_asked_about():
    assert odd_values(reading(**NORMAL), P) == []


@pytest.mark.parametrize(
    "values, code, level, words",
    [
        ({"systolic_mmhg": 97, "diastolic_mmhg": 148}, "pressure_swapped", INFO, "97/148, swapped?"),
        ({"systolic_mmhg": 90, "diastolic_mmhg": 90}, "pressure_swapped", INFO, "both the same?"),
        ({"systolic_mmhg": 92, "diastolic_mmhg": 85}, "pressure_narrow", INFO, "close together"),
        ({"systolic_mmhg": 120}, "pressure_incomplete", HARD, "two numbers"),
        ({"spo2_percent": D("9.8")}, "spo2_percent_impossible", HARD, "Was it 98?"),
        ({"spo2_percent": 101}, "spo2_percent_impossible", HARD, "cannot be"),
        ({"spo2_percent": 79}, "spo2_percent_odd", INFO, "unusual"),
        ({"heart_rate_bpm": 800}, "heart_rate_bpm_impossible", HARD, "Was it 80?"),
        ({"heart_rate_bpm": 7}, "heart_rate_bpm_impossible", HARD, "Was it 70?"),
        ({"heart_rate_bpm": 190}, "heart_rate_bpm_odd", INFO, "unusual"),
        ({"temperature_c": D("98.6")}, "temperature_c_impossible", HARD, "98.6 °F, which is 37 °C?"),
        ({"temperature_c": D("34.0")}, "temperature_c_odd", INFO, "unusual"),
        ({"respiratory_per_minute": 140}, "respiratory_per_minute_impossible", HARD, "Was it 14?"),
    ],
)
def test_odd_values_are_asked_about_once_and_impossible_ones_refused(values, code, level, words):
    found = {f.code: f for f in odd_values(reading(**values), P)}
    assert found[code].level is level
    assert words in str(found[code])


def test_an_odd_value_is_no_limit_and_a_limit_is_no_odd_value():
    high = NORMAL | {"systolic_mmhg": 185, "diastolic_mmhg": 112}
    assert odd_values(reading(**high), P) == []
    assert hard(judge_pre_dose_vitals(reading(**high), None, P))


# ---------------------------------------------------------------- before the dose


def test_normal_vitals_go():
    assert judge_pre_dose_vitals(reading(**NORMAL), None, P) == []


@pytest.mark.parametrize(
    "name, value, level",
    [
        ("systolic_mmhg", 140, None),
        ("systolic_mmhg", 141, SOFT),
        ("systolic_mmhg", 159, SOFT),
        ("systolic_mmhg", 160, HARD),
        ("diastolic_mmhg", 90, None),
        ("diastolic_mmhg", 91, SOFT),
        ("diastolic_mmhg", 99, SOFT),
        ("diastolic_mmhg", 100, HARD),
        ("heart_rate_bpm", 44, HARD),
        ("heart_rate_bpm", 45, SOFT),
        ("heart_rate_bpm", 49, SOFT),
        ("heart_rate_bpm", 50, None),
        ("heart_rate_bpm", 100, None),
        ("heart_rate_bpm", 101, SOFT),
        ("heart_rate_bpm", 110, SOFT),
        ("heart_rate_bpm", 111, HARD),
        ("spo2_percent", 95, None),
        ("spo2_percent", 94, SOFT),
        ("spo2_percent", 92, SOFT),
        ("spo2_percent", 91, HARD),
        ("respiratory_per_minute", 9, HARD),
        ("respiratory_per_minute", 10, SOFT),
        ("respiratory_per_minute", 12, None),
        ("respiratory_per_minute", 20, None),
        ("respiratory_per_minute", 21, SOFT),
        ("respiratory_per_minute", 24, SOFT),
        ("respiratory_per_minute", 25, HARD),
        ("temperature_c", D("37.7"), None),
        ("temperature_c", D("37.8"), SOFT),
        ("temperature_c", D("38.2"), SOFT),
        ("temperature_c", D("38.3"), HARD),
        ("temperature_c", D("37.74"), None),
        ("temperature_c", D("38.26"), HARD),
        ("systolic_mmhg", 90, None),
        ("systolic_mmhg", 89, SOFT),
        ("systolic_mmhg", 79, HARD),
    ],
)
def test_bands_before_the_dose(name, value, level):
    assert worst(judge_pre_dose_vitals(reading(**NORMAL | {name: value}), None, P)) == level


@pytest.mark.parametrize("name", NORMAL)
@pytest.mark.parametrize("setting", ["clinic", REMOTE])
def test_a_missing_value_is_never_taken_as_normal(name, setting):
    (finding,) = judge_pre_dose_vitals(reading(**NORMAL | {name: None}), None, P, setting=setting)
    is_pressure = name in ("systolic_mmhg", "diastolic_mmhg")
    assert finding.code == f"{name}_missing"
    assert finding.level is (HARD if is_pressure or setting == "clinic" else SOFT)
    assert finding.overridable is not is_pressure


@pytest.mark.parametrize(
    "limits, code",
    [
        (OrderLimits(systolic_max_mmhg=119), "systolic_mmhg_outside_order"),
        (OrderLimits(diastolic_max_mmhg=77), "diastolic_mmhg_outside_order"),
        (OrderLimits(heart_rate_min_bpm=71), "heart_rate_bpm_outside_order"),
        (OrderLimits(heart_rate_max_bpm=69), "heart_rate_bpm_outside_order"),
        (OrderLimits(spo2_min_percent=99), "spo2_percent_outside_order"),
        (OrderLimits(120, 78, 70, 70, 98), None),
        (OrderLimits(), None),
    ],
)
def test_outside_the_orders_own_limits_stops(limits, code):
    assert codes(judge_pre_dose_vitals(reading(**NORMAL), limits, P)) == ({code: HARD} if code else {})


@given(st.integers(40, 300), st.integers(40, 300))
def test_a_higher_pressure_above_normal_is_never_judged_milder(one, other):
    low, high = sorted((max(one, 140), max(other, 140)))

    def weight(value):
        level = worst(judge_pre_dose_vitals(reading(**NORMAL | {"systolic_mmhg": value}), None, P))
        return level.weight if level else -1

    assert weight(high) >= weight(low)


# ---------------------------------------------------------------- during the session


def bp(minute, upper, lower=80):
    return reading(minute, systolic_mmhg=upper, diastolic_mmhg=lower)


@pytest.mark.parametrize(
    "history, now, code",
    [
        ([], bp(20, 179, 109), None),
        ([], bp(20, 180), "pressure_high_once"),
        ([], bp(20, 150, 110), "pressure_high_once"),
        ([bp(16, 185)], bp(20, 180), "pressure_high_once"),
        ([bp(15, 185)], bp(20, 180), "pressure_high"),
        ([bp(15, 185), bp(17, 190)], bp(20, 150, 112), "pressure_high"),
        ([bp(10, 185), bp(15, 150)], bp(20, 181), "pressure_high_once"),
        ([bp(10, 185), reading(15, heart_rate_bpm=80)], bp(20, 181), "pressure_high"),
        ([bp(25, 190)], bp(20, 181), "pressure_high_once"),
        ([], bp(20, 200), "pressure_emergency"),
        ([], bp(20, 150, 120), "pressure_emergency"),
    ],
)
def test_high_pressure_twice_five_minutes_apart_or_very_high_once(history, now, code):
    assert list(codes(judge_vitals(now, history, None, P))) == ([code] if code else [])


def test_history_may_come_in_any_order():
    history = [bp(17, 190), bp(10, 185), bp(14, 188)]
    assert codes(judge_vitals(bp(20, 181), history, None, P)) == {"pressure_high": HARD}


@pytest.mark.parametrize(
    "values, code",
    [
        ({"spo2_percent": 92}, None),
        ({"spo2_percent": 91}, "oxygen_low"),
        ({"spo2_percent": 90}, "oxygen_low"),
        ({"spo2_percent": 89}, "oxygen_emergency"),
        ({"respiratory_per_minute": 10}, None),
        ({"respiratory_per_minute": 9}, "breathing_slow"),
        ({"moaas": 3}, None),
        ({"moaas": 2}, "sedation_deep"),
        ({"moaas": 0}, "sedation_deep"),
        ({"heart_rate_bpm": 120}, None),
        ({"heart_rate_bpm": 121}, "heart_rate_high_once"),
        ({}, None),
    ],
)
def test_alarms_of_one_reading(values, code):
    assert list(codes(judge_vitals(reading(20, **values), [], None, P))) == ([code] if code else [])


def test_a_fast_heart_for_five_minutes_calls():
    fast = [reading(m, heart_rate_bpm=125) for m in (12, 15)]
    assert codes(judge_vitals(reading(17, heart_rate_bpm=130), fast, None, P)) == {"heart_rate_high": HARD}


def test_the_orders_limits_are_for_the_dose_and_only_tell_later():
    assert codes(judge_vitals(bp(20, 150), [], OrderLimits(systolic_max_mmhg=140), P)) == {
        "systolic_mmhg_outside_order": INFO
    }


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(100, 220)), max_size=8), st.integers(100, 220))
def test_two_high_pressures_in_a_row_five_minutes_apart_always_call(before, upper):
    history = [bp(minute, value) for minute, value in before]
    told = judge_vitals(bp(66, upper), history, None, P)
    last = max(before, default=None, key=lambda pair: pair[0])
    same_minute = [value for minute, value in before if last and minute == last[0]]
    if last and upper >= 180 and all(value >= 180 for value in same_minute):
        assert hard(told)
    if upper < 180:
        assert not told


@pytest.mark.parametrize("code", ["chest_pain", "neuro_deficit", "seizure"])
def test_emergency_symptoms_stop_whatever_the_numbers_say(code):
    (finding,) = judge_symptoms([code, "yawning"])
    assert finding.level is HARD
    assert "911" in finding.mend


def test_moaas_has_a_text_for_each_score():
    assert sorted(MOAAS) == [0, 1, 2, 3, 4, 5]
