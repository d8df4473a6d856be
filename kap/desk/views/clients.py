"""The list of clients, and finding one."""

from django.db.models import Min, OuterRef, Q, Subquery
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kap.accounts.permissions import Can, requires
from kap.audit import access
from kap.core import clock
from kap.desk.chart.tabs import page_of
from kap.pathway.models import Course
from kap.pathway.stages import ALONG, Stage
from kap.people.models import Client
from scheduling.models import State

FOUND = 8
STAGES = (*ALONG, Stage.DEFERRED, Stage.COMPLETED)


def listed(user):
    """Her clients with the stage (clinicians only) and the next appointment of each, in the one query of the page."""
    newest = Course.objects.filter(client=OuterRef("pk")).order_by("-number")
    live = Q(attends__appointment__state__in=[State.BOOKED, State.ARRIVED])
    coming = live & Q(attends__appointment__starts_at__gte=clock.now())
    return Client.objects.listed_for(user).annotate(
        stage=Subquery(newest.values("stage")[:1]),
        next_at=Min("attends__appointment__starts_at", filter=coming),
    )


@requires(Can.SEE_CLIENT_LIST)
@require_safe
def clients(request):
    clinical = request.user.may(Can.OPEN_CHART)
    words, stage = request.GET.get("q", "").strip()[:80], request.GET.get("stage", "")
    rows = listed(request.user)
    rows = rows.matching(words) if words else rows.order_by("legal_name", "pk")
    if not rows.query.order_by:  # found by number or phone
        rows = rows.order_by("legal_name", "pk")
    if clinical and stage in STAGES:
        rows = rows.filter(stage=stage)
    page = page_of(request, rows)
    if clinical:
        access.opened_many(request, "client_list", [client.pk for client in page])
    context = {
        "page_obj": page, "words": words, "stage": stage, "clinical": clinical,
        "stages": [(code, Stage(code).label) for code in STAGES], "may_add": request.user.may(Can.ADD_CLIENT),
    }  # fmt: skip
    return render(request, "desk/clients.html", context)


@requires(Can.SEE_CLIENT_LIST)
@require_safe
def search(request):
    """By name (sound-alikes too), KAP number or phone. Whole page without script, the list alone with it."""
    words = request.GET.get("q", "").strip()[:80]
    found = list(Client.objects.listed_for(request.user).matching(words)[:FOUND]) if words else []
    context = {
        "words": words,
        "found": found,
        "more": len(found) == FOUND,
        "emergency": request.user.may(Can.BREAK_GLASS),
    }
    return render(request, "desk/_found.html" if request.htmx else "desk/search.html", context)
