"""An appointment as an iCalendar file. Phones show it on locked screens, so it holds no clinical word and no full name."""

from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Event

from kap.core.context import current_clinic
from scheduling.messages import where
from scheduling.models import State


def file_for(appointment, user) -> bytes:
    """For the client: "Appointment at Alder House". For staff: the client's initials. Times in UTC."""
    clinic = current_clinic()
    name = clinic.name if clinic else _("the clinic")
    event = Event()
    event.add("uid", f"{appointment.pk}@kap")
    event.add("sequence", appointment.version - 1 + (appointment.state == State.CANCELLED))
    event.add("dtstamp", appointment.booked_at)
    event.add("dtstart", appointment.starts_at)
    event.add("dtend", appointment.ends_at)
    event.add("summary", summary(appointment, user, name))
    event.add("location", where(appointment))
    event.add("url", settings.SITE_URL + link(appointment, user))
    event.add("status", "CANCELLED" if appointment.state == State.CANCELLED else "CONFIRMED")
    event.add("class", "PRIVATE")
    if appointment.is_live:
        event.add_component(alarm(_("Appointment at %(clinic)s") % {"clinic": name}))
    calendar = Calendar()
    calendar.add("prodid", "-//KAP//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if appointment.state == State.CANCELLED else "PUBLISH")
    calendar.add_component(event)
    return calendar.to_ical()


def summary(appointment, user, clinic: str) -> str:
    if not user.is_staff_member:
        return _("Appointment at %(clinic)s") % {"clinic": clinic}
    initials = ", ".join(a.client.initials for a in appointment.attendees.select_related("client"))
    return _("%(clinic)s: appointment with %(initials)s") % {"clinic": clinic, "initials": initials}


def link(appointment, user) -> str:
    if user.is_staff_member:
        return reverse("scheduling:appointment", args=[appointment.pk])
    return reverse("scheduling:mine")


def alarm(words: str) -> Alarm:
    made = Alarm()
    made.add("action", "DISPLAY")
    made.add("description", words)
    made.add("trigger", timedelta(hours=-2))
    return made
