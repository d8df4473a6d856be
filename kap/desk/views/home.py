"""The front door, today and the pipeline."""

from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from kap.accounts.permissions import Can, public, requires
from kap.audit import access
from kap.desk import board, day, days, needs, today
from kap.desk.chart import plan
from kap.desk.chart.next_step import next_step
from kap.desk.chart.tabs import page_of
from kap.desk.links import link
from kap.pathway.models import Course


@public("sends everybody on to the page that is theirs")
@require_safe
def home(request):
    user = request.user
    if not user.is_authenticated:
        return redirect(link("intake:start") or link("accounts:sign_in") or reverse("core:help"))
    if user.may(Can.SEE_TODAY):
        return redirect("desk:today")
    if user.may(Can.USE_PORTAL):
        return redirect("desk:portal")
    return render(request, "403.html", status=403)


@requires(Can.SEE_TODAY)
@require_safe
def today_page(request):
    user = request.user
    waiting = needs.needs_of(user)
    rows = day.rows_of(user)
    parts = today.sections(user, {row.appointment.pk for row in rows if row.appointment})
    seen = {need.client_id for need in waiting.rows if need.client_id}
    seen |= {a.client_id for row in rows if row.appointment for a in row.appointment.attendees.all()}
    if user.may(Can.OPEN_CHART):
        access.opened_many(request, "today", seen)
    booked = [row for row in rows if row.appointment]
    context = {
        "needs": waiting.rows, "total": waiting.total, "rows": rows, "day": days.today(), **parts,
        "sessions": len(booked), "dosings": sum(row.stage == "dosing" for row in booked),
        "now_row": next((row for row in rows if row.state == "live"), None),
        "is_provider": bool(day.provider_of(user)), "may_book": user.may(Can.BOOK),
    }  # fmt: skip
    return render(request, "desk/today.html", context)


@requires(Can.OPEN_CHART)
@require_safe
def pipeline(request):
    stage = request.GET.get("stage", "")
    if stage in board.COLUMNS:
        page = page_of(request, board.of_stage(request.user, stage))
        cards = [board.card(course, request.user) for course in page]
        access.opened_many(request, "pipeline", [card.course.client_id for card in cards])
        return render(request, "desk/pipeline_stage.html", {"stage": stage, "page_obj": page, "cards": cards})
    columns = board.columns(request.user)
    shown = [card.course.client_id for column in columns for card in column["cards"]]
    access.opened_many(request, "pipeline", shown)
    return render(
        request, "desk/pipeline.html", {"columns": columns, "total": sum(c["count"] for c in columns)}
    )


@requires(Can.OPEN_CHART)
@require_safe
def blocker(request, course):
    """What stands between one course and its next stage, asked when its card is opened."""
    course = get_object_or_404(
        Course.objects.visible_to(request.user).select_related("client", "protocol"), pk=course
    )
    access.opened(request, "pipeline_step", client=course.client_id)
    step = next_step(course, request.user, done=plan.read(course).done)
    missing = step.missing if step else []
    context = {"step": step, "missing": missing, "course": course}
    if request.htmx:
        return render(request, "desk/_blocker.html", context)
    return redirect("desk:chart", course.client_id)
