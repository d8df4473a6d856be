"""What is owed, sent, dropped and failed, for staff; and the demonstration's mailbox."""

import functools

from django.conf import settings
from django.contrib import messages as notices
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kap.accounts.permissions import Can, public, requires
from kap.core.context import current_clinic
from kap.core.errors import Refused
from kap.outbox import actions, catalogue
from kap.outbox.models import MailboxItem, Message, State
from kap.outbox.render import rendered

PER_PAGE = 25
TABS = (
    (State.OWED, "Owed", "No message is waiting.", "Bookings and forms put their reminders here."),
    (State.SENT, "Sent", "Nothing has been sent yet.", "What leaves the clinic is listed here."),
    (
        State.DROPPED,
        "Dropped",
        "Nothing was dropped.",
        "Messages that came to be untrue are listed here, with why.",
    ),
    (State.FAILED, "Failed", "Nothing has failed.", "Messages that could not be delivered are listed here."),
)


@requires(Can.SEE_OUTBOX)
@require_safe
def messages_list(request):
    chosen = request.GET.get("tab", State.OWED)
    chosen = chosen if chosen in State.values else State.OWED
    mine = Message.objects.visible_to(request.user)
    counts = dict(mine.values_list("state").annotate(n=Count("pk")).order_by())
    order = ("send_at", "pk") if chosen == State.OWED else ("-ended_at", "-pk")
    page = Paginator(mine.filter(state=chosen).order_by(*order), PER_PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.words = catalogue.get(row.kind).words
    tabs = [
        {"label": label, "href": f"?tab={state}", "current": state == chosen, "count": counts.get(state, 0)}
        for state, label, *_rest in TABS
    ]
    empty = next((title, text) for state, _label, title, text in TABS if state == chosen)
    context = {
        "page_obj": page,
        "tabs": tabs,
        "state": chosen,
        "empty_title": empty[0],
        "empty_text": empty[1],
    }
    return render(request, "outbox/list.html", context)


@requires(Can.SEE_OUTBOX)
@require_safe
def message(request, pk):
    row = get_object_or_404(Message.objects.visible_to(request.user).select_related("client"), pk=pk)
    words = rendered(row, current_clinic(request), hide_secrets=True)
    return render(
        request, "outbox/message.html", {"row": row, "kind": catalogue.get(row.kind), "words": words}
    )


@requires(Can.SEE_OUTBOX)
@require_POST
def retry(request, pk):
    row = get_object_or_404(Message.objects.visible_to(request.user), pk=pk)
    try:
        actions.retry(message=row, by=request.user)
        notices.success(request, _("The message is on its way again."))
    except Refused as refused:
        notices.error(request, " ".join(refused.reasons))
    return redirect("outbox:message", pk=pk)


def demo_only(view):
    """Outside the demonstration there is no such page."""

    @functools.wraps(view)
    def guarded(request, *args, **kwargs):
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@public("only in the demonstration, where nobody is real: its sign-in links must be reachable before sign-in")
@demo_only
@require_safe
def mailbox(request):
    items = MailboxItem.objects.defer("body", "html")
    if to := request.GET.get("to", "").replace("\x00", "").strip()[:254]:
        items = items.filter(to_address__icontains=to)
    page = Paginator(items, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "outbox/mailbox.html", {"page_obj": page, "to": to})


@public("only in the demonstration, where nobody is real: its sign-in links must be reachable before sign-in")
@demo_only
@require_safe
def mailbox_item(request, pk):
    return render(request, "outbox/mailbox_item.html", {"item": get_object_or_404(MailboxItem, pk=pk)})


@public("only in the demonstration, where nobody is real: its sign-in links must be reachable before sign-in")
@demo_only
@require_safe
def mailbox_html(request, pk):
    """As a mail program shows it. Our own markup under our own policy: no script, no style, nothing from elsewhere."""
    return HttpResponse(get_object_or_404(MailboxItem, pk=pk).html)
