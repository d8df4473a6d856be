"""Scores of questionnaires: pure functions of the answers.

Answers are {item key: score or None}. A skipped item (None or absent) makes the total unknown: it is never read as 0.
Numbers come from the instrument's data file; a clinic's own cut-offs are handed in. Sources: clinical.md §6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from kap.measures.instruments import Instrument, get

BAND_WORDS = {
    "": "",
    "minimal": _("minimal"),
    "mild": _("mild"),
    "moderate": _("moderate"),
    "moderately severe": _("moderately severe"),
    "severe": _("severe"),
    "below cut-off": _("below the cut-off"),
    "at or above cut-off": _("at or above the cut-off"),
    "none": _("no risk named"),
    "low": _("low risk"),
    "high": _("high risk"),
    "incomplete": _("not fully answered"),
}
TRIAGE_WORDS = {**BAND_WORDS, "moderate": _("moderate risk")}
RESPONSE_DROP = Decimal(
    "0.5"
)  # response is a drop of at least half from baseline, on every scale (clinical.md §6)


class Urgency(StrEnum):
    """How soon a clinician must act on an answer. Stored: do not rename."""

    ASK = "ask"  # an open question: complete it before deciding
    NOW_SCREEN = "now_screen"  # do the C-SSRS screener at once
    SAME_DAY = "same_day"
    IMMEDIATE = "immediate"  # stay with the client

    @property
    def weight(self) -> int:
        return list(Urgency).index(self)


@dataclass(frozen=True)
class SafetyFinding:
    """An answer that a clinician must act on. `show_crisis`: the client sees the crisis page at once.

    `blocks_remote`: no dose at home until a clinician has decided.
    """

    code: str
    urgency: Urgency
    words: str
    mend: str
    items: tuple[str, ...]
    show_crisis: bool = True
    blocks_remote: bool = False


@dataclass(frozen=True)
class Score:
    """What a set of answers amounts to. `total` and `band` are None and "" while an asked item lacks its answer;
    for the C-SSRS `total` is always None and `band` is the triage, "incomplete" included.

    `subscores` hold cluster sums (None where an item is missing). `positive`: cut-off reached; `provisional`: the
    PCL-5 pattern of a provisional diagnosis. Both are None where the instrument has none or an item is missing.
    """

    code: str
    version: str
    total: int | None
    band: str
    complete: bool
    missing_items: tuple[str, ...] = ()
    subscores: Mapping[str, int | None] = field(default_factory=dict, hash=False)
    safety: tuple[SafetyFinding, ...] = ()
    positive: bool | None = None
    provisional: bool | None = None
    unscored: Mapping[str, int | None] = field(default_factory=dict, hash=False)

    @property
    def band_words(self):
        words = TRIAGE_WORDS if self.code == "cssrs" else BAND_WORDS
        return words[self.band]

    @property
    def urgency(self) -> Urgency | None:
        """The most pressing of the safety findings."""
        return max((f.urgency for f in self.safety), key=lambda u: u.weight, default=None)

    @property
    def show_crisis(self) -> bool:
        return any(finding.show_crisis for finding in self.safety)


def score(
    instrument: Instrument | str,
    answers: Mapping[str, int | None],
    *,
    cut: int | None = None,
    sex: str | None = None,
) -> Score:
    """Score answers, complete or not. `cut` overrides the shipped cut-off (PCL-5, AUDIT-C); `sex` ("male", "female")
    picks the AUDIT-C cut-off, and anything else takes the lower one.

    Raises KeyError for an unknown instrument or item, ValueError for a score that the item does not offer.
    """
    instrument = get(instrument) if isinstance(instrument, str) else instrument
    _check(instrument, answers)
    if instrument.code == "cssrs":
        return _triage(instrument, answers)
    asked = [item for item in instrument.asked(answers) if item.scored]
    missing = tuple(item.key for item in asked if answers.get(item.key) is None)
    total = None if missing else sum(answers[item.key] for item in asked)
    sums = _cluster_sums(instrument, answers)
    limit = cut if cut is not None else _cut(instrument, sex)
    positive = None if total is None or limit is None else total >= limit
    return Score(
        code=instrument.code,
        version=instrument.version,
        total=total,
        band=_band(instrument, total, positive),
        complete=not missing,
        missing_items=missing,
        subscores=sums,
        safety=_item_nine(instrument, answers),
        positive=positive,
        provisional=_provisional(instrument, answers, sums),
        unscored={item.key: answers.get(item.key) for item in instrument.items if not item.scored},
    )


def _check(instrument, answers):
    for key, value in answers.items():
        item = instrument.item(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value not in item.scores:
            raise ValueError(f"{instrument.name} item {key} has no answer worth {value!r}")


def _cut(instrument, sex):
    cuts = instrument.extra.get("cut")
    return (
        None
        if cuts is None
        else cuts.get(sex, cuts["default"])
        if sex in ("male", "female")
        else cuts["default"]
    )


def _band(instrument, total, positive) -> str:
    if total is None:
        return ""
    if instrument.bands:
        return [words for start, words in instrument.bands if total >= start][-1]
    if positive is None:
        return ""
    return "at or above cut-off" if positive else "below cut-off"


def _cluster_sums(instrument, answers):
    sums = {}
    for name, keys in instrument.extra.get("clusters", {}).items():
        values = [answers.get(key) for key in keys]
        sums[name] = None if None in values else sum(values)
    return sums


def _provisional(instrument, answers, sums) -> bool | None:
    """PCL-5: enough items at 2 or more in each cluster (B 1, C 1, D 2, E 2). Needs every item."""
    rule = instrument.extra.get("provisional")
    if rule is None or None in sums.values():
        return None
    clusters = instrument.extra["clusters"]
    return all(
        sum(answers[key] >= rule["item_from"] for key in clusters[name]) >= least
        for name, least in rule["needs"].items()
    )


def _item_nine(instrument, answers) -> tuple[SafetyFinding, ...]:
    """PHQ-9 item 9: from 1, the C-SSRS at once; from 2, a clinician the same day. Counts however few other items are
    answered."""
    key, limits = instrument.safety_item, instrument.extra.get("safety")
    value = answers.get(key) if key else None
    if value is None or value < limits["raise_from"]:
        return ()
    same_day = value >= limits["same_day_from"]
    answer = instrument.item(key).answer(value).text
    return (
        SafetyFinding(
            code="phq9_item9_same_day" if same_day else "phq9_item9",
            urgency=Urgency.SAME_DAY if same_day else Urgency.NOW_SCREEN,
            words=f"{instrument.name} item {key} answered “{answer}”",
            mend=(
                "Speak with the client today and do the C-SSRS screener."
                if same_day
                else "Do the C-SSRS screener with the client at once."
            ),
            items=(key,),
        ),
    )


# --- C-SSRS screener ---------------------------------------------------------------------------------------------

TRIAGE_ORDER = ("none", "low", "moderate", "high")
TRIAGE_ACTS = {
    "low": (Urgency.NOW_SCREEN, "Talk it over at the next contact and offer a safety plan.", False),
    "moderate": (Urgency.SAME_DAY, "Assess the client the same day and make a safety plan.", False),
    "high": (Urgency.IMMEDIATE, "Act at once: stay with the client. No dose at home.", True),
}


def _triage(instrument, answers) -> Score:
    """Columbia triage. An unanswered question makes it incomplete, never low; a yes already given still counts, so
    that high stays high, and the findings name what is known so far. A yes to an item that should not have been
    asked counts too: contradictions may only raise the level."""
    level = _level_so_far(answers)
    missing = tuple(item.key for item in instrument.asked(answers) if answers.get(item.key) is None)
    band = "incomplete" if missing and level != "high" else level
    return Score(
        code=instrument.code,
        version=instrument.version,
        total=None,
        band=band,
        complete=not missing,
        missing_items=missing,
        safety=_triage_findings(instrument, answers, level, band, missing),
    )


def _level_so_far(answers) -> str:
    def yes(*keys):
        return any(answers.get(key) == 1 for key in keys)

    if yes("4", "5", "6a"):
        return "high"
    if yes("3", "6"):  # 6 without 6a: at least "longer ago than three months"
        return "moderate"
    return "low" if yes("1", "2") else "none"


def _triage_findings(instrument, answers, level, band, missing):
    found = []
    if level != "none":
        urgency, mend, blocks = TRIAGE_ACTS[level]
        at_least = "at least " if band == "incomplete" else ""
        found.append(
            SafetyFinding(
                code=f"cssrs_{level}",
                urgency=urgency,
                words=f"{instrument.name}: {at_least}{level} risk",
                mend=mend,
                items=tuple(key for key, value in answers.items() if value == 1),
                blocks_remote=blocks,
            )
        )
    if band == "incomplete":
        found.append(
            SafetyFinding(
                code="cssrs_incomplete",
                urgency=Urgency.ASK,
                words=f"{instrument.name}: question {', '.join(missing)} not answered",
                mend="Ask the questions that are open before you decide.",
                items=missing,
                show_crisis=False,
            )
        )
    return tuple(found)


# --- Change over time ----------------------------------------------------------------------------------------------


class Change(StrEnum):
    IMPROVED = "improved"
    WORSE = "worse"
    UNCHANGED = "unchanged"


def comparable(first: Score, second: Score) -> bool:
    """Only totals of the same instrument in the same version may be compared."""
    return (
        (first.code, first.version) == (second.code, second.version)
        and first.total is not None
        and second.total is not None
    )


def response(baseline: int | None, now: int | None) -> bool | None:
    """Whether the total fell by at least half since baseline. None when a total is missing, or baseline is 0 (there
    is nothing to fall). The caller sees to it that both are of one version (`comparable`)."""
    if baseline is None or now is None or baseline <= 0:
        return None
    return (baseline - now) >= RESPONSE_DROP * baseline


def remission(instrument: Instrument | str, total: int | None) -> bool | None:
    """Whether the total lies below the instrument's remission limit. None where it has none, or no total."""
    limit = _instrument(instrument).remission_below
    return None if limit is None or total is None else total < limit


def reliable_change(
    instrument: Instrument | str, baseline: int | None, now: int | None, *, points: int | None = None
) -> Change | None:
    """Whether the difference is larger than the measure's own error. `points` is the clinic's own limit, else the
    instrument's. None where neither exists or a total is missing."""
    points = _instrument(instrument).reliable_change if points is None else points
    if points is None or baseline is None or now is None:
        return None
    if baseline - now >= points:
        return Change.IMPROVED
    return Change.WORSE if now - baseline >= points else Change.UNCHANGED


def _instrument(instrument: Instrument | str) -> Instrument:
    return get(instrument) if isinstance(instrument, str) else instrument
