"""Fit to leave, the pre-dose lines, and the grades of adverse events."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kap.core.levels import Level
from kap.core.protocol import shipped
from sessions import adverse_events, checklists
from sessions.checklists import FINE, NOT_APPLICABLE, PROBLEM, Answer, pre_dose_lines, pre_dose_missing
from sessions.discharge import (
    ALDRETE,
    ANSWERS,
    PADSS,
    DischargeFacts,
    aldrete_total,
    discharge_missing,
    padss_total,
)

P = shipped()
T0 = datetime(2026, 3, 1, 17, tzinfo=UTC)
WELL = DischargeFacts(
    route="im", last_dose_at=T0, now=T0 + timedelta(minutes=90),
    aldrete=dict.fromkeys(ALDRETE, 2), padss=dict.fromkeys(PADSS, 2), moaas=5, oriented=True, steady_gait=True,
    systolic_mmhg=128, diastolic_mmhg=80, baseline_systolic_mmhg=120, baseline_diastolic_mmhg=78,
    new_suicidal_thoughts=False, mood_reviewed=True, companion_took_charge=True, instructions_given=True,
    integration_time_told=True,
)  # fmt: skip


def missing(**changes):
    return [f.code for f in discharge_missing(replace(WELL, **changes), P)]


def test_a_client_who_is_well_may_leave():
    assert discharge_missing(WELL, P) == []


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"now": T0 + timedelta(minutes=89, seconds=59)}, "stay_too_short"),
        ({"route": "sl"}, "stay_too_short"),
        ({"aldrete": dict.fromkeys(ALDRETE, 1)}, "aldrete_low"),
        ({"aldrete": {"activity": 2}}, "aldrete_open"),
        ({"padss": dict.fromkeys(PADSS, 1)}, "padss_low"),
        ({"padss": {}}, "padss_open"),
        ({"moaas": 4}, "moaas_low"),
        ({"moaas": None}, "moaas_open"),
        ({"systolic_mmhg": None}, "pressure_open"),
        ({"baseline_systolic_mmhg": None}, "baseline_open"),
        ({"systolic_mmhg": 144, "baseline_systolic_mmhg": 120}, None),
        ({"systolic_mmhg": 145, "baseline_systolic_mmhg": 120}, "pressure_far_from_baseline"),
        ({"systolic_mmhg": 95, "baseline_systolic_mmhg": 120}, "pressure_far_from_baseline"),
        ({"systolic_mmhg": 159, "baseline_systolic_mmhg": 150}, None),
        ({"systolic_mmhg": 160, "baseline_systolic_mmhg": 150}, "pressure_high"),
        ({"diastolic_mmhg": 100, "baseline_diastolic_mmhg": 90}, "pressure_high"),
        ({"oriented": False}, "oriented"),
        ({"steady_gait": False}, "steady_gait"),
        ({"new_suicidal_thoughts": True}, "new_suicidal_thoughts"),
        ({"companion_took_charge": False}, "companion_took_charge"),
        ({"instructions_given": False}, "instructions_given"),
        ({"integration_time_told": False}, "integration_time_told"),
    ],
)
def test_each_criterion_holds_the_door(changes, code):
    assert missing(**changes) == ([code] if code else [])


@pytest.mark.parametrize("name", [row[0] for row in ANSWERS])
def test_an_open_answer_is_never_taken_as_well(name):
    assert missing(**{name: None}) == [f"{name}_open"]


def test_nothing_answered_tells_everything_in_words():
    told = discharge_missing(DischargeFacts("im", T0, T0), P)
    assert len(told) == 5 + len(ANSWERS)
    assert all(f.words and f.mend and f.level is Level.HARD for f in told)
    assert "90\N{NO-BREAK SPACE}" not in told[0].words
    assert "90 are left" in told[0].words


@given(st.lists(st.integers(0, 2), min_size=5, max_size=5))
def test_scores_are_the_sum_of_their_items(points):
    assert aldrete_total(dict(zip(ALDRETE, points, strict=True))) == sum(points)
    assert padss_total(dict(zip(PADSS, points, strict=True))) == sum(points)


@pytest.mark.parametrize("scores", [{"activity": 3}, {"activity": None}, {"walking": 2}])
def test_a_score_off_the_scale_is_refused(scores):
    with pytest.raises(ValueError, match="score each item 0, 1 or 2"):
        aldrete_total(scores)


# ---------------------------------------------------------------- the pre-dose check


def answered(setting, **changes):
    made = {
        line.code: Answer(FINE, line.roles[0], line.detail and "noted") for line in pre_dose_lines(setting)
    }
    return made | changes


@pytest.mark.parametrize("setting", ["clinic", "remote"])
def test_all_lines_checked_and_fine_leave_nothing_missing(setting):
    assert pre_dose_missing(answered(setting), setting) == []
    assert len(pre_dose_missing({}, setting)) == len(pre_dose_lines(setting))


@pytest.mark.parametrize("setting", ["clinic", "remote"])
def test_every_single_line_is_needed(setting):
    for line in pre_dose_lines(setting):
        answers = answered(setting)
        del answers[line.code]
        assert [f.code for f in pre_dose_missing(answers, setting)] == [f"{line.code}_open"]


def test_home_and_clinic_ask_different_lines():
    home = {line.code for line in pre_dose_lines("remote")}
    clinic = {line.code for line in pre_dose_lines("clinic")}
    assert {"location", "lozenges", "disconnect", "video"} <= home - clinic
    assert {"staff", "emergency_kit", "room"} <= clinic - home
    with pytest.raises(ValueError):
        pre_dose_lines("garden")


def test_line_codes_are_unique():
    assert len({line.code for line in checklists.PRE_DOSE}) == len(checklists.PRE_DOSE)


@pytest.mark.parametrize(
    "code", ["consent", "pregnancy", "sober", "companion", "order", "evaluation", "identity"]
)
def test_no_prescriber_releases_these(code):
    answer = Answer(PROBLEM, "prescriber", "x", "prescriber", "It will be fine")
    (finding,) = pre_dose_missing(answered("clinic", **{code: answer}), "clinic")
    assert (finding.code, finding.overridable) == (f"{code}_problem", False)


@pytest.mark.parametrize(
    "role, reason, released",
    [
        ("prescriber", "Seen and judged", True),
        ("prescriber", "  ", False),
        ("therapist", "Fine", False),
        ("", "", False),
    ],
)
def test_only_a_prescriber_with_a_reason_releases(role, reason, released):
    told = pre_dose_missing(answered("clinic", vitals=Answer(PROBLEM, "monitor", "", role, reason)), "clinic")
    assert (told == []) is released
    assert all(f.overridable for f in told)


def test_a_line_answered_by_the_wrong_person_does_not_count():
    told = pre_dose_missing(answered("clinic", safety=Answer(FINE, "monitor")), "clinic")
    assert [f.code for f in told] == ["safety_wrong_role"]


def test_does_not_apply_only_where_it_may():
    assert pre_dose_missing(answered("clinic", pregnancy=Answer(NOT_APPLICABLE, "monitor")), "clinic") == []
    told = pre_dose_missing(answered("clinic", consent=Answer(NOT_APPLICABLE, "monitor")), "clinic")
    assert [f.code for f in told] == ["consent_must_apply"]


def test_a_detail_that_is_asked_for_must_be_written():
    told = pre_dose_missing(answered("remote", location=Answer(FINE, "therapist", " ")), "remote")
    assert [f.code for f in told] == ["location_detail"]


def test_an_unknown_answer_is_refused():
    assert [f.code for f in pre_dose_missing(answered("clinic", room=Answer("", "monitor")), "clinic")] == [
        "room_unknown_answer"
    ]


# ---------------------------------------------------------------- adverse events


@pytest.mark.parametrize(
    "upper, lower, grade",
    [(119, 79, 0), (120, 70, 1), (139, 89, 1), (140, 70, 2), (120, 90, 2), (160, 70, 3), (120, 100, 3)],
)
def test_grade_of_a_high_pressure_is_that_of_the_worse_number(upper, lower, grade):
    assert adverse_events.hypertension_grade(upper, lower, P) == grade


@pytest.mark.parametrize(
    "grade, reasons, serious", [(1, [], False), (4, [], True), (2, ["hospital"], True), (3, ["x"], False)]
)
def test_what_is_serious(grade, reasons, serious):
    assert adverse_events.is_serious(grade, reasons) is serious


def test_the_pick_list_is_keyed_by_its_codes():
    assert all(code == kind.code and kind.words for code, kind in adverse_events.EVENTS.items())
    assert sorted(adverse_events.GRADES) == [1, 2, 3, 4, 5]
