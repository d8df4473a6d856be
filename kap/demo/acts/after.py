"""Integration, measures, follow-up, the end of a course, and the exits."""

from datetime import timedelta

from integration import actions as integration
from integration.models import IntegrationSession
from kap.core import clock
from kap.demo import answers, words
from kap.demo.acts.booking import hold
from kap.demo.world import Case
from kap.measures import actions as measures
from kap.measures.models import Occasion, Request
from kap.notes import actions as notes
from kap.pathway import actions as pathway
from scheduling import actions as scheduling


def latest(case: Case) -> IntegrationSession:
    return IntegrationSession.objects.filter(course=case.course).order_by("-opens_at").first()


def answer_due(case: Case, number: int, occasion=Occasion.AFTER_DOSE) -> None:
    """The questionnaires that are asked now, by the score after so many doses."""
    case.act = "questionnaires"
    asked = Request.objects.filter(course=case.course, occasion=occasion, response=None, cancelled_at=None)
    for request in asked.filter(instrument__in=["phq9", "gad7"]).order_by("instrument"):
        total = case.phq(number) if request.instrument == "phq9" else answers.gad(case.phq(number))
        measures.answer(request=request, answers=answers.scores(request.instrument, total), by=case.user)


def draft_note(case: Case):
    """The therapist has begun the note, and not signed it."""
    case.act = "integration note"
    session = latest(case)
    note = integration.begin_note(integration=session, by=case.therapist)
    told = words.INTEGRATION[(len(case.person.name) + session.dosing.number) % len(words.INTEGRATION)]
    body = told | words.INTEGRATION_COMMON
    return notes.save_draft(note=note, body=body, revision=note.revision, by=case.therapist)


def screen_safety(case: Case) -> None:
    """The C-SSRS, asked in the session: nothing named."""
    case.act = "safety screen"
    given = {"1": 0, "2": 0, "3": None, "4": None, "5": None, "6": 0, "6a": None}
    integration.screen_safety(integration=latest(case), answers=given, by=case.therapist)


def integrate(case: Case, appointment) -> None:
    screen_safety(case)
    draft_note(case)
    hold_at = appointment.starts_at
    hold(case, appointment)
    case.act = "signing the integration"
    integration.sign(
        integration=latest(case), printed_name=case.therapist.name, held_at=hold_at, by=case.therapist
    )
    case.again()


def arrive(case: Case, appointment) -> None:
    case.act = "arrival"
    with clock.at(appointment.starts_at - timedelta(minutes=5)):
        scheduling.arrive(appointment=appointment, by=case.admin)


def to_follow_up(case: Case) -> None:
    case.act = "going on to follow-up"
    pathway.advance(course=case.again(), gate="follow_up", by=case.therapist)
    case.again()


def complete(case: Case) -> None:
    case.act = "course summary"
    integration.sign_summary(
        course=case.again(),
        words=case.pick(words.SUMMARIES),
        printed_name=case.therapist.name,
        by=case.therapist,
    )
    pathway.advance(course=case.again(), gate="completed", by=case.therapist)
    case.again()


def leave(case: Case, to: str, reason: str, why: str) -> None:
    case.act = f"leaving ({to})"
    pathway.leave(course=case.course, to=to, reason=reason, words=why, by=case.therapist)
    case.again()


def resume(case: Case, why: str) -> None:
    case.act = "resuming"
    pathway.resume(course=case.course, words=why, by=case.therapist)
    case.again()
