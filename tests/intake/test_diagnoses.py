"""Codes that are good on a day, and what they mean for this treatment."""

import copy
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake import diagnoses
from intake.diagnoses import TableError, check, get, grouped, is_treatment_resistant, load, lookup, shipped
from kap.core.levels import Level
from kap.core.protocol import shipped as protocol

DAY = date(2026, 3, 1)
DATA = json.loads(diagnoses.FILE.read_text(encoding="utf-8"))
REFERENCE = """F32.0 F32.1 F32.2 F32.3 F32.4 F32.9 F32.A F33.0 F33.1 F33.2 F33.3 F33.41 F33.9 F31.30 F31.31 F31.32 F31.4
F31.81 F41.1 F41.0 F40.10 F43.10 F43.11 F43.12 F43.81 F42.2 F42.8 F42.9 F10.10 F10.20 F10.21 F11.20 F16.20 F19.20
F50.010 F50.011 F50.012 F50.013 F50.014 G89.21 G89.29 G89.4 G90.50 M79.7 F43.20 F43.21 F43.23 Z51.5 R45.851""".split()


@pytest.mark.parametrize("code", REFERENCE)
def test_every_code_of_the_clinical_reference_is_there(code):
    assert get(code, DAY).code == code


def test_every_row_has_words_and_a_standing():
    for row in shipped().codes:
        assert row.words
        assert row.standing in diagnoses.STANDINGS
        assert row.group in shipped().groups


@pytest.mark.parametrize("text", ["f33.1", "F331", " F33.1 "])
def test_a_code_is_found_however_it_is_typed(text):
    assert get(text, DAY).code == "F33.1"


@pytest.mark.parametrize("text", ["", None, "F99", "depression", "F33.1x"])
def test_what_is_no_code_is_not_found(text):
    assert get(text, DAY) is None


@pytest.mark.parametrize(
    "code, day, good",
    [
        ("F50.01", date(2024, 9, 30), True),
        ("F50.01", date(2024, 10, 1), False),
        ("F50.010", date(2024, 9, 30), False),
        ("F50.010", date(2024, 10, 1), True),
        ("F32.A", date(2021, 9, 30), False),
        ("F32.A", date(2021, 10, 1), True),
    ],
)
def test_a_code_is_good_only_between_its_dates(code, day, good):
    assert (get(code, day) is not None) is good


@pytest.mark.parametrize(
    "text, first",
    [
        ("F33", "F33.0"),
        ("ptsd", "F43.10"),
        ("recurrent severe", "F33.2"),
        ("bipolar II", "F31.81"),
        ("m79", "M79.7"),
    ],
)
def test_lookup_by_code_and_by_words(text, first):
    assert lookup(text, DAY)[0].code == first


def test_lookup_leaves_out_what_is_not_good_on_the_day():
    assert "F50.01" not in {row.code for row in lookup("anorexia", DAY)}
    assert "F50.01" in {row.code for row in lookup("anorexia")}


@given(st.text(max_size=40))
def test_lookup_takes_any_text(text):
    assert len(lookup(text, DAY)) <= 20


def test_psychotic_features_stop():
    (finding,) = [f for f in check(["F32.3"], DAY) if f.code == "diagnosis_hard"]
    assert finding.level is Level.HARD


def test_a_plain_indication_has_nothing_to_say():
    assert check(["F33.2"], DAY) == []


def test_bipolar_depression_is_asked_about():
    assert [f.level for f in check(["F31.81"], DAY)] == [Level.SOFT]


@pytest.mark.parametrize("codes", [[], ["Z51.5"], ["R45.851"], ["Z51.5", "R45.851"]])
def test_without_a_diagnosis_nobody_reaches_prescribing(codes):
    (finding,) = check(codes, DAY)
    assert finding.code == "diagnosis_missing"
    assert not finding.overridable


def test_an_ended_code_tells_which_to_choose():
    finding = check(["F50.01", "F33.1"], DAY)[0]
    assert finding.code == "diagnosis_not_valid"
    assert "F50.010" in finding.mend


def test_an_unknown_code_is_named():
    assert check(["Q00.0", "F33.1"], DAY)[0].words == "“Q00.0” is not in the clinic's table."


def test_groups_for_a_select_hold_only_what_is_good_on_the_day():
    listed = [row for _, rows in grouped(DAY) for row in rows]
    assert listed
    assert all(row.is_valid_on(DAY) for row in listed)
    assert len(listed) == sum(row.is_valid_on(DAY) for row in shipped().codes)


@pytest.mark.parametrize("trials, resistant", [(0, False), (1, False), (2, True), (5, True)])
def test_treatment_resistance_is_a_flag_with_its_trials(trials, resistant):
    assert is_treatment_resistant(trials, protocol()) is resistant


@pytest.mark.parametrize(
    "change, words",
    [
        ({"code": "33.1"}, "not written like"),
        ({"group": "none"}, "group or standing"),
        ({"standing": "maybe"}, "group or standing"),
        ({"valid_from": "1/10/2015"}, "Row 1"),
        ({"valid_to": "2001-01-01"}, "ends before it begins"),
    ],
)
def test_a_faulty_table_names_the_row(change, words):
    data = copy.deepcopy(DATA)
    data["codes"][0].update(change)
    with pytest.raises(TableError, match=words):
        load(data)


def test_a_code_listed_twice_is_refused():
    data = copy.deepcopy(DATA)
    data["codes"].append(data["codes"][0])
    with pytest.raises(TableError, match="listed twice"):
        load(data)


def test_a_table_without_its_parts_is_refused():
    with pytest.raises(TableError, match="groups"):
        load({"codes": [{}]})


def test_a_clinic_may_bring_its_own_table():
    data = copy.deepcopy(DATA)
    data["codes"] = [data["codes"][0] | {"code": "F99", "words": "Another disorder"}]
    own = load(data)
    assert get("F99", DAY, table=own).words == "Another disorder"
    assert get("F33.1", DAY, table=own) is None
    assert [row.code for row in lookup("another", DAY, table=own)] == ["F99"]
