"""Asking a questionnaire, keeping its draft, taking its answers. What must be acted on is raised with them."""

from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import System, action, audit_label
from kap.core.errors import Refused, Stale
from kap.measures import instruments, safety, scoring
from kap.measures.models import Occasion, Request, Response
from kap.outbox.actions import drop, owe
from kap.people.models import Client


@action("measures.ask")
def ask(*, course, instrument: str, occasion: str, due_at, about=None, by) -> Request:
    """A questionnaire that the client should answer; once per course, instrument, occasion and session.

    Before treatment it stands in her task list; later ones are announced by email when due.
    """
    instruments.get(instrument)
    about = getattr(about, "pk", about)
    request, made = Request.objects.get_or_create(
        course=course, instrument=instrument, occasion=occasion, about=about, cancelled_at=None,
        defaults={"client_id": course.client_id, "due_at": due_at},
    )  # fmt: skip
    if made and occasion != Occasion.BASELINE and course.client.email:
        owe(
            key=f"measure_due:{request.pk}", kind="measure_due", send_at=due_at, to_address=course.client.email,
            to_name=course.client.name, client=course.client, context={"path": f"/measures/{request.pk}"},
            cause=f"measures.request:{request.pk}", by=by,
        )  # fmt: skip
    return request


@action("measures.cancel")
def cancel(*, request, by) -> Request:
    """No longer wanted (course left, session closed without medicine)."""
    if not isinstance(by, System):
        require(by, Can.OPEN_CHART)
    request = _open(request, by, check=False)
    request.cancelled_at = clock.now()
    request.save(update_fields=["cancelled_at"])
    drop(cause=f"measures.request:{request.pk}", why="No longer asked", by=by)
    return request


def _open(request, by, check=True) -> Request:
    """The request, locked; refused to strangers, Stale when answered."""
    request = (
        Request.objects.select_for_update(of=("self",)).select_related("client", "course").get(pk=request.pk)
    )
    if check and not _may_answer(request, by):
        raise Refused("Only the client, or the care team on the client's behalf, can answer this.")
    if request.response_id:
        raise Stale("These questions are answered already.")
    if request.cancelled_at:
        raise Stale("These questions are no longer needed.")
    return request


def _may_answer(request, by) -> bool:
    if isinstance(by, System):
        return True
    if request.client.user_id and getattr(by, "pk", None) == request.client.user_id:
        return True
    return by.is_clinician and Client.objects.visible_to(by).filter(pk=request.client_id).exists()


@action("measures.save_draft")
def save_draft(*, request, answers: dict, by) -> Request:
    """Keep the answers given so far; None marks a question that was skipped on purpose."""
    request = _open(request, by)
    request.draft = _known(request.instrument, answers)
    request.draft_saved_at = clock.now()
    request.save(update_fields=["draft", "draft_saved_at"])
    return request


def _known(code: str, answers: dict) -> dict:
    """Answers with whole numbers and only items that exist. Raises Refused in words."""
    try:
        scoring.score(code, answers)
    except (KeyError, ValueError) as error:
        raise Refused("One of the answers is not among the choices. Choose again.") from error
    return dict(answers)


@action("measures.answer")
def answer(*, request, answers: dict, by) -> Response:
    """Send the answers: score, keep for good, and raise what a clinician must act on, all in one transaction.

    A skipped question stays empty and leaves the total unknown. Answers to questions that are no longer asked
    are left out. PHQ-9 item 9 above zero asks the C-SSRS at once (clinical.md §6). Raises Refused, Stale.
    """
    request = _open(request, by)
    instrument = instruments.get(request.instrument)
    answers = _known(request.instrument, answers)
    if not any(value is not None for value in answers.values()):
        raise Refused("Answer at least one question, or leave it for later.")
    kept = {item.key: answers.get(item.key) for item in instrument.asked(answers)}
    result = scoring.score(instrument, kept)
    response = Response.objects.create(
        client=request.client, course=request.course, instrument=instrument.code, version=instrument.version,
        occasion=request.occasion, about=request.about, answers=kept, total=result.total, band=result.band,
        complete=result.complete, authored_at=clock.now(), answered_by=audit_label(by),
    )  # fmt: skip
    request.response, request.draft = response, {}
    request.save(update_fields=["response", "draft"])
    drop(cause=f"measures.request:{request.pk}", why="Answered", by=by)
    safety.act_on(response, result, by=by)
    return response
