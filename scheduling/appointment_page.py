"""One appointment for staff: who, when, where, what may be done with it, and where the work itself lies."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from kap.accounts.permissions import Can
from kap.core import clock
from scheduling import looks
from scheduling.actions.companions import role_for
from scheduling.models import Appointment, Service, State

# service -> (address, what it takes, words): the page where the session itself is recorded
WORK = {
    "intake": ("intake:session_note", "course", "Intake session"),
    "evaluation": ("intake:evaluation", "course", "Medical evaluation"),
    "preparation": ("dosing:preparation", "course", "Preparation"),
    "dosing": ("dosing:open", "appointment", "Dosing session"),
}


@dataclass(frozen=True)
class Link:
    words: str
    href: str


@dataclass
class AppointmentPage:
    appointment: Appointment
    user: object

    @cached_property
    def attendees(self):
        return list(self.appointment.attendees.select_related("client", "course"))

    @property
    def client(self):
        return self.attendees[0].client

    @property
    def course(self):
        return self.attendees[0].course

    @property
    def names(self) -> str:
        return ", ".join(a.client.name for a in self.attendees)

    @property
    def zone(self) -> str:
        return self.appointment.location.zone

    @property
    def client_zone(self) -> str:
        """Hers, where it differs from the location's."""
        return self.client.zone if self.client.zone and self.client.zone != self.zone else ""

    @property
    def badge(self):
        return looks.badge(self.appointment)

    @property
    def stage(self):
        return looks.stage(self.appointment)

    @property
    def where(self):
        return looks.place(self.appointment)

    @cached_property
    def staff(self):
        return list(self.appointment.staff.select_related("provider__user"))

    @property
    def is_dosing(self) -> bool:
        return self.appointment.service.code == Service.Code.DOSING

    @cached_property
    def partner(self):
        """The integration of a dose, or the dose of an integration."""
        return self.appointment.integration if self.is_dosing else self.appointment.dosing

    @property
    def lacks_integration(self) -> bool:
        return self.is_dosing and self.partner is None and self.appointment.state != State.CANCELLED

    @cached_property
    def window(self):
        """(opens, closes) of the integration, from the actual end once it is known."""
        dosing = self.appointment if self.is_dosing else self.appointment.dosing
        if dosing is None or self.course is None:
            return None
        session = getattr(dosing, "dosing_session", None)
        return self.course.rules.integration.window((session and session.ended_at) or dosing.ends_at)

    @property
    def companion_role(self) -> str:
        return _("chaperone") if role_for(self.appointment) == "chaperone" else _("driver")

    # --- what may be done

    @property
    def may_book(self) -> bool:
        return self.user.may(Can.BOOK)

    @property
    def may_change(self) -> bool:
        return self.may_book and self.appointment.is_live

    @property
    def may_move(self) -> bool:
        return self.may_book and self.appointment.state == State.BOOKED

    @property
    def may_arrive(self) -> bool:
        zone = ZoneInfo(self.zone)
        today = self.appointment.starts_at.astimezone(zone).date() == clock.today(zone)
        return self.appointment.state == State.BOOKED and today

    @property
    def may_be_missed(self) -> bool:
        return self.appointment.state == State.BOOKED and clock.now() >= self.appointment.starts_at

    @property
    def may_name(self) -> bool:
        return (
            self.is_dosing
            and self.appointment.is_live
            and (self.may_book or self.user.may(Can.ANSWER_PRE_DOSE))
        )

    @property
    def late_notice(self) -> bool:
        notice = timedelta(hours=self.appointment.service.notice_hours)
        return self.appointment.starts_at - clock.now() < notice

    # --- where to go on

    @property
    def chart(self) -> str:
        return address("desk:chart", self.client.pk) if self.user.may(Can.OPEN_CHART) else ""

    @cached_property
    def work(self) -> Link | None:
        """The page where this session is held and signed; none for an admin, who opens nothing clinical."""
        if (
            self.course is None
            or not self.user.may(Can.OPEN_CHART)
            or self.appointment.state == State.CANCELLED
        ):
            return None
        session = getattr(self.appointment, "dosing_session", None)
        held = getattr(self.appointment, "integration_session", None)
        if session is not None:
            return link(_("Open dosing session"), "dosing:session", session.pk)
        if self.appointment.service.code == Service.Code.INTEGRATION:
            return link(_("Open integration note"), "integration:note", held.pk) if held else None
        name, takes, words = WORK.get(self.appointment.service.code, ("", "", ""))
        if not name:
            return None
        return link(_("Open %(what)s") % {"what": words.lower()}, name, getattr(self, takes).pk)


def address(name: str, *args) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def link(words: str, name: str, *args) -> Link | None:
    href = address(name, *args)
    return Link(words, href) if href else None
