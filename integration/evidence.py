"""The integration app's answers to the gates: every dose integrated, final measures in, summary signed."""

from django.urls import reverse

from integration.models import CourseSummary, IntegrationSession
from kap.measures import instruments
from kap.measures.models import Occasion, Request
from kap.pathway.gates import Missing


def _unsigned(course):
    return (
        IntegrationSession.objects.unsigned()
        .filter(course=course)
        .select_related("dosing")
        .order_by("dosing__number")
        .first()
    )


def previous_integration_signed(course, subject=None):
    """Before the next dose: the integration of every earlier dose is signed (integration is required, one per dose)."""
    waiting = _unsigned(course)
    if waiting is not None:
        return Missing(
            f"The integration of dosing {waiting.dosing.number} is not signed.",
            "Hold it and sign its note first.",
            reverse("integration:note", args=[waiting.pk]),
        )


def integration_signed(course, subject=None):
    """Before follow-up: at least one dose was given, and every dose has its signed integration."""
    if not IntegrationSession.objects.filter(course=course).exists():
        return Missing(
            "No dosing session has been integrated yet.", "Follow-up comes after the last integration."
        )
    return previous_integration_signed(course, subject)


def final_measures(course, subject=None):
    """Each questionnaire asked at the end is answered. A prescriber may pass a client who cannot be reached any more."""
    asked = Request.objects.filter(course=course, occasion=Occasion.FINAL, cancelled_at=None)
    if not asked.exists():
        return Missing(
            "The final measures have not been asked.", "They are asked when the course goes to follow-up."
        )
    return [
        Missing(
            f"{instruments.get(request.instrument).name} at the end of treatment is not answered.",
            "Remind the client, or enter the answers as they are given.",
            reverse("measures:enter", args=[request.pk]),
            overridable=True,
        )
        for request in asked.filter(response=None)
    ]


def summary_signed(course, subject=None):
    if not CourseSummary.objects.filter(course=course).exists():
        return Missing(
            "The course summary is not signed.",
            "Write it and sign.",
            reverse("integration:summary", args=[course.pk]),
        )
