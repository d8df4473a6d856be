"""What waits for a person: the list, and one item with the form that answers it."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from kap.accounts.permissions import Can, requires
from kap.audit import access
from kap.core.errors import Refused, Stale
from kap.core.once import once
from kap.worklist import actions, looks, reach
from kap.worklist.forms import AcknowledgeForm
from kap.worklist.models import Item, Kind

PER_PAGE = 25


@requires(Can.SEE_WORKLIST)
@require_safe
def items(request):
    mine = Item.objects.visible_to(request.user)
    done = request.GET.get("show") == "done"
    counts = mine.aggregate(open=Count("pk", filter=Q(acknowledged_at=None)))
    rows = (
        mine.exclude(acknowledged_at=None).order_by("-acknowledged_at") if done else mine.open().by_urgency()
    )
    page = Paginator(rows.select_related("client", "acknowledged_by"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    page.object_list = [looks.dress(row) for row in page.object_list]
    access.opened_many(request, "worklist", {row.client_id for row in page.object_list if row.client_id})
    tabs = [
        {"label": "Open", "href": "?", "current": not done, "count": counts["open"]},
        {"label": "Answered", "href": "?show=done", "current": done},
    ]
    return render(request, "worklist/list.html", {"page_obj": page, "tabs": tabs, "done": done})


@requires(Can.SEE_WORKLIST)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def item(request, pk):
    rows = Item.objects.visible_to(request.user).select_related("client", "acknowledged_by")
    row = looks.dress(get_object_or_404(rows, pk=pk))
    form = AcknowledgeForm(request.POST or None, item=row)
    if request.method == "POST" and form.is_valid():
        try:
            actions.acknowledge(item=row, by=request.user, **form.cleaned_data)
            messages.success(request, "Answered. It stays under Answered, with your name.")
            return redirect("worklist:list")
        except Stale as stale:
            messages.warning(request, " ".join(stale.reasons))
            return redirect("worklist:item", pk=pk)
        except Refused as refused:
            form.add_error("what_was_done", refused.reasons)
    if row.client:
        access.opened(request, "worklist item", client=row.client, thing=row)
    return render(
        request, "worklist/item.html", _context(request, row, form), status=422 if form.errors else 200
    )


def _context(request, row, form) -> dict:
    may = request.user.may(Can.ACKNOWLEDGE_SAFETY) if row.kind == Kind.SAFETY else True
    on_team = (
        row.client is not None
        and type(row.client).objects.visible_to(request.user).filter(pk=row.client_id).exists()
    )
    ways = reach.of(row.client) if row.kind == Kind.SAFETY and row.client else []
    return {"row": row, "form": form, "may_answer": may, "on_team": on_team, "reach": ways}
