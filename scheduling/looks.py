"""How an appointment is shown: colour, words, the stage it belongs to. The same on the grid, the agenda and its page."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scheduling.models import Mode, State

# service code -> tone of the calendar, stage whose badge it wears
TONES = {
    "intake": "neutral", "evaluation": "info", "preparation": "teal", "dosing": "violet", "integration": "ok",
    "check_in": "neutral", "follow_up": "neutral",
}  # fmt: skip
STAGES = {
    "intake": "intake", "evaluation": "medical", "preparation": "preparation", "dosing": "dosing",
    "integration": "integration", "check_in": "follow_up", "follow_up": "follow_up",
}  # fmt: skip
STATE_CLASS = {State.DONE: "ev-done", State.CANCELLED: "ev-cancelled", State.NO_SHOW: "ev-no-show"}
STATE_BADGE = {  # tone, icon, words
    State.BOOKED: ("teal", "calendar-check", gettext_lazy("Booked")),
    State.ARRIVED: ("ok", "person-check", gettext_lazy("Here")),
    State.DONE: ("line", "check-lg", gettext_lazy("Done")),
    State.NO_SHOW: ("warn", "person-x", gettext_lazy("Did not come")),
    State.CANCELLED: ("line", "slash-circle", gettext_lazy("Cancelled")),
}


def tone(appointment) -> str:
    return TONES.get(appointment.service.code, "neutral")


def stage(appointment) -> str:
    return STAGES.get(appointment.service.code, "")


def place(appointment) -> str:
    """The room, or how people meet."""
    if appointment.mode == Mode.IN_PERSON and appointment.room is not None:
        return appointment.room.name
    return str(Mode(appointment.mode).label)


def clients(appointment) -> str:
    return ", ".join(attendee.client.name for attendee in appointment.attendees.all())


def title(appointment, open_to_viewer: bool) -> str:
    return clients(appointment) if open_to_viewer else _("Busy")


def badge(appointment) -> dict:
    colour, icon, words = STATE_BADGE[appointment.state]
    return {"tone": colour, "icon": icon, "words": words}
