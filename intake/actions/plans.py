"""The treatment plan: begun, saved as a draft, signed. A signed one is kept; the next one supersedes it."""

from datetime import date

from django.db import IntegrityError

from intake.days import clinic_today
from intake.evaluation_facts import day, diagnosis_rows
from intake.models import Plan
from intake.signing import same_revision, typed_name
from kap.accounts.permissions import Can, Role, require
from kap.core import clock
from kap.core.actions import action, constraint_name
from kap.core.errors import Refused, Stale
from kap.documents import actions as documents
from kap.documents.models import Kind, Signature
from kap.pathway import actions as pathway
from kap.pathway.stages import Stage

__all__ = ["PLAN_FIELDS", "save_plan", "sign_plan", "start_plan"]

WHEN = (Stage.INTAKE, Stage.MEDICAL, Stage.PREPARATION, Stage.DOSING, Stage.INTEGRATION)
PLAN_FIELDS = (
    "problems", "goals", "interventions", "sessions_planned", "days_between", "support", "review_on",
)  # fmt: skip


@action("intake.start_plan")
def start_plan(*, course, by) -> Plan:
    """The open draft of this course, or a new one. Raises Refused, Stale, PermissionDenied."""
    require(by, Can.SIGN_PLAN)
    course = pathway.lock(course)
    draft = course.plans.filter(signed_at=None).first()
    if draft is not None:
        return draft
    if course.stage not in WHEN:
        raise Refused(
            f"{course.client.name} is at {course.get_stage_display().lower()}; no plan is written there."
        )
    return Plan.objects.create(course=course, author=by)


@action("intake.save_plan")
def save_plan(*, plan, values: dict, revision: int, by) -> Plan:
    """Save the draft. Raises DraftChanged when somebody saved in between, Stale once signed."""
    require(by, Can.SIGN_PLAN)
    plan = _open(plan)
    same_revision(plan, revision)
    for name in PLAN_FIELDS:
        if name in values:
            setattr(plan, name, values[name])
    plan.revision += 1
    plan.saved_at = clock.now()
    plan.save(update_fields=[*PLAN_FIELDS, "revision", "saved_at"])
    return plan


@action("intake.sign_plan")
def sign_plan(*, plan, revision: int, printed_name: str, address=None, user_agent: str = "", by) -> Plan:
    """Freeze and sign the plan; the course takes its number of sessions over. Raises Refused, DraftChanged, Stale."""
    require(by, Can.SIGN_PLAN)
    course = pathway.lock(plan.course)
    plan = _open(plan)
    same_revision(plan, revision)
    name, today = typed_name(printed_name, by), clinic_today()
    if reasons := lacks(plan, course, today):
        raise Refused(reasons)
    document = documents.freeze(
        client=course.client, course=course, kind=Kind.TREATMENT_PLAN,
        title=f"Treatment plan, {course.client.name}", content=content_of(plan, course, by), about=plan.pk, by=by,
    )  # fmt: skip
    documents.sign(
        document=document, printed_name=name, capacity=_capacity(by), meaning=Signature.Meaning.AUTHOR,
        address=address, user_agent=user_agent, by=by,
    )  # fmt: skip
    course.plans.filter(signed_at__isnull=False, superseded_at=None).update(superseded_at=clock.now())
    plan.document, plan.signed_at, plan.signed_by = document, clock.now(), by
    try:
        plan.save(update_fields=["document", "signed_at", "signed_by"])
    except IntegrityError as error:
        if constraint_name(error) == "signed_plan_is_whole":
            raise Refused("The plan lacks its number of sessions or its review date.") from error
        raise
    course.planned_sessions = plan.sessions_planned
    course.save(update_fields=["planned_sessions"])
    return plan


def _capacity(by) -> str:
    return "prescriber" if Role.PRESCRIBER in by.roles else "therapist"


def lacks(plan, course, today: date) -> list[str]:
    """What a plan needs before it is signed (clinical.md §7), each in a sentence."""
    reasons = []
    if not plan.problems.strip():
        reasons.append("Write down the problems that the treatment is for.")
    if not any(row.get("goal") for row in plan.goals):
        reasons.append("Write at least one goal.")
    reasons += [
        f"Goal “{row['goal']}”: say how it is measured, and the target."
        for row in plan.goals
        if row.get("goal") and not (row.get("measure") and row.get("target"))
    ]
    if not plan.interventions.strip():
        reasons.append("Write down the interventions.")
    if not plan.sessions_planned:
        reasons.append("Write how many dosing sessions are planned.")
    if plan.review_on is None:
        reasons.append("Choose the day on which the plan is reviewed.")
    elif plan.review_on <= today:
        reasons.append("The review date must lie ahead.")
    elif (plan.review_on - today).days > course.rules.validity.plan_review_days:
        reasons.append(f"Review the plan within {course.rules.validity.plan_review_days} days.")
    return reasons


def _open(plan) -> Plan:
    plan = Plan.objects.select_for_update(of=("self",)).select_related("course__client").get(pk=plan.pk)
    if plan.signed_at:
        raise Stale("This plan is signed. Start a new one to change it.")
    return plan


def content_of(plan, course, by) -> dict:
    goals = [
        [row["goal"], f"{row['measure']}: {row['target']}" + (f", by {row['by']}" if row.get("by") else "")]
        for row in plan.goals
        if row.get("goal")
    ]
    between = f"{plan.days_between} days" if plan.days_between else "As agreed"
    return {
        "sections": [
            {"title": "Client", "rows": [
                ["Name", course.client.legal_name], ["Born", day(course.client.birth_date)],
                ["Number", course.client.kap_number], ["Course", str(course.number)],
            ]},
            {"title": "Diagnoses", "rows": diagnosis_rows(course)},
            {"title": "Problems", "text": plan.problems},
            {"title": "Goals", "rows": goals},
            {"title": "Interventions", "text": plan.interventions},
            {"title": "Course of treatment", "rows": [
                ["Dosing sessions planned", str(plan.sessions_planned)],
                ["Each followed by integration", "Yes"], ["Between two doses", between],
            ]},
            {"title": "Support between sessions", "text": plan.support or "None written down"},
            {"title": "Review", "rows": [
                ["Review on", day(plan.review_on)],
                ["Author", ", ".join(part for part in (by.name, by.credential_line) if part)],
            ]},
        ],
        "goals": plan.goals, "sessions_planned": plan.sessions_planned, "days_between": plan.days_between,
        "review_on": plan.review_on,
    }  # fmt: skip
