"""What the demonstration is made in: its clinic, its people, its days, and one case after another.

Every instant is worked out from `now`, the moment of making, in the clinic's zone. Chance comes from seeded generators,
so that two clinics made on the same day are alike.
"""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kap.accounts.models import User
from kap.core.actions import System
from kap.core.errors import Refused
from kap.demo import cast
from kap.pathway.models import Course
from kap.people.models import Client, Contact, Provider
from scheduling.models import Location, Service

DEMO = System("demo")
SEED = 20261122
FOUNDED_DAYS_AGO = 90  # also how a stale demonstration is known


MEDICINE_STARTS = 24  # minutes after the planned beginning of a session
STAY = {"iv": 110, "im": 95, "sl": 122}  # minutes from the medicine to the door


def stay_minutes(route: str) -> int:
    """From the planned beginning of a session to its real end, in the stories."""
    return MEDICINE_STARTS + STAY[route]


class StoryBroke(Exception):
    """An act was refused: whose story, which act, and the reasons in words."""


@dataclass
class World:
    now: datetime
    zone: ZoneInfo
    clinic: Any = None
    users: dict[str, User] = field(default_factory=dict)
    providers: dict[str, Provider] = field(default_factory=dict)
    locations: dict[str, Location] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def day(self, offset: int) -> date:
        return self.today + timedelta(days=offset)

    def at(self, offset: int, clock: str = "09:00") -> datetime:
        """The wall-clock time so many days from today."""
        return datetime.combine(self.day(offset), time.fromisoformat(clock), self.zone)

    def local(self, instant: datetime) -> datetime:
        return instant.astimezone(self.zone)

    def offset(self, instant: datetime) -> int:
        return (self.local(instant).date() - self.today).days

    def seat(self, key: str) -> tuple[Provider, str]:
        """(provider, role) of a member of staff, as bookings want it."""
        member = next(one for one in cast.STAFF if one.key == key)
        return self.providers[key], member.roles[0]

    @property
    def ride_weekday(self) -> int:
        """The day of the week that those who ride spend at the other location; none of the days around today."""
        third = self.day(3).weekday()
        return third if third != 6 else self.day(4).weekday()

    @property
    def dose_today(self) -> str:
        """When today's dosing is booked: one o'clock, or, later in the day, soon, so that it can still be opened."""
        local = self.local(self.now) + timedelta(minutes=20)
        quarter = timedelta(minutes=15)
        soon = datetime.combine(local.date(), time(), self.zone)
        soon += -(-(local.replace(tzinfo=None) - soon.replace(tzinfo=None)) // quarter) * quarter
        latest, earliest = self.at(0, "21:15"), self.at(0, "13:00")
        return min(max(soon, earliest), latest).strftime("%H:%M")

    @property
    def is_late_day(self) -> bool:
        return self.dose_today > "15:30"


# Who works with whom, by the therapist.
TEAMS = {
    "mara": ("Riverside", "osei", "ana"),
    "jonas": ("Riverside", "osei", "ana"),
    "imani": ("Corona", "lindqvist", "tomas"),
}


@dataclass
class Case:
    """One client's story as it goes on. `act` names what is being done, for the words of a refusal."""

    world: World
    person: cast.Person
    rng: random.Random
    user: User | None = None
    client: Client | None = None
    course: Course | None = None
    dose: Any = None
    act: str = ""
    answers: dict = field(default_factory=dict)  # to the forms, thought of once
    filled: set[str] = field(default_factory=set)  # sections of the forms that are done

    @classmethod
    def of(cls, world: World, person: cast.Person) -> "Case":
        return cls(world, person, random.Random(f"{SEED}:{person.name}"))  # noqa: S311  # nosec B311 # a story, not a secret

    @classmethod
    def standing(cls, world: World, name: str) -> "Case":
        """A client of a demonstration that is there, to go on with."""
        case = cls.of(world, next(person for person in cast.CLIENTS if person.name == name))
        case.client = Client.objects.select_related("user").get(legal_name=name)
        case.user, case.course = case.client.user, case.client.courses.first()
        case.again()
        return case

    @property
    def location(self) -> Location:
        return self.world.locations[TEAMS[self.person.therapist][0]]

    @property
    def therapist(self) -> User:
        return self.world.users[self.person.therapist]

    @property
    def prescriber(self) -> User:
        return self.world.users[TEAMS[self.person.therapist][1]]

    @property
    def monitor(self) -> User:
        return self.world.users[TEAMS[self.person.therapist][2]]

    @property
    def admin(self) -> User:
        return self.world.users["admin"]

    def seats(self, *parts: str) -> tuple:
        """seats("therapist", "monitor"): the case's own team as (provider, role) pairs."""
        _place, prescriber, monitor = TEAMS[self.person.therapist]
        keys = {"therapist": self.person.therapist, "prescriber": prescriber, "monitor": monitor}
        return tuple(self.world.seat(keys[part]) for part in parts)

    @property
    def first_name(self) -> str:
        return self.person.chosen or self.person.name.split()[0]

    @property
    def email(self) -> str:
        return f"{'.'.join(self.person.name.lower().split())}@mail.test"

    @property
    def companion_name(self) -> str:
        return self.person.companion or f"Alex {self.person.name.split()[-1]}"

    @property
    def companion(self) -> Contact:
        return self.client.contacts.get(name=self.companion_name, ended_at=None)

    @property
    def remote(self) -> bool:
        return self.person.setting == "remote"

    @property
    def is_female(self) -> bool:
        return self.person.sex == "female"

    def again(self) -> Course:
        """The course as it stands now."""
        self.course = (
            Course.objects.select_related("client__user", "protocol")
            .defer("protocol__body")
            .get(pk=self.course.pk)
        )
        self.client = self.course.client
        return self.course

    def phq(self, number: int) -> int:
        """The PHQ-9 total after so many doses; the last known one goes on."""
        return self.person.phq[min(number, len(self.person.phq) - 1)]

    def pick(self, texts):
        return self.rng.choice(texts)

    def refused(self, error: Refused) -> StoryBroke:
        reasons = "\n".join(f"  - {reason}" for reason in error.reasons)
        return StoryBroke(f"{self.person.name}, {self.act or 'an act'}:\n{reasons}")
