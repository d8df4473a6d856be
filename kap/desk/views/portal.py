"""The client's own pages."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from kap.accounts.permissions import Can, requires
from kap.audit import access
from kap.audit.models import AccessLog
from kap.desk import portal as rules
from kap.desk.chart.tabs import openings, page_of


def _own(request):
    """Her record; None for an account that is not tied to one yet."""
    return getattr(request.user, "client", None)


@requires(Can.USE_PORTAL)
@require_safe
def portal(request):
    client = _own(request)
    if client is None:
        return render(request, "desk/portal_empty.html")
    access.opened(request, "portal", client=client, purpose="own")
    return render(
        request,
        "desk/portal.html",
        {"home": rules.home_of(client), "client": client},
    )


@requires(Can.USE_PORTAL)
@require_safe
def who_opened(request):
    client = _own(request)
    if client is None:
        return render(request, "desk/portal_empty.html")
    log = (
        AccessLog.objects.filter(client_id=client.pk).exclude(actor=request.user.audit_label).order_by("-at")
    )
    page = page_of(request, log, 40)
    return render(request, "desk/portal_access.html", {"page_obj": page, "openings": openings(page)})
