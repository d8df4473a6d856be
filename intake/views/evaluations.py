"""The prescriber's queue, the medical evaluation and coded diagnoses."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from intake import queue as lists
from intake.actions import medical as actions
from intake.days import clinic_today
from intake.evaluation_page import decided_page, draft_page
from intake.forms_medical import DecideForm, DiagnosisForm, EvaluationForm, search
from intake.models import Diagnosis, Evaluation
from intake.signing import DraftChanged
from intake.views.case import case, first_error, in_conflict, saved, visible_course, with_errors
from kap.accounts.permissions import Can, requires
from kap.accounts.second.proof import proves_again
from kap.audit.access import client_address, opened, opened_many
from kap.core.errors import Refused
from kap.core.once import once
from kap.core.templatetags.kap_forms import error_items
from kap.pathway import actions as pathway
from kap.pathway.models import Course

PAGE = 25


@requires(Can.EVALUATE)
@require_safe
def queue(request):
    """Cases that wait, oldest first. Nothing re-sorts by itself."""
    today = clinic_today(request)
    page = Paginator(lists.with_facts(lists.at_medical(request.user)), PAGE).get_page(request.GET.get("page"))
    cases = lists.cases(page, request.user, today)
    due = list(lists.running_out(request.user, today)[:PAGE])
    opened_many(request, "medical queue", [one.client for one in cases] + [one.client for one in due])
    pool = Course.objects.waiting_for_prescriber().count()
    context = {"page_obj": page, "cases": cases, "due": due, "pool": pool, "today": today}
    return render(request, "intake/medical/queue.html", context)


def _evaluation(request, pk) -> Evaluation:
    found = Evaluation.objects.visible_to(request.user).select_related(
        "course__client", "course__protocol", "submission"
    )
    return get_object_or_404(found, pk=pk)


@requires(Can.EVALUATE, Can.SIGN_PLAN)
@require_safe
def evaluation(request, course):
    """The open draft for prescribers; else the last decision, read-only; else how to begin."""
    course = visible_course(request, course)
    draft = course.evaluations.filter(decided_at=None).first() if request.user.may(Can.EVALUATE) else None
    opened(request, "medical evaluation", client=course.client, thing=draft or course)
    if draft is None:
        return render(
            request,
            "intake/medical/decided.html",
            case(request, course, "evaluation", **decided_page(course)),
        )
    draft = _evaluation(request, draft.pk)
    return _show(request, draft, EvaluationForm(evaluation=draft), DecideForm())


def _show(request, draft, form, decide, errors=None, status=200):
    context = case(
        request, draft.course, "evaluation", **draft_page(draft, form, request.user), decide=decide
    )
    if errors:
        context["errors"] = errors
    return render(request, "intake/medical/evaluation.html", context, status=status)


@requires(Can.EVALUATE)
@require_POST
@once
def evaluation_start(request, course):
    course = visible_course(request, course)
    actions.start_evaluation(course=course, by=request.user)
    return redirect("intake:evaluation", course.pk)


@requires(Can.EVALUATE)
@require_POST
def evaluation_renew(request, pk):
    draft = _evaluation(request, pk)
    actions.use_newest_forms(evaluation=draft, by=request.user)
    messages.info(request, "This evaluation now rests on the newest forms. Check your responses.")
    return redirect("intake:evaluation", draft.course_id)


@requires(Can.EVALUATE)
@require_POST
def evaluation_autosave(request, pk):
    draft = _evaluation(request, pk)
    form = EvaluationForm(request.POST, evaluation=draft)
    if not form.is_valid():
        return with_errors(form)
    try:
        return saved(_keep(draft, form, request.user))
    except DraftChanged as changed:
        return in_conflict(changed, reverse("intake:evaluation", args=[draft.course_id]))


def _keep(draft, form, by):
    return actions.save_evaluation(
        evaluation=draft,
        values=form.values,
        answers=form.answers,
        revision=form.cleaned_data["version"],
        by=by,
    )


@requires(Can.EVALUATE)
@require_POST
@proves_again("decide on and sign this evaluation", when=lambda request: request.POST.get("do") != "save")
@once
def evaluation_decide(request, pk):
    """Keep the draft, then decide on it. What was typed stays, whatever is refused."""
    draft = _evaluation(request, pk)
    form = EvaluationForm(request.POST, evaluation=draft)
    deciding = request.POST.get("do") != "save"
    decide = DecideForm(request.POST if deciding else None)
    if not form.is_valid() or (deciding and not decide.is_valid()):
        errors = error_items(form) + (error_items(decide) if deciding else [])
        opened(request, "medical evaluation", client=draft.course.client, thing=draft)
        return _show(request, draft, form, decide, errors, 422)
    try:
        draft = _keep(draft, form, request.user)
        if deciding:
            _decide(request, draft, decide.cleaned_data)
    except Refused as refused:
        opened(request, "medical evaluation", client=draft.course.client, thing=draft)
        fresh = _evaluation(request, pk)
        return _show(request, fresh, _with_revision(form, fresh, refused), decide, first_error(refused), 422)
    messages.success(request, "Decided and signed." if deciding else "Draft saved.")
    return redirect("intake:evaluation", draft.course_id)


def _with_revision(form, fresh, refused):
    """After a refusal the page goes on from what was just saved; after a conflict it keeps its old revision."""
    if isinstance(refused, DraftChanged):
        return form
    form.data = form.data.copy()
    form.data["version"] = fresh.revision
    return form


def _decide(request, draft, given) -> None:
    actions.decide(
        evaluation=draft, decision=given["decision"], exit_reason=given["exit_reason"], revision=draft.revision,
        printed_name=given["printed_name"], address=client_address(request),
        user_agent=request.headers.get("User-Agent", ""), by=request.user,
    )  # fmt: skip


@requires(Can.EVALUATE)
def diagnosis_new(request, course):
    """Search the clinic's table, choose, add."""
    course = visible_course(request, course)
    words = (request.POST.get("q") or request.GET.get("q") or "").strip()[:80]
    found = search(words, clinic_today(request))
    form = DiagnosisForm(request.POST if request.method == "POST" else None, found=found)
    errors, status = None, 200
    if request.method == "POST":
        if form.is_valid():
            try:
                return _add_diagnosis(request, course, form.cleaned_data)
            except Refused as refused:
                errors = first_error(refused)
        status = 422
    opened(request, "diagnoses", client=course.client, thing=course)
    more = {"form": form, "q": words, "found": found, **({"errors": errors} if errors else {})}
    return render(
        request, "intake/medical/diagnosis.html", case(request, course, "evaluation", **more), status=status
    )


def _add_diagnosis(request, course, given):
    row = actions.add_diagnosis(
        course=course, code=given["code"], principal=given["principal"], trials=given["trials"],
        treatment_resistant=given["treatment_resistant"], adequate_trials=given["adequate_trials"] or 0, by=request.user,
    )  # fmt: skip
    messages.success(request, f"Added: {row.code} {row.words}.")
    return redirect("intake:evaluation", course.pk)


@requires(Can.EVALUATE)
@require_POST
def diagnosis_change(request, pk):
    """Make it the principal one, or end it."""
    row = get_object_or_404(Diagnosis.objects.visible_to(request.user).select_related("course"), pk=pk)
    if request.POST.get("do") == "end":
        actions.end_diagnosis(diagnosis=row, by=request.user)
        messages.success(request, f"{row.code} has ended.")
    else:
        actions.make_principal(diagnosis=row, by=request.user)
        messages.success(request, f"{row.code} is the principal diagnosis.")
    return redirect("intake:evaluation", row.course_id)


@requires(Can.ORDER)
@require_POST
@once
def to_preparation(request, course):
    """Through the gate, or back with what is missing."""
    course = visible_course(request, course)
    try:
        pathway.advance(course=course, gate="preparation", by=request.user)
    except Refused as refused:
        for reason in refused.reasons:
            messages.error(request, reason)
        return redirect("intake:evaluation", course.pk)
    messages.success(request, f"{course.client.name} goes on to preparation.")
    return redirect("intake:queue")
