"""How strongly a rule speaks, and what it says. Shared by every rule that judges a client, an order or a reading.

The codes are stored, so they must not be changed without a data migration.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """HARD stops (a prescriber may override where the rule allows it); SOFT warns and asks for an
    acknowledgement; INFO only tells."""

    HARD = "hard"
    SOFT = "soft"
    INFO = "info"

    @property
    def weight(self) -> int:
        return {"hard": 2, "soft": 1, "info": 0}[self.value]


@dataclass(frozen=True)
class Finding:
    """One thing that a rule has to say.

    code: stable, stored. words: what is wrong. mend: what a person can do about it.
    source: where the rule comes from, in readable words. overridable: False where no prescriber may
    override (consent, hypersensitivity, pregnancy, age under 18, expired credential, stock below zero).
    """

    code: str
    level: Level
    words: str
    mend: str = ""
    source: str = ""
    overridable: bool = True

    @property
    def is_hard(self) -> bool:
        return self.level is Level.HARD

    @property
    def is_soft(self) -> bool:
        return self.level is Level.SOFT

    def __str__(self) -> str:
        return f"{self.words} {self.mend}".strip()


def hard(findings: Iterable[Finding]) -> list[Finding]:
    return [f for f in findings if f.is_hard]


def soft(findings: Iterable[Finding]) -> list[Finding]:
    return [f for f in findings if f.is_soft]


def worst(findings: Iterable[Finding]) -> Level | None:
    """The strongest level among them; None when there is nothing to say."""
    return max((f.level for f in findings), key=lambda level: level.weight, default=None)


def by_weight(findings: Iterable[Finding]) -> list[Finding]:
    """Hard first, then soft, then info; the order within a level is kept."""
    return sorted(findings, key=lambda f: -f.level.weight)
