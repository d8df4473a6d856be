"""What the pathway asks of this app in the same transaction as a move: open the integration, ask the final measures."""

from datetime import timedelta

from django.urls import reverse

from integration.models import IntegrationSession
from kap.core import clock
from kap.core.actions import action
from kap.core.errors import Stale
from kap.measures import actions as measures
from kap.measures.models import Occasion
from kap.outbox import actions as outbox
from kap.worklist import actions as worklist
from scheduling.follow import recheck_integration

AFTER_DOSE = ("phq9", "gad7")
CLOSING_NOTICE = timedelta(hours=12)  # left in the window when staff are told that nothing is booked


def window_cause(integration) -> str:
    return f"integration.session:{integration.pk}"


def unbooked_key(integration) -> str:
    return f"integration_unbooked:session:{integration.pk}"


@action("integration.open")
def open_integration(*, course, subject, by) -> IntegrationSession:
    """One integration for this dose, with its window from the session's actual end.

    `subject` is the ended dosing session. Takes over the appointment that was booked with the dose; where none
    stands, staff and client are told in time. Raises Stale when it is open already.
    """
    session = subject
    if IntegrationSession.objects.filter(dosing=session).exists():
        raise Stale("The integration of this session is open already.")
    opens, closes = course.rules.integration.window(session.ended_at)
    made = IntegrationSession.objects.create(
        course=course,
        dosing=session,
        appointment=session.appointment.integration,
        opens_at=opens,
        closes_at=closes,
    )
    recheck_integration(session=session, by=by)
    for instrument in AFTER_DOSE:
        measures.ask(
            course=course,
            instrument=instrument,
            occasion=Occasion.AFTER_DOSE,
            due_at=opens,
            about=session,
            by=by,
        )
    if made.appointment is None:
        _tell_unbooked(made, by)
    return made


def _tell_unbooked(integration, by) -> None:
    """Nothing is booked: a task for the team, and word to the client when the window opens and before it closes."""
    client, link = (
        integration.course.client,
        reverse("scheduling:appointment", args=[integration.dosing.appointment_id]),
    )
    worklist.raise_item(
        key=unbooked_key(integration), kind=worklist.Kind.INTEGRATION_UNBOOKED, urgency=worklist.Urgency.TODAY,
        title=f"{client.name}: integration not booked", client=client, due_at=integration.closes_at,
        detail="It is due 24 to 48 hours after the dosing session.", link=link, link_words="Book integration", by=by,
    )  # fmt: skip
    if not client.email:
        return
    times = (
        ("integration_window_open", integration.opens_at),
        ("integration_closing", integration.closes_at - CLOSING_NOTICE),
    )
    for kind, send_at in times:
        outbox.owe(
            key=f"{kind}:{integration.pk}", kind=kind, send_at=send_at, to_address=client.email, to_name=client.name,
            client=client, context={"path": reverse("scheduling:mine")}, cause=window_cause(integration),
            expires_at=integration.closes_at, by=by,
        )  # fmt: skip


@action("integration.ask_final_measures")
def ask_final_measures(*, course, subject=None, by) -> None:
    """At follow-up: the same questionnaires as before treatment, so that the course can be compared with itself."""
    for instrument in AFTER_DOSE:
        measures.ask(course=course, instrument=instrument, occasion=Occasion.FINAL, due_at=clock.now(), by=by)
