"""What every screening rule uses: the finding that points to its answer, and the answer itself."""

from dataclasses import dataclass

from intake import questions
from kap.core.levels import Finding

NEVER_OVERRIDDEN = frozenset({"ketamine_hypersensitivity", "ketamine_allergy", "pregnant", "under_age"})


@dataclass(frozen=True)
class ScreeningFinding(Finding):
    """A finding that points to the answer it comes from: section and question key. For a questionnaire `section` is
    its code and `question` the item, or "" for the total. Codes are unique within one screening."""

    section: str = ""
    question: str = ""

    @property
    def to_clarify(self) -> bool:
        return self.code.startswith("clarify_")


def finding(code, level, words, mend, source, where) -> ScreeningFinding:
    section, _, question = where.partition(".")
    return ScreeningFinding(
        code,
        level,
        words,
        mend,
        source,
        overridable=code not in NEVER_OVERRIDDEN,
        section=section,
        question=question,
    )


def value(answers, where):
    """The answer to a visible question; None where it is hidden, missing or blank."""
    section, question = where.split(".")
    given = answers.get(section) or {}
    if not any(one.key == question for one in questions.visible_questions(section, given, answers)):
        return None
    return given.get(question) if questions.is_answered(given.get(question)) else None
