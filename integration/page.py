"""What the integration page shows beside the note: the clock, the dose, the intention, what was written before."""

import json
from dataclasses import dataclass

from django.urls import reverse

from intake.views.case import chips
from integration.actions import held_by_calendar, safety_screen
from integration.models import IntegrationSession
from integration.window import timing
from kap.core import clock
from kap.core.units import amount
from kap.measures import instruments, scoring
from kap.measures.models import Occasion, Request
from kap.notes import forms as note_forms
from kap.notes.models import Kind as NoteKind
from kap.notes.models import Note
from kap.pathway import gates
from kap.pathway.stages import Stage


@dataclass(frozen=True)
class Before:
    """A signed note to read beside the new one. Shown, never pasted."""

    title: str
    at: object
    rows: list


def context(integration, user) -> dict:
    """For the page of one integration. Reads only."""
    course, dosing = integration.course, integration.dosing
    screen = safety_screen(integration)
    booked = dosing.appointment.integration
    return {
        "integration": integration,
        "chips": chips(course.client),
        "dosing": dosing,
        "dose_words": dose_words(dosing),
        "booked": booked,
        "hours": _timing(integration),
        "held": integration.held_at or held_by_calendar(integration, integration.note),
        "intention": dosing.intention or intention(course),
        "before": last_note(integration, user),
        "screen": screen,
        "screen_words": scoring.score("cssrs", screen.answers).band_words if screen else "",
        "measures": measures_of(integration),
        "others": others(integration),
        **next_step(integration, user),
    }


def _timing(integration):
    """Against the window: of the time it was held, or of now while it is open."""
    rules = integration.course.rules.integration
    at = integration.held_at if integration.signed_at else clock.now()
    return timing(integration.dosing.ended_at, at, (rules.opens_hours, rules.closes_hours))


def dose_words(dosing) -> str:
    """ "35 mg, intramuscular injection": struck entries left out."""
    given = sum(row.dose_mg for row in dosing.administrations.filter(strike=None))
    return (
        f"{amount(given, 'mg')}, {dosing.get_route_display().lower()}"
        if given
        else dosing.get_route_display()
    )


def intention(course) -> str:
    note = (
        Note.objects.signed().filter(course=course, kind=NoteKind.PREPARATION).order_by("-signed_at").first()
    )
    return body_of(note).get("intention", "") if note else ""


def body_of(note) -> dict:
    return json.loads(bytes(note.content))["body"]


def last_note(integration, user) -> Before | None:
    """The integration before this one; for the first, the preparation."""
    notes = Note.objects.signed().visible_to(user).filter(course=integration.course_id)
    notes = notes.filter(kind__in=[NoteKind.INTEGRATION, NoteKind.PREPARATION])
    note = notes.exclude(about=integration.dosing_id).order_by("-signed_at").first()
    if note is None:
        return None
    return Before(
        note.get_kind_display(), note.held_at or note.signed_at, note_forms.filled(note.kind, body_of(note))
    )


@dataclass(frozen=True)
class Asked:
    name: str
    words: str
    href: str


def measures_of(integration) -> list[Asked]:
    """The questionnaires after this dose: the score, or where to enter them."""
    rows = Request.objects.filter(
        course=integration.course_id,
        occasion=Occasion.AFTER_DOSE,
        about=integration.dosing_id,
        cancelled_at=None,
    ).select_related("response")
    return [asked(row) for row in rows.exclude(instrument="cssrs").order_by("instrument")]


def asked(row) -> Asked:
    name, response = instruments.get(row.instrument).name, row.response
    if response is None:
        return Asked(name, "Not answered", reverse("measures:enter", args=[row.pk]))
    if response.total is None:
        return Asked(name, "Not fully answered", "")
    words = scoring.BAND_WORDS.get(response.band, response.band)
    return Asked(name, f"{response.total:.0f}, {words}" if words else f"{response.total:.0f}", "")


def others(integration) -> list[IntegrationSession]:
    """The course's other integrations, for the row of links at the top."""
    rows = IntegrationSession.objects.filter(course=integration.course_id).select_related("dosing")
    return list(rows.order_by("dosing__number"))


def next_step(integration, user) -> dict:
    """After signing: the next dose, as long as the plan has one left; then the follow-up with its gate."""
    course = integration.course
    if integration.signed_at is None or course.stage != Stage.INTEGRATION:
        return {"next_dose": 0, "steps": []}
    given = course.dosing_sessions.filter(first_dose_at__isnull=False).count()
    steps = gates.ask("follow_up", course)
    planned = course.planned_sessions or 0
    return {
        "next_dose": given + 1 if given < planned else 0,
        "given": given,
        "planned": planned,
        "steps": steps,
        "may_follow_up": not gates.closed(steps) and user.may(gates.GATES["follow_up"].can),
        "book_href": f"{reverse('scheduling:book')}?client={course.client_id}&service=dosing",
    }
