"""The audit viewer: everything written and read, for whoever runs the clinic. Nothing clinical is in it."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from kap.accounts.permissions import Can, requires
from kap.accounts.second.proof import proves_first
from kap.audit import access, trail
from kap.core import csv
from kap.desk import days
from kap.desk.trail import COLUMNS, EXPORTED, PER_PAGE, TrailForm, lines


@requires(Can.SEE_AUDIT)
@require_safe
def audit(request):
    form = TrailForm(request.GET)
    shown, more = [], False
    if form.is_valid():
        wanted = form.wanted(below=request.GET.get("below", "")[:200])
        access.opened(request, "audit", client=wanted.client or None, purpose="operations")
        found = trail.entries(wanted, PER_PAGE + 1)
        shown, more = lines(found[:PER_PAGE]), len(found) > PER_PAGE
    context = {
        "form": form, "lines": shown, "more": more, "below": str(shown[-1].entry.place) if shown else "",
        "paged": bool(request.GET.get("below")), "asked": any(request.GET.get(name) for name in form.fields),
    }  # fmt: skip
    return render(request, "audit/trail.html", context, status=422 if form.errors else 200)


@requires(Can.SEE_AUDIT)
@require_safe
@proves_first("export")
def audit_csv(request):
    form = TrailForm(request.GET)
    if not form.is_valid():
        return render(request, "audit/trail.html", {"form": form}, status=422)
    wanted = form.wanted()
    access.opened(request, "audit_export", client=wanted.client or None, purpose="operations")
    found = trail.entries(wanted, EXPORTED + 1)
    rows = [COLUMNS, *(line.cells() for line in lines(found[:EXPORTED]))]
    if len(found) > EXPORTED:
        rows.append([f"There is more. These are the newest {EXPORTED:,}: ask for fewer days at a time."])
    return csv.table(f"audit-{days.today():%Y-%m-%d}.csv", rows)
