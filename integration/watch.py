"""The periodic watch: an integration whose window has closed without a signed note is a task for the team."""

from django.urls import reverse

from integration.actions import late_key
from integration.models import IntegrationSession
from kap.core import clock
from kap.worklist import actions as worklist
from kap.worklist.models import Item


def run(*, by) -> int:
    """Raise one item per late integration; returns how many were new. Named in the outbox's list of watches."""
    now = clock.now()
    late = (
        IntegrationSession.objects.unsigned()
        .filter(closes_at__lt=now)
        .select_related("course__client", "dosing")
    )
    known = set(Item.objects.filter(key__startswith="integration_late:").values_list("key", flat=True))
    fresh = [row for row in late if late_key(row) not in known and row.course.is_open]
    for row in fresh:
        client = row.course.client
        worklist.raise_item(
            key=late_key(row), kind=worklist.Kind.INTEGRATION_LATE, urgency=worklist.Urgency.TODAY, client=client,
            title=f"{client.name}: integration late", due_at=row.closes_at,
            detail=f"The window after dosing {row.dosing.number} has closed and no note is signed.",
            link=reverse("integration:note", args=[row.pk]), link_words="Open the note", by=by,
        )  # fmt: skip
    return len(fresh)
