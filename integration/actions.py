"""Signing an integration, the safety screen before it, and the summary that ends a course."""

from integration import window
from integration.facts import course_facts, summary_content
from integration.follow import unbooked_key, window_cause
from integration.models import CourseSummary, IntegrationSession
from kap.accounts.permissions import Can, Role, require
from kap.core import clock
from kap.core.actions import action
from kap.core.errors import Refused, Stale
from kap.documents import actions as documents
from kap.documents.models import Kind as DocumentKind
from kap.documents.models import Signature
from kap.measures import actions as measures
from kap.measures import instruments
from kap.measures.models import Occasion, Response
from kap.notes import actions as notes
from kap.notes.models import Kind as NoteKind
from kap.outbox import actions as outbox
from kap.pathway.actions import lock
from kap.pathway.stages import Stage
from kap.worklist import actions as worklist
from scheduling.actions import finish
from scheduling.actions.items import close_all
from scheduling.follow import window_key
from scheduling.models import State

SHORTEST_SUMMARY = 20  # characters: a sentence


def late_key(integration) -> str:
    return f"integration_late:{integration.pk}"


@action("integration.begin_note")
def begin_note(*, integration, by):
    """The author's draft for this integration, tied to it at once. Raises Stale when another has begun it."""
    require(by, Can.SIGN_INTEGRATION)
    integration = _locked(integration)
    note = notes.start(
        course=integration.course, kind=NoteKind.INTEGRATION, about=integration.dosing_id, by=by
    )
    if integration.note_id != note.pk:
        integration.note = note
        integration.save(update_fields=["note"])
    return note


@action("integration.tie_appointment")
def tie_appointment(*, integration, by) -> IntegrationSession:
    """The appointment that stands for this dose now: booked later, or again after it was cancelled or missed."""
    integration = _locked(integration)
    booked = integration.dosing.appointment.integration
    if booked is not None and booked.pk != integration.appointment_id:
        integration.appointment = booked
        integration.save(update_fields=["appointment"])
    return integration


@action("integration.set_held")
def set_held(*, integration, held_at, by) -> IntegrationSession:
    """When the session took place, where the calendar does not know it. `held_at` is aware. Raises Refused, Stale."""
    require(by, Can.SIGN_INTEGRATION)
    integration = _locked(integration)
    _possible(integration, held_at)
    integration.held_at = held_at
    integration.save(update_fields=["held_at"])
    return integration


def _possible(integration, held_at) -> None:
    if held_at > clock.now():
        raise Refused("The session cannot have been held in the future. Correct its time.")
    if held_at < integration.dosing.ended_at:
        raise Refused("The session cannot have been held before the dosing session ended. Correct its time.")


def held_by_calendar(integration, note=None):
    """When it was held, as far as we know: as said, else the client's arrival, else the booked time, else when the
    note was begun (an unbooked or early session is written down while it goes on)."""
    if integration.held_at:
        return integration.held_at
    booked, now = integration.appointment, clock.now()
    if booked is not None and booked.state in (State.BOOKED, State.ARRIVED, State.DONE):
        if booked.arrived_at:
            return booked.arrived_at
        if integration.dosing.ended_at <= booked.starts_at <= now:
            return booked.starts_at
    return note.created_at if note is not None else now


@action("integration.screen_safety")
def screen_safety(*, integration, answers: dict, by) -> Response:
    """The C-SSRS asked at the integration and written down by the clinician; what it raises is raised with it.

    `answers`: {item key: 0 or 1}. Raises Refused when a question that must be asked is open, Stale when answered.
    """
    require(by, Can.ACKNOWLEDGE_SAFETY)
    integration = _locked(integration)
    if any(answers.get(item.key) is None for item in instruments.get("cssrs").asked(answers)):
        raise Refused("Ask every question that is shown. An open question is never “no”.")
    if safety_screen(integration) is not None:
        raise Stale("The safety screen of this integration is answered already.")
    request = measures.ask(
        course=integration.course, instrument="cssrs", occasion=Occasion.AFTER_DOSE, due_at=clock.now(),
        about=integration.dosing_id, by=by,
    )  # fmt: skip
    return measures.answer(request=request, answers=answers, by=by)


def safety_screen(integration) -> Response | None:
    """The newest whole C-SSRS since the dosing session ended."""
    return (
        Response.objects.filter(
            course=integration.course_id, instrument="cssrs", complete=True,
            authored_at__gte=integration.dosing.ended_at,
        )
        .order_by("-authored_at")
        .first()
    )  # fmt: skip


@action("integration.sign")
def sign(*, integration, printed_name: str, held_at=None, by) -> IntegrationSession:
    """Sign the note of an integration. Early, in the window or late is reckoned from `held_at` and stays on record.

    `held_at` is aware; without one the calendar's time is taken. Needs the C-SSRS since the dose (clinical.md §5).
    Locks: appointment, course, integration. Raises Refused (what the note lacks, a time before the dose ended or
    ahead of now), Stale, PermissionDenied.
    """
    require(by, Can.SIGN_INTEGRATION)
    booked = integration.dosing.appointment.integration
    if booked is not None and booked.is_live:
        finish(appointment=booked, by=by)
    course = lock(integration.course)
    integration = _locked(integration)
    integration.appointment = booked or integration.appointment
    note = integration.note or _own_draft(integration, by)
    if note is None:
        raise Refused("There is no note yet. Write it first.")
    if safety_screen(integration) is None:
        raise Refused("The C-SSRS has not been asked since the dose. Ask it on this page, then sign.")
    held_at = held_at or held_by_calendar(integration, note)
    _possible(integration, held_at)
    note = notes.sign(note=note, printed_name=printed_name, held_at=held_at, by=by)
    _keep(integration, note, held_at, course.rules)
    _nothing_waits(integration, by)
    return integration


def _own_draft(integration, by):
    drafts = integration.course.notes.filter(kind=NoteKind.INTEGRATION, about=integration.dosing_id)
    return drafts.filter(author=by, signed_at=None).first()


def _keep(integration, note, held_at, rules) -> None:
    hours = (rules.integration.opens_hours, rules.integration.closes_hours)
    found = window.timing(integration.dosing.ended_at, held_at, hours)
    integration.note, integration.held_at, integration.signed_at = note, held_at, note.signed_at
    integration.hours_after, integration.timing = found.hours, str(found.verdict)
    integration.save(update_fields=["appointment", "note", "held_at", "signed_at", "hours_after", "timing"])


def _nothing_waits(integration, by) -> None:
    """Its tasks are done and its messages have no object any more."""
    worklist.close(key=late_key(integration), by=by)
    close_all(unbooked_key(integration), by=by)
    close_all(window_key(integration.dosing.appointment), by=by)
    outbox.drop(cause=window_cause(integration), why="The integration was held", by=by)


def _locked(integration) -> IntegrationSession:
    found = IntegrationSession.objects.select_for_update(of=("self",)).select_related(
        "course__client", "course__protocol", "dosing__appointment", "note", "appointment__service"
    )
    integration = found.get(pk=integration.pk)
    if integration.signed_at:
        raise Stale("This integration is signed. Add to its note with an addendum.")
    return integration


@action("integration.sign_summary")
def sign_summary(
    *, course, words: str, printed_name: str, address=None, user_agent: str = "", by
) -> CourseSummary:
    """Freeze what the course was, with the therapist's words, as a signed document. Raises Refused, Stale."""
    require(by, Can.COMPLETE_COURSE)
    course = lock(course)
    if CourseSummary.objects.filter(course=course).exists():
        raise Stale("This course has its signed summary already.")
    if course.stage != Stage.FOLLOW_UP:
        raise Refused("A course is summed up at follow-up, after its last integration.")
    if len(words.strip()) < SHORTEST_SUMMARY:
        raise Refused("Say in a few sentences what the course brought and what comes next.")
    facts = course_facts(course)
    document = documents.freeze(
        client=course.client, course=course, kind=DocumentKind.COURSE_SUMMARY,
        title=f"Course summary, {course.client.name}", content=summary_content(course, facts, words.strip(), by),
        about=course.pk, by=by,
    )  # fmt: skip
    documents.sign(
        document=document, printed_name=printed_name, capacity=_capacity(by), meaning=Signature.Meaning.AUTHOR,
        address=address, user_agent=user_agent, by=by,
    )  # fmt: skip
    return CourseSummary.objects.create(
        course=course, document=document, words=words.strip(), facts=facts.as_json()
    )


def _capacity(by) -> str:
    return "therapist" if Role.THERAPIST in by.roles else "prescriber"
