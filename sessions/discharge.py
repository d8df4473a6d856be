"""Fit to leave? All criteria, in words that tell what is still missing. Pure.

Leaving against advice is another path: it records what was missing and does not call it a discharge.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from math import ceil

from kap.core.levels import Finding, Level
from kap.core.protocol import Protocol
from kap.core.units import minutes_between, plain
from sessions.readings import MOAAS
from sessions.timing import earliest_leave

# Each item scores 2, 1 or 0. Codes are stored. Texts are ours.
ALDRETE = {
    "activity": (
        "Movement",
        {
            2: "Moves all four limbs when asked",
            1: "Moves two limbs when asked",
            0: "Moves no limb when asked",
        },
    ),
    "respiration": (
        "Breathing",
        {
            2: "Breathes deeply and coughs freely",
            1: "Short of breath or shallow breaths",
            0: "Does not breathe by itself",
        },
    ),
    "circulation": (
        "Circulation",
        {
            2: "Blood pressure within 20% of baseline",
            1: "Blood pressure 20 to 50% from baseline",
            0: "Blood pressure more than 50% from baseline",
        },
    ),
    "consciousness": ("Consciousness", {2: "Fully awake", 1: "Wakes when called", 0: "Does not answer"}),
    "oxygen": (
        "Oxygen saturation",
        {2: "Above 92% on room air", 1: "Needs oxygen to stay above 90%", 0: "Below 90% even with oxygen"},
    ),
}
PADSS = {
    "vitals": (
        "Vital signs",
        {
            2: "Blood pressure and pulse within 20% of baseline",
            1: "20 to 40% from baseline",
            0: "More than 40% from baseline",
        },
    ),
    "ambulation": ("Walking", {2: "Steady gait, no dizziness", 1: "Walks with help", 0: "Cannot walk"}),
    "nausea": (
        "Nausea and vomiting",
        {
            2: "None or slight, no treatment needed",
            1: "Moderate, better with treatment",
            0: "Severe, goes on despite treatment",
        },
    ),
    "pain": ("Pain", {2: "None or slight", 1: "Moderate, better with treatment", 0: "Severe"}),
    "bleeding": ("Bleeding at the injection site", {2: "None or slight", 1: "Moderate", 0: "Severe"}),
}


@dataclass(frozen=True)
class DischargeFacts:
    """What was found at discharge. None: not yet answered, which counts as missing, never as well."""

    route: str
    last_dose_at: datetime
    now: datetime
    aldrete: Mapping[str, int] = field(default_factory=dict)
    padss: Mapping[str, int] = field(default_factory=dict)
    moaas: int | None = None
    oriented: bool | None = None
    steady_gait: bool | None = None
    systolic_mmhg: int | None = None
    diastolic_mmhg: int | None = None
    baseline_systolic_mmhg: int | None = None
    baseline_diastolic_mmhg: int | None = None
    new_suicidal_thoughts: bool | None = None
    mood_reviewed: bool | None = None
    companion_took_charge: bool | None = None
    instructions_given: bool | None = None
    integration_time_told: bool | None = None


def total(scores: Mapping[str, int], scale: Mapping) -> int | None:
    """Sum of a full scale (`ALDRETE` or `PADSS`); None while an item is open.

    ValueError names an item or a score that the scale does not know.
    """
    for code, score in scores.items():
        if code not in scale or score not in scale[code][1]:
            raise ValueError(f"{code} = {score!r} is not on this scale; score each item 0, 1 or 2.")
    return sum(scores.values()) if len(scores) == len(scale) else None


def aldrete_total(scores: Mapping[str, int]) -> int | None:
    return total(scores, ALDRETE)


def padss_total(scores: Mapping[str, int]) -> int | None:
    return total(scores, PADSS)


def discharge_missing(facts: DischargeFacts, protocol: Protocol) -> list[Finding]:
    """Everything that stands between the client and the door; empty when she may leave. All are hard."""
    return [*_stay(facts, protocol), *_scores(facts, protocol), *_pressure(facts, protocol), *_answers(facts)]


def _no(code, words, mend, source):
    return Finding(code, Level.HARD, words, mend, source)


def _stay(facts, p):
    leave_at = earliest_leave(facts.last_dose_at, facts.route, p)
    if facts.now >= leave_at:
        return []
    left = ceil(minutes_between(facts.now, leave_at))
    return [
        _no(
            "stay_too_short",
            f"The least stay is {p.minimum_stay_minutes(facts.route)} minutes after the last dose; "
            f"{plain(left)} {'is' if left == 1 else 'are'} left.",
            "Wait, or use “Left against advice”.",
            p.source(f"discharge.minimum_minutes.{facts.route}"),
        )
    ]


def _scores(facts, p):
    found, d = [], p.discharge
    for code, name, score, least in (
        ("aldrete", "Modified Aldrete", aldrete_total(facts.aldrete), d.aldrete_minimum_points),
        ("padss", "Modified PADSS", padss_total(facts.padss), d.padss_minimum_points),
        ("moaas", "MOAA/S", facts.moaas, d.moaas_minimum_points),
    ):
        source = p.source(f"discharge.{code}_minimum_points")
        if score is None:
            found.append(_no(f"{code}_open", f"{name} is not complete.", "Score every item.", source))
        elif score < least:
            most = max(MOAAS) if code == "moaas" else 10
            found.append(
                _no(
                    f"{code}_low",
                    f"{name} is {score} of {most}; {least} is needed.",
                    "Wait and score it again.",
                    source,
                )
            )
    return found


def _pressure(facts, p):
    d, source = p.discharge, p.source("discharge.systolic_below_mmhg")
    if facts.systolic_mmhg is None or facts.diastolic_mmhg is None:
        words = "Blood pressure before leaving is missing."
        return [_no("pressure_open", words, "Measure it and enter it.", source)]
    shown, again = (
        _shown(facts.systolic_mmhg, facts.diastolic_mmhg),
        "Wait and measure again, or call the prescriber.",
    )
    found = []
    if facts.systolic_mmhg >= d.systolic_below_mmhg or facts.diastolic_mmhg >= d.diastolic_below_mmhg:
        most = f"{d.systolic_below_mmhg}/{d.diastolic_below_mmhg}"
        found.append(
            _no("pressure_high", f"Blood pressure is {shown}; it must be below {most}.", again, source)
        )
    return found + _near_baseline(facts, p, shown, again)


def _near_baseline(facts, p, shown, again):
    d, source = p.discharge, p.source("discharge.near_baseline_percent")
    upper, lower = facts.baseline_systolic_mmhg, facts.baseline_diastolic_mmhg
    if upper is None or lower is None:
        words = "There is no baseline blood pressure to compare with."
        return [_no("baseline_open", words, "Ask the prescriber to judge.", source)]
    if not _far(facts.systolic_mmhg, upper, d) and not _far(facts.diastolic_mmhg, lower, d):
        return []
    percent = plain(d.near_baseline_percent)
    words = f"Blood pressure is {shown}, more than {percent}% from the baseline of {_shown(upper, lower)}."
    return [_no("pressure_far_from_baseline", words, again, source)]


def _shown(systolic, diastolic):
    return f"{plain(systolic)}/{plain(diastolic)} mmHg"


def _far(value, baseline, d):
    return abs(Decimal(value) - baseline) > baseline * d.near_baseline_percent / 100


# (field, the answer that lets her leave, words when it is open, words when it is otherwise, mend)
ANSWERS = (
    (
        "oriented",
        True,
        "Whether the client knows who, where and when is not answered.",
        "The client does not know who, where or when.",
        "Wait and ask again.",
    ),
    ("steady_gait", True, "The gait is not answered.", "The gait is not steady.", "Wait and walk again."),
    (
        "new_suicidal_thoughts",
        False,
        "New suicidal thoughts were not asked about.",
        "There are new suicidal thoughts.",
        "Stay with the client, tell the prescriber and the therapist now.",
    ),
    (
        "mood_reviewed",
        True,
        "The mood is not reviewed.",
        "The mood is not reviewed.",
        "Review it and say so.",
    ),
    (
        "companion_took_charge",
        True,
        "Nobody has taken charge of the client yet.",
        "The companion has not taken charge.",
        "See the companion in person, or use “Left against advice”.",
    ),
    (
        "instructions_given",
        True,
        "Written instructions are not answered.",
        "Written instructions were not given.",
        "Give them and go through them.",
    ),
    (
        "integration_time_told",
        True,
        "The integration time is not stated.",
        "The client was not told the integration time.",
        "Tell the client and the companion when it is.",
    ),
)


def _answers(facts):
    found = []
    for name, wanted, open_words, other_words, mend in ANSWERS:
        answer = getattr(facts, name)
        if answer is None:
            found.append(_no(f"{name}_open", open_words, mend, "clinic rule"))
        elif answer is not wanted:
            found.append(_no(name, other_words, mend, "clinic rule"))
    return found
