"""Adverse events: the pick-list, the grades, and what is recorded of each. Pure; codes are stored."""

from dataclasses import dataclass

from kap.core.protocol import Protocol


@dataclass(frozen=True)
class EventKind:
    """is_urgent: tell the prescriber at once, whatever its grade."""

    code: str
    words: str
    is_urgent: bool = False


EVENTS = {
    kind.code: kind
    for kind in (
        EventKind("nausea", "Nausea"),
        EventKind("vomiting", "Vomiting"),
        EventKind("dizziness", "Dizziness"),
        EventKind("dissociation_distress", "Distress from dissociation"),
        EventKind("anxiety", "Anxiety or panic"),
        EventKind("agitation", "Agitation"),
        EventKind("confusion", "Confusion"),
        EventKind("emergence", "Emergence reaction"),
        EventKind("headache", "Headache"),
        EventKind("vision", "Double vision or nystagmus"),
        EventKind("salivation", "Too much saliva"),
        EventKind("hypertension", "High blood pressure"),
        EventKind("hypoxia", "Low oxygen", True),
        EventKind("laryngospasm", "Laryngospasm", True),
        EventKind("syncope", "Fainting", True),
        EventKind("seizure", "Seizure", True),
        EventKind("chest_pain", "Chest pain", True),
        EventKind("cystitis", "Bladder symptoms"),
        EventKind("suicidality", "Suicidal thoughts, new or worse", True),
        EventKind("mania", "Mania or hypomania", True),
        EventKind("misuse", "Misuse or diversion", True),
        EventKind("other", "Other"),
    )
}

# CTCAE version 5 grades, in our words.
GRADES = {
    1: "Mild: noticed, no treatment needed",
    2: "Moderate: limits some activity, or simple treatment needed",
    3: "Severe: not at once life-threatening; limits self-care or needs hospital",
    4: "Life-threatening: urgent treatment needed",
    5: "Death",
}
RELATEDNESS = {
    "unrelated": "Not related",
    "unlikely": "Unlikely",
    "possible": "Possible",
    "probable": "Probable",
    "definite": "Definite",
}
OUTCOMES = {
    "ongoing": "Ongoing",
    "resolving": "Resolving",
    "resolved": "Resolved",
    "lasting": "Resolved with lasting effects",
    "fatal": "Fatal",
    "unknown": "Unknown",
}
ACTIONS = {
    "none": "None",
    "watched": "Watched more closely",
    "comforted": "Comforted and grounded",
    "stopped": "Stopped the medicine",
    "medicine": "Medicine given on a prescriber's order",
    "oxygen": "Oxygen given",
    "emergency": "Emergency services called",
}
SERIOUS_REASONS = {
    "death": "Death",
    "life_threatening": "Life-threatening",
    "hospital": "Hospital stay, new or longer",
    "disability": "Lasting disability",
    "birth_defect": "Birth defect",
    "intervention": "Treatment needed to prevent one of these",
}

MEDWATCH_URL = (
    "https://www.fda.gov/safety/medwatch-fda-safety-information-and-adverse-event-reporting-program"
)


def is_serious(grade: int, reasons) -> bool:
    """Serious events are reported to MedWatch: a stated reason, or grade 4 or 5 by its meaning."""
    return grade >= 4 or bool(set(reasons) & set(SERIOUS_REASONS))


def hypertension_grade(systolic_mmhg: int, diastolic_mmhg: int, protocol: Protocol) -> int:
    """Grade 0 to 3 by the higher of the two numbers (CTCAE version 5); grade 4 is a judgement."""
    ae = protocol.ae
    return max(
        sum(systolic_mmhg >= limit for limit in ae.hypertension_systolic_mmhg),
        sum(diastolic_mmhg >= limit for limit in ae.hypertension_diastolic_mmhg),
    )
