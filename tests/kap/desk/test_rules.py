"""The desk's pure rules: the plan strip, the drawing, small numbers, values of the protocol."""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kap.core import protocol
from kap.desk import reports
from kap.desk.chart import outcomes, plan
from kap.desk.protocol_form import changes_in, text_of, value_from

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 19, 10, 34, tzinfo=ZONE)


def dose(number, days_ago, **more):
    at = NOW - timedelta(days=days_ago)
    return plan.Given(number, at, Decimal("100.00"), True, **more)


def test_a_plan_of_six_has_six_pairs_whatever_was_given():
    pairs = plan.strip(plan.Course(given=[dose(1, 20), dose(2, 6)], planned=6, days_between=14), NOW)
    assert [pair.number for pair in pairs] == [1, 2, 3, 4, 5, 6]
    assert [pair.dosing.state for pair in pairs] == ["done", "done", *["planned"] * 4]
    assert pairs[0].dosing.detail == "100 mg"
    assert pairs[2].dosing.when.startswith("w/c ")


def test_a_booked_dose_takes_its_place_with_the_integration_held_for_it():
    booked = plan.Booked(NOW + timedelta(days=1), NOW + timedelta(days=2))
    pairs = plan.strip(plan.Course(given=[dose(1, 20)], booked=[booked], planned=4), NOW)
    assert [pair.dosing.state for pair in pairs] == ["done", "next", "planned", "planned"]
    assert pairs[1].integration.words == "On hold"


@pytest.mark.parametrize(
    ("more", "state", "words"),
    [
        ({"held_at": NOW, "hours_after": Decimal("41.0"), "timing": "in_window"}, "done", "Held"),
        ({"held_at": NOW, "hours_after": Decimal("51.0"), "timing": "late"}, "late", "Late"),
        ({"closes_at": NOW - timedelta(hours=1)}, "late", "Overdue"),
        ({"closes_at": NOW + timedelta(hours=1)}, "held", "Not booked"),
        ({"closes_at": NOW + timedelta(hours=9), "integration_at": NOW}, "booked", "Booked"),
        ({}, "after", "After dosing 1"),
    ],
)
def test_what_the_strip_says_of_an_integration(more, state, words):
    after = plan.strip(plan.Course(given=[dose(1, 2, **more)]), NOW)[0].integration
    assert (after.state, after.words) == (state, words)


def test_of_a_long_course_the_latest_eight_are_shown():
    pairs = plan.strip(plan.Course(given=[dose(n, 30 - n) for n in range(1, 13)], planned=12), NOW)
    assert [pair.number for pair in pairs] == list(range(5, 13))


def draw(series, doses=()):
    bands = [(0, "Minimal"), (5, "Mild"), (10, "Moderate"), (15, "Mod. severe"), (20, "Severe")]
    return outcomes.draw(series, doses, bands=bands, top=27, day_words=lambda at: f"{at:%d %b}")


def test_nothing_is_drawn_without_a_score():
    assert draw([outcomes.Series("PHQ-9", [])]) is None


scores = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 27)), min_size=1, max_size=30, unique_by=lambda s: s[0]
)


@given(scores, scores, st.lists(st.integers(0, 400), max_size=12, unique=True))
def test_everything_lies_inside_the_frame_and_no_words_on_each_other(first, second, given_on):
    series = [
        outcomes.Series(
            name, [outcomes.Point(NOW + timedelta(days=day), total) for day, total in sorted(points)]
        )
        for name, points in (("PHQ-9", first), ("GAD-7", second))
    ]
    doses = [
        outcomes.Dose(f"Dosing {n}", NOW + timedelta(days=day)) for n, day in enumerate(sorted(given_on), 1)
    ]
    made = draw(series, doses)
    for line in made.lines:
        assert all(outcomes.FIRST <= mark.x <= outcomes.LAST for mark in line.marks)
        assert all(outcomes.TOP <= mark.y <= outcomes.BOTTOM for mark in line.marks)
    one, two = sorted(line.label_y for line in made.lines)
    assert two - one >= outcomes.CLOSE
    ticks = [tick.at for tick in made.dates]
    assert all(later - earlier >= outcomes.LABEL_ROOM for earlier, later in pairwise(ticks))


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(0, 0, "none yet"), (2, 4, "under 5"), (90, 100, "90 %"), (3, 100, "under 5 %"), (97, 100, "over 95 %"), (0, 10, "0 %")],
)  # fmt: skip
def test_a_share_never_points_at_a_person(part, whole, words):
    assert reports.share(part, whole) == words


@pytest.mark.parametrize(("count", "words"), [(0, "0"), (1, "under 5"), (4, "under 5"), (5, "5")])
def test_small_counts_are_hidden(count, words):
    assert reports.shown(count) == words


def test_the_median_needs_five():
    assert reports.median([1, 2, 3, 4]) is None
    assert reports.median([9, 1, 5, 3, 7]) == 5


def test_every_value_of_the_protocol_survives_its_text():
    body, rules = protocol.default(), protocol.shipped()
    posted = {f"at:{entry.path}": text_of(_raw(body, entry.path)) for entry in rules.entries()}
    assert changes_in(posted, body, rules.entries()) == ({}, [])


def test_a_changed_number_makes_a_version_that_differs_in_it_alone():
    body, rules = protocol.default(), protocol.shipped()
    changes, problems = changes_in({"at:fasting.solids_hours": "6"}, body, rules.entries())
    assert problems == []
    made = protocol.load(protocol.with_values(body, changes, version="2027.1", effective_on=NOW.date()))
    assert [(old.path, new.value) for old, new in protocol.differences(rules, made)] == [
        ("fasting.solids_hours", Decimal(6))
    ]


@pytest.mark.parametrize(
    ("text", "sample", "value"),
    [
        ("6", 4, 6), ("0.5", "1.0", "0.5"), ("10, 15", [5, 6], [10, 15]), ("", "3", None), ("yes", False, True),
        ("0.5; 1", ["0.1", "0.2"], ["0.5", "1"]), ("7", None, "7"),
    ],
)  # fmt: skip
def test_what_is_typed_keeps_the_shape_of_what_was_there(text, sample, value):
    assert value_from(text, sample) == value


def test_yes_or_no_is_asked_for_in_words():
    with pytest.raises(ValueError, match="write yes or no"):
        value_from("maybe", True)


def _raw(body, path):
    for key in path.split("."):
        body = body[key]
    return body["value"]
