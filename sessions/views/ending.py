"""Discharge, leaving against advice, closing without medicine."""

from django.contrib import messages
from django.shortcuts import redirect

from kap.accounts.permissions import Can, requires
from kap.accounts.second.proof import proves_again
from kap.core import clock
from kap.core.errors import Refused
from kap.core.once import once
from sessions import actions
from sessions.actions.ending import recent_pressure
from sessions.forms import DischargeForm, LeaveForm, NotDosedForm
from sessions.links import session_path
from sessions.views.base import refuse, said_time, session_or_404, sheet_of, show
from sessions.views.cockpit import _stay as stay_words


def _already(request, session):
    messages.info(request, f"This session has ended: {session.get_outcome_display().lower()}.")
    return redirect(session_path(session))


@requires(Can.DISCHARGE)
@proves_again("sign the discharge of this session")
@once
def discharge(request, pk):
    """Opens at the least stay; until then the page says when and why."""
    session = session_or_404(request, pk)
    if session.ended_at:
        return _already(request, session)
    sheet, form = sheet_of(session), DischargeForm(request.POST or None, session=session, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            _sign_out(session, form, request.user)
            messages.success(request, "Discharged. Integration is open.")
            return redirect(session_path(session))
        except Refused as error:
            refuse(form, error)
    now, leave = clock.now(), sheet.earliest_leave
    context = {
        "form": form, "sheet": sheet, "leave_at": leave, "locked": leave is None or now < leave,
        "pressure": recent_pressure(sheet, now), "baseline": sheet.baseline, "stay_words": stay_words(session),
        "integration": session.appointment.integration,
    }  # fmt: skip
    return show(
        request,
        "dosing/discharge.html",
        session,
        context,
        kind="flowsheet",
        status=422 if form.errors else 200,
    )


def _sign_out(session, form, by):
    data = form.cleaned_data
    actions.discharge(
        session=session, answers=form.answers(), companion=data["companion"], words=data["words"],
        printed_name=data["printed_name"], lozenges_after=data.get("lozenges_after"),
        left_at=said_time(session, data["time"]), by=by,
    )  # fmt: skip


@requires(Can.DISCHARGE)
@proves_again("sign that the client left against advice")
@once
def left(request, pk):
    session = session_or_404(request, pk)
    if session.ended_at:
        return _already(request, session)
    form = LeaveForm(request.POST or None, session=session, user=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            at = said_time(session, data.pop("time"))
            actions.leave_against_advice(session=session, left_at=at, by=request.user, **data)
            messages.warning(request, "Left against advice. The care team is told; integration is open.")
            return redirect(session_path(session))
        except Refused as error:
            refuse(form, error)
    return show(
        request,
        "dosing/left.html",
        session,
        {"form": form},
        kind="flowsheet",
        status=422 if form.errors else 200,
    )


@requires(Can.DISCHARGE)
@proves_again("close this session without medicine")
@once
def not_dosed(request, pk):
    session = session_or_404(request, pk)
    if session.ended_at:
        return _already(request, session)
    form = NotDosedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.close_not_dosed(session=session, by=request.user, **form.cleaned_data)
            messages.success(
                request, "Closed without medicine. The dose is given back, the integration released."
            )
            return redirect(session_path(session))
        except Refused as error:
            refuse(form, error)
    return show(
        request,
        "dosing/not_dosed.html",
        session,
        {"form": form},
        kind="flowsheet",
        status=422 if form.errors else 200,
    )
