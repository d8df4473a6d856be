"""When integration is due after a dosing session, and whether it was held in time. Pure; elapsed hours, in UTC.

The window opens and closes a number of hours after the actual end of the dosing session, its closing integration
included. The hours come from the Protocol (clinical.md §5: 24 to 48).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext as _

HOUR_IN_SECONDS = Decimal(3600)
Hours = tuple[int | Decimal, int | Decimal]


class Window(NamedTuple):
    """Both limits belong to the window."""

    opens: datetime
    closes: datetime

    def holds(self, instant: datetime) -> bool:
        return self.opens <= instant.astimezone(UTC) <= self.closes


class Verdict(StrEnum):
    """Stored: do not rename."""

    EARLY = "early"
    IN_WINDOW = "in_window"
    LATE = "late"


@dataclass(frozen=True)
class Timing:
    """`hours` elapsed since the dosing session ended, to a tenth, for reading; the verdict uses the exact time."""

    verdict: Verdict
    hours: Decimal
    words: str


def window(ended_at: datetime, protocol_hours: Hours) -> Window:
    """When integration may take place, in UTC. `protocol_hours` is (from, to), hours after the end.

    Raises ValueError for a time without a zone, or hours that are negative or the wrong way round.
    """
    opens_after, closes_after = protocol_hours
    if not 0 <= opens_after <= closes_after:
        raise ValueError("The window must run from fewer hours to more")
    ended_at = _utc(ended_at)
    return Window(ended_at + _hours(opens_after), ended_at + _hours(closes_after))


def timing(ended_at: datetime, held_at: datetime, protocol_hours: Hours) -> Timing:
    """Whether an integration that began at `held_at` was early, in the window or late.

    Also answers for one that is not held yet, with the present moment. Raises ValueError if it lies before the end.
    """
    ended_at, held_at = _utc(ended_at), _utc(held_at)
    if held_at < ended_at:
        raise ValueError("Integration cannot be held before the dosing session has ended")
    limits = window(ended_at, protocol_hours)
    if held_at < limits.opens:
        verdict = Verdict.EARLY
    else:
        verdict = Verdict.IN_WINDOW if held_at <= limits.closes else Verdict.LATE
    seconds = Decimal((held_at - ended_at) // timedelta(seconds=1))
    hours = (seconds / HOUR_IN_SECONDS).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return Timing(verdict, hours, _words(verdict, hours, protocol_hours))


def _words(verdict: Verdict, hours: Decimal, protocol_hours: Hours) -> str:
    shown = {"hours": f"{hours.normalize():f}", "opens": protocol_hours[0], "closes": protocol_hours[1]}
    if verdict is Verdict.EARLY:
        return (
            _("Early: %(hours)s h after the dosing session ended; the window opens at %(opens)s h.") % shown
        )
    if verdict is Verdict.LATE:
        return (
            _("Late: %(hours)s h after the dosing session ended; the window closed at %(closes)s h.") % shown
        )
    return _("In the window: %(hours)s h after the dosing session ended (%(opens)s to %(closes)s h).") % shown


def _hours(number: int | Decimal) -> timedelta:
    return timedelta(seconds=int(Decimal(number) * HOUR_IN_SECONDS))


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("A time needs a zone")
    return instant.astimezone(UTC)
