"""Today's dosing appointments, what each still needs, and opening one."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from kap.accounts.permissions import Can, requires
from kap.accounts.second.proof import proves_again
from kap.audit import access
from kap.core import clock
from kap.core.errors import Refused
from kap.core.once import once
from kap.pathway import actions as pathway
from kap.pathway import gates
from kap.pathway.models import Course
from scheduling.models import Appointment, Attendee, Service, StaffOn, State
from sessions import actions, facts
from sessions.entry import Entry, course_of
from sessions.forms import PassForm
from sessions.models import DosingSession
from sessions.views.base import refuse

ROWS = 25


def todays(user):
    """Dosing appointments of the clinic's day that this person may see, earliest first."""
    zone = timezone.get_current_timezone()
    start = datetime.combine(clock.today(str(zone)), time(), ZoneInfo(str(zone)))
    return (
        Appointment.objects.visible_to(user).between(start, start + timedelta(days=1))
        .filter(service__code=Service.Code.DOSING).exclude(state__in=[State.CANCELLED, State.NO_SHOW])
        .select_related("location", "room", "dosing_session", "companion")
        .prefetch_related(
            Prefetch("attendees", Attendee.objects.select_related("client", "course")),
            Prefetch("staff", StaffOn.objects.select_related("provider__user")),
        ).order_by("starts_at", "pk")
    )  # fmt: skip


@requires(Can.CHART_VITALS)
@require_safe
def rooms(request):
    """Which rooms are in use today; what is missing is asked for each row by itself."""
    page = Paginator(todays(request.user), ROWS).get_page(request.GET.get("page"))
    rows = [
        (one, next(iter(one.attendees.all()), None), getattr(one, "dosing_session", None)) for one in page
    ]
    return render(request, "dosing/rooms.html", {"rows": rows, "page_obj": page})


def appointment_or_404(request, pk) -> tuple[Appointment, Course]:
    """Only for the care team: the calendar shows more than the room may open."""
    found = Appointment.objects.filter(service__code=Service.Code.DOSING).visible_to(request.user)
    appointment = get_object_or_404(found.select_related("location", "room", "service", "companion"), pk=pk)
    attendee = appointment.attendees.filter(course__in=Course.objects.visible_to(request.user)).first()
    if attendee is None:
        raise Http404
    return appointment, course_of(appointment)


@requires(Can.CHART_VITALS)
@require_safe
def readiness(request, pk):
    """The chips of one row: every line of the gate, met or not."""
    appointment, course = appointment_or_404(request, pk)
    steps = gates.ask("enter_dosing", course, Entry(appointment, course))
    access.opened(request, "readiness", client=course.client, thing=appointment)
    return render(request, "dosing/_ready.html", {"appointment": appointment, "steps": steps})


@requires(Can.ENTER_DOSING)
@once
def open_room(request, pk):
    """What stands between this appointment and its session; one button opens it."""
    appointment, course = appointment_or_404(request, pk)
    there = DosingSession.objects.filter(appointment=appointment).first()
    if request.method == "POST":
        try:
            session = actions.open_session(appointment=appointment, by=request.user)
        except Refused as error:
            return _gate(request, appointment, course, error=error)
        return redirect("dosing:session", pk=session.pk)
    if there is not None:
        return redirect("dosing:session", pk=there.pk)
    return _gate(request, appointment, course)


def _gate(request, appointment, course, error=None):
    there = DosingSession.objects.filter(appointment=appointment).select_related("opened_by").first()
    entry = Entry(appointment, course)
    context = {
        "appointment": appointment, "course": course, "client": course.client, "there": there,
        "steps": [] if there else gates.ask("enter_dosing", course, entry),
        "errors": [{"href": "", "words": words} for words in error.reasons] if error else [],
        "today": facts.today_of(appointment) == appointment.starts_at.astimezone(facts.zone(appointment)).date(),
        "may_pass": request.user.may(Can.OVERRIDE_GATE),
    }  # fmt: skip
    access.opened(request, "readiness", client=course.client, thing=appointment)
    with timezone.override(facts.zone(appointment)):
        return render(request, "dosing/open.html", context, status=422 if error else 200)


@requires(Can.OVERRIDE_GATE)
@proves_again("pass a line of the check under your name")
@once
def pass_entry(request, pk, evidence):
    """A prescriber passes one line of the gate for this appointment, with her reason and name."""
    appointment, course = appointment_or_404(request, pk)
    entry = Entry(appointment, course)
    return pass_line(request, "enter_dosing", evidence, course, entry, back=("dosing:open", pk))


def pass_line(request, gate, evidence, course, subject, *, back):
    """Shared by both gates of the room."""
    step = next((s for s in gates.ask(gate, course, subject) if s.key == evidence), None)
    if step is None:
        raise Http404
    form = PassForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            pathway.override(
                course=course,
                gate=gate,
                evidence=evidence,
                about=subject,
                by=request.user,
                **form.cleaned_data,
            )
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, f"{step.words}: passed by {request.user.name}.")
            return redirect(back[0], pk=back[1])
    access.opened(request, "readiness", client=course.client, thing=subject)
    context = {"form": form, "step": step, "client": course.client, "back": back}
    return render(request, "dosing/pass.html", context, status=422 if form.errors else 200)
