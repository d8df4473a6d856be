"""What makes a booking impossible before its time is even looked at, in sentences. And whether people work then."""

from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from kap.accounts.permissions import Role
from kap.core import clock
from kap.people.credentials import missing as missing_credentials
from scheduling.availability import load, minutes
from scheduling.models import Mode
from scheduling.plans import Booking
from scheduling.slots import Interval

GRACE = minutes(15)  # somebody who walked in may be booked just after the beginning


def wanted_roles(service) -> list[frozenset[str]]:
    """Each entry needs one person; "therapist|monitor" is filled by either."""
    return [frozenset(entry.split("|")) for entry in service.roles]


def role_words(roles) -> str:
    return _(" or ").join(str(role.label).lower() for role in Role if role in roles)


def problems(booking: Booking, client, *, anew: bool = True) -> list[str]:
    """Everything that is wrong with this booking in itself; empty when it may be tried. `anew`: not a move."""
    service, location = booking.service, booking.location
    found = []
    if anew and not service.offered:
        found.append(_("%(service)s is not offered at present.") % {"service": service.name})
    if booking.mode not in service.modes:
        mode = str(Mode(booking.mode).label).lower() if booking.mode in Mode.values else booking.mode
        found.append(
            _("%(service)s is not held %(mode)s. Choose another way to meet.")
            % {"service": service.name, "mode": mode}
        )
    if location.closed_at is not None:
        found.append(_("%(place)s is closed. Choose another location.") % {"place": location.name})
    if booking.starts_at < clock.now() - GRACE:
        found.append(_("That time has passed. Choose a later one."))
    if booking.room is not None:
        found += room_problems(booking)
    return found + staff_problems(booking, client)


def room_problems(booking: Booking) -> list[str]:
    room, found = booking.room, []
    if room.location_id != booking.location.pk or room.closed_at is not None:
        found.append(
            _("%(room)s cannot be used at this location. Choose another room.") % {"room": room.name}
        )
    if booking.service.room_kind and room.kind != booking.service.room_kind:
        kind = dict(type(room).Kind.choices)[booking.service.room_kind].lower()
        found.append(
            _("%(service)s needs a %(kind)s; %(room)s is none.")
            % {"service": booking.service.name, "kind": kind, "room": room.name}
        )
    return found


def staff_problems(booking: Booking, client) -> list[str]:
    team = [*booking.staff, *booking.on_call]
    found = []
    people = [provider.pk for provider, _role in team]
    if len(set(people)) < len(people):
        found.append(_("The same person cannot fill two parts. Choose another for one of them."))
    for roles in wanted_roles(booking.service):
        if not any(role in roles for _provider, role in team):
            found.append(
                _("%(service)s needs a %(roles)s.")
                % {"service": booking.service.name, "roles": role_words(roles)}
            )
    if not booking.staff:
        found.append(_("Choose who will be there."))
    day = booking.starts_at.astimezone(ZoneInfo(booking.location.zone)).date()
    for provider, role in team:
        if not provider.user.is_active or not provider.bookable or role not in provider.user.roles:
            found.append(
                _("%(name)s cannot be booked as %(role)s. Choose another.")
                % {"name": provider.name, "role": str(Role(role).label).lower()}
            )
        found += credential_problems(provider, role, day, booking.state_for(client))
    return found


def credential_problems(provider, role, day, state) -> list[str]:
    lacking = missing_credentials(provider, role, day, state) or []
    return [f"{provider.name}: {one}" if provider.name not in str(one) else str(one) for one in lacking]


def not_working(bookings) -> list[str]:
    """Who is off, or has no shift then. People on call need none. Two queries for all bookings together."""
    bookings = list(bookings)
    providers = {provider for booking in bookings for provider in booking.providers}
    start, end = min(b.starts_at for b in bookings), max(b.ends_at for b in bookings)
    known = load(start=start, end=end, providers=providers)
    found = []
    for booking in bookings:
        wanted = Interval(booking.starts_at, booking.ends_at)
        place = booking.location.pk if booking.needs_room else None
        for provider in booking.providers:
            if any(off.overlaps(wanted) for off in known.off[provider.pk]):
                found.append(
                    _("%(name)s is away then. Choose another time or person.") % {"name": provider.name}
                )
            elif not any(hours.contains(wanted) for hours in known.hours(provider.pk, place)):
                found.append(
                    _("%(name)s does not work then. Choose another time, or add a shift first.")
                    % {"name": provider.name}
                )
    return found
