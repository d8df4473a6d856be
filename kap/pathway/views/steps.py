"""What stands between a client and each next step; going on; leaving and coming back; overriding."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kap.accounts.permissions import Can, allowed, requires
from kap.accounts.second.proof import proves_again
from kap.audit import access
from kap.core.addresses import inside
from kap.core.errors import Refused, Stale
from kap.core.once import once
from kap.pathway import actions, gates
from kap.pathway.forms import LeaveForm, OverrideForm, ResumeForm
from kap.pathway.models import Course
from kap.pathway.stages import ALONG, Stage


def _visible(request, pk) -> Course:
    return get_object_or_404(
        Course.objects.visible_to(request.user).select_related("client", "protocol"), pk=pk
    )


def panel(gate, course, user) -> dict:
    """One gate as a panel: its lines, and whether this person may pass it by a button here."""
    about = gates.subject_now(gate, course) if course.stage in gate.from_stages else None
    steps = gates.ask(gate.code, course, about)
    shut = gates.closed(steps)
    return {
        "gate": gate,
        "steps": steps,
        "id": f"gate-{gate.code}",
        "open": not shut,
        "may": allowed(user, gate.can),
        "by_button": gate.to_stage is not None and not gate.subject and course.stage in gate.from_stages,
        "elsewhere": _elsewhere(gate, course, about),
        "overrides": [
            (step, _override(gate, course, step, about))
            for step in shut
            if step.overridable and bool(about) == bool(gate.subject) and allowed(user, Can.OVERRIDE_GATE)
        ],
    }


def _override(gate, course, step, about) -> str:
    path = reverse("pathway:override", args=[course.pk, gate.code, step.key])
    return f"{path}?about={about.pk}" if about else path


def _elsewhere(gate, course, about) -> tuple[str, str] | None:
    """Where a gate of the calendar or the dosing room is passed, and the words of the link."""
    if gate.code == "book_dosing":
        return (
            f"{reverse('scheduling:book')}?client={course.client_id}&service=dosing",
            "Book a dosing session",
        )
    if gate.code == "enter_dosing" and about:
        return reverse("dosing:open", args=[about.pk]), "Go to the dosing room"
    if gate.needs_session and about:
        return reverse("dosing:session", args=[about.pk]), "Open the session"
    return None


@requires(Can.OPEN_CHART, Can.ADD_CLIENT)
@require_safe
def steps(request, course):
    return _steps_page(request, _listed(request, course))


def _listed(request, pk) -> Course:
    """Clinicians of her care team, and admins; an admin sees nothing clinical here."""
    return get_object_or_404(
        Course.objects.listed_for(request.user).select_related("client", "protocol"), pk=pk
    )


def _steps_page(request, course, errors=(), status=200):
    full = Course.objects.visible_to(request.user).filter(pk=course.pk).exists()
    now = gates.here(course) if full else [g for g in gates.here(course) if g.code == "open_intake"]
    access.opened(request, "steps" if full else "details", client=course.client_id, thing=course)
    context = {
        "course": course,
        "client": course.client,
        "full": full,
        "on_the_way": course.stage in ALONG,
        "now": [panel(gate, course, request.user) for gate in now],
        "ahead": [panel(gate, course, request.user) for gate in gates.ahead(course)] if full else [],
        "moves": course.moves.order_by("-at", "-created_at")[:30] if full else [],
        "may_move": full and request.user.may(Can.MOVE_COURSE) and course.is_open,
        "errors": [{"words": words} for words in errors],
    }
    template = "pathway/_steps.html" if request.htmx else "pathway/steps.html"
    return render(request, template, context, status=status)


@requires(Can.OPEN_CHART, Can.ADD_CLIENT)
@require_POST
@once
def advance(request, course):
    """Pass a gate that asks about the course alone. A shut one is read on the page, line by line."""
    found = _listed(request, course)
    gate = gates.GATES.get(request.POST.get("gate", ""))
    if gate is None or gate.to_stage is None or gate.subject:
        raise Http404
    try:
        moved = actions.advance(course=found, gate=gate.code, by=request.user)
    except gates.GateClosed as shut:
        return _steps_page(request, found, errors=shut.reasons, status=409)
    except Refused as refused:  # stale included: somebody moved it meanwhile
        found.refresh_from_db()
        return _steps_page(request, found, errors=refused.reasons, status=409)
    messages.success(request, f"{moved.client.name} is at {moved.get_stage_display().lower()} now.")
    return redirect(inside(request.POST.get("next", "")) or reverse("pathway:steps", args=[found.pk]))


@requires(Can.MOVE_COURSE)
@require_http_methods(["GET", "POST"])
@once
def leave(request, course):
    """Declined, deferred, withdrawn, transferred."""
    found = _visible(request, course)
    form = LeaveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            moved = actions.leave(course=found, **form.exit, by=request.user)
        except Refused as refused:
            form.add_error(None, " ".join(refused.reasons))
        else:
            messages.success(request, f"{moved.client.name} is {moved.get_stage_display().lower()}.")
            return redirect("pathway:steps", course=found.pk)
    access.opened(request, "steps", client=found.client_id, thing=found)
    context = {"form": form, "course": found, "client": found.client, "dosing": found.stage == Stage.DOSING}
    return render(request, "pathway/leave.html", context, status=422 if form.errors else 200)


@requires(Can.MOVE_COURSE)
@require_http_methods(["GET", "POST"])
@once
def resume(request, course):
    found = _visible(request, course)
    if found.stage != Stage.DEFERRED:
        messages.info(
            request, f"{found.client.name} is at {found.get_stage_display().lower()}, not deferred."
        )
        return redirect("pathway:steps", course=found.pk)
    form = ResumeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            moved = actions.resume(course=found, words=form.cleaned_data["words"], by=request.user)
        except Stale as stale:
            messages.warning(request, " ".join(stale.reasons))
        else:
            messages.success(request, f"{moved.client.name} goes on at {moved.get_stage_display().lower()}.")
        return redirect("pathway:steps", course=found.pk)
    access.opened(request, "steps", client=found.client_id, thing=found)
    last = found.moves.filter(to_stage=Stage.DEFERRED).order_by("-at").first()
    context = {"form": form, "course": found, "client": found.client, "last": last}
    return render(request, "pathway/resume.html", context, status=422 if form.errors else 200)


@requires(Can.OVERRIDE_GATE)
@require_http_methods(["GET", "POST"])
@proves_again("pass a line of this step under your name")
@once
def override(request, course, gate, evidence):
    """A prescriber passes one line, with a reason and her typed name. `?about=`: the session it is for."""
    found = _visible(request, course)
    rule, about = _asked_about(request, found, gate)
    step = next((s for s in gates.ask(gate, found, about) if s.key == evidence), None)
    if step is None:
        raise Http404
    form = OverrideForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.override(
                course=found, gate=gate, evidence=evidence, about=about, **form.cleaned_data, by=request.user
            )
        except Refused as refused:
            form.add_error(None, " ".join(refused.reasons))
        else:
            messages.success(request, f"{step.words}: passed, under your name.")
            return redirect(inside(request.POST.get("next", "")) or reverse("pathway:steps", args=[found.pk]))
    access.opened(request, "steps", client=found.client_id, thing=found)
    context = {"form": form, "course": found, "client": found.client, "rule": rule, "step": step}
    context["next"] = request.GET.get("next", "") or request.POST.get("next", "")
    return render(request, "pathway/override.html", context, status=422 if form.errors else 200)


def _asked_about(request, course, code):
    if code not in gates.GATES:
        raise Http404
    try:
        about = gates.subject_of(gates.GATES[code], course, request.GET.get("about"))
    except LookupError as error:
        raise Http404 from error
    return gates.GATES[code], about
