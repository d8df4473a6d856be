"""Which questions a client sees, given her answers so far."""

from collections.abc import Mapping

from intake.questions.kinds import Kind, Question, Section, When

Answers = Mapping[str, object]


def is_answered(value) -> bool:
    """False for None, blanks, empty lists, and boxes that are all empty."""
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, Mapping):
        return any(is_answered(part) for part in value.values())
    if isinstance(value, (list, tuple)):
        return any(is_answered(part) for part in value)
    return value is not None


def visible_questions(
    section: Section,
    answers: Answers,
    everything: Mapping[str, Answers] | None = None,
    *,
    page: str | None = None,
) -> list[Question]:
    """The questions to ask, in order; with `page`, those of that page.

    `everything` are the answers of all sections by section key; without it, a question that hangs on another section
    is shown.
    """
    shown = [question for question in section.questions if _visible(section, question, answers, everything)]
    return shown if page is None else [question for question in shown if section.page_of(question) == page]


def pages(section: Section, answers: Answers, everything=None) -> list[str]:
    """The pages that have something to ask, in order."""
    return list(dict.fromkeys(section.page_of(q) for q in visible_questions(section, answers, everything)))


def next_page(section: Section, page: str, answers: Answers, everything=None) -> str | None:
    """The page after this one; None at the end. Raises KeyError if the section has no such page."""
    order = list(dict.fromkeys(section.page_of(question) for question in section.questions))
    if page not in order:
        raise KeyError(page)
    seen = set(pages(section, answers, everything))
    return next((name for name in order[order.index(page) + 1 :] if name in seen), None)


def may_appear(section: Section, question: Question, answers: Answers, everything=None) -> bool:
    """Whether only answers of its own page keep a question hidden, so that it can appear while one looks at the page."""
    page = section.page_of(question)
    here = {one.key for one in section.questions if section.page_of(one) == page}
    elsewhere = [
        rule
        for rule in question.show_if
        if rule.section not in ("", section.key) or rule.question not in here
    ]
    return all(_met(section, rule, answers, everything) for rule in elsewhere)


def _visible(section, question, answers, everything) -> bool:
    return all(_met(section, rule, answers, everything) for rule in question.show_if)


def _met(section: Section, rule: When, answers, everything) -> bool:
    if rule.section and rule.section != section.key:
        value = ((everything or {}).get(rule.section) or {}).get(rule.question)
        return not is_answered(value) or _holds(value, rule) != rule.unless
    parent = section.question(rule.question)
    if not _visible(section, parent, answers, everything):
        return False  # an answer left behind by a question that is no longer asked decides nothing
    return _holds(answers.get(rule.question), rule) != rule.unless


def _holds(value, rule: When) -> bool:
    values = value if isinstance(value, (list, tuple)) else [value]
    return any(one in rule.any_of for one in values if isinstance(one, str))


def kept(section: Section, answers: Answers, everything=None) -> dict:
    """The answers that count: visible and given, text trimmed. What is sent and frozen."""
    trimmed = {
        question.key: _trimmed(question, answers.get(question.key))
        for question in visible_questions(section, answers, everything)
    }
    return {key: value for key, value in trimmed.items() if is_answered(value)}


def _trimmed(question: Question, value):
    if isinstance(value, str):
        return value.strip()
    if question.kind is Kind.REPEATING and isinstance(value, list):
        names = [part.key for part in question.fields]
        rows = [row for row in value if isinstance(row, Mapping)]
        cards = [{name: _part(row.get(name)) for name in names if is_answered(row.get(name))} for row in rows]
        return [card for card in cards if card]
    if isinstance(value, Mapping):
        return {name: _part(part) for name, part in value.items()}
    return value


def _part(value):
    return value.strip() if isinstance(value, str) else value
