"""The intake questions as versioned data, and what follows from the answers. Pure: no database, no clock.

A section's answers are {question key: answer} in the shapes of `Kind`. Functions take a Section or its key.
Changing words is harmless; adding, removing or renaming a key or a choice needs a new VERSION, since sent answers are
kept with theirs.
"""

from intake.questions import about_you, goals, health, medicines, mind, safety
from intake.questions import summary as _summary
from intake.questions import validation as _validation
from intake.questions import visibility as _visibility
from intake.questions.kinds import (
    ABOUT_YOU,
    FINISH,
    GROUPS,
    YOUR_HEALTH,
    Choice,
    Kind,
    Question,
    Section,
    When,
)
from intake.questions.summary import Row, answer_words
from intake.questions.validation import missing_words, read_date, read_number
from intake.questions.visibility import is_answered

VERSION = "1"

SECTIONS: tuple[Section, ...] = (
    *about_you.SECTIONS,
    *health.SECTIONS,
    *mind.SECTIONS,
    *medicines.SECTIONS,
    *safety.SECTIONS,
    *goals.SECTIONS,
)
_BY_KEY = {section.key: section for section in SECTIONS}


def get(key: str | Section) -> Section:
    """The section with this key. Raises KeyError for an unknown one."""
    return key if isinstance(key, Section) else _BY_KEY[key]


def visible_questions(section, answers, everything=None, *, page=None) -> list[Question]:
    return _visibility.visible_questions(get(section), answers, everything, page=page)


def pages(section, answers, everything=None) -> list[str]:
    return _visibility.pages(get(section), answers, everything)


def next_page(section, page, answers, everything=None) -> str | None:
    return _visibility.next_page(get(section), page, answers, everything)


def kept(section, answers, everything=None) -> dict:
    return _visibility.kept(get(section), answers, everything)


def validate(section, answers, everything=None, *, page=None, today=None) -> dict[str, str]:
    return _validation.validate(get(section), answers, everything, page=page, today=today)


def is_complete(section, answers, everything=None, *, today=None) -> bool:
    return _validation.is_complete(get(section), answers, everything, today=today)


def is_started(section, answers) -> bool:
    return _validation.is_started(get(section), answers)


def summary_rows(section, answers, everything=None) -> list[Row]:
    return _summary.summary_rows(get(section), answers, everything)


__all__ = [
    "ABOUT_YOU",
    "FINISH",
    "GROUPS",
    "SECTIONS",
    "VERSION",
    "YOUR_HEALTH",
    "Choice",
    "Kind",
    "Question",
    "Row",
    "Section",
    "When",
    "answer_words",
    "get",
    "is_answered",
    "is_complete",
    "is_started",
    "kept",
    "missing_words",
    "next_page",
    "pages",
    "read_date",
    "read_number",
    "summary_rows",
    "validate",
    "visible_questions",
]
