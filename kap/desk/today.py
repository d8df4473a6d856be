"""What stands beside and below the day: caseload, measures due, next free times, the clinic's rooms and roster."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from kap.accounts.permissions import Can, Role
from kap.core import clock
from kap.desk import day as agenda
from kap.desk import days
from kap.desk.links import link
from kap.measures.instruments import get as instrument
from kap.measures.models import Occasion
from kap.measures.models import Request as MeasureRequest
from kap.pathway.models import Course
from kap.pathway.stages import ALONG, Stage
from kap.people.models import Client, Credential
from scheduling.availability import STEP, load
from scheduling.models import Appointment, Room, Service
from scheduling.slots import starts_in
from sessions.models import DosingSession

SHOWN = 6
LOOK_AHEAD_DAYS = 7
SESSION = timedelta(minutes=50)  # the shortest stretch worth showing: an ordinary session
OCCASION_WORDS = {
    Occasion.BASELINE: "baseline",
    Occasion.PRE_DOSE: "before dosing",
    Occasion.AFTER_DOSE: "after dosing",
    Occasion.FINAL: "at the end",
    Occasion.FOLLOW_UP: "follow-up",
}


@dataclass(frozen=True)
class Due:
    name: str
    what: str
    words: str
    tone: str
    href: str


@dataclass(frozen=True)
class Slot:
    starts_at: datetime
    detail: str
    href: str


def caseload(user) -> list[dict]:
    """Open courses of her clients by stage, in the pathway's order."""
    counted = dict(
        Course.objects.visible_to(user)
        .filter(stage__in=ALONG)
        .order_by()
        .values_list("stage")
        .annotate(n=Count("pk"))
    )
    return [{"stage": stage, "count": counted.get(stage, 0)} for stage in ALONG]


def measures_due(user) -> list[Due]:
    """Questionnaires of her clients that are late or due until tomorrow, the latest first."""
    now = clock.now()
    waiting = (
        MeasureRequest.objects.filter(
            client__in=Client.objects.visible_to(user), response=None, cancelled_at=None,
            due_at__lte=now + timedelta(days=2),
        )
        .select_related("client")
        .order_by("due_at")[:SHOWN]
    )  # fmt: skip
    return [_due(request, now) for request in waiting]


def _due(request, now) -> Due:
    late = (now - request.due_at).days
    if late >= 1:
        words, tone = f"{late} {'day' if late == 1 else 'days'} late", "warn"
    else:
        words, tone = f"Due {days.near(request.due_at)}", "neutral"
    what = f"{instrument(request.instrument).name} {OCCASION_WORDS[request.occasion]}"
    return Due(request.client.name, what, words, tone, link("desk:chart_tab", request.client_id, "measures"))


def free_times(user) -> list[Slot]:
    """The next free times of a provider, one a stretch; where she works and nothing is booked."""
    provider = agenda.provider_of(user)
    if provider is None or not user.may(Can.BOOK):
        return []
    now = clock.now()
    snapshot = load(start=now, end=now + timedelta(days=LOOK_AHEAD_DAYS), providers=[provider])
    found = []
    for stretch in snapshot.free(provider):
        starts = starts_in([stretch], SESSION, STEP, zone=days.zone())
        if starts:
            until = f"until {days.local(stretch.end):%H:%M}"
            found.append(Slot(starts[0], until, agenda.book_link(starts[0], provider)))
    return found[:4]


def evaluations_waiting(user):
    """A prescriber's cases at the medical stage without a decision, oldest first."""
    if Role.PRESCRIBER not in user.roles:
        return []
    waiting = (
        Course.objects.visible_to(user)
        .filter(stage=Stage.MEDICAL)
        .exclude(evaluations__decided_at__isnull=False)
        .select_related("client")
        .order_by("stage_since")[:SHOWN]
    )
    return [
        {"client": course.client, "since": course.stage_since, "href": link("intake:evaluation", course.pk)}
        for course in waiting
    ]


def dosing_today(user, shown=frozenset()) -> list[dict]:
    """Today's dosing sessions that she is on call for, or whose client is hers; `shown` are on her day already."""
    start, end = days.bounds(days.today())
    found = list(
        agenda.appointments(service__code=Service.Code.DOSING)
        .filter(pk__in=Appointment.objects.visible_to(user).values("pk"))
        .exclude(pk__in=shown)
        .between(start, end)[:20]
    )
    given = agenda.doses_given(found)
    return [_dosing(appointment, user, given) for appointment in found]


def _dosing(appointment, user, given) -> dict:
    session = getattr(appointment, "dosing_session", None)
    on_call = any(on.on_call and on.provider.user_id == user.pk for on in appointment.staff.all())
    if session and session.ended_at:
        words, tone = session.get_outcome_display(), "neutral"
    elif session and session.first_dose_at:
        words, tone = "Medicine given", "violet"
    elif session:
        words, tone = "Open", "teal"
    else:
        words, tone = appointment.get_state_display(), "line"
    row = agenda.row_of(appointment, user, given=given)
    return {"row": row, "words": words, "tone": tone, "on_call": on_call}


def live_sessions(user):
    """Sessions with medicine on board right now, for whoever is on call."""
    return DosingSession.objects.visible_to(user).live().filter(first_dose_at__isnull=False).select_related(
        "course__client"
    )[:SHOWN]  # fmt: skip


# --- for whoever runs the clinic: names, rooms and times, nothing clinical ---------------------------------------


def clinic_day(user) -> list[dict]:
    """Every provider's appointments of today under her name, in the order of the day."""
    start, end = days.bounds(days.today())
    by_provider: dict = {}
    for appointment in agenda.appointments().between(start, end):
        for on in appointment.staff.all():
            if not on.on_call:
                by_provider.setdefault(on.provider, []).append(_plain(appointment))
    return [
        {"provider": provider, "rows": rows}
        for provider, rows in sorted(by_provider.items(), key=lambda pair: pair[0].name)
    ]


def _plain(appointment) -> dict:
    attendees = list(appointment.attendees.all())
    return {
        "at": appointment.starts_at, "ends": appointment.ends_at, "who": ", ".join(a.client.name for a in attendees),
        "what": appointment.service.name, "where": agenda.place(appointment), "state": appointment.get_state_display(),
        "href": link("scheduling:appointment", appointment.pk),
    }  # fmt: skip


def rooms_today() -> list[dict]:
    """Each open room: who is in it now, and when it is used next."""
    now, (start, end) = clock.now(), days.bounds(days.today())
    used: dict = {}
    for appointment in (
        Appointment.objects.live().between(start, end).exclude(room=None).order_by("starts_at")
    ):
        used.setdefault(appointment.room_id, []).append(appointment)
    rows = []
    for room in Room.objects.filter(closed_at=None, location__closed_at=None).select_related("location"):
        mine = used.get(room.pk, [])
        busy = next((one for one in mine if one.starts_at <= now < one.ends_at), None)
        after = next((one for one in mine if one.starts_at > now), None)
        rows.append({"room": room, "busy": busy, "after": after})
    return rows


def expiries(within_days: int = 30) -> list[dict]:
    """Credentials that lapse within a month or have lapsed, soonest first."""
    day = days.today()
    found = (
        Credential.objects.expiring_by(day + timedelta(days=within_days))
        .filter(provider__user__is_active=True)
        .select_related("provider__user")
        .order_by("expires_on")[:SHOWN]
    )
    return [
        {
            "credential": credential, "gone": credential.expires_on < day, "left": (credential.expires_on - day).days,
            "href": link("people:provider", credential.provider_id),
        }
        for credential in found
    ]  # fmt: skip


def sections(user, shown=frozenset()) -> dict:
    """What this person's Today is made of; people with several roles see the parts of each."""
    parts: dict = {}
    if user.may(Can.OPEN_CHART):
        parts["caseload"] = caseload(user)
        parts["caseload_max"] = max((row["count"] for row in parts["caseload"]), default=0)
        parts["due"] = measures_due(user)
        parts["free_times"] = free_times(user)
    if {Role.MONITOR, Role.PRESCRIBER} & user.roles:
        parts["dosing"] = dosing_today(user, shown)
    if Role.PRESCRIBER in user.roles:
        parts["evaluations"] = evaluations_waiting(user)
        parts["live_sessions"] = live_sessions(user)
    if user.may(Can.MANAGE_ROSTER):
        parts |= {"clinic_day": clinic_day(user), "rooms": rooms_today(), "expiries": expiries()}
    return parts
