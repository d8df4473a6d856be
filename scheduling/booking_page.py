"""The booking page: what was chosen so far, what may be chosen next, and which times are free. Reads only.

A time that is offered carries all it needs in its value (who, when, and for a dose the integration), so the page
works without a script and says exactly what will be booked.
"""

from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils.http import urlencode
from django.utils.translation import gettext as _

from kap.accounts.permissions import Role
from kap.core import clock
from kap.core.fields import day_from, instant_from
from kap.pathway.models import Setting
from kap.people.models import Client, Provider, TeamMember
from scheduling import availability, checks
from scheduling.availability import DAY, Offer, PairOffer, Seat, Wish
from scheduling.choices import Choice, as_seat, part_of, people_for, thinned, uuid_of, value_of
from scheduling.grid import midnight
from scheduling.models import Location, Mode, Service
from scheduling.plans import DosingPlan

DAYS_SHOWN = 14
FIRST_FEW = 5
LIKELY = {  # stage -> the service that is booked next
    "enquiry": "intake", "intake": "intake", "medical": "evaluation", "preparation": "preparation",
    "dosing": "integration", "integration": "dosing", "follow_up": "follow_up",
}  # fmt: skip
KEPT = {
    "client", "service", "location", "mode", "from", "at", "provider", "second", "prescriber", "prescriber_is",
    "integration_seat", "integration_mode",
}  # fmt: skip


class BookingPage:
    """`data`: GET or POST. Unknown or foreign ids are as if nothing had been chosen."""

    def __init__(self, data, user):
        self.data, self.user = data, user
        self.query = (data.get("q") or "").strip()[:80]

    # --- what was chosen

    @cached_property
    def client(self) -> Client | None:
        pk = uuid_of(self.data.get("client"))
        return Client.objects.listed_for(self.user).filter(pk=pk).first() if pk else None

    @cached_property
    def found(self) -> list[Client]:
        """Those who match what was typed; before that, the first few she may book for."""
        listed = Client.objects.listed_for(self.user)
        return list((listed.matching(self.query) if self.query else listed)[: 12 if self.query else 8])

    @cached_property
    def course(self):
        return (
            self.client.courses.open().select_related("protocol", "client").first() if self.client else None
        )

    @cached_property
    def services(self) -> list[Service]:
        return list(Service.objects.filter(offered=True))

    @cached_property
    def service(self) -> Service | None:
        likely = LIKELY.get(self.course.stage if self.course else "", "intake")
        wanted = self.data.get("service") or likely
        return next((s for s in self.services if s.code == wanted), None)

    @property
    def is_dosing(self) -> bool:
        return self.service is not None and self.service.code == Service.Code.DOSING

    @cached_property
    def order(self):
        """The active order: it says by which route and where a dose is given. None without one."""
        if self.course is None:
            return None
        today = clock.today(ZoneInfo(self.location.zone)) if self.location else clock.now().date()
        return self.course.orders.active(today).first()

    @cached_property
    def locations(self) -> list[Location]:
        return list(Location.objects.filter(closed_at=None, coming_soon=False))

    @cached_property
    def location(self) -> Location | None:
        chosen = self._location("location")
        if chosen is not None:
            return chosen
        mine = getattr(self.user, "provider", None)
        shift = mine.shifts.select_related("location").first() if mine else None
        home = shift.location if shift and shift.location in self.locations else None
        return home or (self.locations[0] if self.locations else None)

    def _location(self, name) -> Location | None:
        pk = uuid_of(self.data.get(name))
        return next((place for place in self.locations if place.pk == pk), None)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.location.zone)

    @cached_property
    def client_zone(self) -> ZoneInfo | None:
        """Hers, where it differs from the location's."""
        own = self.client.zone if self.client else ""
        return ZoneInfo(own) if own and own != self.location.zone else None

    @property
    def mode(self) -> str:
        if self.is_dosing and self.order is not None:
            return Mode.VIDEO if self.order.setting == Setting.REMOTE else Mode.IN_PERSON
        return self._mode("mode", self.service)

    def _mode(self, name, service) -> str:
        modes = service.modes if service else []
        wanted = self.data.get(name)
        return wanted if wanted in modes else (modes[0] if modes else Mode.IN_PERSON)

    @property
    def modes(self) -> list[tuple[str, str]]:
        return [(mode, Mode(mode).label) for mode in (self.service.modes if self.service else [])]

    @cached_property
    def wanted(self) -> datetime | None:
        return instant_from(self.data.get("at"))

    @property
    def from_day(self) -> date:
        """The first day listed: asked for, or the day of the wanted time, or today."""
        today = clock.today(self.zone)
        asked = day_from(self.data.get("from"))
        if asked is None and self.wanted is not None:
            before = (
                4 if self.is_dosing else 1
            )  # where a Friday cannot be followed up, the days before it are the answer
            asked = self.wanted.astimezone(self.zone).date() - before * DAY
        return max(asked or today, today)

    @property
    def later(self) -> date:
        return self.from_day + DAYS_SHOWN * DAY

    # --- people

    @cached_property
    def staff(self) -> list[Provider]:
        """Everybody who can be booked, with roles and credentials read at once."""
        people = Provider.objects.active().filter(bookable=True).select_related("user")
        people = list(people.prefetch_related("credentials", "user__grants"))
        for provider in people:
            provider.user._roles = frozenset(g.role for g in provider.user.grants.all() if g.ended_at is None)
        return people

    @cached_property
    def team(self) -> dict[str, Provider]:
        """The client's own people by role: proposed first."""
        if self.client is None:
            return {}
        by_user = {provider.user_id: provider for provider in self.staff}
        members = TeamMember.objects.current().filter(client=self.client).order_by("-since")
        return {m.role: by_user[m.user_id] for m in members if m.user_id in by_user}

    def with_roles(self, roles) -> list[Provider]:
        return [p for p in self.staff if p.user.roles & set(roles)]

    def seat(self, name: str, roles, *, proposed: str = "", optional=False) -> dict:
        """One select of the form: who may fill it and who is chosen. Nothing chosen: anyone who is free."""
        people = self.with_roles(roles)
        asked = self.data.get(name)
        if asked is None and uuid_of(self.data.get("provider")):
            asked = self.data.get("provider")
        chosen = next((p for p in people if p.pk == uuid_of(asked)), None)
        if chosen is None and self.data.get(name) is None:
            chosen = next(
                (
                    self.team[r]
                    for r in (proposed, *sorted(roles))
                    if r in self.team and self.team[r] in people
                ),
                None,
            )
        return {
            "name": name, "label": checks.role_words(roles).capitalize(), "people": people, "chosen": chosen,
            "roles": frozenset(roles), "optional": optional,
        }  # fmt: skip

    @cached_property
    def seats(self) -> list[dict]:
        if self.service is None:
            return []
        return [self.seat(f"seat{n}", roles) for n, roles in enumerate(checks.wanted_roles(self.service))]

    @cached_property
    def prescriber(self) -> dict:
        """Of a dose, unless one of its seats is a prescriber's already."""
        seat = self.seat("prescriber", {Role.PRESCRIBER})
        if seat["chosen"] is None and seat["people"]:
            seat["chosen"] = seat["people"][0]
        return {**seat, "on_call": self.data.get("prescriber_is", "on_call") != "there"}

    @cached_property
    def second(self) -> dict:
        """A monitor beside the therapist, if wanted. Two people must be present when the medicine is started."""
        return self.seat("second", {Role.MONITOR}, optional=True)

    @cached_property
    def integration_service(self) -> Service:
        return Service.objects.get(code=Service.Code.INTEGRATION)

    @cached_property
    def integration_seat(self) -> dict:
        return self.seat(
            "integration_seat", checks.wanted_roles(self.integration_service)[0], proposed=Role.THERAPIST
        )

    @property
    def integration_mode(self) -> str:
        return self._mode("integration_mode", self.integration_service)

    @property
    def integration_modes(self) -> list[tuple[str, str]]:
        return [(mode, Mode(mode).label) for mode in self.integration_service.modes]

    # --- what is looked for

    @property
    def ready(self) -> bool:
        """Enough is chosen to look for times."""
        if self.client is None or self.service is None or self.location is None:
            return False
        return not self.is_dosing or (self.course is not None and self.order is not None)

    def _seats(self) -> tuple[Seat, ...]:
        seats = [as_seat(seat) for seat in self.seats]
        if self.is_dosing:
            if self.second["chosen"]:
                seats.append(as_seat(self.second))
            if self.prescriber["chosen"] and not self.prescriber["on_call"]:
                seats.append(as_seat(self.prescriber))
        return tuple(seats)

    def _on_call(self) -> tuple:
        chosen = self.prescriber["chosen"] if self.is_dosing else None
        return ((chosen, Role.PRESCRIBER.value),) if chosen and self.prescriber["on_call"] else ()

    @cached_property
    def wish(self) -> Wish:
        rooms = (
            availability.suitable_rooms(self.location, self.service) if self.mode == Mode.IN_PERSON else []
        )
        return Wish(
            self.service, self.location, self.mode, self._seats(), tuple(rooms), self.client, self._on_call()
        )

    @cached_property
    def integration_wish(self) -> Wish:
        rooms = []
        if self.integration_mode == Mode.IN_PERSON:
            rooms = availability.suitable_rooms(self.location, self.integration_service)
        return Wish(
            self.integration_service, self.location, self.integration_mode, (as_seat(self.integration_seat),),
            tuple(rooms), self.client,
        )  # fmt: skip

    @property
    def window(self) -> tuple[int, int]:
        hours = self.course.rules.integration
        return hours.opens_hours, hours.closes_hours

    @cached_property
    def offers(self) -> list[Offer] | list[PairOffer]:
        """Every free time of the days shown; for a dose, only those whose integration can be reached."""
        start = midnight(self.from_day, self.zone)
        end = start + DAYS_SHOWN * DAY
        if self.is_dosing:
            return availability.find_pairs(
                self.wish, self.integration_wish, window=self.window, start=start, end=end
            )
        return availability.find(self.wish, start=start, end=end)

    @cached_property
    def suggested(self) -> list[Choice]:
        """Five first: the nearest to the time that was asked for, else the next ones, not more than two of a day."""
        if self.wanted is not None:
            return [self.choice(one) for one in availability.nearest(self.offers, self.wanted, FIRST_FEW)]
        seen: dict[date, int] = {}
        few = []
        for one in self.offers:
            day = one.starts_at.astimezone(self.zone).date()
            spread = not few or day != few[-1].starts_at.astimezone(self.zone).date()
            if seen.get(day, 0) < 2 and (spread or one.starts_at - few[-1].starts_at >= timedelta(hours=2)):
                seen[day] = seen.get(day, 0) + 1
                few.append(one)
        return [self.choice(one) for one in few[:FIRST_FEW]]

    @cached_property
    def by_day(self) -> list[tuple[date, list[Choice]]]:
        days: dict[date, list] = {}
        for one in self.offers:
            days.setdefault(one.starts_at.astimezone(self.zone).date(), []).append(one)
        return [(day, [self.choice(one) for one in thinned(found)]) for day, found in days.items()]

    def choice(self, one) -> Choice:
        pair = one if isinstance(one, PairOffer) else None
        offer = pair.dosing if pair else one
        detail = ", ".join(provider.name for provider, _role in offer.staff)
        if pair:
            after = pair.integration.starts_at.astimezone(self.zone)
            detail = _("Integration %(at)s") % {"at": f"{after:%a %-d %b, %H:%M}"}
        own = ""
        if self.client_zone:
            hers = offer.starts_at.astimezone(self.client_zone)
            own = f"{hers:%a %H:%M} {hers:%Z}"
        value = value_of(offer) + (f"|{value_of(pair.integration)}" if pair else "")
        return Choice(
            offer.starts_at, value, detail, own, pair.integration if pair else None,
            offer.room.name if offer.room else "", value == self.data.get("slot"),
        )  # fmt: skip

    @property
    def days_that_fit(self) -> list[date]:
        """For a wanted day on which no pair is reachable: the days around it that have one."""
        return availability.days_of(self.offers, self.zone) if self.is_dosing else []

    @property
    def wanted_day_is_out(self) -> date | None:
        """The day that was asked for has no dosing time whose integration can be reached."""
        if not self.is_dosing or self.wanted is None:
            return None
        day = self.wanted.astimezone(self.zone).date()
        return None if day in self.days_that_fit else day

    # --- what was sent

    def sent(self) -> dict | None:
        """The chosen time as arguments of `book`; None where nothing (or nonsense) was sent."""
        parts = [part_of(part) for part in (self.data.get("slot") or "").split("|")]
        if None in parts or not parts or (self.is_dosing and len(parts) != 2):
            return None
        starts_at, people = parts[0]
        staff = people_for(people, self._seats())
        if staff is None:
            return None
        if not self.is_dosing:
            return {"starts_at": starts_at, "staff": staff}
        after_at, after_people = parts[1]
        after = people_for(after_people, (as_seat(self.integration_seat, anyone=True),))
        return None if after is None else {"plan": self._plan(starts_at, staff, after_at, after)}

    def _plan(self, starts_at, staff, after_at, after) -> DosingPlan:
        return DosingPlan(
            starts_at=starts_at, location=self.location, route=self.order.route, setting=self.order.setting,
            staff=staff, on_call=self._on_call(), integration_starts_at=after_at, integration_staff=after,
            integration_mode=self.integration_mode, note=self.note,
        )  # fmt: skip

    def link(self, **changes) -> str:
        """The same choices at another day or for another client."""
        kept = {name: value for name, value in self.data.items() if name in KEPT or name.startswith("seat")}
        return "?" + urlencode({k: v for k, v in {**kept, **changes}.items() if v})

    @property
    def later_link(self) -> str:
        return self.link(**{"from": self.later.isoformat(), "at": ""})

    @property
    def same_link(self) -> str:
        return self.link()

    @property
    def other_client_link(self) -> str:
        return self.link(client="", service="")

    @property
    def note(self) -> str:
        return (self.data.get("note") or "").strip()[:300]
