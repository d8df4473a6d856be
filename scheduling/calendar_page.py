"""What the calendar shows: read from the address, with something sensible where nothing was said."""

from datetime import date, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils.http import urlencode

from kap.accounts.permissions import Can
from kap.core import clock
from kap.core.context import ZONE_WORDS, current_clinic
from kap.core.fields import day_from
from kap.people.models import Provider
from scheduling import grid
from scheduling.choices import uuid_of
from scheduling.models import Location, Room

AT_MOST = 6  # providers side by side; more cannot be read
KEY = (  # the legend
    ("neutral", "Intake, calls, follow-up"), ("info", "Medical evaluation"), ("teal", "Preparation"),
    ("violet", "Dosing"), ("ok", "Integration"),
)  # fmt: skip


class CalendarPage:
    def __init__(self, request):
        self.get, self.user = request.GET, request.user
        clinic = current_clinic(request)
        self.home = clinic.zone if clinic else "UTC"

    @property
    def view(self) -> str:
        return "week" if self.get.get("view") == "week" else "day"

    @cached_property
    def locations(self) -> list[Location]:
        return list(Location.objects.filter(closed_at=None))

    @cached_property
    def location(self) -> Location | None:
        pk = uuid_of(self.get.get("location"))
        return next((place for place in self.locations if place.pk == pk), None)

    @cached_property
    def zone_name(self) -> str:
        return self.location.zone if self.location else self.home

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone_name)

    @property
    def zone_words(self) -> str:
        words = ZONE_WORDS.get(self.zone_name, self.zone_name.replace("_", " "))
        return f"{words} ({clock.now().astimezone(self.zone):%Z})"

    @cached_property
    def today(self) -> date:
        return clock.today(self.zone)

    @cached_property
    def day(self) -> date:
        return day_from(self.get.get("day")) or self.today

    @property
    def first(self) -> date:
        return self.day - timedelta(days=self.day.weekday()) if self.view == "week" else self.day

    @property
    def days(self) -> int:
        return 7 if self.view == "week" else 1

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)

    # --- who

    @cached_property
    def everyone(self) -> list[Provider]:
        """Those who can be booked, at the chosen location if there is one; the viewer herself first."""
        people = Provider.objects.active().filter(bookable=True).select_related("user")
        if self.location is not None:
            people = people.filter(shifts__location=self.location).distinct()
        return sorted(people, key=lambda p: (p.user_id != self.user.pk, p.name))

    @cached_property
    def providers(self) -> list[Provider]:
        wanted = {uuid_of(pk) for pk in self.get.getlist("provider")} - {None}
        chosen = [p for p in self.everyone if p.pk in wanted] or self.everyone
        return chosen[:AT_MOST]

    @property
    def left_out(self) -> int:
        return max(len(self.everyone) - AT_MOST, 0) if not self.get.getlist("provider") else 0

    @property
    def show_rooms(self) -> bool:
        return self.get.get("rooms") == "1" and self.view == "day"

    @cached_property
    def rooms(self) -> list[Room]:
        if not self.show_rooms:
            return []
        rooms = Room.objects.filter(closed_at=None, location__closed_at=None).select_related("location")
        return list(rooms.filter(location=self.location) if self.location else rooms)[:AT_MOST]

    @cached_property
    def person(self) -> Provider | None:
        """Whose agenda a phone shows."""
        pk = uuid_of(self.get.get("who"))
        return next((p for p in self.everyone if p.pk == pk), self.providers[0] if self.providers else None)

    @property
    def may_book(self) -> bool:
        return self.user.may(Can.BOOK)

    # --- what

    @cached_property
    def found(self) -> grid.Found:
        people = {p.pk: p for p in [*self.providers, *([self.person] if self.person else [])]}
        found = grid.gather(
            user=self.user, zone=self.zone, first=self.first, days=self.days, providers=list(people.values()),
            rooms=self.rooms, location=self.location, may_book=self.may_book,
        )  # fmt: skip
        found.providers = self.providers
        return found

    @cached_property
    def hours(self) -> tuple[int, int]:
        return grid.hours_shown(self.found)

    @property
    def hour_count(self) -> int:
        return self.hours[1] - self.hours[0]

    @property
    def hour_labels(self) -> list[dict]:
        low, high = self.hours
        return [
            {"row": (hour - low) * 60 // grid.ROW, "words": f"{hour:02d}:00"} for hour in range(low, high)
        ]

    @cached_property
    def columns(self) -> list[grid.Column]:
        """Side by side: providers (and rooms) of a day, or the days of one provider's week."""
        if self.view == "day":
            return grid.day_columns(self.found, *self.hours)
        if len(self.providers) == 1:
            return grid.week_columns(self.found, self.providers[0], *self.hours, self.link_to_day)
        return []

    @cached_property
    def rows(self) -> list:
        """A week of several providers: a row each."""
        return grid.week_rows(self.found) if self.view == "week" and len(self.providers) > 1 else []

    @property
    def agenda(self) -> list[tuple[date, list[dict]]]:
        if self.person is None:
            return []
        days = [self.found.day(n) for n in range(self.days)]
        return [(day, grid.agenda(self.found, self.person, day)) for day in days]

    @property
    def week(self) -> list[tuple[date, str]]:
        return [(day, self.link_to_day(day)) for day in (self.found.day(n) for n in range(self.days))]

    # --- where to go from here

    def link(self, **changes) -> str:
        kept = {
            "view": self.view,
            "day": self.day.isoformat(),
            "location": self.location and self.location.pk,
        }
        kept |= {
            "rooms": "1" if self.get.get("rooms") == "1" else None,
            "provider": self.get.getlist("provider"),
        }
        kept |= {"who": self.get.get("who"), **changes}
        return "?" + urlencode({k: v for k, v in kept.items() if v}, doseq=True)

    def link_to_day(self, day) -> str:
        return self.link(view="day", day=day.isoformat())

    @property
    def before(self) -> str:
        return self.link(day=(self.day - timedelta(days=self.days)).isoformat())

    @property
    def after(self) -> str:
        return self.link(day=(self.day + timedelta(days=self.days)).isoformat())

    @property
    def now_link(self) -> str:
        return self.link(day=self.today.isoformat())

    @property
    def day_link(self) -> str:
        return self.link(view="day")

    @property
    def week_link(self) -> str:
        return self.link(view="week")

    @property
    def key(self):
        return KEY
