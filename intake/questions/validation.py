"""What is wrong with the answers of a section, in words that say how to mend it. Never raises for odd input."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from intake.questions.kinds import Kind, Question, Section
from intake.questions.visibility import is_answered, visible_questions

EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")
PHONE = re.compile(r"\+?[0-9 ()./-]+(?:\s*(?:x|ext\.?)\s*[0-9]{1,6})?", re.IGNORECASE)
FEWEST_DIGITS, MOST_DIGITS = 7, 15
OLDEST_YEAR = 1900


def validate(
    section: Section, answers, everything=None, *, page: str | None = None, today: date | None = None
) -> dict[str, str]:
    """{question key: what to do}. In a repeating answer the key is "list.0.name", counted from 0; in a date or a
    number it is the question's own key. Empty: all is well.

    `page` checks one page only. `today`, in the clinic's zone, catches dates that lie ahead.
    """
    if not isinstance(answers, Mapping):
        answers = {}
    found = {}
    for question in visible_questions(section, answers, everything, page=page):
        found.update(_check(question, answers.get(question.key), question.key, today))
    return found


def is_complete(section: Section, answers, everything=None, *, today: date | None = None) -> bool:
    """Whether the section can be sent: everything needed is answered and nothing is wrong."""
    return not validate(section, answers, everything, today=today)


def is_started(section: Section, answers) -> bool:
    return any(is_answered((answers or {}).get(question.key)) for question in section.questions)


def _check(question: Question, value, key: str, today) -> dict[str, str]:
    if question.kind is Kind.REPEATING:
        return _repeating(question, value, key, today)
    if not is_answered(value):
        return {key: missing_words(question)} if question.required else {}
    words = CHECKS[question.kind](question, value, today)
    return {key: words} if words else {}


def missing_words(question: Question) -> str:
    """What to say when a required question has no answer."""
    if question.error:
        return str(question.error)
    short = {"short": question.short}
    if question.kind is Kind.YES_NO_UNSURE:
        return _("Choose Yes, No or Not sure: %(short)s") % short
    if question.kind in (Kind.CHOICE, Kind.MULTI):
        return _("Choose an answer: %(short)s") % short
    return _("Enter an answer: %(short)s") % short


def _text(question, value, today):
    short = {"short": question.short, "limit": question.limit}
    if not isinstance(value, str):
        return _("Enter your answer again: %(short)s") % short
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\r\t" for char in value):
        return _("Remove the hidden characters, or type it again by hand: %(short)s") % short
    if len(value.strip()) > question.limit:
        return _("Shorten this to %(limit)s characters or fewer: %(short)s") % short
    return ""


def _email(question, value, today):
    wrong = _text(question, value, today)
    if wrong or EMAIL.fullmatch(value.strip()):
        return wrong
    return _("Enter an email address like name@example.com: %(short)s") % {"short": question.short}


def _phone(question, value, today):
    wrong = _text(question, value, today)
    if wrong:
        return wrong
    number = re.split(r"x|ext", value.strip(), flags=re.IGNORECASE)[0]
    digits = sum(char in "0123456789" for char in number)
    if PHONE.fullmatch(value.strip()) and FEWEST_DIGITS <= digits <= MOST_DIGITS:
        return ""
    return str(question.error) or _(
        "Enter a phone number with its area code, for example 951 555 0142: %(short)s"
    ) % {"short": question.short}


def _choice(question, value, today):
    return "" if isinstance(value, str) and question.choice(value) else missing_words(question)


def _multi(question, value, today):
    if not isinstance(value, (list, tuple)):
        return missing_words(question)
    picked = [question.choice(one) if isinstance(one, str) else None for one in value]
    if None in picked:
        return missing_words(question)
    alone = next((choice for choice in picked if choice.alone), None)
    if alone and len({choice.value for choice in picked}) > 1:
        return _("Choose either “%(alone)s” or the others, not both") % {"alone": alone.words}
    return ""


def read_date(value) -> date | None:
    """The day in the three boxes, or None if there is no such day."""
    if not isinstance(value, Mapping):
        return None
    parts = [str(value.get(name, "")).strip() for name in ("year", "month", "day")]
    if not all(part.isascii() and part.isdigit() for part in parts) or len(parts[0]) != 4:
        return None
    try:
        return date(*(int(part) for part in parts))
    except (ValueError, OverflowError):
        return None


def _date(question, value, today):
    day = read_date(value)
    if day is None or day.year < OLDEST_YEAR:
        return str(question.error) or _("Enter a real date, for example 3 8 1984: %(short)s") % {
            "short": question.short
        }
    if today is not None and day > today:
        return _("Enter a date in the past: %(short)s") % {"short": question.short}
    return ""


def read_number(value) -> tuple[Decimal, str] | None:
    """(amount, unit) of a number with a unit, or None if it cannot be read. A comma may stand for the point."""
    if not isinstance(value, Mapping):
        return None
    text = str(value.get("amount", "")).strip().replace(",", ".")
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,4})?", text, re.ASCII):
        return None
    try:
        return Decimal(text), str(value.get("unit", ""))
    except InvalidOperation:
        return None


def _number(question, value, today):
    short = {"short": question.short}
    if not isinstance(value, Mapping) or not str(value.get("amount", "")).strip():
        # The unit alone is no answer: it may have been chosen beforehand.
        return missing_words(question) if question.required else ""
    number = read_number(value)
    if number is None:
        return _("Enter a number such as 70 or 70.5: %(short)s") % short
    limits = next((limits for limits in question.ranges if limits.unit == number[1]), None)
    if limits is None:
        return _("Choose a unit: %(short)s") % short
    if limits.least <= number[0] <= limits.most:
        return ""
    return _("Check the number and its unit; enter %(least)s to %(most)s %(unit)s: %(short)s") % {
        **short,
        "least": limits.least,
        "most": limits.most,
        "unit": limits.words,
    }


def _repeating(question, value, key, today) -> dict[str, str]:
    rows = value if isinstance(value, (list, tuple)) else []
    filled = [(n, row) for n, row in enumerate(rows) if is_answered(row)]
    if not filled:
        return {key: missing_words(question)} if question.required else {}
    if len(filled) > question.max_rows:
        return {key: _("Remove some cards: no more than %(most)s fit here") % {"most": question.max_rows}}
    found = {}
    for number, row in filled:
        row = row if isinstance(row, Mapping) else {}
        for part in question.fields:
            found.update(_check(part, row.get(part.key), f"{key}.{number}.{part.key}", today))
    return found


CHECKS = {
    Kind.YES_NO_UNSURE: _choice,
    Kind.CHOICE: _choice,
    Kind.MULTI: _multi,
    Kind.TEXT: _text,
    Kind.LONG_TEXT: _text,
    Kind.EMAIL: _email,
    Kind.PHONE: _phone,
    Kind.DATE3: _date,
    Kind.NUMBER_UNIT: _number,
}
