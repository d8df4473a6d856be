"""The calendar's answers to the gates.

`subject` may be a DosingPlan (before booking), a dosing appointment, a dosing session, or None: then the
course's next dosing appointment is meant.
"""

from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kap.core import clock
from kap.pathway.gates import Missing
from scheduling.checks import credential_problems
from scheduling.models import Appointment, Mode, Service, State
from scheduling.plans import DosingPlan

ROLES = {"driver": gettext_lazy("driver"), "chaperone": gettext_lazy("chaperone")}


def dosing_appointment(course, subject=None) -> Appointment | None:
    """The appointment that a question without a plan is about."""
    if isinstance(subject, Appointment):
        return subject
    if subject is not None:
        return subject.appointment
    live = Appointment.objects.filter(
        attendees__course=course, service__code=Service.Code.DOSING, state__in=[State.BOOKED, State.ARRIVED]
    ).select_related("service", "location", "companion")
    return (
        live.filter(ends_at__gte=clock.now()).order_by("starts_at").first()
        or live.order_by("-starts_at").first()
    )


def nothing_booked(course) -> Missing:
    return Missing(
        _("No dosing session is booked."), _("Book one, together with its integration."),
        f"{reverse('scheduling:book')}?client={course.client_id}&service=dosing",
    )  # fmt: skip


def integration_in_window(course, subject=None):
    """Integration starts inside the protocol's hours after the planned end, or the actual one once it is known."""
    if isinstance(subject, DosingPlan):
        return _in_window(course, subject.planned_end, subject.integration_starts_at, subject.location, "")
    dosing = dosing_appointment(course, subject)
    if dosing is None:
        return nothing_booked(course)
    integration = dosing.integration
    ends = getattr(subject, "ended_at", None) if subject is not dosing else None
    link = reverse("scheduling:move", args=[integration.pk]) if integration else _book_integration(course)
    return _in_window(
        course, ends or dosing.ends_at, integration and integration.starts_at, dosing.location, link
    )


def _in_window(course, ends, starts, location, link):
    hours = course.rules.integration
    opens, closes = hours.window(ends)
    span = {"from": hours.opens_hours, "to": hours.closes_hours}
    if starts is None:
        return Missing(
            _("No integration is booked for this dose."),
            _("Book one %(from)s to %(to)s h after its end.") % span, link,
        )  # fmt: skip
    if not opens <= starts <= closes:
        zone = ZoneInfo(location.zone)
        shown = {"at": f"{starts.astimezone(zone):%a %-d %b, %H:%M}", **span}
        shown |= {
            "opens": f"{opens.astimezone(zone):%a %-d %b, %H:%M}",
            "closes": f"{closes.astimezone(zone):%a %-d %b, %H:%M}",
        }
        return Missing(
            _("The integration on %(at)s is not %(from)s to %(to)s h after the end of the dose.") % shown,
            _("Move it to between %(opens)s and %(closes)s.") % shown, link,
        )  # fmt: skip
    return None


def _book_integration(course) -> str:
    return f"{reverse('scheduling:book')}?client={course.client_id}&service=integration"


def providers_credentialed(course, subject=None):
    """Everybody named for the dose (and, when booking, its integration) holds what the role needs on that day."""
    if isinstance(subject, DosingPlan):
        bookings = [subject.booking()]
        bookings += [subject.integration_booking()] if subject.integration_starts_at else []
        asked = [
            (person, role, _day(b.starts_at, b.location), b.state_for(course.client))
            for b in bookings for person, role in (*b.staff, *b.on_call)
        ]  # fmt: skip
    else:
        dosing = dosing_appointment(course, subject)
        if dosing is None:
            return nothing_booked(course)
        state = dosing.location.state if dosing.mode == Mode.IN_PERSON else course.client.state
        day = _day(dosing.starts_at, dosing.location)
        team = dosing.staff.select_related("provider__user")
        asked = [(one.provider, one.role, day, state or dosing.location.state) for one in team]
    found = dict.fromkeys(
        (words, person.pk) for person, role, day, state in asked
        for words in credential_problems(person, role, day, state)
    )  # fmt: skip
    return [
        Missing(words, _("Enter the renewed credential on the roster, or choose another provider."),
                reverse("people:provider", args=[pk]))
        for words, pk in found
    ]  # fmt: skip


def _day(instant, location):
    return instant.astimezone(ZoneInfo(location.zone)).date()


def companion_confirmed(course, subject=None):
    """A driver in clinic, a chaperone at home: named, 18 or older, and she has said yes to this time."""
    dosing = dosing_appointment(course, subject)
    if dosing is None:
        return nothing_booked(course)
    link = reverse("scheduling:companion_name", args=[dosing.pk])
    role = "chaperone" if dosing.setting == "remote" else "driver"
    if dosing.companion is None or dosing.companion_role != role:
        return Missing(
            _("No %(role)s is named.") % {"role": ROLES[role]}, _("Name who will be with the client."), link
        )
    if dosing.companion_confirmed_at is None:
        return Missing(
            _("%(name)s has not confirmed yet.") % {"name": dosing.companion.name},
            _("The answer comes by the link; or call, and note the yes."), link,
        )  # fmt: skip
    if not dosing.companion.is_adult:
        return Missing(
            _("%(name)s is not recorded as 18 or older.") % {"name": dosing.companion.name},
            _("Ask, and name an adult."), link,
        )  # fmt: skip
    return None
