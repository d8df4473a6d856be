"""A day of appointments as lines: in time order, with free gaps, the line of now, and readiness for dosing."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Prefetch

from kap.accounts.permissions import Role
from kap.core import clock
from kap.desk import days
from kap.desk.links import link
from kap.notes.models import Kind as NoteKind
from kap.notes.models import Note
from kap.pathway import gates
from scheduling.availability import load
from scheduling.models import Appointment, Attendee, Service, StaffOn, State
from scheduling.slots import Interval, subtract
from sessions.entry import Entry
from sessions.models import DosingSession

Code = Service.Code
STAGE_OF = {
    Code.INTAKE: "intake",
    Code.EVALUATION: "medical",
    Code.PREPARATION: "preparation",
    Code.DOSING: "dosing",
    Code.INTEGRATION: "integration",
    Code.CHECK_IN: "follow_up",
    Code.FOLLOW_UP: "follow_up",
}
SHORTEST_GAP = timedelta(minutes=30)
ASKED = 3  # dosing sessions of one day whose gate is asked line by line; the others show a link
# What a chip says, and whether it is worth its place when all is well.
CHIPS = {
    "consent_in_force": ("Consent", True),
    "evaluation_in_date": ("Medical clearance", True),
    "order_active": ("Prescription", True),
    "preparation_signed": ("Preparation", True),
    "integration_in_window": ("Integration booked", True),
    "companion_confirmed": ("Companion", True),
}


@dataclass(frozen=True)
class Chip:
    words: str
    met: bool


@dataclass
class Row:
    """One line of components/agenda_row.html."""

    at: datetime
    kind: str = ""
    minutes: int = 0
    state: str = ""
    stage: str = ""
    title: str = ""
    href: str = ""
    badge: str = ""
    detail: str = ""
    words: str = ""
    link: str = ""
    note: dict | None = None
    action: dict | None = None
    chips: list[Chip] = field(default_factory=list)
    chips_label: str = ""
    appointment: Appointment | None = None


def appointments(**filters):
    """Live appointments with all that a line says about them: eight queries at most, however many there are.

    The sessions are asked for by themselves: joined as well, the query took a hundred times as long to plan as to run.
    """
    return (
        Appointment.objects.live()
        .filter(**filters)
        .select_related("service", "room", "location", "companion")
        .prefetch_related(
            "dosing_session",
            "integration_session",
            "dosing__dosing_session__integration_session",
            Prefetch("attendees", Attendee.objects.select_related("client", "course")),
            Prefetch("staff", StaffOn.objects.select_related("provider__user")),
        )
        .order_by("starts_at", "pk")
    )


def of_provider(user) -> list[Appointment]:
    start, end = days.bounds(days.today())
    return list(appointments(staff__provider__user=user, staff__on_call=False).between(start, end).distinct())


def rows_of(user) -> list[Row]:
    """Her day: appointments, free gaps of her shifts, and where we are in it."""
    found = of_provider(user)
    given = doses_given(found)
    drafts = _drafts(user, found)
    rows = [row_of(appointment, user, given=given, drafts=drafts) for appointment in found]
    _add_readiness(rows)
    _one_primary(rows)
    rows += [
        Row(at=gap.start, kind="gap", words=_gap_words(gap), href=book_link(gap.start, provider_of(user)))
        for gap in gaps_of(user, found)
    ]
    return _with_now(rows)


def doses_given(found) -> dict:
    """{course id: doses so far} of these appointments' courses."""
    courses = {a.course_id for one in found for a in one.attendees.all() if a.course_id}
    counted = (
        DosingSession.objects.filter(course__in=courses, first_dose_at__isnull=False)
        .values("course")
        .annotate(n=Count("pk"))
    )
    return {row["course"]: row["n"] for row in counted}


def row_of(appointment, user, *, given, drafts=frozenset(), names_only=False) -> Row:
    attendees = list(appointment.attendees.all())
    client = attendees[0].client if attendees else None
    group = f" and {len(attendees) - 1} more" if len(attendees) > 1 else ""
    row = Row(
        at=appointment.starts_at,
        minutes=int((appointment.ends_at - appointment.starts_at).total_seconds() // 60),
        state=_state(appointment),
        stage=STAGE_OF[appointment.service.code],
        title=f"{client.name}{group}" if client else appointment.service.name,
        href=link("desk:chart", client.pk) if client else "",
        badge=badge_of(appointment, given),
        detail=_detail(appointment, user),
        appointment=appointment,
    )
    if appointment.state == State.NO_SHOW:
        row.note = {"words": "Did not come", "tone": "warn", "icon": "person-x"}
    elif not names_only:
        row.action, row.note = _what_next(appointment, attendees, drafts)
    return row


def _state(appointment) -> str:
    if appointment.state in (State.DONE, State.NO_SHOW):
        return "done"
    return "live" if appointment.state == State.ARRIVED else ""


def badge_of(appointment, given) -> str:
    """``Dosing 2 of 6``: the number of this session, and of how many when a plan says so."""
    name, course = appointment.service.name, _course(appointment)
    number = None
    if appointment.service.code == Code.DOSING and course:
        session = getattr(appointment, "dosing_session", None)
        number = session.number if session else given.get(course.pk, 0) + 1
    elif appointment.service.code == Code.INTEGRATION and course:
        session = getattr(appointment.dosing, "dosing_session", None) if appointment.dosing else None
        number = session.number if session else given.get(course.pk, 0) + 1
    if number is None:
        return name
    of = f" of {course.planned_sessions}" if course.planned_sessions else ""
    return f"{name} {number}{of}"


def _course(appointment):
    first = next(iter(appointment.attendees.all()), None)
    return first.course if first else None


def place(appointment) -> str:
    return appointment.room.name if appointment.room else appointment.get_mode_display()


def _detail(appointment, user) -> str:
    parts = [place(appointment)]
    if appointment.route:
        parts.append(appointment.get_route_display().lower())
    others = sorted(appointment.staff.all(), key=lambda on: (on.on_call, on.provider.name))
    parts += [_staff_words(on) for on in others if on.provider.user_id != user.pk]
    if appointment.state == State.ARRIVED:
        first = next(iter(appointment.attendees.all()), None)
        if first:
            parts.append(f"{first.client.first_name} is waiting")
    if appointment.state == State.DONE and appointment.ended_at:
        parts.append(f"ended {days.local(appointment.ended_at):%H:%M}")
    return " · ".join(parts)


def _staff_words(on) -> str:
    part = {Role.MONITOR: "monitor", Role.PRESCRIBER: "prescriber", Role.THERAPIST: "therapist"}.get(
        on.role, on.role
    )
    return f"{part} {on.provider.name}{' on call' if on.on_call else ''}"


def _drafts(user, found) -> set:
    """(course, kind) of her open drafts, so that a line can say so."""
    courses = {a.course_id for one in found for a in one.attendees.all() if a.course_id}
    return set(
        Note.objects.filter(author=user, signed_at=None, course__in=courses).values_list("course", "kind")
    )


NOTE_OF = {
    Code.INTAKE: NoteKind.INTAKE, Code.PREPARATION: NoteKind.PREPARATION, Code.INTEGRATION: NoteKind.INTEGRATION,
}  # fmt: skip


def _what_next(appointment, attendees, drafts):
    """(action, note): the one thing to do on this line, or what it waits for."""
    course = attendees[0].course if attendees else None
    if course is None:
        return None, None
    label, href = _door(appointment, course)
    draft = (course.pk, NOTE_OF.get(appointment.service.code)) in drafts
    if draft and appointment.state == State.DONE:
        return {"label": "Finish note", "href": href}, None
    if appointment.state == State.DONE:
        return None, None
    if not href:
        return None, None
    if appointment.state == State.ARRIVED and appointment.service.code != Code.DOSING:
        label = "Start session"
    return {"label": label, "href": href}, None


def _door(appointment, course) -> tuple[str, str]:
    """What this appointment's work is called, and where it is done."""
    code = appointment.service.code
    if code == Code.DOSING:
        session = getattr(appointment, "dosing_session", None)
        if session:
            return "Open cockpit", link("dosing:session", session.pk)
        return "Open cockpit", link("dosing:rooms")
    if code == Code.INTEGRATION:
        session = getattr(appointment.dosing, "dosing_session", None) if appointment.dosing else None
        follow = getattr(session, "integration_session", None) if session else None
        if follow:
            return "Open note", link("integration:note", follow.pk)
    if code == Code.INTAKE:
        return "Review forms", link("intake:session_note", course.pk)
    if code == Code.EVALUATION:
        return "Open evaluation", link("intake:evaluation", course.pk)
    if code == Code.PREPARATION:
        return "Open preparation", link("dosing:preparation", course.pk)
    return "Open chart", link("desk:chart", course.client_id)


def _one_primary(rows) -> None:
    """The client who waits first is the page's main button."""
    waiting = next((row for row in rows if row.state == "live" and row.action), None)
    if waiting:
        waiting.action["primary"] = True


def _add_readiness(rows) -> None:
    """Chips from the gate itself, so that page and action never disagree; only for the next few sessions."""
    ahead = [
        row for row in rows
        if row.appointment and row.appointment.service.code == Code.DOSING and row.appointment.is_live
        and not getattr(row.appointment, "dosing_session", None) and _course(row.appointment)
    ]  # fmt: skip
    for row in ahead[:ASKED]:
        row.chips = readiness(row.appointment)
        met = sum(chip.met for chip in row.chips)
        row.chips_label = f"Ready for dosing: {met} of {len(row.chips)}"


def readiness(appointment) -> list[Chip]:
    """What the gate to the dosing room says: the usual lines by name, and every line that is missing."""
    chips = []
    course = _course(appointment)
    for step in gates.ask("enter_dosing", course, Entry(appointment, course)):
        name, shown = CHIPS.get(step.key, (step.words, False))
        if not step.met:
            chips.append(Chip(step.missing[0].words.rstrip("."), False))
        elif shown:
            chips.append(Chip(name, True))
    return sorted(chips, key=lambda chip: not chip.met)


def gaps_of(user, found=()) -> list[Interval]:
    """Free stretches of her shifts from now to midnight; half an hour or more, buffers kept."""
    provider = provider_of(user)
    if provider is None:
        return []
    now, end = clock.now(), days.bounds(days.today())[1]
    snapshot = load(start=now, end=end, providers=[provider])
    free = subtract(snapshot.free(provider), [Interval(one.starts_at, one.ends_at) for one in found])
    return [gap for gap in free if gap.length >= SHORTEST_GAP]


def provider_of(user):
    return getattr(user, "provider", None)


def _gap_words(gap) -> str:
    return f"Free {days.local(gap.start):%H:%M} – {days.local(gap.end):%H:%M}"


def book_link(start: datetime, provider) -> str:
    return link("scheduling:book", at=start.isoformat(), provider=provider.pk)


def _with_now(rows) -> list[Row]:
    """In time order, with the line of now where it belongs; none on an empty day."""
    rows = sorted(rows, key=lambda row: (row.at, row.kind != ""))
    if not any(row.appointment for row in rows):
        return rows
    now = clock.now()
    before = [row for row in rows if row.at <= now and row.kind != "gap"]
    after = [row for row in rows if row not in before]
    return [*before, Row(at=now, kind="now"), *after]
