"""Beside the vital signs: an observation, a dose, an adverse event, a strike. Each is a page; the dose is a dialog, too."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from kap.accounts.permissions import Can, requires
from kap.core.errors import Refused
from kap.core.once import once
from sessions import actions
from sessions.flowsheet import dose_words, event_words, struck
from sessions.forms import DoseForm, EventForm, ObservationForm, StrikeForm
from sessions.links import session_path
from sessions.models import Administration, AdverseEvent, Observation, Vitals
from sessions.views.base import people_here, refuse, said_time, session_or_404, sheet_of, show

KINDS = {"vitals": Vitals, "dose": Administration, "observation": Observation, "event": AdverseEvent}


def done(request, session):
    """Back to the room: the whole page, or (for a dialog) the word that it may close."""
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": session_path(session)})
    return redirect(session_path(session))


def tool(request, session, template, form, **context):
    in_dialog = bool(request.htmx) and template == "dose"
    name = f"dosing/{'_' if in_dialog else ''}{template}.html"
    status = 422 if form.errors else 200
    return show(
        request,
        name,
        session,
        {"form": form, "dialog": in_dialog, **context},
        kind="flowsheet",
        status=status,
    )


@requires(Can.CHART_VITALS)
@once
def observation(request, pk):
    session, form = session_or_404(request, pk), ObservationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            at = said_time(session, data["time"])
            actions.observe(session=session, words=data["words"], observed_at=at, by=request.user)
            return done(request, session)
        except Refused as error:
            refuse(form, error)
    return tool(request, session, "observation", form)


@requires(Can.GIVE_DOSE)
@once
def dose(request, pk):
    """The order is repeated, the amount is typed, somebody else has seen it."""
    session = session_or_404(request, pk)
    if session.started_at is None or session.ended_at:
        messages.info(request, "A dose is recorded while the session runs.")
        return redirect(session_path(session))
    sheet = sheet_of(session)
    beside = session.second_person if session.second_person_id != request.user.pk else session.started_by
    form = DoseForm(
        request.POST or None,
        sheet=sheet,
        people=people_here(session, but=request.user),
        initial={"witness": beside},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        at, booster = said_time(session, data.pop("time")), data.pop("kind", "dose") == "booster"
        try:
            actions.give(session=session, given_at=at, is_booster=booster, by=request.user, **given(data))
            return done(request, session)
        except Refused as error:
            refuse(form, error)
    return tool(request, session, "dose", form, sheet=sheet)


def given(data: dict) -> dict:
    """What the form holds, without boxes that were left empty. A name without a PIN, but with a reason why nobody
    saw it, is the name that stood there before: nobody saw it."""
    if data["not_witnessed_reason"] and not data["pin"]:
        data["witness"] = None
    return {name: value for name, value in data.items() if value not in (None, "")}


@requires(Can.CHART_VITALS)
@once
def event(request, pk):
    session, form = session_or_404(request, pk), EventForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        onset, ended = said_time(session, data.pop("time")), said_time(session, data.pop("ended"))
        try:
            made = actions.record_event(
                session=session, onset_at=onset, resolved_at=ended, by=request.user, **data
            )
        except Refused as error:
            refuse(form, error)
        else:
            if made.serious:
                messages.warning(request, "Serious: the care team is told. Think of a MedWatch report.")
            return done(request, session)
    return tool(request, session, "event", form)


@requires(Can.CHART_VITALS)
@once
def strike(request, pk, kind, row):
    """Cross one entry out, with the reason."""
    session = session_or_404(request, pk)
    if kind not in KINDS:
        raise Http404
    target = get_object_or_404(
        KINDS[kind].objects.select_related("recorded_by", "session__course"), pk=row, session=session
    )
    form = StrikeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.strike(target=target, by=request.user, **form.cleaned_data)
            return done(request, session)
        except Refused as error:
            refuse(form, error)
    context = {
        "target": target,
        "kind": kind,
        "words": _words(session, kind, target),
        "struck": struck(target),
    }
    return tool(request, session, "strike", form, **context)


def _words(session, kind, target) -> str:
    if kind == "dose":
        return dose_words(session, target)
    if kind == "event":
        return event_words(target)
    return target.words if kind == "observation" else ""
