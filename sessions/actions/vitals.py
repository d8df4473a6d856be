"""Vital signs: written once per key, judged by protocol and order, the prescriber told when a limit is crossed."""

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction

from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action, constraint_name
from kap.core.errors import Refused
from kap.core.levels import Finding, Level, hard, soft
from kap.worklist import actions as worklist
from kap.worklist.models import Item
from sessions import facts
from sessions.actions.common import earliest_entry, in_time, running
from sessions.actions.pre_dose import hold
from sessions.call_limits import judge_during
from sessions.entry import active_order
from sessions.flowsheet import Flowsheet
from sessions.links import session_path
from sessions.models import Vitals
from sessions.readings import odd_values
from sessions.vitals import judge_pre_dose_vitals
from sessions.words import said_in_words


class OddValues(Refused):
    """Values that look mistyped. Asked once; saved as they are when the person confirms. `may_confirm` is False
    for what cannot be (a lower pressure above the upper one)."""

    def __init__(self, findings: list[Finding]):
        self.findings = findings
        self.may_confirm = not any(f.is_hard or f.code == "pressure_swapped" for f in findings)
        super().__init__([str(f) for f in findings])


@action("dosing.record_vitals")
def record_vitals(
    *, session, entry_key, values: dict, measured_at: datetime | None = None, odd_confirmed: bool = False,
    prescriber_called: bool = False, note: str = "", by,
) -> Vitals:  # fmt: skip
    """One reading. `values`: columns of Vitals that were measured, others left out; nothing is carried over.

    `entry_key` is made on the device: sending it again gives the row that is there. `measured_at`: when it was
    taken, now if not said. Raises OddValues (ask once), Refused, Stale.
    """
    require(by, Can.CHART_VITALS)
    key = uuid.UUID(str(entry_key))
    if (there := _already(key, session)) is not None:
        return there
    session = running(session)
    at = in_time(measured_at, session, "The reading", earliest=earliest_entry(session))
    row = Vitals(
        session=session, entry_key=key, measured_at=at, recorded_at=clock.now(), recorded_by=by,
        odd_confirmed=odd_confirmed, prescriber_called=prescriber_called, note=note.strip()[:300],
        **{name: values[name] for name in facts.MEASURED if values.get(name) is not None},
    )  # fmt: skip
    _plausible(row, session)
    before = session.first_dose_at is None or at < session.first_dose_at
    row.phase = "baseline" if before else "during"
    sheet = Flowsheet(session)
    found = _judged(row, sheet)
    row.findings = facts.as_json(found)
    try:
        with said_in_words(), transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "entry_key" in constraint_name(error):
            return Vitals.objects.get(entry_key=key)  # the same entry came twice at the same moment
        raise
    _tell(row, found, session, by)
    return row


def _already(key, session) -> Vitals | None:
    there = Vitals.objects.filter(entry_key=key).first()
    if there is not None and there.session_id != session.pk:
        raise Refused("This entry belongs to another session. Reload the page.")
    return there


def _plausible(row: Vitals, session) -> None:
    """Entry checks. What cannot be is refused; what is odd is asked about once."""
    if all(getattr(row, name) is None for name in facts.MEASURED):
        raise Refused("Enter at least one value.")
    found = odd_values(facts.reading(row), session.course.rules)
    if found and (not row.odd_confirmed or not OddValues(found).may_confirm):
        raise OddValues(found)


def _judged(row: Vitals, sheet: Flowsheet) -> list[Finding]:
    session, reading = sheet.session, facts.reading(row)
    if row.phase == "during":
        return judge_during(reading, sheet.readings, facts.call_limits(session.order), sheet.rules)
    order = session.order or active_order(
        session.course, session.route, session.setting, facts.today_of(session.appointment)
    )
    found = judge_pre_dose_vitals(
        reading,
        facts.start_limits(order) if order else None,
        sheet.rules,
        setting=facts.setting_code(session.setting),
    )
    # A single value entered by itself (a repeated pressure) is no reason to call for the others again.
    return [f for f in found if not f.code.endswith("_missing")]


def _tell(row: Vitals, found: list[Finding], session, by) -> None:
    """Before the dose the prescriber is asked to decide; during the session she is called."""
    if row.phase == "baseline":
        if held := [*hard(found), *soft(found)]:
            hold(session, "Vital signs outside the limits before the dose", _words(held), about=row, by=by)
        return
    crossed = [f for f in found if f.level is Level.HARD]
    if crossed or row.prescriber_called:
        call_prescriber_to(session, _words(crossed) or "The team asks you to call.", about=row, by=by)


def _words(findings) -> str:
    return " ".join(dict.fromkeys(f.words for f in findings))


def call_prescriber_to(session, words: str, *, about, by) -> None:
    """One open item per session: while she is being called, further readings do not pile up more calls."""
    prefix = f"limit:{session.pk}:"
    if Item.objects.open().filter(key__startswith=prefix).exists():
        return
    client = session.course.client
    worklist.raise_item(
        key=f"{prefix}{about.pk}", kind=worklist.Kind.VITALS_LIMIT, urgency=worklist.Urgency.NOW,
        title=f"Call the dosing room: {client.name}", client=client, detail=words[:500],
        link=session_path(session), link_words="Open the session", for_role="prescriber", by=by,
    )  # fmt: skip
