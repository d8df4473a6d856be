"""How amounts are written, and the few conversions."""

from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kap.core import units


@pytest.mark.parametrize(
    "number, text",
    [("0.50", "0.5"), ("5.0", "5"), ("100", "100"), ("1E+2", "100"), ("0", "0"), ("0.00", "0")],
)
def test_no_trailing_zero_and_always_a_leading_one(number, text):
    assert units.plain(D(number)) == text


@given(st.decimals(0, 1000, places=3))
def test_a_written_amount_reads_back_as_itself(number):
    text = units.plain(number)
    assert D(text) == number
    assert not text.startswith(".")
    assert not (("." in text) and text.endswith("0"))


def test_number_and_unit_stay_together():
    assert units.amount(D("50.0"), "mg") == "50\N{NO-BREAK SPACE}mg"
    assert units.amount(95, "%") == "95%"


@pytest.mark.parametrize("call", [units.mg_per_kg, units.volume_ml, units.bmi])
def test_nothing_is_divided_by_zero(call):
    with pytest.raises(ValueError):
        call(D(50), D(0))


def test_conversions():
    assert units.celsius(D("98.6")) == D("37.0")
    assert units.kilograms(D(150)) == D("68.0")
    assert units.bmi(D(80), D(178)) == D("25.2")
    assert units.volume_ml(D(35), D(50)) == D("0.70")


@pytest.mark.parametrize(
    "born, day, age",
    [
        (date(2008, 3, 2), date(2026, 3, 1), 17),
        (date(2008, 3, 1), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_age_in_whole_years(born, day, age):
    assert units.age_on(born, day) == age


@pytest.mark.parametrize(
    "day, months, later",
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 12, 5), 1, date(2027, 1, 5)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 3, 1), 12, date(2027, 3, 1)),
    ],
)
def test_months_end_on_the_same_day_or_the_last_one(day, months, later):
    assert units.add_months(day, months) == later
