"""What a line of the screening table holds."""

from dataclasses import dataclass

from kap.core.levels import Level

HARD, SOFT, INFO = Level.HARD, Level.SOFT, Level.INFO
YES = ("yes",)

LABEL = "FDA label of ketamine"
ESKETAMINE = "Esketamine label, by analogy"
SANACORA = "Sanacora 2017; to be re-checked"
COHORT = "Published clinic cohorts"
CONSENTS = "Published clinic consents"
KNOWN = "General knowledge; to be re-checked"
CLINIC = "Clinic rule"
CLEARANCE = "Ask for a written clearance by cardiology."


@dataclass(frozen=True)
class Rule:
    """If the answer is one of `answers`, the finding `code` follows; "Not sure" or no answer gives a question instead.

    remote: the level for sessions at home, where it differs. final: a prescriber may never override it.
    """

    code: str
    section: str
    question: str
    level: Level
    words: str
    mend: str
    source: str
    answers: tuple[str, ...] = YES
    remote: Level | None = None
    final: bool = False

    def level_for(self, remote: bool) -> Level:
        return self.remote if remote and self.remote else self.level


def rule(code, where, level, words, mend, source, **more):
    section, question = where.split(".")
    return Rule(code, section, question, level, words, mend, source, **more)
