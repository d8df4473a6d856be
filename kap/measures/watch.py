"""Questions that nobody answered, and safety alerts on which nobody has acted."""

from datetime import timedelta

from kap.core import clock
from kap.measures.instruments import get as instrument
from kap.measures.models import Occasion, Request
from kap.measures.safety import people_to_tell
from kap.outbox.actions import owe
from kap.worklist.actions import Kind, Urgency, close, raise_item
from kap.worklist.models import Item

OVERDUE = timedelta(days=3)  # when a person should ring: a house rule of ours, no clinical limit
AGAIN = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))


def run(*, by) -> None:
    overdue(by=by)
    alert_again(by=by)


def overdue(*, by) -> None:
    """Not before treatment: those stand in the forms, which have a reminder of their own."""
    late = Request.objects.due(clock.now() - OVERDUE).exclude(occasion=Occasion.BASELINE)
    for request in late.select_related("client"):
        raise_item(
            key=f"measure_overdue:{request.pk}", kind=Kind.MEASURE_OVERDUE, urgency=Urgency.SOON, client=request.client,
            title=f"{instrument(request.instrument).name} not answered: {request.get_occasion_display().lower()}",
            due_at=request.due_at,
            detail="Call the client, or enter the answers as they are told to you.", link=f"/measures/{request.pk}/enter",
            link_words="Enter the answers", by=by,
        )  # fmt: skip
    answered = Item.objects.open().filter(kind=Kind.MEASURE_OVERDUE).values_list("key", flat=True)
    waiting = (
        {f"measure_overdue:{pk}" for pk in Request.objects.open().values_list("pk", flat=True)}
        if answered
        else set()
    )
    for key in set(answered) - waiting:
        close(key=key, by=by)


def alert_again(*, by) -> None:
    """A safety alert is repeated after one, four and twenty-four hours, until a clinician has acted (clinical.md §6)."""
    now = clock.now()
    for item in (
        Item.objects.open().filter(kind=Kind.SAFETY, raised_at__lte=now - AGAIN[0]).select_related("client")
    ):
        step = sum(now - item.raised_at >= wait for wait in AGAIN)
        for user in people_to_tell(item.client):
            owe(
                key=f"safety:{item.pk}:{user.pk}:again{step}", kind="safety_alert", send_at=now, to_address=user.email,
                to_name=user.name, context={"path": f"/worklist/{item.pk}"}, cause=f"worklist.item:{item.pk}", by=by,
            )  # fmt: skip
