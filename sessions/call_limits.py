"""The order's own call limits during the session. Pure.

The Protocol's alarms (`sessions.vitals.judge_vitals`) hold for every client; an order may ask for a call sooner.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from kap.core.levels import Finding, Level, by_weight
from kap.core.protocol import Protocol
from kap.core.units import amount
from sessions.readings import Reading
from sessions.vitals import judge_vitals


@dataclass(frozen=True)
class CallLimits:
    """Call from these pressures on, below this saturation, above this rate. From the order; none is a default."""

    systolic_mmhg: int
    diastolic_mmhg: int
    spo2_below_percent: int
    heart_rate_above_bpm: int


def judge_call_limits(reading: Reading, limits: CallLimits) -> list[Finding]:
    """One hard finding for each limit of the order that this reading crosses."""
    found = []
    for code, words, value, limit, unit, over in (
        ("call_systolic", "Systolic", reading.systolic_mmhg, limits.systolic_mmhg, "mmHg", True),
        ("call_diastolic", "Diastolic", reading.diastolic_mmhg, limits.diastolic_mmhg, "mmHg", True),
        ("call_spo2", "SpO2", reading.spo2_percent, limits.spo2_below_percent, "%", False),
    ):
        if value is None or (value < limit if over else value >= limit):
            continue
        side = "at or over" if over else "under"
        found.append(_call(code, f"{words} {amount(value, unit)} is {side} the limit of {limit}."))
    rate = reading.heart_rate_bpm
    if rate is not None and rate > limits.heart_rate_above_bpm:
        words = f"Heart rate {amount(rate, '/min')} is over the limit of {limits.heart_rate_above_bpm}."
        found.append(_call("call_heart_rate", words))
    return found


def _call(code: str, words: str) -> Finding:
    return Finding(code, Level.HARD, words, "Call the prescriber, then take it again.", "the order")


def judge_during(
    reading: Reading, history: Iterable[Reading], limits: CallLimits | None, protocol: Protocol
) -> list[Finding]:
    """The Protocol's alarms and the order's call limits together, hard ones first."""
    found = judge_vitals(reading, history, None, protocol)
    return by_weight([*found, *(judge_call_limits(reading, limits) if limits else [])])
