"""The plan as pairs: each dose and the integration after it, from what was given, what is booked, what is planned.

`strip` is pure: it takes plain values, so that it can be tried by tables.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Prefetch, Q, Sum

from kap.core import clock
from kap.core.templatetags.kap import num
from kap.desk import days
from scheduling.models import Appointment, Service, State
from sessions.models import DosingSession, Outcome

LONGEST = 8  # nodes side by side; of a longer course the last ones are shown


@dataclass(frozen=True)
class Node:
    state: str = "planned"
    words: str = "Planned"
    when: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Pair:
    number: int
    dosing: Node
    integration: Node


@dataclass(frozen=True)
class Given:
    """One session that took place or is going on. `hours_after`: of its integration, once that is signed."""

    number: int
    at: datetime
    dose_mg: Decimal | None
    ended: bool
    integration_at: datetime | None = None
    held_at: datetime | None = None
    hours_after: Decimal | None = None
    timing: str = ""
    opens_at: datetime | None = None
    closes_at: datetime | None = None


@dataclass(frozen=True)
class Booked:
    """The next dose in the calendar, with its integration."""

    at: datetime
    integration_at: datetime | None


@dataclass(frozen=True)
class Course:
    given: list[Given] = field(default_factory=list)
    booked: list[Booked] = field(default_factory=list)
    planned: int | None = None
    days_between: int | None = None
    dose_words: str = ""

    @property
    def done(self) -> int:
        return sum(1 for one in self.given if one.ended)


def strip(course: Course, now: datetime) -> list[Pair]:
    """One pair for each dose given, booked or planned; at most `LONGEST`, the latest ones."""
    pairs = [Pair(one.number, _dose(one), _after(one, now)) for one in course.given]
    number = max((pair.number for pair in pairs), default=0)
    last = max((one.at for one in course.given), default=None)
    for index, one in enumerate(course.booked):
        number += 1
        last = one.at
        dose = Node(
            "next" if index == 0 else "booked",
            days.cap(days.near(one.at)),
            days.short(one.at),
            course.dose_words,
        )
        pairs.append(Pair(number, dose, _reserved(one, number)))
    while course.planned and number < course.planned:
        number += 1
        when = ""
        if last and course.days_between:
            last = last + timedelta(days=course.days_between)
            monday = days.local(last).date() - timedelta(days=days.local(last).weekday())
            when = f"w/c {days.short_day(monday)}"
        pairs.append(Pair(number, Node(when=when), Node("after", f"After dosing {number}")))
    return pairs[-LONGEST:]


def _dose(one: Given) -> Node:
    amount = f"{num(one.dose_mg)} mg" if one.dose_mg else ""
    if one.ended:
        return Node("done", str(one.number), days.short_day(one.at), amount)
    return Node("next", "Now", days.short(one.at), amount)


def _after(one: Given, now: datetime) -> Node:
    if one.held_at:
        late = one.timing == "late"
        when = f"{days.short_day(one.held_at)}, {num(one.hours_after.quantize(Decimal(1)))} h"
        return Node(
            "late" if late else "done", {"late": "Late", "early": "Early"}.get(one.timing, "Held"), when
        )
    if one.closes_at and one.closes_at < now:
        return Node("late", "Overdue", f"closed {days.short(one.closes_at)}")
    if one.integration_at:
        return Node("booked", "Booked", days.short(one.integration_at))
    if one.closes_at:
        return Node("held", "Not booked", f"until {days.short(one.closes_at)}")
    return Node("after", f"After dosing {one.number}")


def _reserved(one: Booked, number: int) -> Node:
    if one.integration_at:
        return Node("held", "On hold", days.short(one.integration_at))
    return Node("after", f"After dosing {number}")


# --- from rows to plain values ------------------------------------------------------------------------------------


def read(course, order=None) -> Course:
    """Four queries for one course of treatment, however long."""
    if course is None:
        return Course()
    signed = course.plans.filter(signed_at__isnull=False, superseded_at=None).order_by("-signed_at").first()
    return Course(
        given=[_given(session) for session in sessions_of(course)],
        booked=[_booked(one) for one in upcoming(course)],
        planned=course.planned_sessions,
        days_between=signed.days_between if signed else None,
        dose_words=_range(order),
    )


def sessions_of(course):
    """Sessions with a number of their own, in order: those closed without medicine are left out."""
    return (
        DosingSession.objects.filter(course=course)
        .exclude(outcome=Outcome.NOT_DOSED)
        .select_related("appointment", "integration_session__appointment")
        .annotate(total_mg=Sum("administrations__dose_mg", filter=Q(administrations__strike=None)))
        .order_by("number")
    )


def upcoming(course):
    """Booked doses without a session yet, each with the integration that stands for it."""
    integrations = Appointment.objects.exclude(state=State.CANCELLED)
    return (
        Appointment.objects.filter(
            attendees__course=course, service__code=Service.Code.DOSING, state__in=[State.BOOKED, State.ARRIVED],
            dosing_session=None, ends_at__gte=clock.now(),
        )
        .select_related("service", "location", "room", "companion")
        .prefetch_related(Prefetch("integrations", integrations, to_attr="standing"))
        .order_by("starts_at")
    )  # fmt: skip


def _given(session) -> Given:
    follow = getattr(session, "integration_session", None)
    booked = follow.appointment if follow and follow.appointment else None
    return Given(
        number=session.number, at=session.first_dose_at or session.opened_at, dose_mg=session.total_mg,
        ended=session.ended_at is not None, integration_at=booked.starts_at if booked else None,
        held_at=follow.held_at if follow and follow.signed_at else None,
        hours_after=follow.hours_after if follow else None, timing=follow.timing if follow else "",
        opens_at=follow.opens_at if follow else None, closes_at=follow.closes_at if follow else None,
    )  # fmt: skip


def _booked(appointment) -> Booked:
    standing = appointment.standing[0] if appointment.standing else None
    return Booked(appointment.starts_at, standing.starts_at if standing else None)


def _range(order) -> str:
    if order is None:
        return ""
    if order.dose_min_mg == order.dose_max_mg:
        return f"{num(order.dose_max_mg)} mg"
    return f"{num(order.dose_min_mg)}–{num(order.dose_max_mg)} mg"


def sentence(course, plan: Course, order) -> str:
    """``6 lozenge sessions, every 2 weeks``: what was agreed, in a line."""
    if course is None or not plan.planned:
        return "Not signed yet"
    route = f"{order.get_route_display().lower()} " if order else ""
    every = ""
    if plan.days_between:
        weeks, rest = divmod(plan.days_between, 7)
        if rest:
            every = f", every {plan.days_between} days"
        else:
            every = f", every {weeks} weeks" if weeks > 1 else ", weekly"
    return f"{plan.planned} {route}{'session' if plan.planned == 1 else 'sessions'}{every}"
