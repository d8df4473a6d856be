"""Which question comes next. Pure functions of the instrument and the draft."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from kap.measures.instruments import Instrument, Item

PAST_MONTH = ("1", "2", "3", "4", "5")  # items of the C-SSRS screener that ask about the past month


@dataclass(frozen=True)
class Place:
    """Where a person is: question `number` of `of`, with the one before (None at the first)."""

    item: Item
    number: int
    of: int
    before: Item | None


def place(instrument: Instrument, draft: dict, key: str) -> Place | None:
    """None for a question that does not exist or is not asked after these answers."""
    asked = instrument.asked(draft)
    for index, item in enumerate(asked):
        if item.key == key:
            return Place(item, index + 1, len(asked), asked[index - 1] if index else None)
    return None


def following(instrument: Instrument, draft: dict, after: str = "") -> Item | None:
    """The next question with neither answer nor skip, from `after` on, then from the start; None: all is done."""
    asked = instrument.asked(draft)
    keys = [item.key for item in asked]
    start = keys.index(after) + 1 if after in keys else 0
    return next((item for item in (*asked[start:], *asked[:start]) if item.key not in draft), None)


def lead(instrument: Instrument, item: Item) -> str:
    """What stands before a question: the stem; for the C-SSRS screener the time it asks about (clinical.md §6)."""
    if instrument.code == "cssrs" and item.key in PAST_MONTH:
        return _("In the past month:")
    return instrument.stem


def rows(instrument: Instrument, draft: dict) -> list[tuple[Item, str]]:
    """(question, words of the answer or "") in order, for the page on which they are checked."""
    found = []
    for item in instrument.asked(draft):
        value = draft.get(item.key)
        found.append((item, "" if value is None else item.answer(value).text))
    return found
