"""From answers to flags for the prescriber. Pure; it never rejects anybody. Source of the rules: clinical.md §1.

"Not sure", silence and "I don't know" never count as no: each gives a finding "clarify_…" that must be answered before
a decision. Rules that one answer decides are the table of `screening_rules`; those that weigh more are beside it.
"""

from collections.abc import Mapping, Sequence

from intake import questions
from intake.questions.kinds import UNSURE
from intake.screening_rules import ALSO_CLARIFY, RULES
from intake.screening_rules.finding import NEVER_OVERRIDDEN, ScreeningFinding, finding, value
from intake.screening_rules.lists import allergy_findings, measure_findings, medicine_findings, rows_of
from intake.screening_rules.person import (
    age_findings,
    body_mass,
    body_mass_index,
    companion,
    diagnosis,
    heart_event,
    substances,
)
from intake.screening_rules.rule import CLINIC, INFO, SOFT
from kap.core.levels import by_weight
from kap.core.protocol import shipped
from kap.core.protocol_groups import Eligibility
from kap.measures.scoring import Score

__all__ = ["NEVER_OVERRIDDEN", "ScreeningFinding", "body_mass_index", "screen"]


def screen(
    answers: Mapping[str, Mapping],
    *,
    age: int | None,
    medicines: Sequence[Mapping | str] | None = None,
    allergies: Sequence[Mapping | str] | None = None,
    measures: Mapping[str, Score] | None = None,
    remote: bool = False,
    limits: Eligibility | None = None,
) -> list[ScreeningFinding]:
    """All findings, hard first. `answers` are by section key; `age` in whole years today, None if not known.

    medicines, allergies: rows {"name": …} and {"substance": …, "reaction": …} or plain names; None takes them from
    the answers. measures: scores by instrument code. remote: sessions at home are planned. limits: those of the
    course's Protocol version, else of the shipped one.
    """
    limits = limits or shipped().eligibility
    found = [
        *age_findings(age, limits),
        *_table(answers, remote),
        *heart_event(answers, limits),
        *body_mass(answers, limits, remote),
        *companion(answers, remote),
        *diagnosis(answers, limits),
        *substances(answers),
        *medicine_findings(rows_of(answers, "medicines", medicines), answers, limits),
        *allergy_findings(rows_of(answers, "allergies", allergies), answers),
        *measure_findings(measures or {}, remote),
        *_open_questions(answers),
    ]
    by_code = {}
    for one in found:
        by_code.setdefault(one.code, one)
    return by_weight(by_code.values())


def _table(answers, remote):
    return [
        finding(
            rule.code,
            rule.level_for(remote),
            rule.words,
            rule.mend,
            rule.source,
            f"{rule.section}.{rule.question}",
        )
        for rule in RULES
        if value(answers, f"{rule.section}.{rule.question}") in rule.answers
    ]


def _open_questions(answers):
    """Every question that a rule reads and that is visible, but answered with "Not sure" or not at all."""
    rules = {}
    for rule in RULES:  # the gravest rule speaks for a question
        where = (rule.section, rule.question)
        if where not in rules or rule.level.weight > rules[where].level.weight:
            rules[where] = rule
    found = []
    for section, key in [*rules, *(where for where in ALSO_CLARIFY if where not in rules)]:
        given = answers.get(section) or {}
        visible = {one.key: one for one in questions.visible_questions(section, given, answers)}
        if key in visible and _is_open(given.get(key)):
            found.append(_open_question(section, visible[key], given.get(key), rules.get((section, key))))
    return found


def _is_open(value) -> bool:
    values = value if isinstance(value, (list, tuple)) else [value]
    return not questions.is_answered(value) or UNSURE in values


def _open_question(section, question, value, rule):
    state = "not sure" if questions.is_answered(value) else "not answered"
    mend = "Ask before you decide."
    if rule is not None and rule.level is not INFO:
        mend = f"Ask before you decide. If it is so: {rule.mend}"
    code = f"clarify_{section}_{question.key}"
    return finding(
        code,
        SOFT,
        f"{question.short}: {state}",
        mend,
        rule.source if rule else CLINIC,
        f"{section}.{question.key}",
    )
