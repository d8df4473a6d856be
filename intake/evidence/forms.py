"""Evidence from the client's forms and the intake session."""

from zoneinfo import ZoneInfo

from django.urls import reverse

from intake.days import clinic_zone
from kap.measures import instruments
from kap.measures.models import Occasion, Request, Response
from kap.notes.models import Kind
from kap.pathway.gates import Missing
from kap.people.models import Credential

__all__ = ["REQUIRED_MEASURES", "forms_sent", "intake_session_signed"]

REQUIRED_MEASURES = ("phq9", "gad7")


def forms_sent(course, subject=None):
    """A submission is there, and the questionnaires asked before treatment are answered."""
    link = reverse("intake:forms", args=[course.pk])
    missing = []
    if not course.submissions.exists():
        missing.append(
            Missing("The client has not sent the forms.", "Remind the client, or enter them by phone.", link)
        )
    answered = set(
        Response.objects.filter(course=course, occasion=Occasion.BASELINE).values_list(
            "instrument", flat=True
        )
    )
    for code in REQUIRED_MEASURES:
        if code not in answered:
            asked = Request.objects.filter(
                course=course, instrument=code, occasion=Occasion.BASELINE, response=None
            )
            request = asked.filter(cancelled_at=None).first()
            where = reverse("measures:take", args=[request.pk]) if request else link
            missing.append(
                Missing(
                    f"{instruments.get(code).name} is not answered.", "Ask the client to answer it.", where
                )
            )
    return missing


def intake_session_signed(course, subject=None):
    """An intake note signed by somebody whose professional licence was in force on the day of signing."""
    link = reverse("intake:session_note", args=[course.pk])
    notes = course.notes.signed().filter(kind=Kind.INTAKE).select_related("signed_by")
    if any(
        licensed_on(note.signed_by_id, note.signed_at.astimezone(ZoneInfo(clinic_zone())).date())
        for note in notes
    ):
        return None
    if notes:
        return Missing(
            "The intake session was signed without a licence in force.",
            "A licensed therapist signs a new note.",
            link,
        )
    return Missing("The intake session is not signed.", "Hold it, write the note and sign it.", link)


def licensed_on(user_id, day) -> bool:
    licences = Credential.objects.filter(provider__user=user_id, kind=Credential.Kind.LICENCE)
    return licences.in_force(day).exists()
