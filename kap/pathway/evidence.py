"""Evidence that the pathway itself can give."""

from django.urls import reverse

from kap.pathway.gates import Missing
from kap.pathway.stages import Stage


def course_open(course, subject=None):
    if not course.is_open:
        return Missing("This course of treatment is closed.", "Open a new one from the client's chart.")


def privacy_acknowledged(course, subject=None):
    if course.privacy_acknowledged_at is None:
        return Missing(
            "The privacy notice is not acknowledged.",
            "Ask the client to read and acknowledge it.",
            reverse("intake:privacy", args=[course.pk]),
        )


def therapist_assigned(course, subject=None):
    if not course.client.team.current().therapists().exists():
        return Missing(
            "No therapist has taken this client.", "Take the client from the pool.", reverse("pathway:pool")
        )


def prescriber_assigned(course, subject=None):
    if not course.client.team.current().prescribers().exists():
        return Missing(
            "No prescriber has taken this client.", "Take the client from the pool.", reverse("pathway:pool")
        )


def preparation_reached(course, subject=None):
    if course.stage not in (Stage.PREPARATION, Stage.DOSING, Stage.INTEGRATION):
        return Missing(
            f"The client is at {course.get_stage_display().lower()}.",
            "Dosing can be booked from preparation on.",
            reverse("desk:chart", args=[course.client_id]),
        )
