"""The protocol: all clinical numbers, as data that says where each comes from."""

import copy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kap.core.levels import Finding, Level, by_weight, worst
from kap.core.protocol import (
    ROUTES,
    UNITS,
    ProtocolError,
    default,
    differences,
    load,
    shipped,
    with_values,
)

PATHS = [entry.path for entry in shipped().entries()]


def leaf_of(data, path):
    for key in path.split("."):
        data = data[key]
    return data


def faults_of(data):
    with pytest.raises(ProtocolError) as caught:
        load(data)
    return caught.value.problems


@pytest.mark.parametrize("entry", shipped().entries(), ids=PATHS)
def test_every_number_says_what_it_is_and_where_it_comes_from(entry):
    assert entry.label.strip()
    assert entry.source.strip()
    assert "[V" not in entry.source
    assert "[D]" not in entry.source
    assert entry.unit in UNITS
    assert isinstance(entry.level, Level)
    assert not isinstance(entry.value, float)


def test_every_number_has_its_own_address():
    assert len(PATHS) == len(set(PATHS)) > 150
    assert shipped().entry_at("routes.iv.hard_mg").value == Decimal(150)
    with pytest.raises(KeyError):
        shipped().entry_at("routes.iv.nothing")


@pytest.mark.parametrize(
    "path, value",
    [
        ("routes.iv.soft_mg_per_kg", Decimal("1.0")),
        ("routes.iv.hard_mg_per_kg", Decimal("1.5")),
        ("routes.iv.shortest_infusion_minutes", 30),
        ("routes.im.hard_mg", Decimal(150)),
        ("routes.sl.soft_mg", Decimal(300)),
        ("routes.sl.first_dose_soft_mg", Decimal(150)),
        ("routes.oral.hard_mg_per_kg", Decimal(6)),
        ("routes.in.soft_mg", Decimal(100)),
        ("dosing.weight_max_age_days", 30),
        ("dosing.booster_max_percent", Decimal(50)),
        ("intervals.between_doses_hours", 48),
        ("fasting.solids_hours", Decimal(4)),
        ("fasting.clear_fluids_hours", Decimal(2)),
        ("monitoring.at_minutes", (0, 10, 20, 30, 40, 60)),
        ("monitoring.then_every_minutes", 15),
        ("discharge.minimum_minutes.iv", 60),
        ("discharge.minimum_minutes.im", 90),
        ("discharge.minimum_minutes.sl", 120),
        ("validity.consent_months", 12),
        ("validity.labs_days", 90),
        ("telemedicine.basis_ends_on", date(2026, 12, 31)),
        ("series.usual_doses", (4, 6)),
        ("follow_up.check_in_hours", (24, 72, 168)),
        ("remote.reading_minutes", (0, 30, 60, 120)),
        ("credentials.warn_days", (90, 30, 7)),
    ],
)
def test_the_shipped_numbers_are_those_of_the_clinical_reference(path, value):
    assert shipped().entry_at(path).value == value


def test_what_ships_is_fresh_for_each_caller():
    default()["routes"]["iv"].clear()
    assert load(default()) == shipped()


def test_a_protocol_cannot_be_changed_in_place():
    with pytest.raises(AttributeError):
        shipped().dosing.booster_max_count = 9


@pytest.mark.parametrize("code", ROUTES)
def test_each_route_has_limits_and_a_least_stay(code):
    assert shipped().route(code).hard_mg > 0
    assert shipped().minimum_stay_minutes(code) >= 60


def test_an_unknown_route_is_refused_by_name():
    with pytest.raises(ValueError, match=r"rectal.*iv, im, sl, oral, in"):
        shipped().route("rectal")


@pytest.mark.parametrize("path", PATHS)
def test_a_missing_key_is_named(path):
    data = default()
    group, _, key = path.rpartition(".")
    del leaf_of(data, group)[key]
    assert any(problem.startswith(f"{path}: is missing; add it") for problem in faults_of(data))


@pytest.mark.parametrize("part", ["label", "value", "unit", "level", "source", "note"])
def test_a_leaf_without_one_of_its_parts_is_named(part):
    data = default()
    del data["fasting"]["solids_hours"][part]
    assert faults_of(data) == [f"fasting.solids_hours: lacks “{part}”; add it."]


@pytest.mark.parametrize(
    "path, part, value, words",
    [
        ("intra.repeat_systolic_mmhg", "unit", "kPa", "use mmHg"),
        ("intra.repeat_systolic_mmhg", "unit", "mg", "convert it to mmHg"),
        ("intra.repeat_systolic_mmhg", "level", "severe", "use hard, soft or info"),
        ("intra.repeat_systolic_mmhg", "value", "180.5", "whole number"),
        ("intra.repeat_systolic_mmhg", "value", None, "it is empty"),
        ("routes.iv.soft_mg", "value", 0.5, "in quotes"),
        ("routes.iv.soft_mg", "value", "NaN", "not a number"),
        ("routes.iv.soft_mg", "value", "-5", "below zero"),
        ("routes.iv.soft_mg", "value", "a lot", "in quotes"),
        ("routes.iv.soft_mg", "value", True, "in quotes"),
        ("routes.iv.soft_mg", "source", "  ", "“source” is empty"),
        ("routes.im.split_allowed", "value", "yes", "true or false"),
        ("telemedicine.basis_ends_on", "value", "31/12/2026", "2026-12-31"),
        ("series.usual_doses", "value", [6, 4], "lower value must come first"),
        ("series.usual_doses", "value", [4], "2 values are needed"),
        ("monitoring.at_minutes", "value", [], "a list is needed"),
    ],
)
def test_a_faulty_part_is_named_with_the_way_to_mend_it(path, part, value, words):
    data = default()
    leaf_of(data, path)[part] = value
    (problem,) = faults_of(data)
    assert problem.startswith(f"{path}: ")
    assert words in problem


@pytest.mark.parametrize(
    "changes, path",
    [
        ({"routes.iv.soft_mg": "151"}, "routes.iv.soft_mg"),
        ({"routes.sl.soft_mg_per_kg": "7"}, "routes.sl.soft_mg_per_kg"),
        ({"dosing.iv_equivalent_soft_mg_per_kg": "2"}, "dosing.iv_equivalent_soft_mg_per_kg"),
        ({"pre_dose.systolic_mmhg.soft_high": "130"}, "pre_dose.systolic_mmhg.go_high"),
        ({"pre_dose.heart_rate_bpm.soft_low": "60"}, "pre_dose.heart_rate_bpm.soft_low"),
        ({"pre_dose.systolic_mmhg.go_high": None}, "pre_dose.systolic_mmhg.go_high"),
        ({"integration.closes_hours": 24}, "integration.opens_hours"),
        ({"monitoring.at_minutes": [0, 20, 10]}, "monitoring.at_minutes"),
        ({"monitoring.at_minutes": [5, 10]}, "monitoring.at_minutes"),
        ({"credentials.warn_days": [7, 30]}, "credentials.warn_days"),
        ({"routes.in.bioavailability_fraction": "1.1"}, "routes.in.bioavailability_fraction"),
        ({"intra.once_systolic_mmhg": 170}, "intra.repeat_systolic_mmhg"),
        ({"intra.spo2_emergency_below_percent": 95}, "intra.spo2_emergency_below_percent"),
        ({"discharge.aldrete_minimum_points": 11}, "discharge.aldrete_minimum_points"),
        ({"remote.allowed_routes": ["sl", "tea"]}, "remote.allowed_routes"),
        ({"entry.heart_rate_bpm.usual": ["10", "180"]}, "entry.heart_rate_bpm.possible"),
        ({"routes.iv.hard_mg": "0", "routes.iv.soft_mg": "0"}, "routes.iv.hard_mg"),
        ({"discharge.minimum_minutes.iv": 0}, "discharge.minimum_minutes.iv"),
    ],
)
def test_numbers_that_contradict_each_other_are_named(changes, path):
    data = with_values(default(), changes, version="x", effective_on=date(2026, 2, 1))
    assert any(problem.startswith(f"{path}:") for problem in faults_of(data))


def test_all_faults_are_told_at_once():
    data = default()
    data["fasting"]["solids_hours"]["unit"] = "days"
    del data["intervals"]
    data["extra"] = {}
    data["version"] = ""
    told = faults_of(data)
    for key in ("version", "fasting.solids_hours", "intervals", "extra"):
        assert any(problem.startswith(f"{key}:") for problem in told)


@pytest.mark.parametrize("data", [None, [], "protocol", 5, {}])
def test_what_is_no_protocol_is_refused_in_words(data):
    assert faults_of(data)


def test_a_group_that_is_no_group_is_named():
    data = default()
    data["fasting"] = 4
    assert faults_of(data) == ["fasting: must be a group of entries; write it as {…}."]


def test_a_new_version_keeps_the_old_data_and_shows_what_changed():
    old = default()
    untouched = copy.deepcopy(old)
    new = with_values(old, {"fasting.solids_hours": "6"}, version="2026.2", effective_on=date(2026, 3, 1))
    assert old == untouched
    made = load(new)
    assert (made.version, made.effective_on) == ("2026.2", date(2026, 3, 1))
    ((before, after),) = differences(shipped(), made)
    assert (before.path, before.value, after.value) == ("fasting.solids_hours", Decimal(4), Decimal(6))


@pytest.mark.parametrize("path", ["fasting", "fasting.nothing", "fasting.solids_hours.value", "version", ""])
def test_a_change_at_no_address_is_refused(path):
    with pytest.raises(KeyError):
        with_values(default(), {path: 1}, version="x", effective_on=date(2026, 1, 1))


@given(st.sampled_from(sorted(ROUTES)), st.integers(1, 2000), st.integers(1, 2000))
def test_a_soft_limit_never_stands_above_the_hard_one(code, soft_mg, hard_mg):
    changes = {f"routes.{code}.soft_mg": str(soft_mg), f"routes.{code}.hard_mg": str(hard_mg)}
    data = with_values(default(), changes, version="x", effective_on=date(2026, 1, 1))
    if soft_mg <= hard_mg:
        assert load(data).route(code).soft_mg == soft_mg
    else:
        assert f"routes.{code}.soft_mg" in faults_of(data)[0]


@given(
    st.sampled_from(PATHS),
    st.one_of(st.none(), st.text(), st.floats(), st.lists(st.integers()), st.booleans()),
)
def test_rubbish_is_loaded_or_refused_but_never_crashes(path, value):
    data = with_values(default(), {path: value}, version="x", effective_on=date(2026, 1, 1))
    told = []
    try:
        load(data)
    except ProtocolError as refused:
        told = refused.problems
    assert all(":" in problem for problem in told)


def test_the_integration_window_is_elapsed_hours_after_the_end():
    ended = datetime(2026, 3, 7, 20, tzinfo=UTC)
    opens, closes = shipped().integration.window(ended)
    assert (opens - ended, closes - ended) == (timedelta(hours=24), timedelta(hours=48))


def test_findings_are_ordered_by_how_strongly_they_speak():
    findings = [Finding(level, level, "") for level in (Level.INFO, Level.HARD, Level.SOFT)]
    assert [f.level for f in by_weight(findings)] == [Level.HARD, Level.SOFT, Level.INFO]
    assert worst(findings) is Level.HARD
    assert worst([]) is None
