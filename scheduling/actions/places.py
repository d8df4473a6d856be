"""Locations, rooms and kinds of appointment. Closed, never deleted: past appointments refer to them."""

from zoneinfo import available_timezones

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action, constraint_name
from kap.core.errors import Refused, Stale
from scheduling.models import Appointment, Location, Mode, Room, Service, State


@action("scheduling.save_location")
def save_location(*, location=None, name, zone, state, address, phone="", coming_soon=False, by) -> Location:
    """A new location, or another address of one. Its zone is fixed once something is booked there."""
    require(by, Can.MANAGE_SETTINGS)
    if zone not in available_timezones():
        raise Refused(_("Choose a time zone from the list."))
    if location is None:
        location = Location()
    elif location.zone != zone and Appointment.objects.filter(location=location).exists():
        raise Refused(_("Appointments are booked in the old time zone. Open a new location instead."))
    location.name, location.zone, location.state = name.strip(), zone, state.upper()
    location.address, location.phone, location.coming_soon = address.strip(), phone.strip(), coming_soon
    return _save(location, _("There is a location of this name already."))


@action("scheduling.close_location")
def close_location(*, location, by) -> Location:
    require(by, Can.MANAGE_SETTINGS)
    location = Location.objects.select_for_update().get(pk=location.pk)
    return _close(location, upcoming(location=location))


@action("scheduling.save_room")
def save_room(*, room=None, location, name, kind, buffer_minutes=10, by) -> Room:
    require(by, Can.MANAGE_SETTINGS)
    room = room or Room(location=location)
    room.name, room.kind, room.buffer_minutes = name.strip(), kind, buffer_minutes
    return _save(room, _("There is a room of this name at this location already."))


@action("scheduling.close_room")
def close_room(*, room, by) -> Room:
    require(by, Can.MANAGE_SETTINGS)
    room = Room.objects.select_for_update().get(pk=room.pk)
    return _close(room, upcoming(room=room))


@action("scheduling.save_service")
def save_service(
    *, service=None, code="", name, minutes, roles=None, modes, room_kind=None, offered, notice_hours=24, by
) -> Service:
    """A kind of appointment. Those booked already keep their length; only new ones and moved ones get the new one."""
    require(by, Can.MANAGE_SETTINGS)
    service = service or Service(code=code)
    if not set(modes) <= set(Mode.values) or not modes:
        raise Refused(_("Choose at least one way to meet."))
    service.name, service.minutes, service.modes, service.offered = (
        name.strip(),
        minutes,
        list(modes),
        offered,
    )
    service.notice_hours = notice_hours
    if roles is not None:
        service.roles = list(roles)
    if room_kind is not None:
        service.room_kind = room_kind
    return _save(service, _("There is a kind of appointment with this code already."))


def upcoming(**at) -> int:
    return Appointment.objects.filter(
        state__in=[State.BOOKED, State.ARRIVED], ends_at__gt=clock.now(), **at
    ).count()


def _close(thing, booked: int):
    if thing.closed_at is not None:
        raise Stale(_("It is closed already."))
    if booked:
        raise Refused(
            ngettext(
                "%(count)s booked appointment takes place here. Move or cancel it first.",
                "%(count)s booked appointments take place here. Move or cancel them first.",
                booked,
            )
            % {"count": booked}
        )
    thing.closed_at = clock.now()
    thing.save(update_fields=["closed_at"])
    return thing


def _save(thing, twice: str):
    try:
        with transaction.atomic():
            thing.save()
    except IntegrityError as error:
        if constraint_name(error):
            raise Refused(twice) from error
        raise
    return thing
