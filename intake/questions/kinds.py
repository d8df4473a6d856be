"""What a question is: plain data, no behaviour beyond looking itself up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

ABOUT_YOU = _("About you")
YOUR_HEALTH = _("Your health")
FINISH = _("Finish")
GROUPS = (ABOUT_YOU, YOUR_HEALTH, FINISH)

YES, NO, UNSURE = "yes", "no", "unsure"


class Kind(StrEnum):
    """How a question is answered, and the shape of its stored answer.

    yes_no_unsure, choice, text, long_text, phone, email: str. multi: list of str.
    date3: {"day": "3", "month": "8", "year": "1984"}. number_unit: {"amount": "70.5", "unit": "kg"}.
    repeating: list of {field key: answer}. Absent, None, "" and empty lists mean "not answered".
    """

    YES_NO_UNSURE = "yes_no_unsure"
    TEXT = "text"
    LONG_TEXT = "long_text"
    CHOICE = "choice"
    MULTI = "multi"
    DATE3 = "date3"
    PHONE = "phone"
    EMAIL = "email"
    NUMBER_UNIT = "number_unit"
    REPEATING = "repeating"


@dataclass(frozen=True)
class Choice:
    """One answer to pick. `alone`: in a multi question it excludes all others ("None of these")."""

    value: str
    words: Any
    hint: Any = ""
    alone: bool = False


YES_NO_UNSURE = (Choice(YES, _("Yes")), Choice(NO, _("No")), Choice(UNSURE, _("Not sure")))


@dataclass(frozen=True)
class When:
    """Show a question only if another was answered with one of `any_of` (for multi: holds one of them).

    With `section`, the other question lies in that section. Where its answer is not known, the question is shown:
    asking once too often does less harm than not asking.
    """

    question: str
    any_of: tuple[str, ...] = (YES, UNSURE)
    section: str = ""
    unless: bool = False


@dataclass(frozen=True)
class Range:
    """The numbers that a unit can sensibly have; outside it is a slip of the finger, and we ask again."""

    unit: str
    words: Any
    least: int
    most: int


@dataclass(frozen=True)
class Question:
    """One question. `short` is its label in lists and error messages, `error` what to say when it is not answered.

    `fields` are the parts of a repeating card, `item_words` its name ("Medicine"), `autocomplete` the HTML token.
    """

    key: str
    kind: Kind
    words: Any
    short: Any
    page: str = ""
    hint: Any = ""
    why_we_ask: Any = ""
    required: bool = False
    show_if: tuple[When, ...] = ()
    choices: tuple[Choice, ...] = ()
    ranges: tuple[Range, ...] = ()
    fields: tuple["Question", ...] = ()
    item_words: Any = ""
    error: Any = ""
    autocomplete: str = ""
    max_length: int = 0
    max_rows: int = 30

    @property
    def options(self) -> tuple[Choice, ...]:
        return YES_NO_UNSURE if self.kind is Kind.YES_NO_UNSURE else self.choices

    @property
    def limit(self) -> int:
        """The most characters that a text may have."""
        return self.max_length or (4000 if self.kind is Kind.LONG_TEXT else 200)

    def choice(self, value) -> Choice | None:
        return next((choice for choice in self.options if choice.value == value), None)


@dataclass(frozen=True)
class Section:
    """One line of the client's task list."""

    key: str
    group: Any
    title: Any
    minutes: int
    questions: tuple[Question, ...]
    intro: Any = ""
    hint: Any = ""
    one_per_page: bool = False
    _by_key: Mapping[str, Question] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self):
        object.__setattr__(self, "_by_key", {question.key: question for question in self.questions})

    def question(self, key: str) -> Question:
        """Raises KeyError if the section has no such question."""
        return self._by_key[key]

    def page_of(self, question: Question) -> str:
        """Questions with the same page stand together; with one_per_page each has a page of its own."""
        return question.key if self.one_per_page else question.page or question.key


def yes_no(key, words, short, **more) -> Question:
    """A yes / no / not sure question. Required: skipping it would leave a doubt that "Not sure" states openly."""
    more.setdefault("required", True)
    return Question(key, Kind.YES_NO_UNSURE, words, short, **more)


def after(question: str, *any_of: str) -> tuple[When, ...]:
    """Shown after that answer to another question of the section; without answers named, after Yes or Not sure."""
    return (When(question, any_of or (YES, UNSURE)),)
