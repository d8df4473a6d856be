"""Whether a prescriber may clear this client, and what she must answer first. Pure: plain values in, findings out.

A hard finding that may be overridden is overridden by her written reasons and her signature under the evaluation;
one that may not (hypersensitivity, pregnancy, age under 18) stops "clear" altogether. Numbers come from the Protocol;
the rules from clinical.md §1 and §3.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from intake.screening_rules.finding import NEVER_OVERRIDDEN
from kap.core.levels import Finding, Level, by_weight
from kap.core.protocol import Protocol
from kap.core.units import amount

CLINIC = "clinic rule"
MEASURED = (  # value, band of the Protocol, words, unit
    ("systolic_mmhg", "Systolic blood pressure", "mmHg"),
    ("diastolic_mmhg", "Diastolic blood pressure", "mmHg"),
    ("heart_rate_bpm", "Heart rate", "beats/min"),
    ("spo2_percent", "SpO2", "%"),
)


@dataclass(frozen=True)
class FlagFact:
    """One flag of the screening, and whether the prescriber has answered it."""

    code: str
    level: str
    words: str
    answered: bool

    @property
    def needs_answer(self) -> bool:
        return self.level in (Level.HARD, Level.SOFT)


@dataclass(frozen=True)
class Examination:
    """What was measured at the visit. None or "": not measured, not written."""

    patient_state: str = ""
    systolic_mmhg: int | None = None
    diastolic_mmhg: int | None = None
    heart_rate_bpm: int | None = None
    spo2_percent: int | None = None
    weight_kg: Decimal | None = None
    weight_measured_on: date | None = None
    labs: Mapping[str, date] = field(default_factory=dict)  # test in words: day it was taken


def check_clearance(
    flags: Iterable[FlagFact], exam: Examination, *, age: int | None, today: date, protocol: Protocol
) -> list[Finding]:
    """All that stands between this evaluation and "clear", hard first. age in whole years, today in the clinic's zone."""
    flags = list(flags)
    found = _age(age, protocol) + _never(flags) + _unanswered(flags) + _whole(exam, today, protocol)
    return by_weight(found + _vitals(exam, protocol) + _old_labs(exam, today, protocol))


def blocks(findings: Iterable[Finding]) -> list[Finding]:
    """Those that no reason of hers can pass."""
    return [f for f in findings if f.is_hard and not f.overridable]


def needs_reasons(findings: Iterable[Finding]) -> list[Finding]:
    """Those that she may pass with her reasons written down."""
    return [f for f in findings if f.is_hard and f.overridable]


def _no(code, words, mend, source=CLINIC):
    return Finding(code, Level.HARD, words, mend, source, overridable=False)


def _age(age, protocol):
    least = protocol.eligibility.minimum_age_years
    if age is None:
        return [
            _no("birth_date_missing", "The birth date is not known.", "Enter it in the client's details.")
        ]
    if age < least:
        words = f"The client is {age} years old; the youngest age is {least}."
        return [
            _no("under_age", words, "Decline or defer.", protocol.source("eligibility.minimum_age_years"))
        ]
    return []


def _never(flags):
    mend = "Nobody may override this. Decline or defer; if the answer was wrong, ask the client to correct it and send again."
    return [
        _no(f"never_{flag.code}", f"{flag.words}.", mend, "published exclusions")
        for flag in flags
        if flag.code in NEVER_OVERRIDDEN and flag.code != "under_age"
    ]


def _unanswered(flags):
    return [
        _no(
            f"flag_{flag.code}",
            f"This flag has no response: {flag.words.rstrip('.')}.",
            "Write your response beside it.",
        )
        for flag in flags
        if flag.needs_answer and not flag.answered
    ]


def _whole(exam, today, protocol):
    found = []
    if not exam.patient_state:
        found.append(
            _no("state_missing", "The state where the client was at the visit is missing.", "Choose it.")
        )
    if exam.systolic_mmhg is None or exam.diastolic_mmhg is None:
        found.append(
            _no(
                "pressure_missing", "No blood pressure is written down.", "Measure it and enter both numbers."
            )
        )
    if exam.heart_rate_bpm is None:
        found.append(_no("heart_rate_missing", "No heart rate is written down.", "Measure it and enter it."))
    return found + _weight(exam, today, protocol)


def _weight(exam, today, protocol):
    limit = protocol.dosing.weight_max_age_days
    source = protocol.source("dosing.weight_max_age_days")
    if exam.weight_kg is None or exam.weight_measured_on is None:
        return [
            _no(
                "weight_missing",
                "No weight is on record with its date.",
                "Weigh the client, enter both.",
                source,
            )
        ]
    if exam.weight_measured_on > today:
        return [_no("weight_in_future", "The weight is dated in the future.", "Mend the date.", source)]
    days = (today - exam.weight_measured_on).days
    if days > limit:
        words = f"The weight is {days} days old; an order needs one of at most {limit} days."
        return [Finding("weight_old", Level.SOFT, words, "Weigh the client before you order.", source)]
    return []


def _vitals(exam, protocol):
    found = []
    for name, words, unit in MEASURED:
        value = getattr(exam, name)
        if value is None:
            continue
        level = band_level(Decimal(value), getattr(protocol.pre_dose, name))
        if level is None:
            continue
        said = f"{words} {amount(value, unit)} is outside what a dose may start with."
        mend = "Treat or measure again; or write in your reasons why you clear."
        if level is Level.SOFT:
            said, mend = f"{words} {amount(value, unit)} is at the edge.", "Measure again before the dose."
        found.append(Finding(f"{name}_out", level, said, mend, "pre-dose limits of the protocol"))
    return found


def band_level(value: Decimal, band) -> Level | None:
    """None inside GO, SOFT between GO and the outer limits, HARD beyond. A band may have no such end."""
    if (band.soft_low is not None and value < band.soft_low) or (
        band.soft_high is not None and value > band.soft_high
    ):
        return Level.HARD
    if (band.go_low is not None and value < band.go_low) or (
        band.go_high is not None and value > band.go_high
    ):
        return Level.SOFT
    return None


def _old_labs(exam, today, protocol):
    oldest = today - timedelta(days=protocol.validity.labs_days)
    return [
        Finding(
            "lab_old",
            Level.INFO,
            f"{test} is of {taken:%-d %B %Y}, more than {protocol.validity.labs_days} days ago.",
            "Consider repeating it.",
            protocol.source("validity.labs_days"),
        )
        for test, taken in exam.labs.items()
        if taken < oldest
    ]
