"""What happened beside the numbers: observations, adverse events, calls."""

from datetime import datetime

from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action
from kap.core.errors import Refused
from kap.worklist import actions as worklist
from sessions import facts
from sessions.actions.common import a_sentence, in_time, lock, running
from sessions.actions.vitals import call_prescriber_to
from sessions.adverse_events import (
    ACTIONS,
    EVENTS,
    GRADES,
    OUTCOMES,
    RELATEDNESS,
    SERIOUS_REASONS,
    is_serious,
)
from sessions.links import session_path
from sessions.models import AdverseEvent, Observation
from sessions.words import said_in_words

ENDED = ("resolved", "lasting")


@action("dosing.observe")
def observe(*, session, words: str, observed_at: datetime | None = None, by) -> Observation:
    """A line of the flowsheet in words. Raises Refused, Stale."""
    require(by, Can.CHART_VITALS)
    session = running(session)
    return Observation.objects.create(
        session=session, words=a_sentence(words, "Observation", least=2)[:2000],
        observed_at=in_time(observed_at, session, "The observation", earliest=session.opened_at),
        recorded_at=clock.now(), recorded_by=by,
    )  # fmt: skip


@action("dosing.call_prescriber")
def call_prescriber(*, session, by) -> Observation:
    """The prescriber is called to the room: on her work list at once, and written down with its time."""
    require(by, Can.CHART_VITALS)
    session = running(session)
    who = facts.short_name(session.order.signed_by) if session.order else "The prescriber"
    made = Observation.objects.create(
        session=session,
        words=f"Called {who}.",
        observed_at=clock.now(),
        recorded_at=clock.now(),
        recorded_by=by,
    )
    call_prescriber_to(session, f"{by.name} asks you to come or to call.", about=made, by=by)
    return made


@action("dosing.record_event")
def record_event(
    *, session, code: str, grade: int, relatedness: str, action: str, outcome: str, onset_at: datetime | None = None,
    resolved_at: datetime | None = None, serious_reasons: list[str] | tuple = (), words: str = "", action_taken: str = "",
    told: str = "", by,
) -> AdverseEvent:  # fmt: skip
    """An adverse event; also after the session has ended, since some come to light later.

    grade: CTCAE 1 to 5. A serious one, and every kind that cannot wait, reaches the care team's work list in the
    same transaction. Raises Refused.
    """
    require(by, Can.CHART_VITALS)
    session = lock(session)
    _known(code, grade, relatedness, action, outcome, serious_reasons)
    onset = in_time(onset_at, session, "The beginning", earliest=session.opened_at)
    if outcome in ENDED and resolved_at is None:
        raise Refused("Ended: enter when it was over.")
    if code == "other" and not words.strip():
        raise Refused("Other: say in words what happened.")
    with said_in_words():
        made = AdverseEvent.objects.create(
            session=session, code=code, grade=grade, words=words.strip()[:2000], relatedness=relatedness, action=action,
            outcome=outcome, action_taken=action_taken.strip()[:2000], told=told.strip()[:200], onset_at=onset,
            resolved_at=in_time(resolved_at, session, "The end") if resolved_at else None,
            serious=is_serious(grade, serious_reasons), serious_reasons=sorted(serious_reasons),
            recorded_at=clock.now(), recorded_by=by,
        )  # fmt: skip
    if made.serious or EVENTS[code].is_urgent:
        _raise(made, session, by)
    return made


def _known(code, grade, relatedness, action, outcome, reasons) -> None:
    asked = (
        (code in EVENTS, "Event: choose one."), (grade in GRADES, "Grade: choose 1 to 5."),
        (relatedness in RELATEDNESS, "Related to the medicine: choose one."),
        (action in ACTIONS, "What was done: choose one."), (outcome in OUTCOMES, "How it is now: choose one."),
        (set(reasons) <= set(SERIOUS_REASONS), "Serious because: choose from the list."),
    )  # fmt: skip
    if wrong := [words for fine, words in asked if not fine]:
        raise Refused(wrong)


def _raise(event: AdverseEvent, session, by) -> None:
    name = EVENTS[event.code].words
    report = " Serious: think of a MedWatch report." if event.serious else ""
    worklist.raise_item(
        key=f"adverse_event:{event.pk}", kind=worklist.Kind.ADVERSE_EVENT, urgency=worklist.Urgency.NOW,
        title=f"{'Serious adverse event' if event.serious else 'Adverse event'}: {name}", client=session.course.client,
        detail=f"Grade {event.grade}. {event.words}{report}".strip()[:500], link=session_path(session),
        link_words="Open the session", by=by,
    )  # fmt: skip
