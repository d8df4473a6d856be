"""The lines of the pre-dose check, as data, and what is still missing of them. Pure; codes are stored.

Each line is answered by the person who checked it. A line answered "problem" stops the dose, unless a prescriber may
release it and did, with a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from intake.order_limits import CLINIC, REMOTE
from kap.core.levels import Finding, Level

BOTH = (CLINIC, REMOTE)
# Stored role codes, as in kap.accounts; words here, so that this module needs no account.
PRESCRIBER, THERAPIST, MONITOR = "prescriber", "therapist", "monitor"
STAFF = (PRESCRIBER, THERAPIST, MONITOR)
ROLE_WORDS = {PRESCRIBER: "a prescriber", THERAPIST: "a therapist", MONITOR: "a monitor"}

FINE, PROBLEM, NOT_APPLICABLE = "fine", "problem", "not_applicable"
ANSWERS = {FINE: "Checked, fine", PROBLEM: "There is a problem", NOT_APPLICABLE: "Does not apply"}


@dataclass(frozen=True)
class Line:
    """words: what is checked. help: how. roles: who may answer. release: whether a prescriber may release a problem.
    may_not_apply: whether "does not apply" is an answer. detail: what must be written beside it, if anything."""

    code: str
    words: str
    help: str = ""
    roles: tuple[str, ...] = STAFF
    settings: tuple[str, ...] = BOTH
    release: bool = False
    may_not_apply: bool = False
    detail: str = ""


@dataclass(frozen=True)
class Answer:
    """by_role: role in which the line was answered. release_reason: a prescriber's, when she released a problem."""

    value: str
    by_role: str
    detail: str = ""
    released_by_role: str = ""
    release_reason: str = ""


PRE_DOSE = (
    Line(
        "identity",
        "Two identifiers match",
        "Full name and date of birth, spoken by the client. At home: photo ID held to the camera.",
    ),
    Line(
        "consent",
        "Consent is in force",
        "Right route and place; ask whether the client still wants the session.",
    ),
    Line("evaluation", "Medical evaluation is in date and says clear", roles=(PRESCRIBER, THERAPIST)),
    Line("order", "Order is active and matches today's plan", "Route, range and session maximum."),
    Line(
        "changes",
        "Medicines, allergies and bad effects since last time",
        "Ask for anything new, stopped or changed.",
        release=True,
    ),
    Line(
        "benzodiazepine",
        "Last benzodiazepine",
        "Record when. Never advise to stop one.",
        release=True,
        may_not_apply=True,
        detail="When was it taken?",
    ),
    Line(
        "safety",
        "Safety screen since last contact",
        "Thoughts of death or self-harm, asked today.",
        roles=(PRESCRIBER, THERAPIST),
        release=True,
    ),
    Line(
        "pregnancy",
        "Not pregnant, not breast-feeding",
        "Test on the day of the first dose, then monthly.",
        may_not_apply=True,
    ),
    Line("sober", "Not intoxicated, not in withdrawal", "Alcohol, opioids, sedatives, stimulants."),
    Line("bladder", "No bladder symptoms", "Pain, urgency, blood.", release=True),
    Line("fasting", "Fasting kept", "Times of the last food and of the last fluid.", release=True),
    Line("vitals", "Vital signs before the dose are inside the limits", release=True),
    Line("preparation", "Preparation is done and today's intention is heard", roles=(PRESCRIBER, THERAPIST)),
    Line(
        "companion",
        "Companion is confirmed for today",
        "In the clinic: the driver, reachable. At home: the chaperone, adult, sober, in the room.",
    ),
    Line("integration", "Integration is booked in its window", "Tell the client when."),
    Line(
        "emergency_kit",
        "Oxygen, airway, defibrillator and emergency medicines are at hand",
        "Checked today, orders for them in place.",
        settings=(CLINIC,),
    ),
    Line(
        "staff",
        "Staff trained in life support are here",
        "One with ACLS and one with BLS, in date.",
        settings=(CLINIC,),
    ),
    Line("room", "Room is ready", "Place to lie down, quiet, music, eye mask.", settings=(CLINIC,)),
    Line(
        "location",
        "Where the client is at this moment",
        "Full address and state. Prescriber and therapist must be licensed there.",
        settings=(REMOTE,),
        detail="Address and state",
    ),
    Line("callback", "Number to call back, and the chaperone's", settings=(REMOTE,), detail="Phone numbers"),
    Line(
        "emergency_number",
        "Local emergency number and nearest emergency department",
        "Your own 911 call does not reach theirs.",
        settings=(REMOTE,),
        detail="Number and hospital",
    ),
    Line(
        "disconnect",
        "Plan for a lost connection is agreed",
        "Call the client, the chaperone, then emergency services.",
        settings=(REMOTE,),
    ),
    Line(
        "lozenges",
        "Lozenges counted before the dose",
        "Held to the camera; the count is repeated afterwards.",
        settings=(REMOTE,),
        detail="How many?",
    ),
    Line(
        "cuff", "Upper-arm blood pressure cuff works", "Oximeter too, where there is one.", settings=(REMOTE,)
    ),
    Line(
        "video", "Prescriber or therapist is on live video", settings=(REMOTE,), roles=(PRESCRIBER, THERAPIST)
    ),
)


def pre_dose_lines(setting: str) -> tuple[Line, ...]:
    """The lines of the clinic or of the home, in the order in which they are asked."""
    if setting not in BOTH:
        raise ValueError(f"Unknown setting “{setting}”; use clinic or remote.")
    return tuple(line for line in PRE_DOSE if setting in line.settings)


def line(code: str) -> Line:
    """KeyError when there is no such line."""
    return {one.code: one for one in PRE_DOSE}[code]


def may_answer(one: Line, roles) -> bool:
    return bool(set(roles) & set(one.roles))


def pre_dose_missing(answers: Mapping[str, Answer], setting: str) -> list[Finding]:
    """What still stands before the dose, line by line; empty when all is answered well or released."""
    found = []
    for one in pre_dose_lines(setting):
        found += judge_line(one, answers.get(one.code))
    return found


def judge_line(one: Line, answer: Answer | None) -> list[Finding]:
    """At most one finding. `overridable` tells whether a prescriber may still release it."""

    def no(suffix, words, mend, *, overridable=False):
        return [
            Finding(
                f"{one.code}_{suffix}",
                Level.HARD,
                f"{one.words}: {words}",
                mend,
                "clinic rule",
                overridable=overridable,
            )
        ]

    if answer is None:
        return no("open", "not answered.", f"To be answered by {_who(one.roles)}.")
    if answer.value not in ANSWERS:
        return no("unknown_answer", f"“{answer.value}” is no answer.", "Answer it again.")
    if not may_answer(one, [answer.by_role]):
        return no("wrong_role", "answered by somebody who may not.", f"To be answered by {_who(one.roles)}.")
    if answer.value == NOT_APPLICABLE:
        return [] if one.may_not_apply else no("must_apply", "cannot be left out.", "Check it.")
    if answer.value == FINE:
        return (
            no("detail", "the detail is missing.", f"Write it: {one.detail}")
            if _lacks_detail(one, answer)
            else []
        )
    if not one.release:
        return no("problem", "there is a problem.", "The dose cannot be given today unless it is mended.")
    if answer.released_by_role == PRESCRIBER and answer.release_reason.strip():
        return []
    return no(
        "problem",
        "there is a problem.",
        "Mend it, or a prescriber releases it with a reason.",
        overridable=True,
    )


def _lacks_detail(one, answer):
    return bool(one.detail) and not answer.detail.strip()


def _who(roles):
    return " or ".join(ROLE_WORDS[role] for role in roles)
