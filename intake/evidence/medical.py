"""The prescriber's side of the gates. Each answer is computed live; `subject` is a plan to book, an appointment or a session."""

from datetime import date
from zoneinfo import ZoneInfo

from django.urls import reverse

from intake import consents, diagnoses
from intake.days import clinic_today, clinic_zone
from intake.dose_rules import check_telemedicine
from intake.models import Decision
from intake.order_facts import clearing_evaluation, in_person_on, newest_decided, order_state
from intake.prescribers import prescribing_gaps
from kap.pathway.gates import Missing
from kap.pathway.models import Setting
from scheduling.evidence import dosing_appointment

__all__ = [
    "consents_in_force",
    "diagnosis_coded",
    "evaluation_in_date",
    "order_active",
    "plan_signed",
    "telemedicine_basis",
]


def evaluation_in_date(course, subject=None):
    """Decided clear (or with conditions), and not yet past its day. Nobody overrides a missing clearance."""
    if clearing_evaluation(course, clinic_today()) is not None:
        return None
    link = reverse("intake:evaluation", args=[course.pk])
    latest = newest_decided(course)
    if latest is None:
        return Missing("The medical evaluation is not decided.", "A prescriber evaluates the client.", link)
    if latest.decision not in (Decision.CLEAR, Decision.CONDITIONS):
        words = f"The medical evaluation says: {latest.get_decision_display().lower()}."
        return Missing(words, "A new evaluation may decide otherwise.", link)
    return Missing(
        f"The medical clearance ended on {latest.valid_until:%-d %B %Y}.",
        "A prescriber evaluates again.",
        link,
    )


def diagnosis_coded(course, subject=None):
    """A coded diagnosis that can be treated; a psychotic one only where a prescriber overrides (clinical.md §1)."""
    codes = list(course.diagnoses.filter(ended_at=None).values_list("code", flat=True))
    link = reverse("intake:evaluation", args=[course.pk]) + "#diagnoses"
    found = [
        Missing(finding.words, finding.mend, link, finding.overridable)
        for finding in diagnoses.check(codes, clinic_today())
        if finding.is_hard
    ]
    if not found and not course.diagnoses.filter(ended_at=None, is_principal=True).exists():
        found.append(Missing("No diagnosis is marked as the principal one.", "Mark one.", link))
    return found or None


def active_order(course):
    """The signed order that has not ended, expired or not; None when there is none."""
    return (
        course.orders.filter(signed_at__isnull=False, ended_at=None)
        .select_related("course__client", "evaluation", "signed_by__provider")
        .first()
    )


def order_active(course, subject=None):
    """Signed, not ended, not expired on the day it is for; its prescriber licensed and registered today."""
    order = active_order(course)
    link = reverse("intake:order", args=[course.pk])
    if order is None:
        return Missing("There is no active order.", "A prescriber writes and signs one.", link)
    found, today = [], clinic_today()
    day = max(today, _day_of(subject) or today)
    if order.expires_on < day:
        words = "has expired" if order.expires_on < today else "will have expired by then"
        found.append(Missing(f"The order {words} ({order.expires_on:%-d %B %Y}).", "Sign a new one.", link))
    route, setting = getattr(subject, "route", ""), getattr(subject, "setting", "")
    if (route and route != order.route) or (setting and setting != order.setting):
        words = (
            f"The order is for: {order.get_route_display().lower()}, {order.get_setting_display().lower()}."
        )
        found.append(Missing(words, "Change the booking, or sign a new order.", link))
    found += [
        Missing(words, "Renew it on the roster, or a colleague signs a new order.", link)
        for words in prescribing_gaps(order.signed_by, order_state(order), today)
    ]
    return found or None


def _day_of(subject) -> date | None:
    """The clinic's day on which the planned or opened session begins."""
    begins = getattr(subject, "starts_at", None)
    return begins.astimezone(ZoneInfo(clinic_zone())).date() if begins else None


def plan_signed(course, subject=None):
    if course.plans.filter(signed_at__isnull=False, superseded_at=None).exists():
        return None
    return Missing(
        "The treatment plan is not signed.", "Write and sign it.", reverse("intake:plan", args=[course.pk])
    )


def _route_and_setting(course, subject) -> tuple[str, str]:
    """Of the session or booking; else of the active order; else of the course (route not known yet)."""
    order = active_order(course)
    route = getattr(subject, "route", "") or (order.route if order else "")
    setting = getattr(subject, "setting", "") or (order.setting if order else course.setting)
    return route, setting


def consents_in_force(course, subject=None):
    """The consent for this route and setting, at home also telehealth and chaperone. Never overridden."""
    route, setting = _route_and_setting(course, subject)
    if not route:
        link = reverse("intake:order", args=[course.pk])
        return Missing("Without an order nobody knows what to consent to.", "Sign the order first.", link)
    about = dosing_appointment(course, subject) if setting == Setting.REMOTE else None
    return consents.missing(course, route, setting, about) or None


def telemedicine_basis(course, subject=None):
    """At home: a visit in person on record, or a date inside the DEA's telemedicine flexibility. Never overridden."""
    if _route_and_setting(course, subject)[1] != Setting.REMOTE:
        return None
    today = clinic_today()
    day = max(today, _day_of(subject) or today)
    link = reverse("intake:evaluation", args=[course.pk])
    found = [
        Missing(finding.words, finding.mend, link)
        for finding in check_telemedicine(day, in_person_on(course.client), course.rules)
        if finding.is_hard
    ]
    return found or None
