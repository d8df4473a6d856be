"""Moving: which other times are free for the same people, and which integration goes with them."""

from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from kap.core import clock
from kap.core.fields import day_from, instant_from
from scheduling import availability
from scheduling.actions.moving import end_of, rebooked
from scheduling.availability import DAY, Offer, PairOffer
from scheduling.booking_page import DAYS_SHOWN, FIRST_FEW
from scheduling.choices import Choice, thinned
from scheduling.grid import midnight
from scheduling.models import Appointment, Service, State


@dataclass
class MovePage:
    appointment: Appointment
    data: dict

    @cached_property
    def client(self):
        return self.appointment.attendees.select_related("client", "course__protocol").first().client

    @cached_property
    def course(self):
        return self.appointment.attendees.select_related("course__protocol").first().course

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.appointment.location.zone)

    @cached_property
    def client_zone(self) -> ZoneInfo | None:
        own = self.client.zone
        return ZoneInfo(own) if own and own != self.appointment.location.zone else None

    @property
    def is_dosing(self) -> bool:
        return self.appointment.service.code == Service.Code.DOSING

    @cached_property
    def integration(self):
        return self.appointment.integration if self.is_dosing else None

    @property
    def window(self) -> tuple[int, int]:
        hours = self.course.rules.integration
        return hours.opens_hours, hours.closes_hours

    @cached_property
    def limits(self):
        """Of an integration that belongs to a dose: from when to when it may start."""
        dosing = self.appointment.dosing
        return (
            self.course.rules.integration.window(end_of(dosing))
            if dosing is not None and self.course
            else None
        )

    @property
    def may_be_late(self) -> bool:
        """The dose has been held: an integration that misses its window is better than none, and stays on record."""
        return self.limits is not None and self.appointment.dosing.state == State.DONE

    @property
    def from_day(self):
        today = clock.today(self.zone)
        asked = day_from(self.data.get("from"))
        start = self.limits[0] if self.limits else self.appointment.starts_at - 3 * DAY
        return max(asked or start.astimezone(self.zone).date(), today)

    @property
    def later(self):
        return self.from_day + DAYS_SHOWN * DAY

    @cached_property
    def offers(self) -> list[Offer] | list[PairOffer]:
        start = midnight(self.from_day, self.zone)
        wish = availability.wish_of(rebooked(self.appointment, self.appointment.starts_at), self.client)
        ignoring = [self.appointment, *([self.integration] if self.integration else [])]
        end = start + DAYS_SHOWN * DAY
        if self.integration is not None:
            after = availability.wish_of(rebooked(self.integration, self.integration.starts_at), self.client)
            return availability.find_pairs(
                wish, after, window=self.window, start=start, end=end, ignoring=ignoring
            )
        found = availability.find(wish, start=start, end=end, ignoring=ignoring)
        return [o for o in found if self.in_window(o.starts_at)]

    def in_window(self, starts_at) -> bool:
        if self.limits is None:
            return True
        opens, closes = self.limits
        return opens <= starts_at <= closes or (self.may_be_late and starts_at > closes)

    @cached_property
    def choices(self) -> list[Choice]:
        return [self.choice(one) for one in self.offers if one.starts_at != self.appointment.starts_at]

    @property
    def nearest(self) -> list[Choice]:
        return availability.nearest(
            self.choices, instant_from(self.data.get("at")) or self.appointment.starts_at, FIRST_FEW
        )

    @property
    def by_day(self):
        days = {}
        for one in self.choices:
            days.setdefault(one.starts_at.astimezone(self.zone).date(), []).append(one)
        return [(day, thinned(found)) for day, found in days.items()]

    def choice(self, one) -> Choice:
        value, detail, after = one.starts_at.isoformat(), "", None
        if isinstance(one, PairOffer):
            after = self.companion_time(one)
            value += f"|{after.starts_at.isoformat()}"
            shown = f"{after.starts_at.astimezone(self.zone):%a %-d %b, %H:%M}"
            detail = _("Integration %(at)s") % {"at": shown}
            offer = one.dosing
        else:
            offer = one
            if self.limits and one.starts_at > self.limits[1]:
                detail = _("After the window: recorded as late")
        own = ""
        if self.client_zone:
            hers = one.starts_at.astimezone(self.client_zone)
            own = f"{hers:%a %H:%M} {hers:%Z}"
        return Choice(one.starts_at, value, detail, own, after, offer.room.name if offer.room else "")

    def companion_time(self, pair: PairOffer) -> Offer:
        """The integration stays where it is, if it fits the new time."""
        possible = (pair.integration, *pair.others)
        return next((o for o in possible if o.starts_at == self.integration.starts_at), pair.integration)

    def sent(self) -> dict | None:
        """What the form said, as arguments of `move`."""
        first, _sep, second = (self.data.get("slot") or "").partition("|")
        starts_at, after = instant_from(first), instant_from(second)
        if starts_at is None or (second and after is None):
            return None
        version = self.data.get("version", "")
        sent = {"starts_at": starts_at, "version": int(version) if version.isdigit() else None}
        if after is not None and (self.integration is None or after != self.integration.starts_at):
            sent["integration_starts_at"] = after
        if self.limits and starts_at > self.limits[1]:
            sent["late"] = True
        return sent
