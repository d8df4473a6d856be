"""The rules that one answer decides, as a table to be read with a clinician. Source: clinical.md §1.

Rules that weigh several answers are in `person.py` and `lists.py`.
"""

from intake.screening_rules.body import BODY, HEART
from intake.screening_rules.mind import ALLERGY, MIND, SUBSTANCES
from intake.screening_rules.rule import Rule

RULES: tuple[Rule, ...] = HEART + BODY + MIND + SUBSTANCES + ALLERGY
# Choice questions whose "Not sure" or silence must be cleared up although other rules read them.
ALSO_CLARIFY = (
    ("health", "heart_attack_or_stroke"),
    ("health", "heart_attack_or_stroke_when"),
    ("health", "liver_disease"),
    ("safety", "suicide_attempt"),
    ("mental_health", "diagnosis"),
    ("substances", "other_substances"),
    ("medicines", "takes"),
    ("allergies", "has"),
    ("companion", "adult"),
)

__all__ = ["ALSO_CLARIFY", "RULES", "Rule"]
