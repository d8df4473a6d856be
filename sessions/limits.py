"""What may be given now: inside the order, inside the session, after the interval. Pure.

Whether the order itself is sound is `intake.order_limits.check_order`, which is offered here too.
Every number comes from the Protocol or the order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from intake.dose_rules import (
    PreviousDose,
    check_rise,
    check_telemedicine,
    check_weight,
    earliest_next_dose,
    iv_equivalent_mg_per_kg,
    order_ends_on,
)
from intake.order_limits import CLINIC, REMOTE, OrderFacts, OrderLimits, check_order
from kap.core.levels import Finding, Level, by_weight
from kap.core.protocol import Protocol
from kap.core.units import amount, minutes_between, plain

__all__ = [
    "BOOSTER",
    "CLINIC",
    "DOSE",
    "REMOTE",
    "Given",
    "OrderFacts",
    "OrderLimits",
    "PreviousDose",
    "can_give",
    "check_count",
    "check_fasting",
    "check_interval",
    "check_order",
    "check_rise",
    "check_telemedicine",
    "check_volume",
    "check_weight",
    "earliest_next_dose",
    "iv_equivalent_mg_per_kg",
    "order_ends_on",
    "room_left_mg",
]

DOSE, BOOSTER = "dose", "booster"  # stored codes: what an administration is


@dataclass(frozen=True)
class Given:
    """One administration of this session that stands (struck-through ones are left out by the caller)."""

    amount_mg: Decimal
    kind: str = DOSE


def can_give(
    given: Sequence[Given],
    amount_mg: Decimal,
    order: OrderFacts,
    protocol: Protocol,
    *,
    kind: str | None = None,
) -> list[Finding]:
    """What stands against giving `amount_mg` after what was given in this session, hard findings first.

    kind: DOSE for the first dose and, where the route allows parts, its next part; BOOSTER for what is added
    later. None: a dose when nothing was given, else a booster. Hard ones about the order's own range are never
    overridden: the prescriber writes a new order instead.
    """
    kind = kind or (BOOSTER if given else DOSE)
    if amount_mg <= 0:
        return [_no("amount_not_above_zero", "The amount must be above 0 mg.", "Enter it in milligrams.")]
    total = sum((one.amount_mg for one in given), Decimal(0)) + amount_mg
    found = []
    if total > order.session_max_mg:
        left = room_left_mg(given, order)
        found.append(
            _no(
                "session_maximum",
                f"{_mg(amount_mg)} would make {_mg(total)} in this session; the order "
                f"allows {_mg(order.session_max_mg)}.",
                f"Give at most {_mg(left)}." if left > 0 else "Nothing more may be given in this session.",
            )
        )
    found += (
        _booster(given, amount_mg, protocol) if kind == BOOSTER else _dose(given, amount_mg, order, protocol)
    )
    return by_weight(found)


def room_left_mg(given: Sequence[Given], order: OrderFacts) -> Decimal:
    """What the session's maximum still leaves; never below 0."""
    return max(order.session_max_mg - sum((one.amount_mg for one in given), Decimal(0)), Decimal(0))


def _dose(given, amount_mg, order, p):
    parts = [one.amount_mg for one in given if one.kind == DOSE]
    found = []
    if any(one.kind == BOOSTER for one in given):
        mend = "Nothing more may be given in this session."
        found.append(_no("dose_after_booster", "A booster was given; the dose is complete.", mend))
    elif parts and not p.route(order.route).split_allowed:
        words = f"The dose was given ({_mg(parts[0])}), and this route's dose is not given in parts."
        source = p.source(f"routes.{order.route}.split_allowed")
        found.append(_no("dose_already_given", words, "Record a further amount as a booster.", source))
    total = sum(parts, Decimal(0)) + amount_mg
    words = f"The dose would be {_mg(total)}; the order allows {_range(order)}."
    if total > order.dose_max_mg:
        mend = "Choose a dose inside the range, or ask the prescriber for a new order."
        found.append(_no("dose_above_range", words, mend))
    elif total < order.dose_min_mg:
        mend = (
            "Choose a dose inside the range, give the rest as a further part where the route allows it, "
            "or have the prescriber acknowledge."
        )
        found.append(Finding("dose_below_range", Level.SOFT, words, mend, "the order"))
    return found


def _booster(given, amount_mg, p):
    first = sum((one.amount_mg for one in given if one.kind == DOSE), Decimal(0))
    boosters = sum(1 for one in given if one.kind == BOOSTER)
    if first <= 0:
        return [
            _no(
                "booster_without_dose",
                "No dose has been given, so there is nothing to boost.",
                "Record it as the dose.",
            )
        ]
    found = []
    if boosters >= p.dosing.booster_max_count:
        times = "once" if p.dosing.booster_max_count == 1 else f"{p.dosing.booster_max_count} times"
        found.append(
            Finding(
                "booster_repeated",
                Level.HARD,
                f"A booster is given {times} in a session, and it was given.",
                "Give no more in this session.",
                p.source("dosing.booster_max_count"),
            )
        )
    most = first * p.dosing.booster_max_percent / 100
    if amount_mg > most:
        found.append(
            Finding(
                "booster_too_large",
                Level.HARD,
                f"A booster is at most "
                f"{plain(p.dosing.booster_max_percent)}% of the first dose: here {_mg(most)}.",
                f"Give {_mg(most)} or less.",
                p.source("dosing.booster_max_percent"),
            )
        )
    return found


def check_count(doses_given: int, order: OrderFacts, doses_booked: int = 0) -> list[Finding]:
    """Hard once the order's doses are used up. `doses_given`: sessions of this order in which medicine was given;
    `doses_booked`: those that are planned beside the one that is asked about."""
    if doses_given + doses_booked < order.doses:
        return []
    words = f"The order allows {order.doses} {'dose' if order.doses == 1 else 'doses'}"
    was = f"{doses_given} {'was' if doses_given == 1 else 'were'} given"
    if not doses_booked or doses_given >= order.doses:
        return [_no("doses_used_up", f"{words}, and {was}.", "Ask the prescriber for a new order.")]
    booked = f"{doses_booked} {'is' if doses_booked == 1 else 'are'} booked already"
    words = f"{words}: {was}, and {booked}." if doses_given else f"{words}, and {booked}."
    return [
        _no("doses_booked_up", words, "Ask the prescriber for a new order, or cancel one that is booked.")
    ]


def check_interval(
    last_dose_at: datetime | None, at: datetime, order: OrderFacts, protocol: Protocol
) -> list[Finding]:
    """Elapsed hours since the last dose (aware datetimes): below the order's own interval hard, below the
    protocol's soft."""
    if last_dose_at is None:
        return []
    minutes = minutes_between(last_dose_at, at)
    hours = int(minutes // 60)
    if minutes < 0:
        return [
            _no("dose_before_last_one", "The dose would lie before the last one.", "Choose a later time.")
        ]
    if order.interval_hours is not None and minutes < order.interval_hours * 60:
        return [
            Finding(
                "interval_of_order",
                Level.HARD,
                f"{hours} hours will have passed since the last dose; the order "
                f"asks for {order.interval_hours}.",
                "Choose a later time, or ask for a new order.",
                "the order",
            )
        ]
    least = protocol.intervals.between_doses_hours
    if minutes < least * 60:
        return [
            Finding(
                "interval_short",
                Level.SOFT,
                f"{hours} hours will have passed since the last dose; less than {least} is asked about.",
                "Choose a later time, or have the prescriber acknowledge.",
                protocol.source("intervals.between_doses_hours"),
            )
        ]
    return []


def check_volume(
    amount_mg: Decimal, volume_ml: Decimal, strength_mg_per_ml: Decimal, protocol: Protocol
) -> list[Finding]:
    """Cross-check of an injected dose: volume × strength must be the dose. Catches the wrong vial."""
    if strength_mg_per_ml <= 0 or volume_ml <= 0:
        return [
            _no(
                "volume_not_above_zero",
                "Volume and strength must be above 0.",
                "Enter both from the syringe and the vial.",
            )
        ]
    found = []
    made = volume_ml * strength_mg_per_ml
    if abs(made - amount_mg) > amount_mg * protocol.dosing.volume_tolerance_percent / 100:
        found.append(
            _no(
                "volume_does_not_fit",
                f"{plain(volume_ml)} mL at {plain(strength_mg_per_ml)} mg/mL hold "
                f"{_mg(made)}, not {_mg(amount_mg)}.",
                "Check the vial's strength and the syringe.",
                protocol.source("dosing.volume_tolerance_percent"),
            )
        )
    if strength_mg_per_ml not in protocol.dosing.vial_strengths_mg_per_ml:
        known = ", ".join(plain(one) for one in protocol.dosing.vial_strengths_mg_per_ml)
        found.append(
            Finding(
                "strength_unusual",
                Level.SOFT,
                f"A strength of {plain(strength_mg_per_ml)} mg/mL is unusual (usual: {known}).",
                "Check the NDC on the vial.",
                protocol.source("dosing.vial_strengths_mg_per_ml"),
            )
        )
    return by_weight(found)


def check_fasting(
    last_food_at: datetime | None, last_fluid_at: datetime | None, dose_at: datetime, protocol: Protocol
) -> list[Finding]:
    """Soft when food or clear fluid was taken too lately, or when it was not asked (None)."""
    found = []
    for code, what, at, hours in (
        ("solids", "food", last_food_at, protocol.fasting.solids_hours),
        ("clear_fluids", "clear fluid", last_fluid_at, protocol.fasting.clear_fluids_hours),
    ):
        source = protocol.source(f"fasting.{code}_hours")
        if at is None:
            found.append(
                Finding(
                    f"fasting_{code}_unknown",
                    Level.SOFT,
                    f"When the client last took {what} is not recorded.",
                    "Ask, and enter the time.",
                    source,
                )
            )
        elif minutes_between(at, dose_at) < hours * 60:
            found.append(
                Finding(
                    f"fasting_{code}",
                    Level.SOFT,
                    f"The client took {what} less than {plain(hours)} hours before the dose.",
                    "Wait, or have the prescriber acknowledge.",
                    source,
                )
            )
    return found


def _no(code, words, mend, source="the order"):
    return Finding(code, Level.HARD, words, mend, source, overridable=False)


def _mg(number):
    return amount(number, "mg")


def _range(order):
    if order.dose_min_mg == order.dose_max_mg:
        return f"{_mg(order.dose_min_mg)} only"
    return f"{_mg(order.dose_min_mg)} to {_mg(order.dose_max_mg)}"
