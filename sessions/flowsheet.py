"""Everything written down in one session, read in a fixed number of queries, and what follows from it.

Rows that were struck through stay in the lists (they are shown, crossed out); `standing_*` leave them out, and only
those count in a rule.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property

from django.db.models import Count, OuterRef, Subquery

from kap.core import clock
from kap.core.levels import Finding, Level, hard, soft
from kap.core.units import amount
from sessions import checklists, facts
from sessions.adverse_events import EVENTS
from sessions.limits import BOOSTER, DOSE, Given, room_left_mg
from sessions.models import (
    Administration,
    AdverseEvent,
    DosingSession,
    Observation,
    PreDoseAnswer,
    Release,
    Strike,
    Vitals,
)
from sessions.readings import Reading
from sessions.timing import earliest_leave, next_vitals_due, overdue_minutes
from sessions.vitals import judge_pre_dose_vitals

# MOAA/S in two words, for buttons and the sheet; the whole words are in sessions.readings.
ALERTNESS = {5: "Awake", 4: "Slow reply", 3: "To loud voice", 2: "To touch", 1: "To pinch", 0: "Not roused"}
WHAT_IS_LIVE = (Vitals, Administration, Observation, AdverseEvent, Strike)


def struck(row):
    """The strike through this row, or None."""
    return getattr(row, "strike", None)


@dataclass(frozen=True)
class Row:
    """One line of the flowsheet as shown: a reading or a happening, newest first."""

    at: datetime
    kind: str  # vitals, dose, observation, event
    thing: object
    words: str = ""

    @property
    def strike(self):
        return struck(self.thing)

    @property
    def alertness(self) -> str:
        return ALERTNESS.get(self.thing.moaas, "")

    @property
    def over(self) -> dict[str, bool]:
        """Which values of a reading crossed a limit, as it was judged when it was recorded."""
        codes = [f["code"] for f in self.thing.findings if f.get("level") in ("hard", "soft")]
        return {
            name: any(code.startswith(begins) for code in codes)
            for name, begins in (
                ("pressure", ("call_systolic", "call_diastolic", "pressure", "systolic", "diastolic")),
                ("rate", ("call_heart", "heart_rate")),
                ("oxygen", ("call_spo2", "oxygen", "spo2")),
            )
        }


class Flowsheet:
    """Read once per request; each list is one query."""

    def __init__(self, session: DosingSession):
        self.session = session
        self.rules = session.course.rules

    # ---- what is on the sheet

    @cached_property
    def vitals(self) -> list[Vitals]:
        return self._rows(Vitals, "measured_at")

    @cached_property
    def doses(self) -> list[Administration]:
        return self._rows(Administration, "given_at", "witness")

    @cached_property
    def observations(self) -> list[Observation]:
        return self._rows(Observation, "observed_at")

    @cached_property
    def events(self) -> list[AdverseEvent]:
        return self._rows(AdverseEvent, "onset_at")

    def _rows(self, model, order, *more):
        rows = model.objects.filter(session=self.session).select_related(
            "recorded_by", "strike__recorded_by", *more
        )
        return list(rows.order_by(order, "recorded_at"))

    @cached_property
    def answers(self) -> dict[str, PreDoseAnswer]:
        """The latest answer to each line."""
        rows = PreDoseAnswer.objects.filter(session=self.session).select_related("recorded_by")
        return {row.line: row for row in rows.order_by("recorded_at", "created_at")}

    @cached_property
    def releases(self) -> list[Release]:
        return list(Release.objects.filter(session=self.session).select_related("recorded_by"))

    # ---- what stands

    @property
    def standing_vitals(self) -> list[Vitals]:
        return [row for row in self.vitals if not struck(row)]

    @property
    def standing_doses(self) -> list[Administration]:
        return [row for row in self.doses if not struck(row)]

    @cached_property
    def readings(self) -> list[Reading]:
        return [facts.reading(row) for row in self.standing_vitals]

    @cached_property
    def baseline(self) -> Vitals | None:
        """The last reading before the dose that holds a blood pressure, else the last before the dose."""
        before = [row for row in self.standing_vitals if row.phase == "baseline"]
        pressed = [row for row in before if row.systolic_mmhg is not None]
        return (pressed or before or [None])[-1]

    @cached_property
    def before_dose(self) -> tuple[Reading, Vitals] | None:
        """What is known before the dose, value by value the latest (a pressure taken again is taken alone), and the
        last row of it: a release holds for that row only, so every new reading is asked about anew."""
        rows = [row for row in self.standing_vitals if row.phase == "baseline"]
        if not rows:
            return None
        merged = {}
        for row in rows:
            merged |= {name: value for name in facts.MEASURED if (value := getattr(row, name)) is not None}
        return facts.reading(Vitals(measured_at=rows[-1].measured_at, **merged)), rows[-1]

    def last(self, name: str):
        """The latest standing value of one column; None when it was not taken yet."""
        values = (getattr(row, name) for row in reversed(self.standing_vitals))
        return next((value for value in values if value is not None), None)

    # ---- doses

    @property
    def given(self) -> list[Given]:
        return [Given(row.dose_mg, BOOSTER if row.is_booster else DOSE) for row in self.standing_doses]

    @property
    def given_mg(self) -> Decimal:
        return sum((row.dose_mg for row in self.standing_doses), Decimal(0))

    @property
    def left_mg(self) -> Decimal:
        return room_left_mg(self.given, facts.order_facts(self.session.order))

    @property
    def last_dose_ends_at(self) -> datetime | None:
        """When the last of the medicine was in: an infusion counts from its planned end."""
        if not self.standing_doses:
            return None
        minutes = self.session.order.infusion_minutes if self.session.route == "iv" else None
        return max(row.given_at for row in self.standing_doses) + timedelta(minutes=minutes or 0)

    @property
    def earliest_leave(self) -> datetime | None:
        ended = self.last_dose_ends_at
        return earliest_leave(ended, self.session.route, self.rules) if ended else None

    # ---- time

    @property
    def next_due(self) -> datetime | None:
        """When the next vital signs are due; None before the first dose and after the end."""
        session = self.session
        if session.first_dose_at is None or session.ended_at:
            return None
        boosters = [row.given_at for row in self.standing_doses if row.is_booster]
        return next_vitals_due(
            session.first_dose_at, [one.taken_at for one in self.readings], self.rules, session.route,
            setting=facts.setting_code(session.setting), infusion_minutes=session.order.infusion_minutes,
            booster_at=max(boosters, default=None),
        )  # fmt: skip

    @property
    def overdue_minutes(self) -> int:
        return overdue_minutes(self.next_due, clock.now()) if self.next_due else 0

    @property
    def last_taken_at(self) -> datetime | None:
        return self.readings[-1].taken_at if self.readings else None

    # ---- before the dose

    @cached_property
    def released(self) -> set[tuple[str, str]]:
        """(code, row) that a prescriber let pass. A new reading or a new answer is another row: asked anew."""
        return {(f["code"], f.get("about", "")) for one in self.releases for f in one.findings}

    def held_by_vitals(self, order) -> list[Finding]:
        """What the last reading before the dose has against it, hard and soft, not yet released."""
        if self.before_dose is None:
            words, mend = "No vital signs before the dose.", "Take them and enter them."
            return [Finding("vitals_missing", Level.HARD, words, mend, "clinic rule", overridable=False)]
        limits = facts.start_limits(order) if order else None
        reading, row = self.before_dose
        found = judge_pre_dose_vitals(
            reading, limits, self.rules, setting=facts.setting_code(self.session.setting)
        )
        return [f for f in [*hard(found), *soft(found)] if (f.code, str(row.pk)) not in self.released]

    def held_by_lines(self) -> dict[str, Finding]:
        """Lines of the check that are open, or a problem not released, by their code."""
        found = {}
        for line in checklists.pre_dose_lines(facts.setting_code(self.session.setting)):
            row = self.answers.get(line.code)
            for finding in checklists.judge_line(line, facts.answer(row) if row else None):
                if row is None or (finding.code, str(row.pk)) not in self.released:
                    found[line.code] = finding
        return found

    @property
    def answered(self) -> tuple[int, int]:
        """Lines that are done, of all."""
        lines = checklists.pre_dose_lines(facts.setting_code(self.session.setting))
        return len(lines) - len(self.held_by_lines()), len(lines)

    # ---- as shown

    @cached_property
    def rows(self) -> list[Row]:
        """Newest first."""
        shown = [Row(one.measured_at, "vitals", one) for one in self.vitals]
        shown += [Row(one.given_at, "dose", one, dose_words(self.session, one)) for one in self.doses]
        shown += [Row(one.observed_at, "observation", one, one.words) for one in self.observations]
        shown += [Row(one.onset_at, "event", one, event_words(one)) for one in self.events]
        return sorted(shown, key=lambda row: (row.at, row.thing.recorded_at), reverse=True)


def dose_words(session, one: Administration) -> str:
    """ "ketamine lozenge 150 mg, AR, checked MQ" """
    form = {
        "sl": "lozenge",
        "oral": "by mouth",
        "iv": "intravenous",
        "im": "intramuscular",
        "in": "intranasal",
    }
    kind = "Booster given" if one.is_booster else "Dose given"
    who = one.recorded_by.initials if one.given_by == one.recorded_by.name else one.given_by
    seen = f"checked {one.witness.initials}" if one.witness else f"not witnessed: {one.not_witnessed_reason}"
    return f"{kind}: ketamine {form[one.route]} {amount(one.dose_mg, 'mg')}, {who}, {seen}"


def event_words(one: AdverseEvent) -> str:
    name = EVENTS[one.code].words if one.code in EVENTS else one.code
    return f"Adverse event: {name}, grade {one.grade}{', serious' if one.serious else ''}"


def stamp(session: DosingSession) -> str:
    """What has changed since, in one query: other devices ask this every few seconds."""

    def count(model):
        rows = model.objects.filter(session=OuterRef("pk")).order_by().values("session")
        return Subquery(rows.annotate(n=Count("pk")).values("n"))

    counts = {f"n{i}": count(model) for i, model in enumerate(WHAT_IS_LIVE)}
    row = (
        DosingSession.objects.filter(pk=session.pk)
        .annotate(**counts)
        .values_list("ended_at", *counts)
        .first()
    )
    return "-".join("x" if value is None else str(value).replace(" ", "") for value in row)
