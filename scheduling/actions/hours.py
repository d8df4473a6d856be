"""Working hours and time away. What they touch is shown before anything is saved; nothing is cancelled by itself."""

from django.utils.translation import gettext as _

from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action
from kap.core.errors import Refused, Stale
from kap.people.models import Provider
from scheduling import clashes
from scheduling.models import Shift, TimeOff


class Touches(Refused):
    """Saving this leaves booked appointments outside the hours. `appointments` are shown; the person decides."""

    def __init__(self, appointments):
        self.appointments = appointments
        super().__init__(
            _(
                "Booked appointments would lie outside the working hours. Move them, or save and keep them as they are."
            )
        )


@action("scheduling.add_shift")
def add_shift(*, provider, location, weekday: int, starts, ends, from_date, to_date=None, by) -> Shift:
    """Weekly hours: wall-clock times in the location's zone. Refused where she works elsewhere at that time."""
    require(by, Can.MANAGE_ROSTER)
    Provider.objects.select_for_update().get(pk=provider.pk)
    if location.closed_at is not None:
        raise Refused(_("%(place)s is closed. Choose another location.") % {"place": location.name})
    if ends <= starts:
        raise Refused(_("A shift ends later on the same day than it starts."))
    if to_date is not None and to_date < from_date:
        raise Refused(_("The last day lies before the first one."))
    other = clashes.other_shift(provider, weekday, starts, ends, from_date, to_date)
    if other is not None:
        raise Refused(
            _("%(name)s works at %(place)s then, %(starts)s to %(ends)s. End that shift first.")
            % {
                "name": provider.name, "place": other.location.name, "starts": other.starts.strftime("%H:%M"),
                "ends": other.ends.strftime("%H:%M"),
            }
        )  # fmt: skip
    return Shift.objects.create(
        provider=provider, location=location, weekday=weekday, starts=starts, ends=ends, from_date=from_date,
        to_date=to_date,
    )  # fmt: skip


@action("scheduling.end_shift")
def end_shift(*, shift, last_day, keep=False, by) -> Shift:
    """The shift takes place until `last_day`. Raises Touches unless `keep`, where appointments lie in what goes."""
    require(by, Can.MANAGE_ROSTER)
    shift = (
        Shift.objects.select_for_update(of=("self",))
        .select_related("location", "provider__user")
        .get(pk=shift.pk)
    )
    if shift.to_date is not None and shift.to_date <= last_day:
        raise Stale(_("This shift ends on %(day)s already.") % {"day": shift.to_date.strftime("%-d %b %Y")})
    if last_day < shift.from_date:
        raise Refused(
            _("The last day lies before the shift's first day, %(day)s.")
            % {"day": shift.from_date.isoformat()}
        )
    touched = clashes.after_shift(shift, last_day)
    if touched and not keep:
        raise Touches(touched)
    shift.to_date = last_day
    shift.save(update_fields=["to_date"])
    return shift


@action("scheduling.add_time_off")
def add_time_off(*, provider, starts_at, ends_at, why="", keep=False, by) -> TimeOff:
    """Away from one instant to another. Raises Touches unless `keep`, where appointments lie in it."""
    require(by, Can.MANAGE_ROSTER)
    if ends_at <= starts_at:
        raise Refused(_("Time away ends after it starts. Check both."))
    if ends_at <= clock.now():
        raise Refused(_("That time has passed."))
    touched = clashes.in_time_off(provider, starts_at, ends_at)
    if touched and not keep:
        raise Touches(touched)
    return TimeOff.objects.create(
        provider=provider, starts_at=starts_at, ends_at=ends_at, why=why.strip()[:120]
    )


@action("scheduling.cancel_time_off")
def cancel_time_off(*, time_off, by) -> TimeOff:
    require(by, Can.MANAGE_ROSTER)
    time_off = TimeOff.objects.select_for_update().get(pk=time_off.pk)
    if time_off.cancelled_at is not None:
        raise Stale(_("This time off is cancelled already."))
    time_off.cancelled_at = clock.now()
    time_off.save(update_fields=["cancelled_at"])
    return time_off
