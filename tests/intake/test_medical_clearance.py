"""The pure rules: what stops a clearance, and what of an order's limits is said."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from intake.clearance import Examination, FlagFact, blocks, check_clearance, needs_reasons
from intake.order_extras import Extras, check_extras
from kap.core.levels import Level
from kap.core.protocol import shipped

TODAY = date(2026, 11, 12)
RULES = shipped()
WELL = Examination(
    patient_state="CA", systolic_mmhg=122, diastolic_mmhg=78, heart_rate_bpm=68, spo2_percent=98,
    weight_kg=Decimal("70"), weight_measured_on=TODAY,
)  # fmt: skip


def check(flags=(), exam=WELL, age=42):
    return check_clearance(flags, exam, age=age, today=TODAY, protocol=RULES)


def codes(findings):
    return [f.code for f in findings]


def test_an_ordinary_examination_stands_free():
    assert check() == []


@pytest.mark.parametrize("code", ["pregnant", "ketamine_allergy", "ketamine_hypersensitivity"])
def test_what_is_never_overridden_blocks_even_with_a_response(code):
    found = check([FlagFact(code, "hard", "Pregnant", answered=True)])
    assert codes(blocks(found)) == [f"never_{code}"]


@pytest.mark.parametrize("level", ["hard", "soft"])
def test_a_flag_without_response_blocks(level):
    assert codes(blocks(check([FlagFact("glaucoma", level, "Glaucoma", answered=False)]))) == [
        "flag_glaucoma"
    ]


def test_a_note_needs_no_response():
    assert check([FlagFact("ecg_age", "info", "Over 50", answered=False)]) == []


def test_an_answered_hard_flag_may_be_cleared():
    assert check([FlagFact("heart_event_recent", "hard", "Heart attack", answered=True)]) == []


def test_nobody_under_age_or_without_birth_date_is_cleared():
    assert codes(blocks(check(age=17))) == ["under_age"]
    assert codes(blocks(check(age=None))) == ["birth_date_missing"]
    assert check(age=18) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"patient_state": ""}, "state_missing"),
        ({"systolic_mmhg": None}, "pressure_missing"),
        ({"heart_rate_bpm": None}, "heart_rate_missing"),
        ({"weight_kg": None}, "weight_missing"),
        ({"weight_measured_on": None}, "weight_missing"),
        ({"weight_measured_on": TODAY + timedelta(days=1)}, "weight_in_future"),
    ],
)
def test_what_a_clearance_needs(change, code):
    assert code in codes(blocks(check(exam=replace(WELL, **change))))


@pytest.mark.parametrize(
    ("change", "level"),
    [
        ({"systolic_mmhg": 140}, None),
        ({"systolic_mmhg": 141}, Level.SOFT),
        ({"systolic_mmhg": 159}, Level.SOFT),
        ({"systolic_mmhg": 160}, Level.HARD),
        ({"diastolic_mmhg": 100}, Level.HARD),
        ({"heart_rate_bpm": 44}, Level.HARD),
        ({"heart_rate_bpm": 49}, Level.SOFT),
        ({"spo2_percent": 91}, Level.HARD),
        ({"spo2_percent": 94}, Level.SOFT),
        ({"spo2_percent": None}, None),
    ],
)
def test_measured_values_are_held_against_the_protocol(change, level):
    found = check(exam=replace(WELL, **change))
    assert [f.level for f in found] == ([level] if level else [])
    assert blocks(found) == []
    assert bool(needs_reasons(found)) == (level is Level.HARD)


def test_an_old_weight_and_old_tests_are_mentioned():
    exam = replace(
        WELL, weight_measured_on=TODAY - timedelta(days=31), labs={"TSH": TODAY - timedelta(days=91)}
    )
    assert codes(check(exam=exam)) == ["weight_old", "lab_old"]


ORDER = Extras(
    route="im", strength="50 mg/mL", dose_max_mg=Decimal("35"), session_max_mg=Decimal("50"),
    booster_max_mg=Decimal("15"), start_systolic_max_mmhg=150, start_diastolic_max_mmhg=95, call_systolic_mmhg=180,
    call_diastolic_mmhg=110, call_spo2_below_percent=92, call_heart_rate_above_bpm=120,
    expires_on=TODAY + timedelta(days=90),
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"strength": " "}, [("strength_missing", Level.HARD)]),
        ({"booster_max_mg": Decimal("17.5")}, [("booster_does_not_fit", Level.INFO)]),
        ({"booster_max_mg": Decimal("18"), "session_max_mg": Decimal("60")}, [("booster_large", Level.SOFT)]),
        ({"expires_on": TODAY - timedelta(days=1)}, [("expiry_past", Level.HARD)]),
        ({"expires_on": TODAY + timedelta(days=180)}, []),
        ({"expires_on": TODAY + timedelta(days=181)}, [("expiry_late", Level.HARD)]),
        ({"start_systolic_max_mmhg": 160}, [("start_systolic_high", Level.SOFT)]),
        (
            {"start_diastolic_max_mmhg": 150},
            [("start_diastolic_high", Level.SOFT), ("start_swapped", Level.HARD)],
        ),
        ({"call_systolic_mmhg": 201}, [("call_systolic", Level.SOFT)]),
        ({"call_spo2_below_percent": 89}, [("call_spo2", Level.SOFT)]),
        ({"call_heart_rate_above_bpm": 121}, [("call_heart_rate", Level.SOFT)]),
        ({"call_diastolic_mmhg": 180}, [("call_diastolic", Level.SOFT), ("call_swapped", Level.HARD)]),
    ],
)
def test_the_limits_of_an_order(change, said):
    assert [(f.code, f.level) for f in check_extras(replace(ORDER, **change), TODAY, RULES)] == said
