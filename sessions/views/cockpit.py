"""The running session: one page that is read from across the room, fed by several devices at once."""

from math import ceil

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from kap.accounts.permissions import Can, requires
from kap.core import clock
from kap.core.errors import Refused
from kap.core.units import amount, minutes_between
from kap.notes import forms as note_forms
from sessions import actions, facts
from sessions.actions.vitals import OddValues
from sessions.discharge import ANSWERS
from sessions.flowsheet import stamp
from sessions.forms import VitalsForm
from sessions.links import session_path
from sessions.timing import due_minutes
from sessions.trend import trend
from sessions.views import pre_dose
from sessions.views.base import order_of, said_time, session_or_404, sheet_of, show
from sessions.views.record import record
from sessions.views.vitals_form import vitals_context

ROWS = 60  # of the flowsheet; older ones behind a link
DRAWN = 120  # readings in the trend


@requires(Can.CHART_VITALS)
@require_GET
def session(request, pk):
    """One address for a session: its check before the start, the cockpit while it runs, its record afterwards."""
    found = session_or_404(request, pk)
    if found.ended_at:
        return record(request, found)
    if found.started_at is None:
        return pre_dose.page(request, found)
    return page(request, found)


def page(request, session, *, status=200, **refused):
    sheet = sheet_of(session)
    context = {
        **live(session, sheet, bool(request.GET.get("all"))),
        **vitals_context(session, sheet, session.order),
    }
    context |= {
        "preparation": note_forms.filled(session.preparation.kind, session.preparation.body),
        "may_give": request.user.may(Can.GIVE_DOSE), **refused,
    }  # fmt: skip
    return show(
        request, "dosing/cockpit.html", session, context, kind="flowsheet", status=status, order=session.order
    )


def live(session, sheet, everything=False) -> dict:
    """What changes while the session runs; the same for the page and for its refreshed parts."""
    doses = [(one.given_at, amount(one.dose_mg, "mg")) for one in sheet.standing_doses]
    zero = session.first_dose_at
    rows = sheet.rows if everything else sheet.rows[:ROWS]
    return {
        "sheet": sheet, "rows": rows, "more": len(sheet.rows) - len(rows), "stamp": stamp(session),
        "trend": trend(sheet.readings[-DRAWN:], doses, zero, facts.call_limits(session.order)),
        "due": due(session, sheet), "answered": sheet.answered, "first_dose": next(iter(sheet.standing_doses), None),
        "leave_at": sheet.earliest_leave, "may_leave": bool(sheet.earliest_leave and clock.now() >= sheet.earliest_leave),
        "criteria": len(ANSWERS), "stay_words": _stay(session),
        "last_pressure": f"{sheet.last('systolic_mmhg')}/{sheet.last('diastolic_mmhg')}" if sheet.last("systolic_mmhg") else "",
        "last_rate": sheet.last("heart_rate_bpm"), "last_oxygen": sheet.last("spo2_percent"),
        "saved_at": max((row.thing.recorded_at for row in sheet.rows), default=None),
    }  # fmt: skip


def due(session, sheet) -> dict | None:
    """The next reading: when, since when the wait runs, and how many minutes apart they are now."""
    at = sheet.next_due
    if at is None:
        return None
    minute = int(minutes_between(session.first_dose_at, at))
    times = due_minutes(
        session.route, sheet.rules, setting=facts.setting_code(session.setting),
        infusion_minutes=session.order.infusion_minutes, until_minutes=max(minute, 0),
    )  # fmt: skip
    earlier = [m for m in times if m < minute]
    started = (
        sheet.last_taken_at if sheet.last_taken_at and sheet.last_taken_at < at else session.first_dose_at
    )
    return {
        "at": at, "since": min(started, at), "every": minute - earlier[-1] if earlier else None,
        "late": sheet.overdue_minutes, "in": max(0, ceil(minutes_between(clock.now(), at))),
    }  # fmt: skip


def _stay(session) -> str:
    minutes = session.course.rules.minimum_stay_minutes(session.route)
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


@requires(Can.CHART_VITALS)
@require_GET
def flow(request, pk):
    """Asked every few seconds by each device: nothing (204) while nothing has changed, at the price of one query."""
    found = session_or_404(request, pk)
    if found.ended_at or found.started_at is None:
        return HttpResponse(status=200, headers={"HX-Redirect": session_path(found)})
    if request.GET.get("seen") == stamp(found):
        return HttpResponse(status=204)
    sheet = sheet_of(found)
    return show(request, "dosing/_flow.html", found, {**live(found, sheet), "partial": True}, kind="flowsheet",
                order=found.order)  # fmt: skip


@requires(Can.CHART_VITALS)
@require_POST
def vitals(request, pk):
    """One reading. A script sends it with X-Room and gets JSON; a plain form gets a page."""
    found, form = session_or_404(request, pk), VitalsForm(request.POST)
    by_script = bool(request.headers.get("X-Room"))
    try:
        if form.is_valid():
            row = save(found, form, request.user)
            return _saved(found, row, by_script)
    except OddValues as odd:
        return _asked(request, found, form, odd, by_script)
    except Refused as error:
        if by_script:
            return JsonResponse({"words": error.reasons}, status=409)
        form.add_error(None, " ".join(error.reasons))
    if by_script:
        return JsonResponse(
            {"errors": form.errors, "words": [w for e in form.errors.values() for w in e]}, status=422
        )
    return _again(request, found, form)


def save(found, form, by):
    data = form.cleaned_data
    return actions.record_vitals(
        session=found, entry_key=data["entry_key"], values=form.values(), odd_confirmed=data["odd_confirmed"],
        measured_at=said_time(found, data["time"]) or data["measured_at"], prescriber_called=bool(data["call"]), by=by,
    )  # fmt: skip


def _saved(found, row, by_script):
    if by_script:
        local = row.recorded_at.astimezone(facts.zone(found.appointment))
        crossed = [f["words"] for f in row.findings if f["level"] == "hard"]
        return JsonResponse(
            {"saved_at": f"{local:%H:%M}", "crossed": crossed, "called": row.prescriber_called}
        )
    return redirect(session_path(found, "vitals"))


def _asked(request, found, form, odd: OddValues, by_script):
    if by_script:
        swap = any(f.code == "pressure_swapped" for f in odd.findings)
        return JsonResponse({"odd": odd.reasons, "may_confirm": odd.may_confirm, "swap": swap}, status=422)
    return _again(request, found, form, odd)


def _again(request, found, form, odd=None):
    """The page with the typing kept and, for odd values, one question."""
    fresh = session_or_404(request, found.pk)
    sheet = sheet_of(fresh)
    refused = vitals_context(fresh, sheet, order_of(fresh), form, odd)
    shown = [{"href": f"#{name}", "words": w} for name, words in form.errors.items() for w in words]
    shown += [{"href": "#vitals", "words": w} for w in (odd.reasons if odd else [])]
    if fresh.ended_at:
        messages.error(request, "The session has ended; this reading was not saved.")
        return redirect(session_path(fresh))
    shower = page if fresh.started_at else pre_dose.page
    return shower(request, fresh, status=422, errors=shown, **refused)


@requires(Can.CHART_VITALS)
@require_POST
def call(request, pk):
    """Call the prescriber: her work list, and a line of the flowsheet with the time."""
    found = session_or_404(request, pk)
    made = actions.call_prescriber(session=found, by=request.user)
    with timezone.override(facts.zone(found.appointment)):
        messages.success(request, f"{made.words} It stands on the work list and in the flowsheet.")
    return redirect(session_path(found))
