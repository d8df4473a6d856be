"""Opening a record in an emergency, ending it, and looking at it afterwards."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kap.accounts import limits
from kap.accounts.permissions import Can, requires
from kap.accounts.second.proof import proves_first
from kap.audit import access
from kap.audit.models import AccessLog
from kap.core.errors import Refused, Stale
from kap.core.once import once
from kap.people import break_glass
from kap.people.break_glass_forms import BreakGlassForm
from kap.people.models import BreakGlass

TRIES = limits.Limit("emergency", 10, 10 * 60)  # so that names and birth dates are not tried out
SHOWN = 200


@requires(Can.BREAK_GLASS)
@require_http_methods(["GET", "POST"])
@proves_first("emergency")
@once
def emergency(request):
    form = BreakGlassForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if limits.spend(TRIES, request.user.audit_label):
            form.add_error(None, "Too many tries. Wait ten minutes, or call the clinic.")
        elif (client := form.client()) is None:
            access.opened(request, "emergency_search", purpose=access.EMERGENCY)
        else:
            try:
                row = break_glass.break_glass(
                    client=client, by=request.user, reason=form.cleaned_data["reason"],
                    words=form.cleaned_data["words"],
                )  # fmt: skip
                return redirect("desk:chart", row.client_id)
            except Stale as stale:
                messages.info(request, " ".join(stale.reasons))
                return redirect("desk:chart", client.pk)
            except Refused as refused:
                form.add_error("words", refused.reasons)
    context = {"form": form, "minutes": int(BreakGlass.LIMIT.total_seconds() // 60)}
    return render(request, "people/emergency.html", context, status=422 if form.errors else 200)


@requires(Can.BREAK_GLASS)
@require_POST
def emergency_end(request, emergency):
    row = get_object_or_404(BreakGlass, pk=emergency, user=request.user)
    try:
        break_glass.end_break_glass(emergency=row, by=request.user)
        messages.success(request, "Emergency access has ended. The record is closed to you again.")
    except Stale as stale:
        messages.info(request, " ".join(stale.reasons))
    return redirect("desk:home")


@requires(Can.SEE_AUDIT)
@require_safe
def emergency_review(request, emergency):
    """Who opened whose record, why, for how long, and what was looked at. Nothing of the record itself."""
    row = get_object_or_404(BreakGlass.objects.select_related("user", "client"), pk=emergency)
    access.opened(request, "emergency_review", client=row.client, thing=row, purpose="operations")
    openings = AccessLog.objects.filter(
        client_id=row.client_id, actor=row.user.audit_label, purpose=access.EMERGENCY,
        at__gte=row.opened_at, at__lte=row.ended_at or row.until,
    ).order_by("at")[:SHOWN]  # fmt: skip
    context = {"row": row, "openings": openings, "ended": row.ended_at or row.until}
    return render(request, "people/emergency_review.html", context)
