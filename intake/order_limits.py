"""Whether an order is inside the protocol's limits. Pure: plain values in, findings out.

It lies in intake, where orders are written; `sessions.limits` builds on it for what is given.
Every number comes from the Protocol. A *limit* is for the total of one session.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from intake.dose_rules import PreviousDose, check_rise, check_weight, iv_equivalent_mg_per_kg
from kap.core.levels import Finding, Level, by_weight
from kap.core.protocol import ROUTES, Protocol
from kap.core.units import amount, mg_per_kg, plain

CLINIC, REMOTE = "clinic", "remote"  # stored codes of the setting


@dataclass(frozen=True)
class OrderLimits:
    """What this order allows of the client's vital signs before the dose. None: the protocol alone decides."""

    systolic_max_mmhg: int | None = None
    diastolic_max_mmhg: int | None = None
    heart_rate_min_bpm: int | None = None
    heart_rate_max_bpm: int | None = None
    spo2_min_percent: int | None = None


@dataclass(frozen=True)
class OrderFacts:
    """An order as its prescriber wrote it. The client and the team choose only inside min to max.

    session_max_mg is the most that one session may hold, booster included.
    """

    route: str
    setting: str
    dose_min_mg: Decimal
    dose_max_mg: Decimal
    session_max_mg: Decimal
    doses: int
    infusion_minutes: int | None = None
    interval_hours: int | None = None
    limits: OrderLimits = OrderLimits()


def check_order(
    order: OrderFacts,
    weight_kg: Decimal | None,
    weight_measured_on: date | None,
    today: date,
    first_dose: bool,
    age: int,
    protocol: Protocol,
    *,
    previous: PreviousDose | None = None,
    bmi: Decimal | None = None,
) -> list[Finding]:
    """All that is to be said of an order, hard findings first.

    first_dose: the client has had no dose in this course. age in whole years, today in the location's zone.
    A finding with `overridable=False` must be mended; other hard ones need the prescriber's reason and signature.
    """
    if order.route not in ROUTES:
        return [
            Finding(
                "route_unknown",
                Level.HARD,
                "The order has no known route.",
                f"Choose one of: {', '.join(ROUTES.values())}.",
                overridable=False,
            )
        ]
    if found := _numbers(order):
        return found
    found = _age(order, age, first_dose, weight_kg, protocol) + _setting(order, first_dose, protocol)
    found += _milligrams(order, first_dose, protocol)
    found += check_weight(weight_kg, weight_measured_on, today, protocol, bmi=bmi)
    if weight_kg is not None and weight_kg > 0:
        found += _per_kilogram(order, weight_kg, protocol)
    found += _infusion(order, protocol) + _series(order, protocol)
    if previous is not None:
        found += check_rise(order.route, order.dose_max_mg, previous, protocol)
    return by_weight(found)


def _numbers(order):
    """What makes an order unreadable; nothing else is judged until it is mended."""

    def no(code, words, mend):
        return Finding(code, Level.HARD, words, mend, "clinic rule", overridable=False)

    found = []
    if order.dose_min_mg <= 0 or order.dose_max_mg <= 0 or order.session_max_mg <= 0:
        found.append(
            no("dose_not_above_zero", "A dose must be above 0 mg.", "Enter the doses in milligrams.")
        )
    if order.dose_min_mg > order.dose_max_mg:
        found.append(
            no(
                "dose_range_reversed",
                f"The lowest dose ({_mg(order.dose_min_mg)}) is above the highest ({_mg(order.dose_max_mg)}).",
                "Swap them, or mend the one that is wrong.",
            )
        )
    if order.dose_max_mg > order.session_max_mg:
        found.append(
            no(
                "dose_above_session_maximum",
                f"The highest dose ({_mg(order.dose_max_mg)}) is above the most that one session may hold "
                f"({_mg(order.session_max_mg)}).",
                "Raise the session's maximum or lower the dose.",
            )
        )
    if order.doses < 1:
        found.append(
            no("doses_below_one", "The order allows no dose.", "Enter how many doses it allows, 1 or more.")
        )
    return found


def _age(order, age, first_dose, weight_kg, p):
    e = p.eligibility
    if age < e.minimum_age_years:
        return [
            Finding(
                "age_below_minimum",
                Level.HARD,
                f"The client is {age} years old; the youngest age is {e.minimum_age_years}.",
                "Decline or defer the course.",
                p.source("eligibility.minimum_age_years"),
                overridable=False,
            )
        ]
    if age <= e.older_age_years:
        return []
    low = _low_start_mg(p.route(order.route), weight_kg)
    if first_dose and low is not None and order.dose_max_mg > low:
        return [
            Finding(
                "age_start_low",
                Level.SOFT,
                f"The client is {age}, and the order allows a first dose above "
                f"{_mg(low)}, the low end of the usual start.",
                "Lower the highest dose, or acknowledge.",
                p.source("eligibility.older_age_years"),
            )
        ]
    return []


def _low_start_mg(limits, weight_kg):
    if limits.start_mg is not None:
        return limits.start_mg[0]
    if limits.start_mg_per_kg is not None and weight_kg:
        return round(limits.start_mg_per_kg[0] * weight_kg, 1)
    return None


def _setting(order, first_dose, p):
    if order.setting not in (CLINIC, REMOTE):
        return [
            Finding(
                "setting_unknown",
                Level.HARD,
                "The order does not say where the medicine is taken.",
                "Choose in the clinic or at home.",
                overridable=False,
            )
        ]
    if order.setting != REMOTE:
        return []
    if order.route not in p.remote.allowed_routes:
        allowed = " or ".join(ROUTES[code].lower() for code in p.remote.allowed_routes)
        return [
            Finding(
                "remote_route",
                Level.HARD,
                f"{ROUTES[order.route]} is not given at home.",
                f"Choose {allowed}, or a session in the clinic.",
                p.source("remote.allowed_routes"),
                overridable=False,
            )
        ]
    if first_dose:
        return [
            Finding(
                "remote_first_dose",
                Level.INFO,
                "This is a first dose, at home.",
                "Give it in the clinic, or on live video throughout.",
                "clinic default, no consensus found",
            )
        ]
    return []


def _milligrams(order, first_dose, p):
    path, limits = f"routes.{order.route}", p.route(order.route)
    found = _over(
        order.session_max_mg,
        limits.soft_mg,
        limits.hard_mg,
        "dose_mg",
        "mg",
        f"{path}.soft_mg",
        p,
        f"The most that one session may hold is {_mg(order.session_max_mg)}",
    )
    first = limits.first_dose_soft_mg
    if first_dose and first is not None and order.dose_max_mg > first:
        found.append(
            Finding(
                "first_dose_high",
                Level.SOFT,
                f"The order allows a first dose of {_mg(order.dose_max_mg)}; "
                f"above {_mg(first)} a first dose is asked about.",
                "Lower the highest dose for the first session, or acknowledge.",
                p.source(f"{path}.first_dose_soft_mg"),
            )
        )
    return found


def _over(value, soft, hard, code, unit, path, p, words):
    """At most one finding: hard above the hard limit, else soft above the soft one. None: no limit."""
    if hard is not None and value > hard:
        return [
            Finding(
                f"{code}_above_hard",
                Level.HARD,
                f"{words}, above the limit of {amount(hard, unit)}.",
                "Lower it, or override with a reason and a signature.",
                p.source(path),
            )
        ]
    if soft is not None and value > soft:
        return [
            Finding(
                f"{code}_above_soft",
                Level.SOFT,
                f"{words}, above {amount(soft, unit)}.",
                "Lower it, or acknowledge.",
                p.source(path),
            )
        ]
    return []


def _per_kilogram(order, weight_kg, p):
    limits, path = p.route(order.route), f"routes.{order.route}.soft_mg_per_kg"
    per_kg = mg_per_kg(order.session_max_mg, weight_kg)
    found = _over(
        per_kg,
        limits.soft_mg_per_kg,
        limits.hard_mg_per_kg,
        "dose_per_kg",
        "mg/kg",
        path,
        p,
        f"The session's maximum is {_kg(per_kg)} at {plain(weight_kg)} kg",
    )
    equivalent = iv_equivalent_mg_per_kg(order.route, order.session_max_mg, weight_kg, p)
    found += _over(
        equivalent,
        p.dosing.iv_equivalent_soft_mg_per_kg,
        p.dosing.iv_equivalent_hard_mg_per_kg,
        "iv_equivalent",
        "mg/kg",
        "dosing.iv_equivalent_soft_mg_per_kg",
        p,
        f"The session's maximum equals {_kg(equivalent)} given IV",
    )
    return found


def _infusion(order, p):
    if order.route != "iv":
        return []
    shortest = p.route("iv").shortest_infusion_minutes
    if order.infusion_minutes is None:
        return [
            Finding(
                "infusion_minutes_missing",
                Level.HARD,
                "The order does not say how long the infusion runs.",
                "Enter its length in minutes.",
                p.source("routes.iv.shortest_infusion_minutes"),
                overridable=False,
            )
        ]
    if shortest is not None and order.infusion_minutes < shortest:
        return [
            Finding(
                "infusion_short",
                Level.SOFT,
                f"The infusion runs {order.infusion_minutes} minutes; less than "
                f"{shortest} is asked about, since a fast dose acts as an anaesthetic.",
                "Lengthen it, or acknowledge.",
                p.source("routes.iv.shortest_infusion_minutes"),
            )
        ]
    return []


def _series(order, p):
    found = []
    low, high = p.series.usual_doses
    if not low <= order.doses <= high:
        found.append(
            Finding(
                "series_unusual",
                Level.INFO,
                f"The order allows {order.doses} "
                f"{'dose' if order.doses == 1 else 'doses'}; {low} to {high} are usual.",
                "",
                p.source("series.usual_doses"),
            )
        )
    least = p.intervals.between_doses_hours
    if order.interval_hours is not None and order.interval_hours < least:
        found.append(
            Finding(
                "interval_short",
                Level.SOFT,
                f"The order lets {order.interval_hours} hours pass between two "
                f"doses; less than {least} is asked about.",
                "Lengthen it, or acknowledge.",
                p.source("intervals.between_doses_hours"),
            )
        )
    return found


def _mg(number):
    return amount(number, "mg")


def _kg(number):
    return amount(round(number, 2), "mg/kg")
