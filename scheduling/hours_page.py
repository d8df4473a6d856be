"""A provider's week as it stands, what is coming, and what has ended."""

from dataclasses import dataclass
from functools import cached_property

from kap.accounts.permissions import Can
from kap.core import clock
from kap.core.context import current_clinic
from kap.people.models import Provider
from scheduling.forms import WEEKDAYS
from scheduling.models import Shift, TimeOff


@dataclass
class HoursPage:
    provider: Provider
    request: object

    @property
    def may_change(self) -> bool:
        return self.request.user.may(Can.MANAGE_ROSTER)

    @cached_property
    def shifts(self) -> list[Shift]:
        return list(
            self.provider.shifts.select_related("location").order_by("weekday", "starts", "from_date")
        )

    @property
    def zone(self) -> str:
        """Of her first location, else the clinic's: time off is typed in it."""
        clinic = current_clinic(self.request)
        return self.shifts[0].location.zone if self.shifts else (clinic.zone if clinic else "UTC")

    @property
    def today(self):
        return clock.today(self.zone)

    @property
    def week(self) -> list[tuple[str, list[Shift]]]:
        """Monday to Sunday with the shifts that are or will be."""
        live = [s for s in self.shifts if s.to_date is None or s.to_date >= self.today]
        return [(str(words), [s for s in live if s.weekday == number]) for number, words in WEEKDAYS]

    @property
    def ended(self) -> list[Shift]:
        return [s for s in self.shifts if s.to_date is not None and s.to_date < self.today][-10:]

    @cached_property
    def time_off(self) -> list[TimeOff]:
        return list(
            self.provider.time_off.filter(cancelled_at=None, ends_at__gt=clock.now()).order_by("starts_at")[
                :30
            ]
        )
