"""Diagnosis codes from a dated table that a clinic can replace. Pure; the words are ours.

A code is good on a day or it is not: since 1 October 2024 F50.01 is only a header, so an old chart may hold it and a
new one may not. Treatment resistance has no code: it is a flag with its trials.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from kap.core.levels import Finding, Level
from kap.core.protocol import Protocol

FILE = Path(__file__).parent / "data" / "icd10cm-2026.json"
CODE = re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?")

# Stored codes of the standing of a diagnosis for this treatment.
INDICATION, CLINIC, CONTEXT, HARD = "indication", "clinic", "context", "hard"
STANDINGS = {
    INDICATION: "Off-label indication",
    CLINIC: "The clinic decides",
    CONTEXT: "Only beside another diagnosis",
    HARD: "Not eligible",
}


class TableError(ValueError):
    """The table cannot be used; the text names the row and the mend."""


@dataclass(frozen=True)
class Diagnosis:
    code: str
    words: str
    group: str
    standing: str
    valid_from: date
    valid_to: date | None
    note: str

    def is_valid_on(self, day: date) -> bool:
        """Both ends are included."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def __str__(self) -> str:
        return f"{self.code} {self.words}"


@dataclass(frozen=True)
class Table:
    edition: str
    dated: date
    source: str
    groups: dict[str, str]
    codes: tuple[Diagnosis, ...]


def load(data: dict) -> Table:
    """A table from its data. TableError names the first faulty row, and how to mend it."""
    try:
        rows = [_row(number, row, data["groups"]) for number, row in enumerate(data["codes"], start=1)]
        table = Table(
            data["edition"], date.fromisoformat(data["dated"]), data["source"], data["groups"], tuple(rows)
        )
    except (KeyError, TypeError) as fault:
        raise TableError(
            f"The table lacks {fault}; it needs edition, dated, source, groups and codes."
        ) from fault
    seen = set()
    for row in rows:
        if row.code in seen:
            raise TableError(f"{row.code} is listed twice; keep one row and give it its dates.")
        seen.add(row.code)
    return table


def _row(number, row, groups):
    try:
        made = Diagnosis(
            row["code"],
            row["words"],
            row["group"],
            row["standing"],
            date.fromisoformat(row["valid_from"]),
            date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            row["note"],
        )
    except (KeyError, ValueError) as fault:
        raise TableError(
            f"Row {number}: {fault}; each row has code, words, group, standing, valid_from, valid_to and "
            "note, with dates as 2025-10-01."
        ) from fault
    if not CODE.fullmatch(made.code):
        raise TableError(f"Row {number}: “{made.code}” is not written like an ICD-10-CM code, such as F33.1.")
    if made.group not in groups or made.standing not in STANDINGS:
        raise TableError(
            f"Row {number} ({made.code}): group or standing is unknown; use one of {', '.join(groups)} and "
            f"{', '.join(STANDINGS)}."
        )
    if made.valid_to and made.valid_to < made.valid_from:
        raise TableError(f"Row {number} ({made.code}): ends before it begins; mend its dates.")
    return made


@cache
def shipped() -> Table:
    return load(json.loads(FILE.read_text(encoding="utf-8")))


def tidy(code: str) -> str:
    """ "f33.1 " and "f331" as "F33.1"."""
    code = re.sub(r"[\s.]", "", code or "").upper()
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 else code


def get(code: str, on: date, *, table: Table | None = None) -> Diagnosis | None:
    """The diagnosis of a code that is good on that day, else None."""
    wanted = tidy(code)
    for row in (table or shipped()).codes:
        if row.code == wanted and row.is_valid_on(on):
            return row
    return None


def lookup(
    text: str, on: date | None = None, *, limit: int = 20, table: Table | None = None
) -> list[Diagnosis]:
    """Diagnoses whose code begins with the text or whose words hold each of its words, codes first.

    on: leave out codes that are not good on that day. An empty text finds nothing.
    """
    text = (text or "").strip().lower()
    words = re.findall(r"[a-z0-9]+", text)
    if not words:
        return []
    rows = [row for row in (table or shipped()).codes if on is None or row.is_valid_on(on)]
    prefix = re.sub(r"[\s.]", "", text)
    by_code = [row for row in rows if row.code.replace(".", "").lower().startswith(prefix)]
    by_words = [row for row in rows if row not in by_code and _holds(row, words, table)]
    return (by_code + by_words)[:limit]


def _holds(row, words, table):
    text = f"{row.words} {(table or shipped()).groups[row.group]}".lower()
    return all(any(part.startswith(word) for part in re.findall(r"[a-z0-9]+", text)) for word in words)


def grouped(on: date, *, table: Table | None = None) -> list[tuple[str, list[Diagnosis]]]:
    """(group in words, its diagnoses good on that day), in the table's order, for a select."""
    table = table or shipped()
    made = [
        (name, [row for row in table.codes if row.group == group and row.is_valid_on(on)])
        for group, name in table.groups.items()
    ]
    return [(name, rows) for name, rows in made if rows]


def check(codes: Iterable[str], on: date, *, table: Table | None = None) -> list[Finding]:
    """What is to be said of the diagnoses of an evaluation: unknown or ended codes, hard stops, and none at all."""
    found, standings = [], set()
    for code in codes:
        row = get(code, on, table=table)
        if row is None:
            found.append(_not_good(tidy(code), on, table))
            continue
        standings.add(row.standing)
        if row.standing == HARD:
            found.append(
                Finding("diagnosis_hard", Level.HARD, f"{row}.", row.note, "published exclusion: psychosis")
            )
        elif row.standing == CLINIC:
            found.append(Finding("diagnosis_clinic", Level.SOFT, f"{row}.", row.note, "set by the clinic"))
    if not standings - {CONTEXT}:
        found.append(
            Finding(
                "diagnosis_missing",
                Level.HARD,
                "There is no diagnosis to treat.",
                "Add one; personal growth alone does not reach prescribing.",
                "clinic rule",
                overridable=False,
            )
        )
    return found


def _not_good(code, on, table):
    known = next((row for row in (table or shipped()).codes if row.code == code), None)
    if known is None:
        return Finding(
            "diagnosis_unknown",
            Level.HARD,
            f"“{code}” is not in the clinic's table.",
            "Search by its words, or add it to the table.",
            "ICD-10-CM",
            overridable=False,
        )
    return Finding(
        "diagnosis_not_valid",
        Level.HARD,
        f"{known} is not valid on {on:%-d %B %Y}.",
        known.note or "Choose another code.",
        "ICD-10-CM",
        overridable=False,
    )


def is_treatment_resistant(adequate_trials: int, protocol: Protocol) -> bool:
    """A flag, not a code: enough adequate trials (medicine, dose, weeks, outcome) without response."""
    return adequate_trials >= protocol.eligibility.adequate_trials_count
