"""Limits of an order that are not about the dose itself: boosters, vital-sign limits, its end, its strength. Pure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from intake.dose_rules import order_ends_on
from kap.core.levels import Finding, Level
from kap.core.protocol import Protocol
from kap.core.units import amount, plain

CLINIC = "clinic rule"


@dataclass(frozen=True)
class Extras:
    """As the prescriber wrote them."""

    route: str
    strength: str
    dose_max_mg: Decimal
    session_max_mg: Decimal
    booster_max_mg: Decimal | None
    start_systolic_max_mmhg: int
    start_diastolic_max_mmhg: int
    call_systolic_mmhg: int
    call_diastolic_mmhg: int
    call_spo2_below_percent: int
    call_heart_rate_above_bpm: int
    expires_on: date


def check_extras(order: Extras, today: date, protocol: Protocol) -> list[Finding]:
    return (
        _strength(order)
        + _booster(order, protocol)
        + _expiry(order, today, protocol)
        + _start(order, protocol)
        + _call(order, protocol)
    )


def _strength(order):
    if order.strength.strip():
        return []
    words = "The order does not say the strength."
    return [
        Finding(
            "strength_missing",
            Level.HARD,
            words,
            "Write it, such as 50 mg/mL or 100 mg lozenge.",
            CLINIC,
            False,
        )
    ]


def _booster(order, protocol):
    if order.booster_max_mg is None:
        return []
    found, percent = [], protocol.dosing.booster_max_percent
    source = protocol.source("dosing.booster_max_percent")
    if order.booster_max_mg > order.dose_max_mg * percent / 100:
        words = f"A booster of {amount(order.booster_max_mg, 'mg')} is more than {plain(percent)}% of the highest dose."
        found.append(Finding("booster_large", Level.SOFT, words, "Lower it, or give your reason.", source))
    if order.dose_max_mg + order.booster_max_mg > order.session_max_mg:
        words = "The highest dose and the booster together are more than one session may hold."
        found.append(
            Finding("booster_does_not_fit", Level.INFO, words, "After the highest dose less is left.", source)
        )
    return found


def _expiry(order, today, protocol):
    last = order_ends_on(today, protocol)
    source = protocol.source("validity.order_days")
    if order.expires_on < today:
        return [
            Finding(
                "expiry_past",
                Level.HARD,
                "The order would have expired already.",
                "Mend the date.",
                source,
                False,
            )
        ]
    if order.expires_on > last:
        words = f"An order may run {protocol.validity.order_days} days, to {last:%-d %B %Y}."
        return [Finding("expiry_late", Level.HARD, words, "Choose an earlier date.", source, False)]
    return []


def _start(order, protocol):
    found = []
    pairs = (
        ("systolic", order.start_systolic_max_mmhg, protocol.pre_dose.systolic_mmhg.soft_high),
        ("diastolic", order.start_diastolic_max_mmhg, protocol.pre_dose.diastolic_mmhg.soft_high),
    )
    for name, written, limit in pairs:
        if limit is not None and written > limit:
            words = f"The order lets a dose start at {name} {written} mmHg; the protocol stops above {plain(limit)} mmHg."
            found.append(
                Finding(f"start_{name}_high", Level.SOFT, words, "Lower it, or give your reason.",
                        protocol.source(f"pre_dose.{name}_mmhg.soft_high"))
            )  # fmt: skip
    if order.start_diastolic_max_mmhg >= order.start_systolic_max_mmhg:
        found.append(_swapped("start_swapped", "start"))
    return found


def _call(order, protocol):
    intra, found = protocol.intra, []
    rows = (
        ("call_systolic", order.call_systolic_mmhg > intra.once_systolic_mmhg, "systolic pressure",
         f"{intra.once_systolic_mmhg} mmHg", "intra.once_systolic_mmhg"),
        ("call_diastolic", order.call_diastolic_mmhg > intra.once_diastolic_mmhg, "diastolic pressure",
         f"{intra.once_diastolic_mmhg} mmHg", "intra.once_diastolic_mmhg"),
        ("call_heart_rate", order.call_heart_rate_above_bpm > intra.heart_rate_above_bpm, "heart rate",
         f"{intra.heart_rate_above_bpm} beats/min", "intra.heart_rate_above_bpm"),
        ("call_spo2", order.call_spo2_below_percent < intra.spo2_emergency_below_percent, "SpO2",
         f"{intra.spo2_emergency_below_percent}%", "intra.spo2_emergency_below_percent"),
    )  # fmt: skip
    for code, late, name, limit, path in rows:
        if late:
            words = f"You would be called about {name} only past the protocol's emergency limit of {limit}."
            found.append(Finding(code, Level.SOFT, words, "Ask to be called earlier, or give your reason.",
                                 protocol.source(path)))  # fmt: skip
    if order.call_diastolic_mmhg >= order.call_systolic_mmhg:
        found.append(_swapped("call_swapped", "call"))
    return found


def _swapped(code, which):
    words = f"The {which} limit's diastolic pressure is not below its systolic."
    return Finding(code, Level.HARD, words, "Swap or mend the numbers.", CLINIC, overridable=False)
