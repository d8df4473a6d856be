"""The integration note and what surrounds it; the follow-up and the summary that ends a course."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from intake.views.case import chips
from integration import actions
from integration.facts import course_facts, meaning, timing_words
from integration.forms import HeldForm, SummaryForm
from integration.models import CourseSummary, IntegrationSession
from integration.page import asked, context
from kap.accounts.permissions import Can, requires
from kap.accounts.second.proof import proves_again
from kap.audit.access import client_address, opened
from kap.core.errors import Refused
from kap.core.once import once
from kap.measures.models import Occasion, Request
from kap.notes import editor
from kap.notes.models import Kind
from kap.pathway import actions as pathway
from kap.pathway import gates
from kap.pathway.models import Course
from kap.pathway.stages import Stage
from sessions.forms import SafetyForm


def _integration(request, pk) -> IntegrationSession:
    found = IntegrationSession.objects.visible_to(request.user).select_related(
        "course__client", "course__protocol", "dosing__appointment__location", "appointment", "note"
    )
    return get_object_or_404(found, pk=pk)


@requires(Can.OPEN_CHART)
@require_http_methods(["GET", "POST"])
@proves_again("sign the integration note", when=editor.signs)
def note(request, integration):
    """Write, sign, read and add to the note of one integration."""
    row = _integration(request, integration)

    def sign(*, note, printed_name, by):
        return actions.sign(integration=row, printed_name=printed_name, by=by)

    return editor.page(
        request, course=row.course, kind=Kind.INTEGRATION, about=row.dosing_id, sign=sign,
        held_at=actions.held_by_calendar(row, row.note), then=reverse("integration:note", args=[row.pk]),
        template="integration/note.html", context={**context(row, request.user), "held_form": _held_form(row)},
    )  # fmt: skip


def _held_form(row) -> HeldForm:
    at = timezone.localtime(actions.held_by_calendar(row, row.note))
    return HeldForm(initial={"day": at.date(), "time": at.time()})


@requires(Can.SIGN_INTEGRATION)
@require_POST
def held(request, integration):
    """Correct when the session took place."""
    row = _integration(request, integration)
    form = HeldForm(request.POST)
    if form.is_valid():
        actions.set_held(integration=row, held_at=form.held_at, by=request.user)
        messages.success(request, "Time of the session kept.")
    else:
        for words in (line for lines in form.errors.values() for line in lines):
            messages.error(request, words)
    return redirect("integration:note", row.pk)


@requires(Can.SIGN_INTEGRATION)
@require_http_methods(["GET", "POST"])
@once
def screen(request, integration):
    """The C-SSRS, asked aloud."""
    row = _integration(request, integration)
    form = SafetyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            response = actions.screen_safety(integration=row, answers=form.answers(), by=request.user)
        except Refused as refused:
            form.add_error(None, refused.reasons)
        else:
            risky = response.band not in ("none",)
            tell = messages.error if risky else messages.success
            tell(
                request,
                "Saved. The care team has been told: act on it now." if risky else "Safety screen saved.",
            )
            return redirect("integration:note", row.pk)
    opened(request, "safety screen", client=row.course.client, thing=row)
    client = row.course.client
    more = {"integration": row, "course": row.course, "client": client, "chips": chips(client), "form": form}
    return render(request, "integration/screen.html", more, status=422 if form.errors else 200)


def _course(request, pk) -> Course:
    return get_object_or_404(
        Course.objects.visible_to(request.user).select_related("client", "protocol"), pk=pk
    )


@requires(Can.SIGN_INTEGRATION)
@require_POST
@once
def follow_up(request, course):
    """After the last integration: through the gate; the final measures are asked with it."""
    row = _course(request, course)
    try:
        pathway.advance(course=row, gate="follow_up", by=request.user)
    except Refused as refused:
        for reason in refused.reasons:
            messages.error(request, reason)
        last = IntegrationSession.objects.filter(course=row).order_by("-opens_at").first()
        return redirect("integration:note", last.pk) if last else redirect("desk:chart", row.client_id)
    messages.success(request, "Follow-up. The final measures have been asked.")
    return redirect("integration:summary", row.pk)


@requires(Can.OPEN_CHART)
@require_http_methods(["GET", "POST"])
@proves_again("sign the summary of this course")
@once
def summary(request, course):
    """What the course was, gathered; the therapist's words; signed once."""
    row = _course(request, course)
    form = SummaryForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.sign_summary(
                course=row, words=form.cleaned_data["words"], printed_name=form.cleaned_data["printed_name"],
                address=client_address(request), user_agent=request.headers.get("User-Agent", ""), by=request.user,
            )  # fmt: skip
        except Refused as refused:
            form.add_error(None, refused.reasons)
        else:
            messages.success(request, "Course summary signed.")
            return redirect("integration:summary", row.pk)
    opened(request, "course summary", client=row.client, thing=row)
    return render(
        request,
        "integration/summary.html",
        _summary(row, form, request.user),
        status=422 if form.errors else 200,
    )


def _summary(course, form, user) -> dict:
    facts = course_facts(course)
    steps = gates.ask("completed", course) if course.stage == Stage.FOLLOW_UP else []
    finals = Request.objects.filter(course=course, occasion=Occasion.FINAL, cancelled_at=None).select_related(
        "response"
    )
    return {
        "course": course, "client": course.client, "chips": chips(course.client), "facts": facts, "form": form,
        "doses": [(dose, timing_words(dose)) for dose in facts.doses],
        "scores": [(change, meaning(change).removeprefix(": ")) for change in facts.scores],
        "finals": [asked(one) for one in finals.order_by("instrument")],
        "signed": CourseSummary.objects.filter(course=course).select_related("document").first(),
        "steps": steps, "may_write": course.stage == Stage.FOLLOW_UP and user.may(Can.COMPLETE_COURSE),
        "may_complete": bool(steps) and not gates.closed(steps) and user.may(gates.GATES["completed"].can),
    }  # fmt: skip


@requires(Can.COMPLETE_COURSE)
@require_POST
@once
def complete(request, course):
    """The end of the pathway."""
    row = _course(request, course)
    try:
        pathway.advance(course=row, gate="completed", by=request.user)
    except Refused as refused:
        for reason in refused.reasons:
            messages.error(request, reason)
        return redirect("integration:summary", row.pk)
    messages.success(request, f"{row.client.name}'s course of treatment is completed.")
    return redirect("desk:chart", row.client_id)
