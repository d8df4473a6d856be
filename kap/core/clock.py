"""The clinic's clock: real time plus an offset that the demonstration and the tests can move.

The offset lies in one small file (settings.CLOCK_FILE), so that web, worker and beat share it. It is
refused in production. Rules never ask the database or the operating system what time it is.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

_cached: tuple[int, timedelta] = (0, timedelta())
_elsewhere: ContextVar[datetime | None] = ContextVar("kap_clock_elsewhere", default=None)


class ClockRefused(Exception):
    """Somebody tried to move the clock of a clinic that treats real people."""


def offset() -> timedelta:
    global _cached
    if settings.PRODUCTION:
        return timedelta()
    try:
        stamp = os.stat(settings.CLOCK_FILE).st_mtime_ns
    except OSError:
        return timedelta()
    if stamp != _cached[0]:
        try:
            _cached = (stamp, timedelta(seconds=float(settings.CLOCK_FILE.read_text() or 0)))
        except (OSError, ValueError):
            return timedelta()
    return _cached[1]


def now() -> datetime:
    """This instant, aware, in UTC."""
    elsewhere = _elsewhere.get()
    if elsewhere is not None:
        return elsewhere
    return datetime.now(UTC) + offset()


def today(zone: str | ZoneInfo) -> date:
    """The calendar day in the zone; a clinic's day ends at its own midnight, not at UTC's."""
    return now().astimezone(zone if isinstance(zone, ZoneInfo) else ZoneInfo(zone)).date()


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Only here, in this thread, it is `instant`: the demonstration writes its past without moving anybody else."""
    if settings.PRODUCTION:
        raise ClockRefused("The clock can be moved only in demonstration and test mode.")
    token = _elsewhere.set(instant)
    try:
        yield
    finally:
        _elsewhere.reset(token)


def set_offset(by: timedelta) -> None:
    if settings.PRODUCTION:
        raise ClockRefused("The clock can be moved only in demonstration and test mode.")
    settings.CLOCK_FILE.parent.mkdir(parents=True, exist_ok=True)
    fresh = settings.CLOCK_FILE.with_suffix(f".{os.getpid()}")
    fresh.write_text(str(by.total_seconds()))
    os.replace(fresh, settings.CLOCK_FILE)  # readers see the old or the new offset, never half of one


def move_to(instant: datetime) -> None:
    set_offset(instant - datetime.now(UTC))


def advance(by: timedelta) -> None:
    set_offset(offset() + by)


def reset() -> None:
    set_offset(timedelta())
