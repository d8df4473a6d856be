"""How numbers, dates, times and stages are written. A misread amount or day does harm, so each form is fixed here."""

import datetime as dt
import html
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from kap.core import clock as kap_clock
from kap.core.templatetags import kap

PACIFIC = ZoneInfo("America/Los_Angeles")
AFTERNOON = dt.datetime(2026, 11, 19, 22, 7, tzinfo=dt.UTC)  # 14:07 PST


@pytest.fixture(autouse=True)
def clinic_zone():
    with timezone.override(PACIFIC):
        yield


@pytest.fixture
def today(monkeypatch):
    monkeypatch.setattr(kap_clock, "now", lambda: AFTERNOON)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (Decimal("0.50"), "0.5"),
        (Decimal("5.0"), "5"),
        (Decimal("100"), "100"),
        (Decimal("1E+2"), "100"),
        (".5", "0.5"),
        (0, "0"),
        (70.25, "70.25"),
        (None, ""),
        ("", ""),
        ("about 5", "about 5"),
    ],
)
def test_amounts_have_a_leading_zero_and_no_trailing_one(given, shown):
    assert kap.num(given) == shown


def test_birth_date_is_unmistakable_and_carries_the_age_today(today):
    assert kap.dob(dt.date(1984, 8, 3)) == "03-Aug-1984 (42 y)"
    assert kap.dob(dt.date(1984, 11, 19)) == "19-Nov-1984 (42 y)"
    assert kap.dob(dt.date(1984, 11, 20)) == "20-Nov-1984 (41 y)"
    assert kap.dob(None) == "Not known"


def test_the_age_counts_by_the_clinics_day_not_by_utc(monkeypatch):
    late_evening = dt.datetime(2026, 11, 20, 5, 0, tzinfo=dt.UTC)  # 19 November, 21:00 in the clinic
    monkeypatch.setattr(kap_clock, "now", lambda: late_evening)
    assert kap.dob(dt.date(1984, 11, 20)).endswith("(41 y)")


def test_who_is_born_on_29_february_ages_on_1_march():
    assert kap.age_on(dt.date(2004, 2, 29), dt.date(2026, 2, 28)) == 21
    assert kap.age_on(dt.date(2004, 2, 29), dt.date(2026, 3, 1)) == 22


def test_times_are_shown_in_the_clinics_zone_or_the_one_named():
    assert kap.clock(AFTERNOON) == "14:07"
    assert kap.clock(AFTERNOON, "America/New_York") == "17:07"
    assert kap.clock(AFTERNOON, ZoneInfo("Europe/Berlin")) == "23:07"
    assert kap.day(AFTERNOON) == "Thu 19 Nov"
    assert kap.day_time(AFTERNOON) == "Thu 19 Nov, 14:07"
    assert kap.day_long(AFTERNOON) == "Thursday 19 November 2026"
    assert kap.dmy(AFTERNOON) == "19-Nov-2026"
    assert kap.date_iso(AFTERNOON) == "2026-11-19"
    assert kap.zone_name(AFTERNOON) == "PST"
    assert kap.zone_name(dt.datetime(2026, 7, 1, tzinfo=dt.UTC)) == "PDT"


def test_the_day_of_a_late_evening_is_the_clinics_day():
    assert kap.day(dt.datetime(2026, 11, 20, 4, 0, tzinfo=dt.UTC)) == "Thu 19 Nov"


def test_a_plain_date_is_never_shifted():
    assert kap.dmy(dt.date(2026, 11, 19)) == "19-Nov-2026"
    assert kap.day(dt.date(2026, 11, 19)) == "Thu 19 Nov"


@pytest.mark.parametrize(
    "tag", [kap.clock, kap.day, kap.day_time, kap.dmy, kap.date_iso, kap.elapsed, kap.duration]
)
def test_nothing_is_shown_for_no_time(tag):
    assert tag(None) == ""
    assert tag("") == ""


def test_elapsed_runs_in_hours_and_minutes_and_never_below_zero(today):
    assert kap.elapsed(dt.timedelta(minutes=58)) == "0:58"
    assert kap.elapsed(dt.timedelta(hours=2, minutes=5, seconds=59)) == "2:05"
    assert kap.elapsed(3600) == "1:00"
    assert kap.elapsed(AFTERNOON - dt.timedelta(minutes=57)) == "0:57"
    assert kap.elapsed(AFTERNOON + dt.timedelta(minutes=5)) == "0:00"


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [
        (20, "20 min"),
        (50, "50 min"),
        (60, "1 h"),
        (80, "80 min"),
        (90, "90 min"),
        (120, "2 h"),
        (150, "2 h 30 min"),
    ],
)
def test_lengths_read_as_people_say_them(minutes, shown):
    assert kap.duration(minutes) == shown
    assert kap.duration(dt.timedelta(minutes=minutes)) == shown


def test_one_day_and_several_days():
    assert kap.days(1) == "1 day"
    assert kap.days(3) == "3 days"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("June Ashworth", "JA"),
        ("Cher", "C"),
        ("Ana-Maria de la Cruz", "AC"),
        ("  ", "?"),
        (None, "?"),
        ("élan vital", "ÉV"),
    ],
)
def test_initials_are_the_first_and_the_last(name, shown):
    assert kap.initials(name) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("3105550142", "(310) 555-0142"),
        ("+1 310 555 0142", "(310) 555-0142"),
        ("1-310-555-0142", "(310) 555-0142"),
        ("+49 30 1234567", "+49 30 1234567"),
        ("555-0142", "555-0142"),
        ("3105550142 ext 5", "3105550142 ext 5"),
        (None, ""),
    ],
)
def test_phone_numbers_are_grouped_only_when_they_are_ours(number, shown):
    assert kap.phone(number) == shown


def test_every_stage_has_icon_word_and_colour_and_none_wears_red_or_amber():
    from kap.core.templatetags.kap import STAGES

    for code in STAGES:
        look = kap.stage_look(code)
        assert look["icon"]
        assert str(look["words"])
        assert look["tone"] not in {"danger", "warn"}
    assert kap.stage_look("no_such")["words"] == "No such"


def test_what_is_not_known_says_so():
    assert kap.known(None) == "Not known"
    assert kap.known("") == "Not known"
    assert kap.known(0) == 0


def test_bars_stay_within_their_track():
    assert kap.percent_of(3, 12) == 25
    assert kap.percent_of(30, 12) == 100
    assert kap.percent_of(3, 0) == 0
    assert kap.percent_of(None, 5) == 0


def test_icons_are_silent_unless_they_stand_alone():
    assert 'aria-hidden="true"' in kap.icon("sun")
    assert 'aria-label="Find &lt;a&gt; client"' in kap.icon("search", "Find <a> client")


def test_a_gate_lists_what_is_open():
    assert kap.unmet([{"met": True}, {"met": False, "words": "Driver"}]) == [
        {"met": False, "words": "Driver"}
    ]


def test_a_long_address_may_break_and_is_still_the_address():
    address = "https://kap.example/link/" + "a&b" * 30
    shown = kap.breakable(address)
    pieces = [html.unescape(piece) for piece in shown.split("<wbr>")]
    assert "".join(pieces) == address
    assert max(map(len, pieces)) <= 8
    assert "&b" not in shown.replace("&amp;b", "")
