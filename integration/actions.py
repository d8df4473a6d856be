"""Signing an integration, and the summary that ends a course."""

from integration import window
from integration.facts import course_facts, summary_content
from integration.follow import unbooked_key, window_cause
from integration.models import CourseSummary, IntegrationSession
from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action
from kap.core.errors import Refused, Stale
from kap.documents import actions as documents
from kap.documents.models import Kind as DocumentKind
from kap.documents.models import Signature
from kap.notes import actions as notes
from kap.notes.models import Kind as NoteKind
from kap.outbox import actions as outbox
from kap.pathway.actions import lock
from kap.pathway.stages import Stage
from kap.worklist import actions as worklist
from scheduling.actions import finish

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


@action("integration.sign")
def sign(*, integration, printed_name: str, held_at, by) -> IntegrationSession:
    """Sign the note of an integration that was held at `held_at` (aware). Early, in the window or late stays on record.

    Locks: course, integration. Raises Refused (what the note lacks, a time before the dose ended or ahead of now),
    Stale, PermissionDenied.
    """
    require(by, Can.SIGN_INTEGRATION)
    course = lock(integration.course)
    integration = _locked(integration)
    if integration.note_id is None:
        raise Refused("There is no note yet. Write it first.")
    ended_at = integration.dosing.ended_at
    if held_at > clock.now():
        raise Refused("The session cannot have been held in the future. Correct its time.")
    if held_at < ended_at:
        raise Refused("The session cannot have been held before the dosing session ended. Correct its time.")
    note = notes.sign(note=integration.note, printed_name=printed_name, held_at=held_at, by=by)
    hours = (course.rules.integration.opens_hours, course.rules.integration.closes_hours)
    found = window.timing(ended_at, held_at, hours)
    integration.held_at, integration.signed_at = held_at, note.signed_at
    integration.hours_after, integration.timing = found.hours, str(found.verdict)
    integration.save(update_fields=["held_at", "signed_at", "hours_after", "timing"])
    if integration.appointment is not None and integration.appointment.is_live:
        finish(appointment=integration.appointment, by=by)
    for key in (unbooked_key(integration), late_key(integration)):
        worklist.close(key=key, by=by)
    outbox.drop(cause=window_cause(integration), why="The integration was held", by=by)
    return integration


def _locked(integration) -> IntegrationSession:
    found = IntegrationSession.objects.select_for_update(of=("self",)).select_related(
        "course__client", "course__protocol", "dosing", "note", "appointment__service"
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
    if hasattr(course, "summary"):
        raise Stale("This course has its signed summary already.")
    if course.stage != Stage.FOLLOW_UP:
        raise Refused("A course is summed up at follow-up, after its last integration.")
    if len(words.strip()) < SHORTEST_SUMMARY:
        raise Refused("Say in a few sentences what the course brought and what comes next.")
    facts = course_facts(course)
    document = documents.freeze(
        client=course.client, course=course, kind=DocumentKind.COURSE_SUMMARY,
        title=f"Course summary, {course.client.name}", content=summary_content(facts, words.strip()), about=course.pk,
        by=by,
    )  # fmt: skip
    documents.sign(
        document=document, printed_name=printed_name, capacity="therapist", meaning=Signature.Meaning.AUTHOR,
        address=address, user_agent=user_agent, by=by,
    )  # fmt: skip
    return CourseSummary.objects.create(
        course=course, document=document, words=words.strip(), facts=facts.as_json()
    )
