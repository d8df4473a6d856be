"""Rules of a dose that hold for the order and again on the day: weight, routes compared, titration, legal basis. Pure.

Every number comes from the Protocol.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from kap.core.levels import Finding, Level
from kap.core.protocol import Protocol
from kap.core.units import amount, mg_per_kg, plain


@dataclass(frozen=True)
class PreviousDose:
    """The total of the last session in which medicine was given, and how it went. None: not recorded."""

    total_mg: Decimal
    route: str
    worst_ae_grade: int | None = None
    lowest_moaas: int | None = None
    highest_systolic_mmhg: int | None = None


def check_weight(
    weight_kg: Decimal | None,
    measured_on: date | None,
    today: date,
    protocol: Protocol,
    *,
    bmi: Decimal | None = None,
) -> list[Finding]:
    """Whether there is a weight that a dose may rest on. A weight that is only old may be overridden."""
    limit, source = protocol.dosing.weight_max_age_days, protocol.source("dosing.weight_max_age_days")
    if problem := _no_weight(weight_kg, measured_on, today):
        code, words, mend = problem
        return [Finding(code, Level.HARD, words, mend, source, overridable=False)]
    days, found = (today - measured_on).days, []
    if days > limit:
        words = (
            f"The weight was measured {days} days ago, on {_day(measured_on)}; it may be {limit} days old."
        )
        found.append(Finding("weight_old", Level.HARD, words, "Weigh the client again.", source))
    if bmi is not None and bmi > protocol.eligibility.dose_weight_bmi:
        mend = "Think of dosing by ideal or adjusted weight."
        source = protocol.source("eligibility.dose_weight_bmi")
        found.append(Finding("weight_bmi", Level.INFO, f"The BMI is {plain(bmi)}.", mend, source))
    return found


def _no_weight(weight_kg, measured_on, today):
    """(code, words, mend) when there is no weight to reckon with."""
    if weight_kg is None or measured_on is None:
        words = "No weight is on record with the date it was measured."
        return "weight_missing", words, "Weigh the client and enter both."
    if weight_kg <= 0:
        return "weight_not_above_zero", "The weight is not above 0 kg.", "Enter it in kilograms."
    if measured_on > today:
        words = f"The weight is dated {_day(measured_on)}, which is still to come."
        return "weight_in_future", words, "Mend the date."
    return None


def iv_equivalent_mg_per_kg(route: str, dose_mg: Decimal, weight_kg: Decimal, protocol: Protocol) -> Decimal:
    """Dose × share that reaches the blood ÷ weight: one yardstick for all routes. Unrounded."""
    return mg_per_kg(dose_mg * protocol.route(route).bioavailability_fraction, weight_kg)


def check_rise(route: str, dose_mg: Decimal, previous: PreviousDose, protocol: Protocol) -> list[Finding]:
    """Titration: a dose above the last session's, by too much or after a session that went badly.

    Doses of two routes are compared as IV equivalents. A dose that is not raised gives no finding.
    """
    d = protocol.dosing
    now = dose_mg * protocol.route(route).bioavailability_fraction
    before = previous.total_mg * protocol.route(previous.route).bioavailability_fraction
    if before <= 0 or now <= before:
        return []
    found = []
    rise = (now - before) / before * 100
    if rise > d.rise_soft_percent:
        found.append(
            Finding(
                "rise_large",
                Level.SOFT,
                f"{_mg(dose_mg)} is {rise:.0f}% more than the last session's "
                f"{_mg(previous.total_mg)}; a rise above {plain(d.rise_soft_percent)}% is asked about.",
                "Raise it in smaller steps, or acknowledge.",
                protocol.source("dosing.rise_soft_percent"),
            )
        )
    reasons = _bad_session(previous, d)
    if reasons:
        found.append(
            Finding(
                "rise_after_trouble",
                Level.SOFT,
                f"The dose is raised although the last session had {' and '.join(reasons)}.",
                "Keep the dose or lower it, or acknowledge.",
                "clinic default, no consensus found",
            )
        )
    return found


def _bad_session(previous, d):
    reasons = []
    if previous.worst_ae_grade is not None and previous.worst_ae_grade >= d.rise_after_ae_grade:
        reasons.append(f"an adverse event of grade {previous.worst_ae_grade}")
    if previous.lowest_moaas is not None and previous.lowest_moaas < d.rise_after_moaas_below_points:
        reasons.append(f"a MOAA/S of {previous.lowest_moaas}")
    if (
        previous.highest_systolic_mmhg is not None
        and previous.highest_systolic_mmhg >= d.rise_after_systolic_mmhg
    ):
        reasons.append(f"a systolic pressure of {previous.highest_systolic_mmhg} mmHg")
    return reasons


def check_telemedicine(today: date, in_person_on: date | None, protocol: Protocol) -> list[Finding]:
    """Whether a remote prescription has a legal basis today. Never overridden; state law may be stricter."""
    ends_on, source = protocol.telemedicine.basis_ends_on, protocol.source("telemedicine.basis_ends_on")
    if in_person_on is not None and in_person_on <= today:
        return []
    if today > ends_on:
        return [
            Finding(
                "telemedicine_basis_ended",
                Level.HARD,
                "Prescribing without a visit in person was lawful "
                f"through {_day(ends_on)}, and no visit in person is on record.",
                "See the client in person and record the date.",
                source,
                overridable=False,
            )
        ]
    return [
        Finding(
            "telemedicine_basis",
            Level.INFO,
            f"No visit in person is on record. Prescribing by video is lawful through {_day(ends_on)}.",
            "Plan a visit in person before then.",
            source,
        )
    ]


def order_ends_on(ordered_on: date, protocol: Protocol) -> date:
    """The last day on which an order may be used."""
    return ordered_on + timedelta(days=protocol.validity.order_days)


def earliest_next_dose(
    last_dose_at: datetime, protocol: Protocol, interval_hours: int | None = None
) -> datetime:
    """When the order's own interval, or else the protocol's, has passed since the last dose."""
    return last_dose_at + timedelta(hours=interval_hours or protocol.intervals.between_doses_hours)


def _mg(number):
    return amount(number, "mg")


def _day(day):
    return f"{day:%-d %B %Y}"
