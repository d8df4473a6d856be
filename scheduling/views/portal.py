"""The client's own appointments."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kap.accounts.permissions import Can, requires
from kap.audit import access
from kap.core import clock
from kap.core.errors import Refused
from kap.core.once import once
from scheduling import actions
from scheduling.forms import BringForm
from scheduling.messages import what, where, zone_of
from scheduling.models import Appointment, Service, State
from scheduling.views.appointment import words

PER_PAGE = 20


@requires(Can.USE_PORTAL)
@require_safe
def mine(request):
    """Upcoming first, then the past, newest first. Times in the zone that counts for each."""
    own = Appointment.objects.visible_to(request.user).select_related(
        "service", "location", "room", "companion"
    )
    own = own.prefetch_related("staff__provider__user", "attendees__client")
    ahead = own.upcoming().order_by("starts_at")
    past = own.exclude(pk__in=ahead.values("pk")).order_by("-starts_at")
    page = Paginator(past, PER_PAGE).get_page(request.GET.get("page"))
    context = {"ahead": [line(a, request.user) for a in ahead[:PER_PAGE]], "page_obj": page}
    return render(request, "scheduling/mine.html", {**context, "past": [line(a, request.user) for a in page]})


@requires(Can.USE_PORTAL)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def bring(request, pk):
    """The client says who will take her home, or sit with her at home. The person is asked at once."""
    ahead = Appointment.objects.visible_to(request.user).upcoming().filter(service__code=Service.Code.DOSING)
    one = get_object_or_404(ahead.select_related("service", "location", "companion"), pk=pk)
    client, errors = request.user.client, []
    access.opened(request, "appointment", client=client, thing=one, purpose="own")
    form = BringForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.bring_companion(appointment=one, client=client, by=request.user, **form.cleaned_data)
        except Refused as refused:
            errors = words(refused)
        else:
            messages.success(request, _("Thank you. We ask %(name)s.") % {"name": form.cleaned_data["name"]})
            return redirect("scheduling:mine")
    context = {"form": form, "a": one, "zone": zone_of(one, client), **({"errors": errors} if errors else {})}
    return render(request, "scheduling/bring.html", context, status=422 if form.is_bound else 200)


def line(appointment, user) -> dict:
    client = next(a.client for a in appointment.attendees.all() if a.client.user_id == user.pk)
    zone = zone_of(appointment, client)
    own = client.zone if client.zone and client.zone != zone else ""
    return {
        "a": appointment, "zone": zone, "own": own, "where": where(appointment), "what": what(appointment),
        "cancelled": appointment.state == State.CANCELLED, "today": appointment.starts_at.date() == clock.now().date(),
        "staff": [s.provider for s in appointment.staff.all() if not s.on_call],
    }  # fmt: skip
