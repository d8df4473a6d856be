"""The treatment plan: its draft, its signature, its signed form."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from intake.actions import medical as actions
from intake.forms_plan import PlanForm, SignForm
from intake.models import Plan
from intake.signing import DraftChanged
from intake.views.case import case, first_error, in_conflict, saved, visible_course, with_errors
from kap.accounts.permissions import Can, requires
from kap.accounts.second.proof import proves_again
from kap.audit.access import client_address, opened
from kap.core.errors import Refused
from kap.core.once import once
from kap.core.templatetags.kap_forms import error_items


def _plan(request, pk) -> Plan:
    found = Plan.objects.visible_to(request.user).select_related(
        "course__client", "course__protocol", "author"
    )
    return get_object_or_404(found, pk=pk)


@requires(Can.SIGN_PLAN)
@require_safe
def plan(request, course):
    """The open draft, else the signed plan, else how to begin."""
    course = visible_course(request, course)
    draft = course.plans.filter(signed_at=None).first()
    opened(request, "treatment plan", client=course.client, thing=draft or course)
    if draft is None:
        signed = (
            course.plans.filter(signed_at__isnull=False)
            .select_related("document", "signed_by")
            .order_by("-signed_at")
        )
        more = {
            "signed": signed.first(),
            "earlier": list(signed[1:6]),
            "diagnoses": list(course.diagnoses.filter(ended_at=None)),
        }
        return render(request, "intake/medical/plan_signed.html", case(request, course, "plan", **more))
    draft = _plan(request, draft.pk)
    return _show(request, draft, PlanForm(plan=draft), SignForm())


def _show(request, draft, form, sign, errors=None, status=200):
    more = {
        "plan": draft,
        "form": form,
        "sign": sign,
        "diagnoses": list(draft.course.diagnoses.filter(ended_at=None)),
    }
    if errors:
        more["errors"] = errors
    return render(
        request, "intake/medical/plan.html", case(request, draft.course, "plan", **more), status=status
    )


@requires(Can.SIGN_PLAN)
@require_POST
@once
def plan_start(request, course):
    course = visible_course(request, course)
    actions.start_plan(course=course, by=request.user)
    return redirect("intake:plan", course.pk)


@requires(Can.SIGN_PLAN)
@require_POST
def plan_autosave(request, pk):
    draft = _plan(request, pk)
    form = PlanForm(request.POST, plan=draft)
    if not form.is_valid():
        return with_errors(form)
    try:
        return saved(_keep(draft, form, request.user))
    except DraftChanged as changed:
        return in_conflict(changed, reverse("intake:plan", args=[draft.course_id]))


def _keep(draft, form, by):
    return actions.save_plan(plan=draft, values=form.values, revision=form.cleaned_data["version"], by=by)


@requires(Can.SIGN_PLAN)
@require_POST
@proves_again("sign this treatment plan", when=lambda request: request.POST.get("do") != "save")
@once
def plan_sign(request, pk):
    """Keep the draft, then sign it. What was typed stays, whatever is refused."""
    draft = _plan(request, pk)
    form = PlanForm(request.POST, plan=draft)
    signing = request.POST.get("do") != "save"
    sign = SignForm(request.POST if signing else None)
    if not form.is_valid() or (signing and not sign.is_valid()):
        opened(request, "treatment plan", client=draft.course.client, thing=draft)
        return _show(
            request, draft, form, sign, error_items(form) + (error_items(sign) if signing else []), 422
        )
    try:
        draft = _keep(draft, form, request.user)
        if signing:
            _sign(request, draft, sign.cleaned_data["printed_name"])
    except Refused as refused:
        opened(request, "treatment plan", client=draft.course.client, thing=draft)
        if not isinstance(refused, DraftChanged):
            form.data = form.data.copy()
            form.data["version"] = draft.revision
        return _show(request, draft, form, sign, first_error(refused), 422)
    messages.success(request, "Plan signed." if signing else "Draft saved.")
    return redirect("intake:plan", draft.course_id)


def _sign(request, draft, printed_name) -> None:
    actions.sign_plan(
        plan=draft, revision=draft.revision, printed_name=printed_name, address=client_address(request),
        user_agent=request.headers.get("User-Agent", ""), by=request.user,
    )  # fmt: skip
