"""What a change of hours would touch."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from kap.core import clock
from scheduling.models import Appointment, Mode, Shift, State


def other_shift(provider, weekday, starts, ends, from_date, to_date):
    """Another shift of hers that overlaps these hours in these weeks: nobody works twice at once."""
    overlapping = Shift.objects.filter(provider=provider, weekday=weekday, starts__lt=ends, ends__gt=starts)
    if to_date is not None:
        overlapping = overlapping.filter(from_date__lte=to_date)
    return overlapping.filter(Q(to_date=None) | Q(to_date__gte=from_date)).select_related("location").first()


def booked_with(provider):
    return (
        Appointment.objects.filter(
            staff__provider=provider, staff__on_call=False, state__in=[State.BOOKED, State.ARRIVED],
            ends_at__gt=clock.now(),
        ).select_related("service", "location").prefetch_related("attendees__client").order_by("starts_at")
    )  # fmt: skip


def in_time_off(provider, starts_at, ends_at) -> list[Appointment]:
    return list(booked_with(provider).between(starts_at, ends_at))


def after_shift(shift, last_day) -> list[Appointment]:
    """Booked appointments that lie in the shift's hours on the days that it will no longer take place."""
    zone = ZoneInfo(shift.location.zone)
    after = datetime.combine(last_day + timedelta(days=1), time(0), tzinfo=zone)
    until = (
        datetime.combine(shift.to_date + timedelta(days=1), time(0), tzinfo=zone) if shift.to_date else None
    )
    later = booked_with(shift.provider).filter(starts_at__gte=after)
    later = later.filter(starts_at__lt=until) if until else later
    return [a for a in later if in_hours(a, shift, zone)]


def in_hours(appointment, shift, zone) -> bool:
    if appointment.mode == Mode.IN_PERSON and appointment.location_id != shift.location_id:
        return False
    start, end = appointment.starts_at.astimezone(zone), appointment.ends_at.astimezone(zone)
    return start.weekday() == shift.weekday and start.time() < shift.ends and end.time() > shift.starts
