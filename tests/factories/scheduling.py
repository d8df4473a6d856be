"""Places, kinds of appointment, hours; and appointments written straight into the tables.

clinic = working_clinic()                      # location, rooms, services, one provider of each role, on duty all week
clinic.book_dosing(course)                     # through the real actions; the gate's other evidence is the caller's
AppointmentFactory(service__code="dosing", client=ana, course=course)
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import factory
from factory.django import DjangoModelFactory

from kap.core import clock
from kap.people.models import Provider
from scheduling.availability import minutes, span
from scheduling.models import (
    Appointment,
    Attendee,
    Location,
    Reservation,
    Resource,
    Room,
    Service,
    Shift,
    StaffOn,
)
from scheduling.plans import DosingPlan
from tests.factories.people import ClientFactory, ProviderFactory

LA = ZoneInfo("America/Los_Angeles")
# code: name, minutes, roles, modes, kind of room
SERVICES = {
    "intake": ("Intake session", 80, ["therapist"], ["in_person", "video"], "therapy"),
    "evaluation": ("Medical evaluation", 45, ["prescriber"], ["in_person", "video"], "therapy"),
    "preparation": ("Preparation", 60, ["therapist"], ["in_person", "video"], "therapy"),
    "dosing": ("Dosing", 150, ["therapist|monitor"], ["in_person", "video"], "dosing"),
    "integration": ("Integration", 60, ["therapist"], ["in_person", "video"], "therapy"),
    "check_in": ("Check-in call", 20, ["therapist"], ["phone", "video"], ""),
    "follow_up": ("Follow-up", 50, ["therapist"], ["in_person", "video"], "therapy"),
}


class LocationFactory(DjangoModelFactory):
    class Meta:
        model = Location

    name = factory.Sequence(lambda n: f"House {n}")
    zone = "America/Los_Angeles"
    state = "CA"
    address = "12 Alder Street, Los Angeles, CA 90012"


class RoomFactory(DjangoModelFactory):
    class Meta:
        model = Room

    location = factory.SubFactory(LocationFactory)
    name = factory.Sequence(lambda n: f"Room {n}")
    kind = Room.Kind.THERAPY


class ServiceFactory(DjangoModelFactory):
    """The clinic's usual kinds; asking twice for a code gives the same row."""

    class Meta:
        model = Service
        django_get_or_create = ("code",)

    code = "preparation"
    name = factory.LazyAttribute(lambda o: SERVICES[o.code][0])
    minutes = factory.LazyAttribute(lambda o: SERVICES[o.code][1])
    roles = factory.LazyAttribute(lambda o: SERVICES[o.code][2])
    modes = factory.LazyAttribute(lambda o: SERVICES[o.code][3])
    room_kind = factory.LazyAttribute(lambda o: SERVICES[o.code][4])


class ShiftFactory(DjangoModelFactory):
    class Meta:
        model = Shift

    provider = factory.SubFactory(ProviderFactory, credentialed=True)
    location = factory.SubFactory(LocationFactory)
    weekday = 0
    starts = time(9)
    ends = time(17)
    from_date = date(2020, 1, 1)


def works(provider, location, *, days=range(7), starts=time(8), ends=time(20)) -> list[Shift]:
    """On duty these weekdays, from long ago on."""
    return [
        ShiftFactory(provider=provider, location=location, weekday=day, starts=starts, ends=ends)
        for day in days
    ]


class AppointmentFactory(DjangoModelFactory):
    """Tomorrow 10:00 for an hour, written straight into the tables with its people and (if live) reservations."""

    class Meta:
        model = Appointment

    # Not columns: taken out in _create. (Params would not reach it.)
    client = None
    course = None
    people = ()  # (provider, role) pairs
    on_call = ()

    service = factory.SubFactory(ServiceFactory)
    location = factory.SubFactory(LocationFactory)
    mode = "in_person"
    room = factory.LazyAttribute(
        lambda o: (
            RoomFactory(location=o.location, kind=o.service.room_kind or "therapy")
            if o.mode == "in_person"
            else None
        )
    )
    starts_at = factory.LazyFunction(lambda: tomorrow(10))
    ends_at = factory.LazyAttribute(lambda o: o.starts_at + minutes(o.service.minutes))
    setting = factory.LazyAttribute(lambda o: "in_clinic" if o.service.code == "dosing" else "")
    route = factory.LazyAttribute(lambda o: "im" if o.service.code == "dosing" else "")
    booked_by = "system:tests"

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        people, on_call = kwargs.pop("people", ()), kwargs.pop("on_call", ())
        course, client = kwargs.pop("course", None), kwargs.pop("client", None)
        client = client or (course.client if course else ClientFactory())
        made = super()._create(model_class, *args, **kwargs)
        Attendee.objects.create(appointment=made, client=client, course=course)
        for provider, role in people:
            StaffOn.objects.create(appointment=made, provider=provider, role=role)
        for provider, role in on_call:
            StaffOn.objects.create(appointment=made, provider=provider, role=role, on_call=True)
        if made.is_live:
            things = [{"client": client}, *({"provider": p} for p, _r in people)]
            for thing in [*things, *([{"room": made.room}] if made.room else [])]:
                resource, _new = Resource.objects.get_or_create(**thing)
                Reservation.objects.create(
                    resource=resource, appointment=made, during=span(made.starts_at, made.ends_at)
                )
        return made


def at_wall(day: date, hour: int, minute: int = 0, zone=LA) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=zone).astimezone(ZoneInfo("UTC"))


def tomorrow(hour: int = 10, minute: int = 0, *, days: int = 1, zone=LA) -> datetime:
    return at_wall(clock.today(zone) + timedelta(days=days), hour, minute, zone)


@dataclass
class WorkingClinic:
    location: Location
    therapy: Room
    dosing_room: Room
    therapist: Provider
    prescriber: Provider
    monitor: Provider

    def plan(self, starts_at=None, *, route="im", setting="in_clinic", **more) -> DosingPlan:
        """A dose in three days at 10:00 and its integration 24 h after its end, unless told otherwise."""
        starts_at = starts_at or tomorrow(10, days=3)
        given = dict(
            starts_at=starts_at, location=self.location, route=route, setting=setting,
            staff=((self.therapist, "therapist"),), on_call=((self.prescriber, "prescriber"),),
            integration_starts_at=starts_at + timedelta(hours=27), integration_staff=((self.therapist, "therapist"),),
        )  # fmt: skip
        return DosingPlan(**{**given, **more})

    def service(self, code) -> Service:
        return ServiceFactory(code=code)


def working_clinic(**location) -> WorkingClinic:
    place = LocationFactory(**location)
    for code in SERVICES:
        ServiceFactory(code=code)
    people = {}
    for role in ("therapist", "prescriber", "monitor"):
        people[role] = ProviderFactory(roles=[role], credentialed=True)
        works(people[role], place)
    return WorkingClinic(
        place,
        RoomFactory(location=place, name="Fern"),
        RoomFactory(location=place, name="Willow", kind="dosing"),
        **people,
    )
