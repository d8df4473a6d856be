"""Days and instants that people type or addresses bring: of these centuries, or refused in words."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError

from kap.core.fields import DateBoxesField, DayField, day_from, instant_from

OUTSIDE = ["9999-12-31", "2200-01-01", "1899-12-31", "0001-01-01"]


@pytest.mark.parametrize("text", ["1900-01-01", "2026-11-22", "2199-12-31"])
def test_a_day_of_these_centuries_is_taken(text):
    assert DayField().clean(text) == day_from(text) == date.fromisoformat(text)


@pytest.mark.parametrize("text", OUTSIDE)
def test_a_day_of_another_century_is_refused_in_words(text):
    with pytest.raises(ValidationError, match="Enter a date between 1900 and 2199"):
        DayField().clean(text)
    assert day_from(text) is None
    with pytest.raises(ValidationError, match=r"Enter a date not (later|earlier) than"):
        DateBoxesField().clean([str(int(text[5:7])), str(int(text[8:])), text[:4]])


@pytest.mark.parametrize("text", [None, "", "now", "2026-02-30", "10000-01-01", "2026-11-22x", "\x00"])
def test_what_is_no_day_is_none(text):
    assert day_from(text) is None
    assert instant_from(text) is None


@pytest.mark.parametrize(
    "text", ["2026-11-22T10:00:00+00:00", "2026-11-22T10:00:00 00:00", "2026-11-22T10:00:00Z"]
)
def test_an_instant_needs_its_offset_whose_plus_sign_may_have_become_a_blank(text):
    assert instant_from(text) == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert instant_from(text[:19]) is None


@pytest.mark.parametrize("day", OUTSIDE)
def test_an_instant_of_another_century_is_none(day):
    assert instant_from(f"{day}T10:00:00+00:00") is None
