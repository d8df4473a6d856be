"""Questionnaires as data: the words a client reads, their codes, and what scoring needs to know.

The wording is verbatim and never translated here: a translation is another version with its own file. The JSON files
under `data/` are the reviewed source; this module only gives them shape.
"""

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext_lazy as _

DATA = Path(__file__).parent / "data"
CODES = ("phq9", "gad7", "pcl5", "audit_c", "cssrs")

# What a client sees in the task list, rather than the name of the test.
TITLES = {
    "phq9": _("How you have been feeling"),
    "gad7": _("Worry and stress"),
    "pcl5": _("After a stressful experience"),
    "audit_c": _("Alcohol"),
    "cssrs": _("Thoughts about life and death"),
}


@dataclass(frozen=True)
class Answer:
    """One choice. `score` is what is stored; `loinc` is the LA code where one is known."""

    score: int
    text: str
    loinc: str | None = None


@dataclass(frozen=True)
class AskedWhen:
    """This item is asked only if `item` was answered with one of `scores`."""

    item: str
    scores: frozenset[int]


@dataclass(frozen=True)
class Item:
    """One question. `scored` is False for items that are shown but do not count in the total."""

    key: str
    text: str
    answers: tuple[Answer, ...]
    loinc: str | None = None
    scored: bool = True
    asked_when: AskedWhen | None = None

    @property
    def scores(self) -> frozenset[int]:
        return frozenset(answer.score for answer in self.answers)

    def answer(self, score: int) -> Answer:
        """The choice with this score. Raises KeyError if the item has none such."""
        for answer in self.answers:
            if answer.score == score:
                return answer
        raise KeyError(score)


@dataclass(frozen=True)
class Instrument:
    """One questionnaire in one version. Totals of different versions may not be compared."""

    code: str
    name: str
    version: str
    items: tuple[Item, ...]
    copyright: str
    source: str
    stem: str = ""
    instructions: str = ""
    window: str = ""
    loinc_panel: str | None = None
    loinc_total: str | None = None
    bands: tuple[tuple[int, str], ...] = ()
    remission_below: int | None = None
    reliable_change: int | None = None
    meaningful_change: int | None = None
    safety_item: str | None = None
    extra: Any = field(default_factory=lambda: MappingProxyType({}), hash=False)

    @property
    def title(self):
        return TITLES[self.code]

    @property
    def max_total(self) -> int:
        return sum(max(item.scores) for item in self.scored_items)

    @property
    def scored_items(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.scored)

    def item(self, key: str) -> Item:
        """The item with this key. Raises KeyError if there is none."""
        for item in self.items:
            if item.key == key:
                return item
        raise KeyError(key)

    def asked(self, answers) -> tuple[Item, ...]:
        """The items to put to a person who has answered so far as in `answers`."""
        return tuple(item for item in self.items if _is_asked(item, answers))


def _is_asked(item: Item, answers) -> bool:
    rule = item.asked_when
    return rule is None or answers.get(rule.item) in rule.scores


def get(code: str) -> Instrument:
    """The instrument with this code ("phq9"). Raises KeyError for an unknown code."""
    if code not in CODES:
        raise KeyError(code)
    return _load(code)


def all() -> tuple[Instrument, ...]:
    """Every instrument that ships, in the order of the task list."""
    return tuple(_load(code) for code in CODES)


@cache
def _load(code: str) -> Instrument:
    raw = json.loads((DATA / f"{code}.json").read_text(encoding="utf-8"))
    common = _answers(raw.pop("answers"))
    items = tuple(_item(row, common) for row in raw.pop("items"))
    bands = tuple((start, words) for start, words in raw.pop("bands"))
    known = {name: raw.pop(name) for name in list(raw) if name in Instrument.__dataclass_fields__}
    return Instrument(items=items, bands=bands, extra=MappingProxyType(raw), **known)


def _answers(rows) -> tuple[Answer, ...]:
    return tuple(Answer(row["score"], row["text"], row.get("loinc")) for row in rows)


def _item(row, common) -> Item:
    rule = row.get("asked_when")
    return Item(
        key=row["key"],
        text=row["text"],
        answers=_answers(row["answers"]) if "answers" in row else common,
        loinc=row.get("loinc"),
        scored=row.get("scored", True),
        asked_when=AskedWhen(rule["item"], frozenset(rule["scores"])) if rule else None,
    )
