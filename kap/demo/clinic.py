"""Founding the clinic: itself, its people, its protocol, its places, hours and texts."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from kap.accounts import actions as accounts
from kap.accounts.models import User
from kap.core import clinic as core
from kap.core import clock, protocol
from kap.core.models import Clinic
from kap.demo import cast, defaults
from kap.demo.world import DEMO, FOUNDED_DAYS_AGO, World
from kap.documents import actions as documents
from kap.people import actions as people
from kap.people.models import Provider
from scheduling import actions as scheduling
from scheduling.models import Location, Service

OTHER = {"Riverside": "Corona", "Corona": "Riverside"}


def found(world: World) -> None:
    """Make everything that is there before the first client comes. Call at the founding instant (`clock.at`)."""
    world.clinic = core.set_up_clinic(by=DEMO, **cast.CLINIC)
    for member in cast.STAFF:
        _employ(world, member)
    _sign_protocol(world.users["osei"])
    admin = world.users["admin"]
    for place in cast.LOCATIONS:
        world.locations[place["name"]] = scheduling.save_location(by=admin, **place)
    for place, name, kind in cast.ROOMS:
        scheduling.save_room(location=world.locations[place], name=name, kind=kind, by=admin)
    world.services = {service.code: service for service in services(by=admin)}
    for member in cast.STAFF:
        _hours(world, member, admin)
    documents.publish_defaults(by=admin)


def services(*, by) -> list:
    """The kinds of appointment a new clinic begins with."""
    return [
        scheduling.save_service(
            code=code,
            name=name,
            minutes=minutes,
            roles=roles,
            modes=modes,
            room_kind=kind,
            offered=True,
            by=by,
        )
        for code, name, minutes, roles, modes, kind in defaults.SERVICES
    ]


def _employ(world: World, member: cast.Member) -> None:
    user = accounts.open_account(
        email=member.email, name=member.name, roles=member.roles, password=cast.PASSWORD, by=DEMO
    )
    world.users[member.key] = user
    if not member.days:
        return
    accounts.set_pin(user=user, pin=cast.PIN, by=user)
    user.refresh_from_db()
    provider = people.add_provider(
        user=user, title=member.title, npi=member.npi, colour=member.colour, by=DEMO
    )
    world.providers[member.key] = provider
    for kind, number, state, days_left in _papers(member):
        issued = world.day(-FOUNDED_DAYS_AGO) - timedelta(days=200)
        people.add_credential(
            provider=provider, kind=kind, number=number, state=state, issued_on=issued,
            expires_on=world.day(days_left), by=DEMO,
        )  # fmt: skip


def _papers(member: cast.Member):
    yield "licence", member.licence, "CA", member.licence_days_left
    yield "malpractice", f"PL-{abs(hash_of(member.key)) % 90000 + 10000}", "", 300
    if member.dea:
        yield "dea", member.dea, "CA", 500
        yield "acls", f"ACLS-{hash_of(member.key) % 9000 + 1000}", "", 210
    if "monitor" in member.roles:
        yield "bls", f"BLS-{hash_of(member.key) % 9000 + 1000}", "", 80 if member.key == "tomas" else 260
        yield "acls", f"ACLS-{hash_of(member.key) % 9000 + 1000}", "", 330


def hash_of(text: str) -> int:
    """A number from a name that is the same in every run."""
    return sum(ord(letter) * 31**place for place, letter in enumerate(text))


def _sign_protocol(prescriber) -> None:
    core.sign_protocol(
        body=protocol.default(),
        reason="First protocol of the clinic, reviewed by the medical director.",
        by=prescriber,
    )


def _hours(world: World, member: cast.Member, admin) -> None:
    """Weekly shifts from the founding on; one day a week at the other place; a day's extra shift where today needs it."""
    if not member.days:
        return
    provider, since = world.providers[member.key], world.day(-FOUNDED_DAYS_AGO)
    starts, ends = (time.fromisoformat(text) for text in member.hours)

    def shift(place: str, weekday: int, first: date, last=None, hours=(starts, ends)):
        scheduling.add_shift(
            provider=provider, location=world.locations[place], weekday=weekday, starts=hours[0], ends=hours[1],
            from_date=first, to_date=last, by=admin,
        )  # fmt: skip

    for weekday in member.days:
        rides = member.rides and weekday == world.ride_weekday
        shift(OTHER[member.location] if rides else member.location, weekday, since)
    if not member.around_today:
        return
    for offset in range(-2, 3):
        day = world.day(offset)
        if day.weekday() not in member.days:
            shift(member.location, day.weekday(), day, day)
    if world.is_late_day:
        shift(member.location, world.today.weekday(), world.today, world.today, (ends, time(23, 59)))


def reload(now=None) -> World:
    """A world at this moment, before anything is made in it."""
    return World(now=now or clock.now(), zone=ZoneInfo(cast.CLINIC["zone"]))


def reopen(now=None) -> World:
    """The world of the demonstration that is there, as at this moment."""
    world = reload(now)
    world.clinic = Clinic.objects.get()
    for member in cast.STAFF:
        world.users[member.key] = user = User.objects.get(email=member.email)
        if member.days:
            world.providers[member.key] = Provider.objects.select_related("user").get(user=user)
    world.locations = {location.name: location for location in Location.objects.all()}
    world.services = {service.code: service for service in Service.objects.all()}
    return world
