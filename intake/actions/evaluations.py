"""The medical evaluation: begun, saved as a draft, decided. Decided ones are kept as they are."""

from datetime import timedelta

from django.db import IntegrityError

from intake.clearance import blocks, needs_reasons
from intake.days import clinic_today
from intake.evaluation_facts import content_of, evaluation_findings, flag_rows
from intake.models import Decision, Evaluation, FlagAnswer, TelemedicineBasis
from intake.signing import same_revision, typed_name
from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action, audit_label, constraint_name
from kap.core.errors import Refused, Stale
from kap.documents import actions as documents
from kap.documents.models import Kind, Signature
from kap.pathway import actions as pathway
from kap.pathway.stages import EXIT_REASONS, Stage

__all__ = ["EDITABLE", "decide", "save_evaluation", "start_evaluation", "use_newest_forms"]

WHEN = (Stage.MEDICAL, Stage.PREPARATION, Stage.DOSING, Stage.INTEGRATION)
EDITABLE = (
    "seen_in_person_on", "patient_state", "systolic_mmhg", "diastolic_mmhg", "heart_rate_bpm", "spo2_percent",
    "weight_kg", "height_cm", "weight_measured_on", "notes", "conditions", "reasons",
)  # fmt: skip
CLEARS = (Decision.CLEAR, Decision.CONDITIONS)
LEAVES = {Decision.DEFER: Stage.DEFERRED, Decision.DECLINE: Stage.DECLINED}


@action("intake.start_evaluation")
def start_evaluation(*, course, by) -> Evaluation:
    """The open draft of this course, or a new one on the newest forms. Raises Refused, PermissionDenied."""
    require(by, Can.EVALUATE)
    course = pathway.lock(course)
    draft = course.evaluations.filter(decided_at=None).first()
    if draft is not None:
        return draft
    if course.stage not in WHEN:
        raise Refused(
            f"{course.client.name} is at {course.get_stage_display().lower()}; there is nothing to evaluate now."
        )
    try:
        return Evaluation.objects.create(course=course, author=by, submission=course.submissions.first())
    except IntegrityError as error:
        if constraint_name(error) == "one_open_evaluation_per_course":
            raise Stale("A colleague has just begun this evaluation.") from error
        raise


@action("intake.use_newest_forms")
def use_newest_forms(*, evaluation, by) -> Evaluation:
    """The client has sent her forms again: the draft moves to them. Responses go along where the flag is the same."""
    require(by, Can.EVALUATE)
    evaluation = _open(evaluation)
    newest = evaluation.course.submissions.first()
    if newest is None or newest.pk == evaluation.submission_id:
        return evaluation
    said = {row.flag.code: row.words for row in evaluation.flag_answers.select_related("flag")}
    evaluation.flag_answers.all().delete()
    evaluation.submission = newest
    evaluation.revision += 1
    evaluation.save(update_fields=["submission", "revision"])
    FlagAnswer.objects.bulk_create(
        FlagAnswer(evaluation=evaluation, flag=flag, words=said[flag.code])
        for flag in newest.flags.all()
        if flag.code in said
    )
    return evaluation


@action("intake.save_evaluation")
def save_evaluation(*, evaluation, values: dict, answers: dict, revision: int, by) -> Evaluation:
    """Save the draft. values: by field name (EDITABLE); answers: {flag id as text: words}, "" takes one back.

    Raises DraftChanged when somebody saved in between, Stale once decided.
    """
    require(by, Can.EVALUATE)
    evaluation = _open(evaluation)
    same_revision(evaluation, revision)
    for name in EDITABLE:
        if name in values:
            setattr(evaluation, name, values[name])
    evaluation.revision += 1
    evaluation.saved_at = clock.now()
    evaluation.save(update_fields=[*EDITABLE, "revision", "saved_at"])
    _answer_flags(evaluation, answers)
    return evaluation


def _answer_flags(evaluation, answers):
    flags = {str(flag.pk): flag for flag, _ in flag_rows(evaluation)}
    written = {str(row.flag_id): row for row in evaluation.flag_answers.all()}
    for key, words in answers.items():
        words, row = words.strip(), written.get(key)
        if key not in flags:
            raise Refused("One of the responses belongs to other forms. Reload the page.")
        if not words:
            if row is not None:
                row.delete()
        elif row is None:
            FlagAnswer.objects.create(evaluation=evaluation, flag=flags[key], words=words)
        elif row.words != words:
            row.words = words
            row.save(update_fields=["words"])


def _open(evaluation) -> Evaluation:
    evaluation = (
        Evaluation.objects.select_for_update(of=("self",))
        .select_related("course__client")
        .get(pk=evaluation.pk)
    )
    if evaluation.decided_at:
        raise Stale("This evaluation is decided. Start a new one to change the decision.")
    return evaluation


@action("intake.decide")
def decide(
    *, evaluation, decision: str, revision: int, printed_name: str, exit_reason: str = "", address=None,
    user_agent: str = "", by,
) -> Evaluation:  # fmt: skip
    """Sign the evaluation with its decision: content frozen, hashed, a Document made; to defer or decline leaves the pathway.

    Raises Refused with every reason why not, DraftChanged, Stale, PermissionDenied. Never cleared: hypersensitivity,
    pregnancy, age under 18; or while a hard or soft flag has no response (clinical.md §1).
    """
    require(by, Can.EVALUATE)
    course = pathway.lock(evaluation.course)
    evaluation = _open(evaluation)
    same_revision(evaluation, revision)
    name, today = typed_name(printed_name, by), clinic_today()
    findings = evaluation_findings(evaluation, today, by=by)
    exit_reason = exit_reason if decision in LEAVES else ""
    _may_decide(course, evaluation, decision, exit_reason, findings)
    evaluation.decision, evaluation.printed_name = decision, name
    if decision in CLEARS:
        evaluation.valid_until = today + timedelta(days=course.rules.validity.evaluation_days)
    document = _freeze(course, evaluation, findings, exit_reason, by)
    documents.sign(
        document=document, printed_name=name, capacity="prescriber", meaning=Signature.Meaning.AUTHOR,
        address=address, user_agent=user_agent, by=by,
    )  # fmt: skip
    evaluation.content, evaluation.sha256 = document.content, document.sha256
    evaluation.decided_at, evaluation.decided_by = clock.now(), by
    evaluation.save()
    _keep_in_person(course, evaluation, by)
    if decision in LEAVES:
        pathway.leave(course=course, to=LEAVES[decision], reason=exit_reason, words=evaluation.reasons, by=by)
    return evaluation


def _may_decide(course, evaluation, decision, exit_reason, findings) -> None:
    reasons = evaluation.reasons.strip()
    if decision not in Decision.values:
        raise Refused("Choose a decision.")
    if course.stage not in WHEN:
        raise Refused(
            f"{course.client.name} is at {course.get_stage_display().lower()}; nothing is to be decided now."
        )
    newest = course.submissions.first()
    if newest is not None and newest.pk != evaluation.submission_id:
        raise Refused("The client has sent the forms again since. Read the newest ones first.")
    if decision in LEAVES:
        if exit_reason not in EXIT_REASONS[LEAVES[decision]]:
            raise Refused("Choose the reason for this decision from the list.")
        if len(reasons) < 10:
            raise Refused("Give your reasons in a full sentence.")
        return
    shut = blocks(findings)
    if shut:
        raise Refused([str(finding) for finding in shut])
    if decision == Decision.CONDITIONS and not evaluation.conditions.strip():
        raise Refused("Write down the conditions.")
    if needs_reasons(findings) and len(reasons) < 10:
        raise Refused(
            ["Give your reasons for clearing in spite of what was found:"]
            + [f.words for f in needs_reasons(findings)]
        )


def _freeze(course, evaluation, findings, exit_reason, by):
    content = content_of(evaluation, findings, exit_reason, by)
    return documents.freeze(
        client=course.client, course=course, kind=Kind.MEDICAL_EVALUATION,
        title=f"Medical evaluation, {course.client.name}", content=content, about=evaluation.pk, by=by,
    )  # fmt: skip


def _keep_in_person(course, evaluation, by) -> None:
    """An evaluation in person is a lasting ground for prescribing at a distance (clinical.md §4)."""
    if evaluation.seen_in_person_on is None:
        return
    TelemedicineBasis.objects.get_or_create(
        client=course.client, basis="in_person", valid_from=evaluation.seen_in_person_on,
        defaults=dict(source="Medical evaluation in person", recorded_by=audit_label(by)),
    )  # fmt: skip
