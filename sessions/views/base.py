"""What every page of the room needs: the session (or 404), who it is about, the time where it happens."""

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from kap.accounts.models import User
from kap.accounts.permissions import CLINICAL
from kap.audit import access
from kap.core import clock
from kap.core.errors import Refused
from kap.core.related import attach
from kap.people.models import TeamMember
from sessions import facts
from sessions.entry import active_order
from sessions.flowsheet import ALERTNESS, Flowsheet
from sessions.models import DosingSession

WITH = (
    "course__client", "course__protocol", "appointment__location", "appointment__room", "order", "preparation",
)  # fmt: skip


def session_or_404(request, pk) -> DosingSession:
    """Strangers to the client's care get 404."""
    found = get_object_or_404(DosingSession.objects.visible_to(request.user).select_related(*WITH), pk=pk)
    attach(found, "opened_by", "started_by", "second_person", "ended_by")
    return found


def order_of(session):
    """The order the session runs on, or before its start the one it would start on."""
    return session.order or active_order(
        session.course, session.route, session.setting, facts.today_of(session.appointment)
    )


def header(session, order) -> dict:
    """Who this is, what to beware of, when to call: on every page of the room."""
    client = session.course.client
    allergies = list(client.allergies.filter(ended_at=None))
    return {
        "session": session, "client": client, "order": order, "allergies": allergies,
        "planned": session.course.planned_sessions or (order.sessions if order else None),
        "call_whom": facts.short_name(order.signed_by) if order else "the prescriber",
        "call_at_alertness": f"rouses only {ALERTNESS[session.course.rules.intra.moaas_at_most_points].lower()}",
    }  # fmt: skip


def show(
    request, template: str, session, context: dict, *, kind: str, status: int = 200, order=None
) -> HttpResponse:
    """Log the read, then render in the location's zone."""
    order = order or order_of(session)
    access.opened(request, kind, client=session.course.client, thing=session)
    with timezone.override(facts.zone(session.appointment)):
        return render(request, template, {**header(session, order), **context}, status=status)


def people_here(session, *, but) -> object:
    """Clinicians who may confirm something in this room: the care team and those on the appointment."""
    team = TeamMember.objects.current().filter(client=session.course.client_id).values("user")
    on_it = session.appointment.staff.values("provider__user")
    return (
        User.objects.filter(Q(pk__in=team) | Q(pk__in=on_it), is_active=True)
        .filter(grants__role__in=CLINICAL, grants__ended_at=None)
        .exclude(pk=but.pk).distinct().order_by("name")
    )  # fmt: skip


def said_time(session, value):
    """A wall-clock time typed in the room, as an instant; None when none was typed."""
    if value is None:
        return None
    return facts.at_clock_time(value.hour, value.minute, clock.now(), facts.zone(session.appointment))


def refuse(form, error: Refused):
    """The action's words on the form that asked for it; the typing stays."""
    for reason in error.reasons:
        form.add_error(None, reason)
    return form


def sheet_of(session) -> Flowsheet:
    return Flowsheet(session)
