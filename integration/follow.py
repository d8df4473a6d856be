"""What the pathway asks of this app in the same transaction as a move: open the integration, ask the final measures."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse

from integration.models import IntegrationSession
from kap.accounts.permissions import Role
from kap.core import clock
from kap.core.actions import action
from kap.core.errors import Stale
from kap.measures import actions as measures
from kap.measures import instruments
from kap.measures.models import Occasion, Response
from kap.outbox import actions as outbox
from kap.people.models import TeamMember
from kap.worklist import actions as worklist
from kap.worklist.models import Item
from scheduling.actions.booking import unbooked_key as scheduling_key
from scheduling.follow import recheck_integration

AFTER_DOSE = ("phq9", "gad7")
CLOSING_NOTICE = timedelta(hours=12)  # left in the window when staff are told that nothing is booked


def window_cause(integration) -> str:
    """As the calendar names it, so that it is asked again before sending whether the integration still waits."""
    return f"appointment:{integration.dosing.appointment_id}"


def unbooked_key(integration) -> str:
    """As the calendar names it, so that booking closes the task."""
    return scheduling_key(integration.dosing.appointment)


@action("integration.open")
def open_integration(*, course, subject, by) -> IntegrationSession:
    """One integration for this dose, with its window from the session's actual end.

    `subject` is the ended dosing session. Takes over the appointment that was booked with the dose and looks whether
    it still lies in the window; where none stands, staff and client are told in time. Raises Stale when it is open
    already.
    """
    session = subject
    if IntegrationSession.objects.filter(dosing=session).exists():
        raise Stale("The integration of this session is open already.")
    opens, closes = course.rules.integration.window(session.ended_at)
    made = IntegrationSession.objects.create(
        course=course, dosing=session, appointment=session.appointment.integration, opens_at=opens, closes_at=closes,
    )  # fmt: skip
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
        tell_unbooked(made, by=by)
    else:
        recheck_integration(session=session, by=by)
    return made


def tell_unbooked(integration, *, by) -> None:
    """Nothing is booked: a task for the team; word to the client when the window opens, to the team before it closes.

    Once for each integration, however often it is called.
    """
    client, dosing = integration.course.client, integration.dosing.appointment
    zone = ZoneInfo(dosing.location.zone)
    opens, closes = (
        f"{at.astimezone(zone):%a %-d %b, %H:%M}" for at in (integration.opens_at, integration.closes_at)
    )
    link = reverse("scheduling:appointment", args=[dosing.pk])
    if not Item.objects.open().filter(key__startswith=f"{unbooked_key(integration)}:").exists():
        worklist.raise_item(
            key=f"{unbooked_key(integration)}:open", kind=worklist.Kind.INTEGRATION_UNBOOKED,
            urgency=worklist.Urgency.TODAY, title=f"{client.name}: integration not booked", client=client,
            due_at=integration.closes_at, detail=f"The window is {opens} to {closes}.", link=link,
            link_words="Book integration", by=by,
        )  # fmt: skip
    outbox.owe(
        key=f"integration_window_open:{integration.pk}", kind="integration_window_open",
        send_at=max(integration.opens_at, clock.now()), to_address=client.email, to_name=client.name, client=client,
        context={"path": reverse("scheduling:mine")}, cause=window_cause(integration),
        expires_at=integration.closes_at, by=by,
    )  # fmt: skip
    _warn_team(integration, link, by)


def _warn_team(integration, link, by) -> None:
    team = TeamMember.objects.current().filter(client=integration.course.client_id, role=Role.THERAPIST)
    for member in team.select_related("user"):
        outbox.owe(
            key=f"integration_closing:{integration.pk}:{member.user_id}", kind="integration_closing",
            send_at=max(integration.closes_at - CLOSING_NOTICE, clock.now()), to_address=member.user.email,
            to_name=member.user.name, context={
                "path": link, "closes_at": integration.closes_at.isoformat(),
                "zone": integration.dosing.appointment.location.zone,
            },
            cause=window_cause(integration), expires_at=integration.closes_at + CLOSING_NOTICE, by=by,
        )  # fmt: skip


@action("integration.ask_final_measures")
def ask_final_measures(*, course, subject=None, by) -> None:
    """At follow-up: the same questionnaires as before treatment, so that the course can be compared with itself."""
    before = Response.objects.filter(course=course, occasion=Occasion.BASELINE).values_list(
        "instrument", flat=True
    )
    wanted = {*AFTER_DOSE, *before} - {"cssrs"}
    for instrument in instruments.CODES:
        if instrument in wanted:
            measures.ask(
                course=course, instrument=instrument, occasion=Occasion.FINAL, due_at=clock.now(), by=by
            )
