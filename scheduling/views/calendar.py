"""The calendar, and an appointment as a calendar file."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from kap.accounts.permissions import Can, requires
from scheduling import ical
from scheduling.calendar_page import CalendarPage
from scheduling.models import Appointment


@requires(Can.SEE_CALENDAR)
@require_safe
def calendar(request):
    return render(request, "scheduling/calendar.html", {"page": CalendarPage(request)})


@requires(Can.SEE_CALENDAR, Can.USE_PORTAL)
@require_safe
def ics(request, pk):
    """One appointment for the calendar of whoever may see it."""
    appointment = get_object_or_404(Appointment.objects.visible_to(request.user), pk=pk)
    response = HttpResponse(
        ical.file_for(appointment, request.user), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = (
        f'attachment; filename="appointment-{appointment.starts_at:%Y-%m-%d}.ics"'
    )
    return response
