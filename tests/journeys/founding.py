"""A small clinic for the journeys: one location, two rooms, a therapist, a prescriber, a monitor, an admin."""

from datetime import time, timedelta
from types import SimpleNamespace

from kap.core import clock
from kap.core.actions import System
from kap.demo.defaults import SERVICES
from kap.documents.actions import publish_defaults
from scheduling.models import Location, Room, Service, Shift
from tests.factories.core import ClinicFactory, ProtocolVersionFactory
from tests.factories.people import PASSWORD, ProviderFactory, UserFactory

PIN = "2468"
ZONE = "America/Los_Angeles"


def member(name: str, title: str, role: str, location: Location, colour: int):
    """Somebody who works every day from eight to eight, with all credentials her role needs, and a PIN."""
    email = f"{name.split()[-1].lower()}@alderhouse.test"
    user = UserFactory(name=name, email=email, roles=[role])
    user.set_pin(PIN)
    user.save(update_fields=["pin"])
    provider = ProviderFactory(user=user, title=title, colour=colour, credentialed=True)
    for weekday in range(7):
        Shift.objects.create(
            provider=provider, location=location, weekday=weekday, starts=time(8), ends=time(20),
            from_date=clock.now().date() - timedelta(days=30),
        )  # fmt: skip
    return user


def found_clinic() -> SimpleNamespace:
    ClinicFactory(name="Alder House", zone=ZONE, phone="(310) 555-0100")
    ProtocolVersionFactory()
    location = Location.objects.create(
        name="Riverside", zone=ZONE, state="CA", address="240 Alder Street, Riverside, CA 92501"
    )
    Room.objects.create(location=location, name="Willow room", kind="dosing")
    Room.objects.create(location=location, name="Room 2", kind="therapy")
    for code, name, minutes, roles, modes, room_kind in SERVICES:
        Service.objects.create(
            code=code, name=name, minutes=minutes, roles=roles, modes=modes, room_kind=room_kind
        )
    publish_defaults(by=System("journey"))
    return SimpleNamespace(
        location=location,
        password=PASSWORD,
        mara=member("Mara Quinn", "LMFT", "therapist", location, 1),
        osei=member("Dr. Kwame Osei", "MD", "prescriber", location, 4),
        ana=member("Ana Ruiz", "RN", "monitor", location, 6),
        grace=UserFactory(name="Grace Holloway", email="holloway@alderhouse.test", roles=["admin"]),
    )
