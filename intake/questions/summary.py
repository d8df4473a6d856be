"""The answers in words, for the client's check page and for the clinician who reads them."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.dateformat import format as date_words
from django.utils.translation import gettext as _

from intake.questions.kinds import Kind, Question, Section
from intake.questions.validation import read_date
from intake.questions.visibility import is_answered, visible_questions


@dataclass(frozen=True)
class Row:
    """One line. `values` holds one entry, or one for each card or ticked box; empty means "Not answered"."""

    key: str
    page: str
    label: str
    values: tuple[str, ...]
    required: bool

    @property
    def answered(self) -> bool:
        return bool(self.values)

    @property
    def value(self) -> str:
        return ", ".join(self.values) if self.values else _("Not answered")


def summary_rows(section: Section, answers, everything=None) -> list[Row]:
    """A row for each visible question, in order; unanswered ones included, so that they can be seen."""
    answers = answers or {}
    return [
        Row(
            key=question.key,
            page=section.page_of(question),
            label=str(question.short),
            values=answer_words(question, answers.get(question.key)),
            required=question.required,
        )
        for question in visible_questions(section, answers, everything)
    ]


def answer_words(question: Question, value) -> tuple[str, ...]:
    """The answer as a person would read it; () if there is none."""
    if not is_answered(value):
        return ()
    if question.kind is Kind.REPEATING:
        return _cards(question, value)
    if question.kind is Kind.DATE3:
        day = read_date(value)
        return (date_words(day, "F j, Y") if day else _boxes(value),)
    if question.kind is Kind.NUMBER_UNIT:
        return _number(question, value)
    values = value if isinstance(value, (list, tuple)) else [value]
    return tuple(_one(question, one) for one in values)


def _cards(question, value):
    rows = value if isinstance(value, (list, tuple)) else []
    cards = []
    for row in rows:
        if isinstance(row, Mapping) and is_answered(row):
            parts = [", ".join(answer_words(part, row.get(part.key))) for part in question.fields]
            cards.append(" · ".join(part for part in parts if part))
    return tuple(cards)


def _one(question, value) -> str:
    choice = question.choice(value)
    return str(choice.words) if choice else str(value)


def _number(question, value):
    if not isinstance(value, Mapping) or not is_answered(value.get("amount")):
        return ()
    unit = next(
        (limits.words for limits in question.ranges if limits.unit == value.get("unit")),
        value.get("unit", ""),
    )
    return (f"{value['amount']} {unit}".strip(),)


def _boxes(value) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    return " ".join(str(value[name]) for name in ("month", "day", "year") if is_answered(value.get(name)))
