"""The day on the clinic's wall clock. All instants are aware; a day ends at the clinic's own midnight."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.dateformat import format as dateformat
from django.utils.translation import gettext as _

from kap.core import clock
from scheduling.slots import at_wall_clock


def zone() -> ZoneInfo:
    return timezone.get_current_timezone()


def today() -> date:
    return clock.today(zone())


def bounds(day: date) -> tuple[datetime, datetime]:
    """Midnight to midnight of that day in the clinic's zone; 23 or 25 hours apart when the clocks change."""
    return at_wall_clock(day, time.min, zone()), at_wall_clock(day + timedelta(days=1), time.min, zone())


def local(instant: datetime) -> datetime:
    return instant.astimezone(zone())


def near(instant: datetime) -> str:
    """``today``, ``tomorrow``, or ``Fri 20 Nov``."""
    day = local(instant).date()
    if day == today():
        return _("today")
    if day == today() + timedelta(days=1):
        return _("tomorrow")
    return dateformat(local(instant), "D j M")


def near_time(instant: datetime) -> str:
    """``tomorrow 13:00``."""
    return f"{near(instant)} {dateformat(local(instant), 'H:i')}"


def short(instant: datetime) -> str:
    """``20 Nov 13:00``."""
    return dateformat(local(instant), "j M H:i")


def short_day(instant: datetime | date) -> str:
    """``20 Nov``."""
    return dateformat(local(instant) if isinstance(instant, datetime) else instant, "j M")


def cap(words: str) -> str:
    """The first letter as at the start of a sentence, the rest as it is."""
    return words[:1].upper() + words[1:]
