"""A questionnaire as the client answers it: one question a page, check, send; and help at once where it is needed.

`?back=` is the path of ours to return to, kept from page to page.
"""

from urllib.parse import urlencode

from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kap.accounts.permissions import Can, requires
from kap.audit import access
from kap.core.addresses import inside
from kap.core.errors import Refused, Stale
from kap.core.once import once
from kap.measures import actions, instruments, scoring, steps
from kap.measures.models import Request

METHODS = ["GET", "HEAD", "POST"]


def _wanted(request, pk) -> Request:
    rows = Request.objects.visible_to(request.user).select_related("client", "course", "response")
    return get_object_or_404(rows, pk=pk)


def _back(request) -> str:
    """Only a path of this site, else ""."""
    return inside(request.GET.get("back", ""))


def _to(request, name: str, pk, *args) -> str:
    address, back = reverse(f"measures:{name}", args=[pk, *args]), _back(request)
    return f"{address}?{urlencode({'back': back})}" if back else address


@requires(Can.USE_PORTAL, Can.OPEN_CHART)
@require_safe
def take(request, pk):
    """Where she left off. Staff, who read it out on the phone, get all questions on one page."""
    wanted = _wanted(request, pk)
    if wanted.client.user_id != request.user.pk:
        return redirect("measures:enter", pk=pk)
    if wanted.response_id or wanted.cancelled_at:
        return redirect(_to(request, "sent", pk))
    item = steps.following(instruments.get(wanted.instrument), wanted.draft)
    return redirect(_to(request, "question", pk, item.key) if item else _to(request, "check", pk))


@requires(Can.USE_PORTAL)
@require_http_methods(METHODS)
def question(request, pk, key):
    wanted = _wanted(request, pk)
    instrument = instruments.get(wanted.instrument)
    here = steps.place(instrument, wanted.draft, key)
    if here is None or wanted.response_id or wanted.cancelled_at:
        return redirect(_to(request, "take", pk))
    errors = None
    if request.method == "POST":
        chosen = _chosen(request, here.item)
        if chosen != "none":
            draft = {**wanted.draft, key: chosen}
            try:
                actions.save_draft(request=wanted, answers=draft, by=request.user)
            except Stale:
                return redirect(_to(request, "sent", pk))
            item = steps.following(instrument, draft, after=key)
            return redirect(_to(request, "question", pk, item.key) if item else _to(request, "check", pk))
        errors = [{"href": "#answer_0", "words": _("Choose one of the answers, or skip this question.")}]
    access.opened(request, "questionnaire", client=wanted.client, thing=wanted)
    context = {
        "wanted": wanted, "instrument": instrument, "here": here, "lead": steps.lead(instrument, here.item),
        "given": wanted.draft.get(key), "errors": errors,
        "before": _to(request, "question", pk, here.before.key) if here.before else _back(request) or reverse("desk:portal"),
    }  # fmt: skip
    return render(request, "measures/question.html", context, status=422 if errors else 200)


def _chosen(request, item):
    """The score chosen, None for a skip, "none" where nothing (or nothing that exists) was chosen."""
    if request.POST.get("act") == "skip":
        return None
    value = request.POST.get("answer", "")
    return int(value) if value in {str(score) for score in item.scores} else "none"


@requires(Can.USE_PORTAL)
@require_http_methods(METHODS)
@once
def check(request, pk):
    wanted = _wanted(request, pk)
    if wanted.response_id or wanted.cancelled_at:
        return redirect(_to(request, "sent", pk))
    instrument, errors = instruments.get(wanted.instrument), None
    if request.method == "POST":
        try:
            response = actions.answer(request=wanted, answers=wanted.draft, by=request.user)
            alarming = scoring.score(instrument, response.answers).show_crisis
            return redirect(_to(request, "crisis" if alarming else "sent", pk))
        except Stale:
            return redirect(_to(request, "sent", pk))
        except Refused as refused:
            errors = [{"href": "#answers", "words": words} for words in refused.reasons]
    access.opened(request, "questionnaire", client=wanted.client, thing=wanted)
    rows = [
        {
            "label": item.text, "value": words, "missing": not words, "href": _to(request, "question", pk, item.key),
        }
        for item, words in steps.rows(instrument, wanted.draft)
    ]  # fmt: skip
    context = {"wanted": wanted, "instrument": instrument, "rows": rows, "errors": errors}
    return render(request, "measures/check.html", context, status=422 if errors else 200)


def _next(request, wanted) -> str:
    """Questions that an answer has called for come first; then back to where she came from."""
    more = Request.objects.open().filter(
        course=wanted.course_id, occasion=wanted.occasion, instrument="cssrs"
    )
    if found := more.exclude(pk=wanted.pk).first():
        return _to(request, "take", found.pk)
    return _back(request) or reverse("desk:portal")


@requires(Can.USE_PORTAL)
@require_safe
def sent(request, pk):
    wanted = _wanted(request, pk)
    context = {
        "wanted": wanted,
        "instrument": instruments.get(wanted.instrument),
        "next": _next(request, wanted),
    }
    return render(request, "measures/sent.html", context)


@requires(Can.USE_PORTAL)
@require_safe
def crisis(request, pk):
    """Help now, on a full page. It says nothing about what was answered."""
    wanted = _wanted(request, pk)
    return render(request, "measures/crisis.html", {"wanted": wanted, "next": _next(request, wanted)})
