"""The periodic watch: integrations that are not booked, and those whose window has closed without a signed note."""

from django.urls import reverse

from integration.actions import late_key, tie_appointment
from integration.follow import tell_unbooked
from integration.models import IntegrationSession
from kap.core import clock
from kap.worklist import actions as worklist
from kap.worklist.models import Item


def run(*, by) -> int:
    """Ties what was booked later, raises what is unbooked or late, each once; returns how many were late for the first
    time. Running again changes nothing. Named in the outbox's list of watches."""
    waiting = list(
        IntegrationSession.objects.unsigned().select_related(
            "course__client", "dosing__appointment__location", "appointment"
        )
    )
    for row in waiting:
        if row.course.is_open and not _stands(row.appointment):
            _booked_or_told(row, by)
    return _raise_late([row for row in waiting if row.course.is_open and row.closes_at < clock.now()], by)


def _stands(appointment) -> bool:
    return appointment is not None and (appointment.is_live or appointment.state == "done")


def _booked_or_told(row, by) -> None:
    if row.dosing.appointment.integration is not None and _stands(row.dosing.appointment.integration):
        tie_appointment(integration=row, by=by)
    elif row.closes_at > clock.now():
        tell_unbooked(row, by=by)


def _raise_late(late, by) -> int:
    known = set(Item.objects.filter(key__in=[late_key(row) for row in late]).values_list("key", flat=True))
    fresh = [row for row in late if late_key(row) not in known]
    for row in fresh:
        client = row.course.client
        worklist.raise_item(
            key=late_key(row), kind=worklist.Kind.INTEGRATION_LATE, urgency=worklist.Urgency.TODAY, client=client,
            title=f"{client.name}: integration late", due_at=row.closes_at,
            detail=f"The window after dosing {row.dosing.number} has closed and no note is signed.",
            link=reverse("integration:note", args=[row.pk]), link_words="Open the note", by=by,
        )  # fmt: skip
    return len(fresh)
