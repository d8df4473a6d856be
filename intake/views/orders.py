"""Orders: the active one, writing one, reading it back and signing, ending it."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from intake.actions import medical as actions
from intake.days import clinic_today
from intake.evidence.medical import active_order, consents_in_force
from intake.forms_order import EndOrderForm, OrderForm, SignOrderForm
from intake.models import Order
from intake.order_content import limit_rows, medicine_rows
from intake.order_facts import clearing_evaluation, doses_used, order_findings, order_state
from intake.readback import sentences
from intake.views.case import case, first_error, visible_course
from kap.accounts.permissions import Can, requires
from kap.accounts.second.proof import proves_again
from kap.audit.access import client_address, opened
from kap.core.errors import Refused, Stale
from kap.core.levels import hard, soft
from kap.core.once import once
from kap.documents.models import Kind


def _order(request, pk) -> Order:
    found = Order.objects.visible_to(request.user).select_related(
        "course__client", "course__protocol", "evaluation", "author", "signed_by"
    )
    return get_object_or_404(found, pk=pk)


@requires(Can.ORDER, Can.SIGN_PLAN)
@require_safe
def order(request, course):
    """What is ordered now, how much of it is used, and what was ordered before."""
    course = visible_course(request, course)
    opened(request, "order", client=course.client, thing=course)
    active, today = active_order(course), clinic_today()
    more = {
        "active": active,
        "draft": course.orders.filter(signed_at=None, author=request.user).first(),
        "cleared": clearing_evaluation(course, today),
        "earlier": course.orders.filter(ended_at__isnull=False)
        .select_related("signed_by")
        .order_by("-ended_at")[:12],
        "expired": bool(active and active.expires_on < today),
    }
    if active:
        used = doses_used(active)
        gaps = consents_in_force(course) or []
        more |= {
            "used": used, "left": max(active.sessions - used, 0), "rows": medicine_rows(active) + limit_rows(active),
            "document": course.documents.filter(kind=Kind.ORDER, about=active.pk).first(), "consent_gaps": gaps,
            "end_form": EndOrderForm(),
        }  # fmt: skip
    return render(request, "intake/medical/order.html", case(request, course, "order", **more))


@requires(Can.ORDER)
def order_write(request, course):
    """All boxes start empty; an unsigned draft of one's own comes back as it was written."""
    course = visible_course(request, course)
    evaluation = clearing_evaluation(course, clinic_today())
    draft = course.orders.filter(signed_at=None, author=request.user).select_related("evaluation").first()
    form = OrderForm(
        request.POST if request.method == "POST" else None, course=course, evaluation=evaluation, draft=draft
    )
    errors, status = None, 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                written = actions.draft_order(course=course, values=form.values, by=request.user)
                return redirect("intake:order_review", written.pk)
            except Refused as refused:
                errors = first_error(refused)
    opened(request, "order", client=course.client, thing=course)
    more = {"form": form, "evaluation": evaluation, "draft": draft, "active": active_order(course)}
    context = case(request, course, "order", **more, **({"errors": errors} if errors else {}))
    return render(request, "intake/medical/order_write.html", context, status=status)


@requires(Can.ORDER)
@require_safe
def order_review(request, pk):
    """The order read back in words, with all that is to be said of it."""
    written = _order(request, pk)
    if written.is_signed:
        return redirect("intake:order", written.course_id)
    return _review(request, written)


def _review(request, written, form=None, errors=None, status=200):
    opened(request, "order", client=written.course.client, thing=written)
    findings = order_findings(written, clinic_today(), by=request.user)
    strong, weak = hard(findings), soft(findings)
    seen = " ".join(finding.code for finding in findings)
    if form is None:
        form = SignOrderForm(hard=strong, soft=weak, initial={"seen": seen})
    context = case(
        request, written.course, "order", order=written, form=form, findings=findings, strong=strong, weak=weak,
        sentences=sentences(written, written.course.client.name), state=order_state(written),
        never=[one for one in strong if not one.overridable], replaces=active_order(written.course),
        **({"errors": errors} if errors else {}),
    )  # fmt: skip
    return render(request, "intake/medical/order_review.html", context, status=status)


@requires(Can.ORDER)
@require_POST
@proves_again("sign this order")
@once
def order_sign(request, pk):
    written = _order(request, pk)
    findings = order_findings(written, clinic_today(), by=request.user)
    form = SignOrderForm(request.POST, hard=hard(findings), soft=soft(findings))
    if not form.is_valid():
        return _review(request, written, form, status=422)
    given = form.cleaned_data
    try:
        actions.sign_order(
            order=written, printed_name=given["printed_name"], soft_reason=given.get("soft_reason", ""),
            override_hard=given.get("override_hard", False), seen=given["seen"].split(),
            address=client_address(request), user_agent=request.headers.get("User-Agent", ""), by=request.user,
        )  # fmt: skip
    except Stale:
        raise
    except Refused as refused:
        return _review(request, written, form, first_error(refused), 422)
    messages.success(request, f"Order signed. {_consents(written.course)}")
    return redirect("intake:order", written.course_id)


def _consents(course) -> str:
    """An order may follow another whose consents hold for it, too."""
    if consents_in_force(course):
        return "The consents for it wait for the client's signature."
    return "The consents in force hold for it, too."


@requires(Can.ORDER)
@require_POST
def order_discard(request, pk):
    written = _order(request, pk)
    actions.discard_order(order=written, by=request.user)
    messages.info(request, "The draft was thrown away.")
    return redirect("intake:order", written.course_id)


@requires(Can.ORDER)
@require_POST
@once
def order_end(request, pk):
    active = _order(request, pk)
    form = EndOrderForm(request.POST)
    if not form.is_valid():
        for words in form.errors.get("words", []):
            messages.error(request, words)
        return redirect("intake:order", active.course_id)
    actions.end_order(order=active, words=form.cleaned_data["words"], by=request.user)
    messages.success(request, "The order has ended. Nothing more may be given on it.")
    return redirect("intake:order", active.course_id)
