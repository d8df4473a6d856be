"""The client's own appointments."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kap.accounts.permissions import Can, requires
from kap.core import clock
from scheduling.messages import what, where, zone_of
from scheduling.models import Appointment, State

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


def line(appointment, user) -> dict:
    client = next(a.client for a in appointment.attendees.all() if a.client.user_id == user.pk)
    zone = zone_of(appointment, client)
    own = client.zone if client.zone and client.zone != zone else ""
    return {
        "a": appointment, "zone": zone, "own": own, "where": where(appointment), "what": what(appointment),
        "cancelled": appointment.state == State.CANCELLED, "today": appointment.starts_at.date() == clock.now().date(),
        "staff": [s.provider for s in appointment.staff.all() if not s.on_call],
    }  # fmt: skip
