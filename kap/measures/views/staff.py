"""Entering a client's answers as she reads them out, on the phone or in the room."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from kap.accounts.permissions import Can, requires
from kap.audit import access
from kap.core.errors import Refused
from kap.core.once import once
from kap.measures import actions, instruments, scoring
from kap.measures.forms import EntryForm
from kap.measures.models import Request
from kap.measures.views.client import _back


@requires(Can.OPEN_CHART)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def enter(request, pk):
    wanted = get_object_or_404(
        Request.objects.visible_to(request.user).select_related("client", "response"), pk=pk
    )
    instrument = instruments.get(wanted.instrument)
    if wanted.response_id or wanted.cancelled_at:
        messages.info(request, "These questions are answered, or no longer needed.")
        return redirect(_back(request) or "worklist:list")
    form = EntryForm(request.POST if request.method == "POST" else None, instrument=instrument)
    if form.is_valid():
        try:
            response = actions.answer(request=wanted, answers=form.answers(), by=request.user)
            _tell(request, scoring.score(instrument, response.answers))
            return redirect(_back(request) or "worklist:list")
        except Refused as refused:
            form.add_error(None, refused.reasons)
    access.opened(request, "questionnaire", client=wanted.client, thing=wanted)
    context = {"wanted": wanted, "client": wanted.client, "instrument": instrument, "form": form}
    context["past_month"] = "Questions 1 to 5 ask about the past month." if instrument.code == "cssrs" else ""
    return render(request, "measures/enter.html", context, status=422 if form.errors else 200)


def _tell(request, score) -> None:
    for finding in score.safety:
        messages.error(request, f"{finding.words}. {finding.mend}")
    if not score.safety:
        messages.success(request, "Saved.")
