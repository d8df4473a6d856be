"""Booking: find the client, say what, choose a time. The same page without a script."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kap.accounts.permissions import Can, requires
from kap.core.errors import Refused
from kap.core.once import once
from kap.pathway import gates
from kap.pathway.gates import GateClosed
from scheduling import actions
from scheduling.booking_page import BookingPage
from scheduling.refusals import Taken


@requires(Can.BOOK)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def book(request):
    """GET shows what is free for what was chosen; POST books, or says why not and what else there is."""
    if request.method == "POST":
        return take(request, BookingPage(request.POST, request.user))
    page = BookingPage(request.GET, request.user)
    return render(request, "scheduling/book.html", {"page": page, "steps": steps(page)})


def take(request, page: BookingPage):
    if not page.ready:
        return again(request, page, [_("Choose the client and the kind of appointment first.")])
    sent = page.sent()
    if sent is None:
        return again(request, page, [_("Choose a time.")])
    try:
        made = write(page, sent, request.user)
    except Taken as taken:
        near = [page.choice(one) for one in taken.times]
        return again(request, page, taken.reasons, near=near, status=409)
    except GateClosed as closed:
        return again(request, page, [], steps=closed.steps)
    except Refused as refused:
        return again(request, page, refused.reasons)
    both = made.integration is not None
    messages.success(request, _("Booked, with its integration.") if both else _("Booked."))
    return redirect("scheduling:appointment", pk=made.pk)


def write(page: BookingPage, sent: dict, by):
    if page.is_dosing:
        return actions.book_dosing(course=page.course, plan=sent["plan"], by=by)
    return actions.book(
        service=page.service, client=page.client, course=page.course, starts_at=sent["starts_at"], staff=sent["staff"],
        location=page.location, mode=page.mode, note=page.note, by=by,
    )  # fmt: skip


def again(request, page, reasons, *, near=(), steps=(), status=422):
    errors = [{"href": "#times", "words": words} for words in reasons]
    context = {"page": page, "errors": errors, "near": near, "steps": steps, "closed": bool(steps)}
    return render(request, "scheduling/book.html", context, status=status)


def steps(page: BookingPage) -> list:
    """What a dose lacks before its time is even looked at. The time itself is left out: it is not chosen yet."""
    if not page.is_dosing or page.course is None:
        return []
    asked = [
        s
        for s in gates.GATES["book_dosing"].needs
        if s not in ("integration_in_window", "providers_credentialed")
    ]
    found = [
        gates.Step(key, gates.EVIDENCE[key].words, gates.EVIDENCE[key](page.course, None)) for key in asked
    ]
    return found if gates.closed(found) else []
