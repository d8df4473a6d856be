"""The integration window: elapsed hours after the dosing session has ended."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.window import Verdict, timing, window

HOURS = (24, 48)
ENDED = datetime(2026, 3, 5, 22, 30, tzinfo=UTC)
PACIFIC = ZoneInfo("America/Los_Angeles")


def after(**elapsed):
    return ENDED + timedelta(**elapsed)


def test_it_opens_and_closes_by_the_protocols_hours():
    assert window(ENDED, HOURS) == (after(hours=24), after(hours=48))
    assert window(ENDED, (Decimal("12.5"), 72)) == (after(hours=12.5), after(hours=72))


@pytest.mark.parametrize(
    "held, verdict, hours",
    [
        (after(), Verdict.EARLY, "0.0"),
        (after(hours=24, seconds=-1), Verdict.EARLY, "24.0"),
        (after(hours=24), Verdict.IN_WINDOW, "24.0"),
        (after(hours=30, minutes=30), Verdict.IN_WINDOW, "30.5"),
        (after(hours=48), Verdict.IN_WINDOW, "48.0"),
        (after(hours=48, seconds=1), Verdict.LATE, "48.0"),
        (after(days=9), Verdict.LATE, "216.0"),
    ],
)
def test_both_limits_belong_to_the_window(held, verdict, hours):
    result = timing(ENDED, held, HOURS)
    assert (result.verdict, result.hours) == (verdict, Decimal(hours))


def test_words_say_how_long_and_what_was_asked():
    assert timing(ENDED, after(hours=30), HOURS).words == (
        "In the window: 30 h after the dosing session ended (24 to 48 h)."
    )
    assert timing(ENDED, after(hours=5.5), HOURS).words.startswith("Early: 5.5 h")
    assert "closed at 48 h" in timing(ENDED, after(hours=60), HOURS).words


def test_the_night_the_clocks_change_does_not_move_the_window():
    ended = datetime(2026, 3, 7, 16, 0, tzinfo=PACIFIC)  # clocks go forward in the following night
    opens, _closes = window(ended, HOURS)
    assert opens.astimezone(PACIFIC).hour == 17
    same_wall_clock = datetime(2026, 3, 8, 16, 0, tzinfo=PACIFIC)
    assert timing(ended, same_wall_clock, HOURS).verdict == Verdict.EARLY


def test_nonsense_is_refused():
    with pytest.raises(ValueError):
        timing(ENDED, after(seconds=-1), HOURS)
    with pytest.raises(ValueError):
        window(ENDED.replace(tzinfo=None), HOURS)
    with pytest.raises(ValueError):
        window(ENDED, (48, 24))
    with pytest.raises(ValueError):
        window(ENDED, (-1, 24))


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2035, 12, 31), timezones=st.just(PACIFIC)),
    st.integers(0, 100 * 3600),
)
def test_verdict_agrees_with_elapsed_seconds(ended, seconds):
    ended = ended.astimezone(UTC)
    verdict = timing(ended, (ended + timedelta(seconds=seconds)).astimezone(PACIFIC), HOURS).verdict
    expected = "early" if seconds < 86400 else "in_window" if seconds <= 172800 else "late"
    assert verdict == expected
