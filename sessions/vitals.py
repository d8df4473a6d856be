"""Vital signs: the bands before the dose, and the alarms during the session. Pure.

A reading is judged three times, apart from one another: `odd_values` (sessions.readings) asks whether it was typed
right, `judge_pre_dose_vitals` whether medicine may be given, `judge_vitals` whether somebody must be called.
Readings struck through as wrong are left out by the caller. All times are aware datetimes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from decimal import ROUND_HALF_UP, Decimal

from intake.order_limits import REMOTE, OrderLimits
from kap.core.levels import Finding, Level, by_weight
from kap.core.protocol import Protocol
from kap.core.units import amount, minutes_between, plain
from sessions.readings import EMERGENCY_SYMPTOMS, MOAAS, TENTH, VITALS, Reading, odd_values

__all__ = [
    "EMERGENCY_SYMPTOMS",
    "MOAAS",
    "VITALS",
    "Reading",
    "judge_pre_dose_vitals",
    "judge_symptoms",
    "judge_vitals",
    "odd_values",
]


def judge_pre_dose_vitals(
    reading: Reading, order_limits: OrderLimits | None, protocol: Protocol, *, setting: str = "clinic"
) -> list[Finding]:
    """GO gives no finding; SOFT: take again, then a prescriber acknowledges; HARD: a prescriber's release with a
    reason. Outside the order's own limits is hard too. A missing blood pressure is never released; at home the
    other values may be missing (no oximeter), and that is soft."""
    found = []
    for name, (words, unit) in VITALS.items():
        value = getattr(reading, name)
        if value is None:
            found.append(_missing(name, words, setting))
        else:
            found += _banded(name, words, unit, Decimal(value), protocol)
    if order_limits is not None:
        found += _outside_order(reading, order_limits)
    return by_weight(found)


def _missing(name, words, setting):
    is_pressure = name in ("systolic_mmhg", "diastolic_mmhg")
    needed = is_pressure or setting != REMOTE
    return Finding(
        f"{name}_missing",
        Level.HARD if needed else Level.SOFT,
        f"{words} is missing.",
        "Measure it and enter it.",
        "clinic default, no consensus found",
        overridable=not is_pressure,
    )


def _banded(name, words, unit, value, p):
    band, path = getattr(p.pre_dose, name), f"pre_dose.{name}"
    value = value.quantize(TENTH, rounding=ROUND_HALF_UP) if name == "temperature_c" else value
    low = band.go_low is not None and value < band.go_low
    high = band.go_high is not None and value > band.go_high
    if not low and not high:
        return []
    edge = band.soft_low if low else band.soft_high
    is_hard = value < edge if low else value > edge
    go = amount(band.go_low if low else band.go_high, unit)
    code = f"{name}_{'low' if low else 'high'}"
    words = f"{words} {amount(value, unit)} is {'below' if low else 'above'} {go}."
    source = p.source(f"{path}.{'go_low' if low else 'go_high'}")
    if is_hard:
        return [
            Finding(
                f"{code}_stop",
                Level.HARD,
                words,
                "Do not dose. Treat or postpone, or a prescriber releases it with a reason.",
                source,
            )
        ]
    first, last = p.pre_dose.recheck_minutes
    return [
        Finding(
            code,
            Level.SOFT,
            words,
            f"Take it again after {first} to {last} minutes, up to "
            f"{p.pre_dose.recheck_count} times; then a prescriber acknowledges.",
            source,
        )
    ]


def _outside_order(reading, limits):
    found = []
    for item in fields(limits):
        limit, (name, end) = getattr(limits, item.name), _of_limit(item.name)
        value = getattr(reading, name)
        if limit is None or value is None or (value <= limit if end == "max" else value >= limit):
            continue
        words, unit = VITALS[name]
        found.append(
            Finding(
                f"{name}_outside_order",
                Level.HARD,
                f"{words} {amount(value, unit)} is "
                f"{'above' if end == 'max' else 'below'} the order's {amount(limit, unit)}.",
                "Wait and take it again, or a prescriber releases it with a reason.",
                "the order",
            )
        )
    return found


def _of_limit(limit_name):
    """ "systolic_max_mmhg" -> ("systolic_mmhg", "max")"""
    for end in ("max", "min"):
        if f"_{end}_" in limit_name:
            return limit_name.replace(f"_{end}_", "_"), end
    raise ValueError(limit_name)


def judge_vitals(
    reading: Reading, history: Iterable[Reading], order_limits: OrderLimits | None, protocol: Protocol
) -> list[Finding]:
    """Alarms of a running session. HARD: call the prescriber, or emergency services, now. SOFT: take again.

    history: the other readings of this session, in any order; only earlier ones count. The order's limits are for
    the dose and do not raise alarms here; they give an INFO line.
    """
    earlier = sorted((r for r in history if r.taken_at < reading.taken_at), key=lambda r: r.taken_at)
    found = (
        _pressure_alarm(reading, earlier, protocol)
        + _heart_alarm(reading, earlier, protocol)
        + _oxygen_alarm(reading, protocol)
        + _breathing_alarm(reading, protocol)
        + _sedation_alarm(reading, protocol)
    )
    if order_limits is not None and not found:
        found = [
            Finding(f.code, Level.INFO, f.words, "Watch it.", f.source)
            for f in _outside_order(reading, order_limits)
        ]
    return by_weight(found)


def _pressure_alarm(reading, earlier, p):
    i, shown = p.intra, _pressure(reading)
    if shown is None:
        return []
    if reading.systolic_mmhg >= i.once_systolic_mmhg or reading.diastolic_mmhg >= i.once_diastolic_mmhg:
        return [
            Finding(
                "pressure_emergency",
                Level.HARD,
                f"Blood pressure {shown} mmHg.",
                "Call the prescriber now.",
                p.source("intra.once_systolic_mmhg"),
            )
        ]

    def is_high(r):
        return r.systolic_mmhg >= i.repeat_systolic_mmhg or r.diastolic_mmhg >= i.repeat_diastolic_mmhg

    if not is_high(reading):
        return []
    lasted = _lasted([*(r for r in earlier if _pressure(r)), reading], is_high)
    if lasted >= i.repeat_after_minutes:
        return [
            Finding(
                "pressure_high",
                Level.HARD,
                f"Blood pressure {shown} mmHg, high for {int(lasted)} minutes.",
                "Call the prescriber now.",
                p.source("intra.repeat_systolic_mmhg"),
            )
        ]
    return [
        Finding(
            "pressure_high_once",
            Level.SOFT,
            f"Blood pressure {shown} mmHg.",
            f"Take it again {i.repeat_after_minutes} minutes after the first high one.",
            p.source("intra.repeat_systolic_mmhg"),
        )
    ]


def _pressure(reading):
    if reading.systolic_mmhg is None or reading.diastolic_mmhg is None:
        return None
    return f"{plain(reading.systolic_mmhg)}/{plain(reading.diastolic_mmhg)}"


def _lasted(readings, is_high):
    """Minutes from the first of the unbroken row of high readings to the last reading, which is high."""
    first = readings[-1]
    for one in reversed(readings):
        if not is_high(one):
            break
        first = one
    return minutes_between(first.taken_at, readings[-1].taken_at)


def _heart_alarm(reading, earlier, p):
    above = p.intra.heart_rate_above_bpm
    if reading.heart_rate_bpm is None or reading.heart_rate_bpm <= above:
        return []
    source, rate = p.source("intra.heart_rate_above_bpm"), plain(reading.heart_rate_bpm)
    taken = [*(r for r in earlier if r.heart_rate_bpm is not None), reading]
    lasted = _lasted(taken, lambda r: r.heart_rate_bpm > above)
    if lasted >= p.intra.heart_rate_for_minutes:
        return [
            Finding(
                "heart_rate_high",
                Level.HARD,
                f"Heart rate {rate}, above {above} for {int(lasted)} minutes.",
                "Call the prescriber now.",
                source,
            )
        ]
    return [
        Finding(
            "heart_rate_high_once",
            Level.SOFT,
            f"Heart rate {rate}, above {above}.",
            f"Take it again {p.intra.heart_rate_for_minutes} minutes after the first high one.",
            source,
        )
    ]


def _oxygen_alarm(reading, p):
    value, i = reading.spo2_percent, p.intra
    if value is None or value >= i.spo2_oxygen_below_percent:
        return []
    if value < i.spo2_emergency_below_percent:
        return [
            Finding(
                "oxygen_emergency",
                Level.HARD,
                f"Oxygen saturation {plain(value)}%.",
                "Emergency: open the airway, give oxygen, call the prescriber and 911.",
                p.source("intra.spo2_emergency_below_percent"),
            )
        ]
    return [
        Finding(
            "oxygen_low",
            Level.HARD,
            f"Oxygen saturation {plain(value)}%.",
            "Give oxygen and call the prescriber now.",
            p.source("intra.spo2_oxygen_below_percent"),
        )
    ]


def _breathing_alarm(reading, p):
    value = reading.respiratory_per_minute
    if value is None or value >= p.intra.breathing_below_per_minute:
        return []
    return [
        Finding(
            "breathing_slow",
            Level.HARD,
            f"Breathing rate {plain(value)} a minute.",
            "Rouse the client and call the prescriber now.",
            p.source("intra.breathing_below_per_minute"),
        )
    ]


def _sedation_alarm(reading, p):
    if reading.moaas is None or reading.moaas > p.intra.moaas_at_most_points:
        return []
    return [
        Finding(
            "sedation_deep",
            Level.HARD,
            f"MOAA/S {reading.moaas}: {MOAAS[reading.moaas].lower()}.",
            "Check the airway and call the prescriber now.",
            p.source("intra.moaas_at_most_points"),
        )
    ]


def judge_symptoms(codes: Sequence[str]) -> list[Finding]:
    """Symptoms that stop the session whatever the numbers say."""
    return [
        Finding(
            code,
            Level.HARD,
            f"{EMERGENCY_SYMPTOMS[code]}.",
            "Stop the medicine and call 911 now.",
            "clinic default, no consensus found",
            overridable=False,
        )
        for code in codes
        if code in EMERGENCY_SYMPTOMS
    ]
