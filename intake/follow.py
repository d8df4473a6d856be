"""What follows from a move of the course, in the same transaction. Named by dotted path in the pathway's tables."""

from datetime import timedelta

from django.urls import reverse

from intake.actions.orders import end_orders
from intake.evidence.forms import REQUIRED_MEASURES
from kap.core import clock
from kap.core.actions import action
from kap.measures import actions as measures
from kap.measures.models import Occasion
from kap.outbox.actions import owe

__all__ = ["end_orders", "open_forms"]

REMIND_AFTER = (timedelta(days=2), timedelta(days=5))


@action("intake.open_tasks")
def open_forms(*, course, subject=None, by) -> None:
    """The intake opens: the questionnaires asked before treatment, and two reminders should the forms stay unsent.

    Without an email address no reminder is owed: the forms then come by phone or in the clinic.
    """
    now = clock.now()
    for code in REQUIRED_MEASURES:
        measures.ask(course=course, instrument=code, occasion=Occasion.BASELINE, due_at=now, by=by)
    client = course.client
    if not client.email:
        return
    for after in REMIND_AFTER:
        owe(
            key=f"intake_unfinished:{course.pk}:{after.days}", kind="intake_unfinished", send_at=now + after,
            to_address=client.email, to_name=client.name, client=client, context={"path": reverse("intake:tasks")},
            cause=f"intake.course:{course.pk}", by=by,
        )  # fmt: skip
