"""Numbers of providers, and the ladder of warnings before a credential ends."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kap.core.credentials import (
    NPI_PREFIX,
    dea_ok,
    dea_problem,
    is_expired,
    judge,
    luhn_ok,
    npi_ok,
    npi_problem,
    warning_due,
    warning_step,
)
from kap.core.levels import Level

DAY = date(2026, 3, 1)
LADDER = (90, 30, 7)


def npi_from(nine):
    return next(nine + str(d) for d in range(10) if luhn_ok(NPI_PREFIX + nine + str(d)))


@pytest.mark.parametrize("text", ["1234567893", " 1234567893 ", "123-456-7893"])
def test_a_sound_npi_passes(text):
    assert npi_ok(text)


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "10 digits"),
        (None, "10 digits"),
        ("123456789", "10 digits"),
        ("12345678931", "10 digits"),
        ("12345x7893", "10 digits"),
        ("١٢٣٤٥٦٧٨٩٣", "10 digits"),
        ("3234567893", "begins with 1 or 2"),
        ("1234567890", "last digit"),
        ("1234567839", "last digit"),
    ],
)
def test_a_faulty_npi_says_what_is_wrong(text, words):
    assert words in npi_problem(text)


@given(st.from_regex(r"\A[12][0-9]{8}\Z"), st.integers(0, 9), st.integers(1, 9))
def test_any_one_mistyped_digit_of_an_npi_is_caught(nine, place, shift):
    npi = npi_from(nine)
    assert npi_ok(npi)
    wrong = npi[:place] + str((int(npi[place]) + shift) % 10) + npi[place + 1 :]
    assert not npi_ok(wrong)


@pytest.mark.parametrize("text", ["AB1234563", "ab1234563", "M91234563", " AB 1234563"])
def test_a_sound_dea_number_passes(text):
    assert dea_ok(text)


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "two letters"),
        (None, "two letters"),
        ("A11234563", "two letters"),
        ("AB123456", "two letters"),
        ("AB12345633", "two letters"),
        ("ZB1234563", "does not begin with Z"),
        ("AB1234562", "last digit"),
        ("AB2134563", "last digit"),
    ],
)
def test_a_faulty_dea_number_says_what_is_wrong(text, words):
    assert words in dea_problem(text)


@given(st.from_regex(r"\A[0-9]{6}\Z"))
def test_exactly_one_check_digit_fits_a_dea_number(six):
    assert sum(dea_ok(f"BK{six}{d}") for d in range(10)) == 1


@pytest.mark.parametrize(
    "left, step",
    [(91, None), (90, 90), (31, 90), (30, 30), (8, 30), (7, 7), (1, 7), (0, 7), (-1, 0), (-400, 0)],
)
def test_the_ladder_of_warnings(left, step):
    assert warning_step(DAY + timedelta(days=left), DAY, LADDER) == step


def test_a_credential_is_good_through_its_last_day():
    assert not is_expired(DAY, DAY)
    assert is_expired(DAY, DAY + timedelta(days=1))


@pytest.mark.parametrize(
    "left, warned_at, due",
    [
        (90, None, 90), (89, 90, None), (30, 90, 30), (20, 30, None), (7, 30, 7), (-1, 7, 0), (-9, 0, None),
        (5, None, 7), (200, None, None),
    ],
)  # fmt: skip
def test_each_step_is_warned_of_once(left, warned_at, due):
    assert warning_due(DAY + timedelta(days=left), DAY, warned_at, LADDER) == due


@given(st.integers(1, 200))
def test_day_by_day_every_step_is_warned_of_exactly_once(start):
    expires, warned, told = DAY + timedelta(days=start), None, []
    for n in range(start + 10):
        step = warning_due(expires, DAY + timedelta(days=n), warned, LADDER)
        if step is not None:
            told.append(step)
            warned = step
    first = min((s for s in LADDER if start <= s), default=90)
    assert told == [*[s for s in LADDER if s <= first], 0]


def test_an_ended_credential_stops_and_is_never_overridden():
    finding = judge("DEA registration", DAY - timedelta(days=1), DAY, LADDER)
    assert finding.level is Level.HARD
    assert not finding.overridable
    assert finding.words == "DEA registration expired on 28 February 2026."


def test_a_credential_without_an_end_stops():
    assert judge("Licence", None, DAY, LADDER).level is Level.HARD


def test_a_credential_that_soon_ends_warns_and_a_long_one_is_silent():
    assert (
        judge("Licence", DAY + timedelta(days=1), DAY, LADDER).words
        == "Licence expires tomorrow, on 2 March 2026."
    )
    assert judge("Licence", DAY + timedelta(days=300), DAY, LADDER) is None
