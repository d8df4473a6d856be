"""Which safety answers must reach a clinician before the forms are sent. Pure. Source: clinical.md §1 and §6.

The forms' questions are a screen, not the C-SSRS: a plan, intent, or an attempt within three months is what the
Columbia triage calls high; "Not sure" about a plan counts as a plan until somebody has asked.
"""

from dataclasses import dataclass

from intake import questions
from intake.questions.kinds import UNSURE, YES
from kap.worklist.models import Urgency


@dataclass(frozen=True)
class Alert:
    """`page`: the question whose answer says so. `words` are for clinicians only."""

    code: str
    page: str
    urgency: Urgency
    words: str
    mend: str


PLAN = Alert(
    "suicide_plan",
    "suicide_plan",
    Urgency.NOW,
    "Intake forms: suicidal plan or intent",
    "Speak with the client now; do the C-SSRS; make a safety plan. No session at home.",
)
PERHAPS_PLAN = Alert(
    "suicide_plan_unsure",
    "suicide_plan",
    Urgency.NOW,
    "Intake forms: not sure about a suicidal plan or intent",
    "Speak with the client now; do the C-SSRS.",
)
RECENT_ATTEMPT = Alert(
    "suicide_attempt_recent",
    "suicide_attempt_when",
    Urgency.NOW,
    "Intake forms: suicide attempt in the last 3 months",
    "Speak with the client today; do the C-SSRS; make a safety plan. No session at home.",
)


def alerts(answers) -> list[Alert]:
    """From the answers of the safety section; hidden questions decide nothing."""
    given = questions.kept("safety", answers)
    found = []
    if given.get("suicide_plan") == YES:
        found.append(PLAN)
    elif given.get("suicide_plan") == UNSURE:
        found.append(PERHAPS_PLAN)
    if given.get("suicide_attempt_when") == "under_3_months":
        found.append(RECENT_ATTEMPT)
    return found
