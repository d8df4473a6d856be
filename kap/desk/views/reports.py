"""Figures of the clinic, on a page and as a file."""

from datetime import timedelta

from django.shortcuts import render
from django.views.decorators.http import require_safe

from kap.accounts.permissions import Can, requires
from kap.accounts.second.proof import proves_first
from kap.audit import access
from kap.core import clock, csv
from kap.desk import days
from kap.desk import reports as figures


def _since(request):
    chosen = request.GET.get("days", "90")
    chosen = chosen if chosen in figures.DAYS else "90"
    return chosen, clock.now() - timedelta(days=int(chosen)) if chosen else None


@requires(Can.SEE_REPORTS)
@require_safe
def reports(request):
    chosen, since = _since(request)
    context = {
        "reports": figures.reports(since),
        "chosen": chosen,
        "choices": figures.DAYS.items(),
        "since": since,
    }
    return render(request, "desk/reports.html", context)


@requires(Can.SEE_REPORTS)
@require_safe
@proves_first("export")
def reports_csv(request):
    chosen, since = _since(request)
    access.opened(request, "export", thing=f"reports-{chosen or 'all'}", purpose="report")
    return csv.table(f"reports-{days.today():%Y-%m-%d}.csv", figures.table(figures.reports(since)))
