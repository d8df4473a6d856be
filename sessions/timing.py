"""When vital signs are due, and when the client may leave at the earliest. Pure; times are aware datetimes in UTC.

Minutes are elapsed minutes: in UTC a change of the clocks does not move them.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from intake.order_limits import REMOTE
from kap.core.protocol import Protocol
from kap.core.units import minutes_between


def due_minutes(
    route: str,
    protocol: Protocol,
    *,
    setting: str = "clinic",
    infusion_minutes: int | None = None,
    until_minutes: int = 0,
) -> list[int]:
    """Minutes after the dose at which a set is due, up to the first one at or past `until_minutes`.

    IV: also every so often while the infusion runs. At home: the remote times.
    """
    m = protocol.monitoring
    is_remote = setting == REMOTE
    times = list(protocol.remote.reading_minutes if is_remote else m.at_minutes)
    step = protocol.remote.then_every_minutes if is_remote else m.then_every_minutes
    if route == "iv" and infusion_minutes:
        times += range(0, infusion_minutes + 1, m.infusion_every_minutes)
    times = sorted(set(times))
    while times[-1] < until_minutes:
        times.append(times[-1] + step)
    return times


def schedule(
    first_dose_at: datetime,
    protocol: Protocol,
    route: str,
    *,
    until: datetime,
    setting: str = "clinic",
    infusion_minutes: int | None = None,
) -> list[datetime]:
    """The times at which vital signs are due from the first dose through `until`."""
    span = max(0, int(minutes_between(first_dose_at, until)))
    minutes = due_minutes(
        route, protocol, setting=setting, infusion_minutes=infusion_minutes, until_minutes=span
    )
    return [first_dose_at + timedelta(minutes=m) for m in minutes if m <= span]


def next_vitals_due(
    first_dose_at: datetime,
    readings_at: Iterable[datetime],
    protocol: Protocol,
    route: str,
    *,
    setting: str = "clinic",
    infusion_minutes: int | None = None,
    booster_at: datetime | None = None,
) -> datetime:
    """When the next set is due; a time in the past is how long it is overdue.

    A set counts for every due time before it and for one shortly after it (`early_by_minutes`), so one late set
    does not ask for another at once. Pre-dose vitals taken shortly before the dose are the baseline. A booster
    starts the schedule anew, for its peak is still to come.
    """
    start = max(first_dose_at, booster_at) if booster_at else first_dose_at
    baseline = timedelta(minutes=protocol.monitoring.baseline_within_minutes)
    taken = [at for at in readings_at if at >= start - baseline]
    if not taken:
        return start
    last = max(taken)
    covered = max(Decimal(0), minutes_between(start, last)) + _early(protocol, last >= start)
    minutes = due_minutes(
        route, protocol, setting=setting, infusion_minutes=infusion_minutes, until_minutes=int(covered) + 1
    )
    return start + timedelta(minutes=next(m for m in minutes if m > covered))


def _early(protocol, is_after_dose):
    # A baseline stands for minute 0 only, however close to the dose it was taken.
    return protocol.monitoring.early_by_minutes if is_after_dose else 0


def overdue_minutes(due_at: datetime, now: datetime) -> int:
    """Whole minutes past the due time; 0 while it is not yet due."""
    return max(0, int(minutes_between(due_at, now)))


def remote_reading_window(
    first_dose_at: datetime, minute: int, protocol: Protocol
) -> tuple[datetime, datetime]:
    """From when to when a reading at home is in time (the second: 30 to 40 minutes)."""
    at = first_dose_at + timedelta(minutes=minute)
    return at, at + timedelta(minutes=protocol.remote.reading_late_minutes if minute else 0)


def chaperone_checks(first_dose_at: datetime, protocol: Protocol, *, until: datetime) -> list[datetime]:
    """When the chaperone looks in, from the dose until the given time."""
    step = timedelta(minutes=protocol.remote.chaperone_check_minutes)
    count = max(0, (until - first_dose_at) // step)
    return [first_dose_at + step * (n + 1) for n in range(count)]


def next_chaperone_check(
    first_dose_at: datetime, checked_at: Iterable[datetime], protocol: Protocol
) -> datetime:
    """When the chaperone next looks in: so long after the last look, or after the dose."""
    last = max((at for at in checked_at if at >= first_dose_at), default=first_dose_at)
    return last + timedelta(minutes=protocol.remote.chaperone_check_minutes)


def earliest_leave(last_dose_at: datetime, route: str, protocol: Protocol) -> datetime:
    """The least stay after the last dose. IV: pass the end of the infusion."""
    return last_dose_at + timedelta(minutes=protocol.minimum_stay_minutes(route))


def no_driving_before(last_dose_at: datetime, protocol: Protocol) -> datetime:
    """The earliest time to drive; a night of restful sleep must lie between as well."""
    return last_dose_at + timedelta(hours=protocol.discharge.no_driving_hours)
