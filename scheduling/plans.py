"""What somebody wants to book, as plain values: the subject that gates and availability are asked about."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from kap.pathway.models import Setting
from kap.people.models import Provider
from scheduling.models import Location, Mode, Room, Service

Seats = tuple[tuple[Provider, str], ...]


@dataclass
class DosingPlan:
    """A dose and its integration, to be booked as one. Times are aware instants.

    `staff` and `on_call` are (provider, role) pairs; somebody on call is named but not reserved. `room` and
    `integration_room` may stay open: booking then takes a free suitable one. `pk` names the plan for an override.
    """

    starts_at: datetime
    location: Location
    route: str
    setting: str
    staff: Seats
    on_call: Seats = ()
    room: Room | None = None
    integration_starts_at: datetime | None = None
    integration_staff: Seats = ()
    integration_mode: str = Mode.IN_PERSON
    integration_location: Location | None = None
    integration_room: Room | None = None
    note: str = ""
    pk: uuid.UUID | None = None

    @cached_property
    def service(self) -> Service:
        return Service.objects.get(code=Service.Code.DOSING)

    @cached_property
    def integration_service(self) -> Service:
        return Service.objects.get(code=Service.Code.INTEGRATION)

    @property
    def planned_end(self) -> datetime:
        """The integration window counts from here until the session has really ended."""
        return self.starts_at + timedelta(minutes=self.service.minutes)

    @property
    def mode(self) -> str:
        return Mode.VIDEO if self.setting == Setting.REMOTE else Mode.IN_PERSON

    @property
    def place_of_integration(self) -> Location:
        return self.integration_location or self.location

    def booking(self) -> "Booking":
        return Booking(
            service=self.service, starts_at=self.starts_at, location=self.location, mode=self.mode, room=self.room,
            staff=tuple(self.staff), on_call=tuple(self.on_call), route=self.route, setting=self.setting,
            note=self.note,
        )  # fmt: skip

    def integration_booking(self) -> "Booking":
        return Booking(
            service=self.integration_service, starts_at=self.integration_starts_at, location=self.place_of_integration,
            mode=self.integration_mode, room=self.integration_room, staff=tuple(self.integration_staff),
        )  # fmt: skip


@dataclass(frozen=True)
class Booking:
    """One appointment to be: what, when, where, with whom. `starts_at` is an aware instant."""

    service: Service
    starts_at: datetime
    location: Location
    mode: str
    room: Room | None = None
    staff: Seats = ()
    on_call: Seats = ()
    route: str = ""
    setting: str = ""
    note: str = ""

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.service.minutes)

    @property
    def needs_room(self) -> bool:
        return self.mode == Mode.IN_PERSON

    @property
    def providers(self) -> list[Provider]:
        return [provider for provider, _ in self.staff]

    def state_for(self, client) -> str:
        """Whose licences count: the state where the client sits."""
        return self.location.state if self.mode == Mode.IN_PERSON else (client.state or self.location.state)


def whole_team(plan: DosingPlan | Booking) -> list[tuple[Provider, str]]:
    return [*plan.staff, *plan.on_call]
