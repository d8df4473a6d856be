"""One set of vital signs, the words for it, and whether it was typed right. Pure.

`odd_values` guards against slips of the finger; clinical limits are in `sessions.vitals`.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from kap.core.levels import Finding, Level, by_weight
from kap.core.protocol import Protocol
from kap.core.units import amount, plain

TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Reading:
    """One set of vital signs. None: not taken. Never a default value."""

    taken_at: datetime
    systolic_mmhg: int | Decimal | None = None
    diastolic_mmhg: int | Decimal | None = None
    heart_rate_bpm: int | Decimal | None = None
    spo2_percent: int | Decimal | None = None
    respiratory_per_minute: int | Decimal | None = None
    temperature_c: Decimal | None = None
    moaas: int | None = None


# name of the value: (words, unit)
VITALS = {
    "systolic_mmhg": ("Systolic pressure", "mmHg"),
    "diastolic_mmhg": ("Diastolic pressure", "mmHg"),
    "heart_rate_bpm": ("Heart rate", "beats/min"),
    "spo2_percent": ("Oxygen saturation", "%"),
    "respiratory_per_minute": ("Breathing rate", "breaths/min"),
    "temperature_c": ("Temperature", "°C"),
}

# Ask-at-once symptoms of a running session: stop, emergency. Codes are stored.
EMERGENCY_SYMPTOMS = {
    "chest_pain": "Chest pain",
    "neuro_deficit": "Sudden weakness, droop or loss of speech",
    "seizure": "Seizure",
}

# Modified Observer's Assessment of Alertness/Sedation, in our words.
MOAAS = {
    5: "Answers readily to the name, in a normal voice",
    4: "Answers slowly to the name, in a normal voice",
    3: "Answers only when called loudly or again and again",
    2: "Answers only to gentle prodding or shaking",
    1: "Reacts only to a painful squeeze of the shoulder",
    0: "Does not react to a painful squeeze of the shoulder",
}


def odd_values(reading: Reading, protocol: Protocol) -> list[Finding]:
    """Values that look mistyped. INFO: ask once ("97/148, swapped?") and keep what the person confirms.
    HARD: cannot be, so it is refused. These are entry checks, not clinical limits."""
    found = _odd_pressure(reading, protocol)
    for name, (words, unit) in VITALS.items():
        value, check = getattr(reading, name), getattr(protocol.entry, name)
        if value is None:
            continue
        shown, guess = amount(value, unit), _guess(name, Decimal(value), check)
        if not check.possible[0] <= value <= check.possible[1]:
            found.append(
                Finding(
                    f"{name}_impossible",
                    Level.HARD,
                    f"{words} {shown} cannot be.",
                    guess or "Type it again.",
                    "entry check",
                    overridable=False,
                )
            )
        elif not check.usual[0] <= value <= check.usual[1]:
            found.append(
                Finding(
                    f"{name}_odd",
                    Level.INFO,
                    f"{words} {shown} is unusual.",
                    guess or "Is it right?",
                    "entry check",
                )
            )
    return by_weight(found)


def _odd_pressure(reading, p):
    upper, lower = reading.systolic_mmhg, reading.diastolic_mmhg
    if (upper is None) != (lower is None):
        return [
            Finding(
                "pressure_incomplete",
                Level.HARD,
                "A blood pressure has two numbers.",
                "Enter both, or leave both empty.",
                "entry check",
                overridable=False,
            )
        ]
    if upper is None:
        return []
    shown = f"{plain(upper)}/{plain(lower)}"
    if upper <= lower:
        return [
            Finding(
                "pressure_swapped",
                Level.INFO,
                f"{shown}, swapped?" if upper < lower else f"{shown}: both the same?",
                "Swap them, or confirm.",
                "entry check",
            )
        ]
    if upper - lower < p.entry.narrow_pulse_pressure_mmhg:
        return [
            Finding(
                "pressure_narrow",
                Level.INFO,
                f"{shown}: unusually close together.",
                "Is it right?",
                "entry check",
            )
        ]
    return []


def _guess(name, value, check):
    """A slip that would explain the value: a slipped decimal point, or Fahrenheit."""
    tries = [value * 10, value / 10]
    if name == "temperature_c":
        tries = [((value - 32) * 5 / 9).quantize(TENTH, rounding=ROUND_HALF_UP), *tries]
        if check.usual[0] <= tries[0] <= check.usual[1]:
            return f"Was it {plain(value)} °F, which is {plain(tries[0])} °C?"
    for other in tries:
        if check.usual[0] <= other <= check.usual[1]:
            return f"Was it {plain(other)}?"
    return ""
