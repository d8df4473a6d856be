"""Orders: drafted, read back, signed, superseded, ended. Signed ones change only by their end.

Controlled substances are not prescribed electronically here: a signed order is printed for ink, or goes out by the
clinic's own e-prescribing vendor (21 CFR 1311).
"""

from django.db import IntegrityError

from intake import consents
from intake.consents import kinds_for
from intake.days import clinic_today
from intake.models import Order, TelemedicineBasis
from intake.order_content import content_of
from intake.order_facts import clearing_evaluation, in_person_on, order_findings
from intake.signing import typed_name
from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action, audit_label, constraint_name
from kap.core.errors import Refused, Stale
from kap.core.levels import hard, soft
from kap.documents import actions as documents
from kap.documents.models import Kind, Signature
from kap.pathway import actions as pathway
from kap.pathway.models import Setting
from kap.pathway.stages import Stage

__all__ = ["ORDER_FIELDS", "discard_order", "draft_order", "end_order", "end_orders", "sign_order"]

WHEN = (Stage.MEDICAL, Stage.PREPARATION, Stage.INTEGRATION)
ORDER_FIELDS = (
    "setting", "route", "strength", "dose_min_mg", "dose_max_mg", "booster_max_mg", "infusion_minutes",
    "session_max_mg", "sessions", "weight_kg", "weight_measured_on", "start_systolic_max_mmhg",
    "start_diastolic_max_mmhg", "call_systolic_mmhg", "call_diastolic_mmhg", "call_spo2_below_percent",
    "call_heart_rate_above_bpm", "instructions", "expires_on",
)  # fmt: skip
PROMISES = {
    "order_doses_in_order": "The doses are not in order: lowest, highest, most in one session.",
    "remote_is_by_mouth_only": "At home only a lozenge or a medicine by mouth can be ordered.",
    "infusion_has_a_duration": "Write how many minutes the infusion runs.",
    "order_covers_some_sessions": "An order covers 1 to 60 sessions.",
}


@action("intake.draft_order")
def draft_order(*, course, values: dict, by) -> Order:
    """Write (or rewrite) this prescriber's unsigned order. It gives nobody a right to anything. Raises Refused."""
    require(by, Can.ORDER)
    course = pathway.lock(course)
    evaluation = clearing_evaluation(course, clinic_today())
    if evaluation is None:
        raise Refused("The client is not cleared today. Decide the medical evaluation first.")
    draft = course.orders.filter(signed_at=None, author=by).first() or Order(course=course, author=by)
    draft.evaluation = evaluation
    for name in ORDER_FIELDS:
        setattr(draft, name, values[name])
    try:
        draft.save()
    except IntegrityError as error:
        raise Refused(
            PROMISES.get(constraint_name(error), "The order contradicts itself. Check each number.")
        ) from error
    return draft


@action("intake.discard_order")
def discard_order(*, order, by) -> None:
    """Throw an unsigned order away."""
    require(by, Can.ORDER)
    order = _unsigned(order, by)
    order.delete()


@action("intake.sign_order")
def sign_order(
    *, order, printed_name: str, soft_reason: str = "", override_hard: bool = False, seen=None, address=None,
    user_agent: str = "", by,
) -> Order:  # fmt: skip
    """Sign an order after its read-back. The one in force ends in the same transaction; consents are asked for.

    seen: codes of the findings as they stood on the read-back page; others now are shown first (None: do not compare).
    override_hard with a reason passes hard limits where the rule allows it. Raises Refused, Stale, PermissionDenied.
    """
    require(by, Can.ORDER)
    course = pathway.lock(order.course)
    order = _unsigned(order, by)
    name, today = typed_name(printed_name, by), clinic_today()
    if course.stage not in WHEN:
        raise Refused(_not_now(course))
    findings = order_findings(order, today, by=by)
    _may_sign(findings, soft_reason.strip(), override_hard, seen)
    before = course.orders.filter(signed_at__isnull=False, ended_at=None).first()
    if before is not None:
        _end(before, "Superseded by a new order", by)
        order.supersedes = before
    order.soft_reason, order.printed_name = soft_reason.strip(), name
    document = documents.freeze(
        client=course.client, course=course, kind=Kind.ORDER, title=f"Order for ketamine, {course.client.name}",
        content=content_of(order, findings, override_hard, today, by), route=order.route, setting=order.setting,
        about=order.pk, by=by,
    )  # fmt: skip
    documents.sign(
        document=document, printed_name=name, capacity="prescriber", meaning=Signature.Meaning.AUTHOR,
        address=address, user_agent=user_agent, by=by,
    )  # fmt: skip
    order.content, order.sha256 = document.content, document.sha256
    order.signed_at, order.signed_by = clock.now(), by
    order.save()
    _telemedicine(course, order, today, by)
    _ask_for_consents(course, order, by)
    return order


def _not_now(course):
    if course.stage == Stage.DOSING:
        return "A dosing session is open. Change the order between sessions."
    return f"{course.client.name} is at {course.get_stage_display().lower()}; no order is signed there."


def _may_sign(findings, reason, override_hard, seen):
    if seen is not None and {f.code for f in findings} - set(seen):
        raise Stale(
            "What is to be said of this order has changed since you read it. Read it again, then sign."
        )
    never = [f for f in hard(findings) if not f.overridable]
    if never:
        raise Refused([str(f) for f in never])
    over = hard(findings)
    if over and not override_hard:
        raise Refused([str(f) for f in over])
    if (over or soft(findings)) and len(reason) < 10:
        raise Refused(["Give your reason in a full sentence:"] + [f.words for f in over + soft(findings)])


@action("intake.end_order")
def end_order(*, order, words: str, by) -> Order:
    """Stop an order. Nothing more may be given on it. Raises Refused, Stale, PermissionDenied."""
    require(by, Can.ORDER)
    pathway.lock(order.course)
    order = Order.objects.select_for_update(of=("self",)).select_related("course__client").get(pk=order.pk)
    if not order.is_signed:
        raise Refused("This order is not signed. Throw the draft away instead.")
    if order.ended_at is not None:
        raise Stale("This order has ended already.")
    if len(words.strip()) < 5:
        raise Refused("Say in a sentence why the order ends.")
    return _end(order, words.strip(), by)


def _end(order, words, by):
    order.ended_at, order.ended_by, order.end_words = clock.now(), audit_label(by), words[:200]
    order.save(update_fields=["ended_at", "ended_by", "end_words"])
    return order


def _unsigned(order, by) -> Order:
    found = Order.objects.select_for_update(of=("self",)).select_related(
        "course__client", "course__protocol", "evaluation"
    )
    order = found.filter(pk=order.pk).first()
    if order is None:
        raise Stale("This draft is gone: it was thrown away.")
    if order.is_signed:
        raise Stale("This order is signed already.")
    if order.author_id != by.pk:
        raise Refused(f"This is a draft of {order.author.name}. Write your own.")
    return order


def _telemedicine(course, order, today, by) -> None:
    """On what ground a remote order stands, kept with its end (clinical.md §4)."""
    if order.setting != Setting.REMOTE or in_person_on(course.client):
        return
    rules = course.rules
    TelemedicineBasis.objects.get_or_create(
        client=course.client, basis="flexibility", valid_to=rules.telemedicine.basis_ends_on,
        defaults=dict(
            valid_from=today, source=rules.source("telemedicine.basis_ends_on"), recorded_by=audit_label(by)
        ),
    )  # fmt: skip


def _ask_for_consents(course, order, by) -> None:
    """Put the texts for this route and setting before the client, where they are not in force yet."""
    if course.setting != order.setting:
        course.setting = order.setting
        course.save(update_fields=["setting"])
    for kind in kinds_for(order.setting):
        if consents.in_force(course, kind, order.route, order.setting) is None:
            documents.ask_to_sign(course=course, kind=kind, route=order.route, by=by)


@action("intake.end_orders")
def end_orders(*, course, by) -> int:
    """The course is left: its order ends, drafts go. Returns how many orders ended."""
    course.orders.filter(signed_at=None).delete()
    ended = 0
    for order in course.orders.filter(signed_at__isnull=False, ended_at=None):
        _end(order, "The course of treatment ended or was paused", by)
        ended += 1
    return ended
