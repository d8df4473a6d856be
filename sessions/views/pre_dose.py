"""Before the medicine: each line by its own tap, the place at home, the prescriber's release, the start."""

from django.contrib import messages
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from kap.accounts.permissions import Can, requires
from kap.accounts.second.proof import proves_again
from kap.core.errors import Refused
from kap.core.once import once
from kap.pathway import gates
from kap.pathway.models import Setting
from sessions import actions, checklists, facts
from sessions.actions.pre_dose import releasable
from sessions.forms import LineForm, PlaceForm, ReleaseForm, SafetyForm, SecondForm
from sessions.links import session_path
from sessions.views.base import order_of, people_here, refuse, session_or_404, sheet_of, show
from sessions.views.rooms import pass_line
from sessions.views.vitals_form import vitals_context

PLACE = ("address", "state", "callback", "emergency_number", "nearest_ed", "disconnect_plan")


def page(request, session, *, status=200, **forms):
    """The whole check. `forms`: a form that was refused, to be shown again with its typing."""
    sheet, order, user = sheet_of(session), order_of(session), request.user
    steps = gates.ask("start_medicine", session.course, session)
    held = releasable(session)
    context = {
        "sheet": sheet, "rows": sheet.rows, "lines": _lines(session, sheet, user), "steps": _shown(steps), "held": held,
        "ready": not gates.closed(steps), "answered": sheet.answered, "remote": session.setting == Setting.REMOTE,
        "may_release": user.may(Can.RELEASE_DOSE), "may_start": user.may(Can.START_MEDICINE),
        "may_screen": user.may(Can.ACKNOWLEDGE_SAFETY), "is_second": session.second_person_id == user.pk,
        "second_form": SecondForm(people=people_here(session, but=user)), "release_form": ReleaseForm(user=user),
        "place_form": PlaceForm(initial=_place(session)), **vitals_context(session, sheet, order), **forms,
    }  # fmt: skip
    return show(
        request, "dosing/pre_dose.html", session, context, kind="pre_dose", status=status, order=order
    )


def _shown(steps) -> list[dict]:
    """The gate as a panel. The lines of the check stand beside it: here only how many are open."""
    shown = []
    for step in steps:
        why, n = step.why, len(step.missing)
        if step.key == "pre_dose_answered" and n > 2:
            why = f"{n} lines are not done yet."
        shown.append({
            "key": step.key, "words": step.words, "met": step.met, "why": why, "link": step.link,
            "overridable": step.overridable,
        })  # fmt: skip
    return shown


def _lines(session, sheet, user) -> list[dict]:
    """Each line with its state, and who may answer it."""
    held, rows = sheet.held_by_lines(), []
    for one in checklists.pre_dose_lines(facts.setting_code(session.setting)):
        row, finding = sheet.answers.get(one.code), held.get(one.code)
        problem = row is not None and row.answer == checklists.PROBLEM
        rows.append({
            "line": one, "row": row, "finding": finding, "done": finding is None,
            "released": problem and finding is None, "waits": problem and finding is not None and one.release,
            "stopped": problem and finding is not None and not one.release,
            "mine": checklists.may_answer(one, user.roles),
            "who": " or ".join(checklists.ROLE_WORDS[role] for role in one.roles),
        })  # fmt: skip
    return rows


def _place(session) -> dict:
    """What was recorded of the place is shown again; the ID and the count are asked anew."""
    return {name: getattr(session, f"remote_{name}") for name in PLACE} if session.remote_recorded_at else {}


@requires(Can.ANSWER_PRE_DOSE)
@require_POST
def line(request, pk):
    session = session_or_404(request, pk)
    form = LineForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the answers.")
        return redirect(session_path(session))
    try:
        actions.answer_line(session=session, by=request.user, **form.cleaned_data)
    except Refused as error:
        errors = [{"href": f"#line-{form.cleaned_data['line']}", "words": words} for words in error.reasons]
        return page(request, session_or_404(request, pk), status=422, errors=errors, typed=form.cleaned_data)
    return redirect(session_path(session, f"line-{form.cleaned_data['line']}"))


@requires(Can.ANSWER_PRE_DOSE)
@require_POST
@once
def place(request, pk):
    session, form = session_or_404(request, pk), PlaceForm(request.POST)
    if form.is_valid():
        try:
            actions.record_remote(session=session, by=request.user, **form.cleaned_data)
            return redirect(session_path(session, "remote"))
        except Refused as error:
            refuse(form, error)
    return page(request, session_or_404(request, pk), status=422, place_form=form, form=form)


@requires(Can.ACKNOWLEDGE_SAFETY)
@once
def safety(request, pk):
    """The C-SSRS, asked aloud and written down here."""
    session, form = session_or_404(request, pk), SafetyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.screen_safety(session=session, answers=form.answers(), by=request.user)
            return redirect(session_path(session, "line-safety"))
        except Refused as error:
            refuse(form, error)
    status = 422 if form.errors else 200
    return show(request, "dosing/safety.html", session, {"form": form}, kind="pre_dose", status=status)


@requires(Can.CHART_VITALS)
@require_POST
def second(request, pk):
    """The second person: by her PIN at this screen, or by her own sign-in."""
    session = session_or_404(request, pk)
    if request.POST.get("myself"):
        actions.stand_by(session=session, person=request.user, by=request.user)
        return redirect(session_path(session, "second"))
    form = SecondForm(request.POST, people=people_here(session, but=request.user))
    if form.is_valid():
        try:
            actions.stand_by(session=session, by=request.user, **form.cleaned_data)
            return redirect(session_path(session, "second"))
        except Refused as error:
            refuse(form, error)
    return page(request, session_or_404(request, pk), status=422, second_form=form, form=form)


@requires(Can.RELEASE_DOSE)
@require_POST
@proves_again("release this dose")
@once
def release(request, pk):
    session, form = session_or_404(request, pk), ReleaseForm(request.POST, user=request.user)
    if form.is_valid():
        try:
            actions.release(session=session, by=request.user, **form.cleaned_data)
            messages.success(request, "Released. A new reading or a new answer is not covered.")
            return redirect(session_path(session))
        except Refused as error:
            refuse(form, error)
    return page(request, session_or_404(request, pk), status=422, release_form=form, form=form)


@requires(Can.OVERRIDE_GATE)
@proves_again("pass a line of the check under your name")
@once
def pass_start(request, pk, evidence):
    """A prescriber passes one line of the gate for this session."""
    session = session_or_404(request, pk)
    return pass_line(
        request, "start_medicine", evidence, session.course, session, back=("dosing:session", pk)
    )


@requires(Can.START_MEDICINE)
@require_POST
@once
def start(request, pk):
    session = session_or_404(request, pk)
    try:
        actions.start(session=session, by=request.user)
    except Refused as error:
        errors = [{"href": "", "words": words} for words in error.reasons]
        fresh = session_or_404(request, pk)
        if fresh.started_at or fresh.ended_at:
            messages.info(request, " ".join(error.reasons))
            return redirect(session_path(session))
        return page(request, fresh, status=422, errors=errors)
    return redirect(session_path(session))
