"""How a session ends: discharged, left against advice, or closed without medicine."""

from dataclasses import asdict
from datetime import datetime, timedelta

from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action
from kap.core.errors import Refused, Stale
from kap.documents import actions as documents
from kap.documents.models import Kind as DocumentKind
from kap.documents.models import Signature
from kap.documents.names import name_problem
from kap.pathway.actions import advance, step_back
from kap.pathway.models import Setting
from kap.worklist import actions as worklist
from kap.worklist.models import Item
from scheduling.actions import finish, release_integration
from sessions import facts, record
from sessions.actions.common import a_sentence, in_time, lock, not_ended
from sessions.discharge import DischargeFacts, aldrete_total, discharge_missing, padss_total
from sessions.flowsheet import Flowsheet
from sessions.links import session_path
from sessions.models import Discharge, DosingSession, Outcome
from sessions.words import said_in_words

ANSWERED = (
    "moaas", "oriented", "steady_gait", "new_suicidal_thoughts", "mood_reviewed", "companion_took_charge",
    "instructions_given", "integration_time_told",
)  # fmt: skip


@action("dosing.discharge")
def discharge(
    *, session, answers: dict, companion, words: str = "", printed_name: str, lozenges_after: int | None = None,
    left_at: datetime | None = None, by,
) -> Discharge:  # fmt: skip
    """Sign the client out into her companion's care; the course goes on to integration in the same transaction.

    `answers`: {"aldrete": {item: score}, "padss": {item: score}} and the criteria of `ANSWERED`; one left out counts
    as missing, never as well. The window of integration counts from `left_at`.
    Locks: appointment, course, session. Raises Refused (every criterion not met), Stale, PermissionDenied.
    """
    require(by, Can.DISCHARGE)
    session = _with_medicine(session)
    at = in_time(left_at, session, "The time of leaving", earliest=session.first_dose_at)
    sheet = Flowsheet(session)
    found = facts_at(sheet, answers, at)
    reasons = [str(f) for f in discharge_missing(found, sheet.rules)]
    reasons += _paper_reasons(session, companion, lozenges_after, printed_name, by)
    if reasons:
        raise Refused(reasons)
    session.lozenges_after = lozenges_after
    closing = _closing(found, companion, words, at, lozenges_after)
    return _end(session, sheet, Outcome.DISCHARGED, closing, companion, words, printed_name, at, by)


@action("dosing.leave_against_advice")
def leave_against_advice(
    *, session, words: str, printed_name: str, answers: dict | None = None, companion=None,
    lozenges_after: int | None = None, left_at: datetime | None = None, by,
) -> Discharge:  # fmt: skip
    """She left before she was fit to, or with nobody. What was missing is kept; the team is told at once.

    Raises Refused, Stale, PermissionDenied.
    """
    require(by, Can.DISCHARGE)
    session = _with_medicine(session)
    at = in_time(left_at, session, "The time of leaving", earliest=session.first_dose_at)
    words = a_sentence(words, "What happened")
    if problem := name_problem(printed_name, by):
        raise Refused(problem)
    sheet = Flowsheet(session)
    answers = {**(answers or {}), "companion_took_charge": bool(companion) or None}
    found = facts_at(sheet, answers, at)
    session.lozenges_after = lozenges_after
    missing = [f.words for f in discharge_missing(found, sheet.rules)]
    closing = _closing(found, companion, words, at, lozenges_after) | {
        "outcome": "Left against advice",
        "missing": missing,
    }
    made = _end(session, sheet, Outcome.LEFT, closing, companion, words, printed_name, at, by)
    client = session.course.client
    worklist.raise_item(
        key=f"left:{session.pk}", kind=worklist.Kind.ADVERSE_EVENT, urgency=worklist.Urgency.NOW, client=client,
        title=f"Left against advice: {client.name}", detail=f"{words} Call the client and the companion."[:500],
        link=session_path(session), link_words="Open the session", by=by,
    )  # fmt: skip
    return made


@action("dosing.close_not_dosed")
def close_not_dosed(*, session, words: str, by) -> DosingSession:
    """No medicine was given: the dose is given back, the integration released, the course stands where it stood.

    Raises Refused when a dose stands on the record, Stale, PermissionDenied.
    """
    require(by, Can.DISCHARGE)
    session = lock(session, appointment=True)
    not_ended(session)
    if Flowsheet(session).standing_doses:
        raise Refused("Medicine was given. Discharge the client, or use “Left against advice”.")
    words = a_sentence(words, "Why no medicine was given")
    release_integration(appointment=session.appointment, by=by)
    finish(appointment=session.appointment, by=by)
    session.ended_at, session.ended_by, session.outcome = clock.now(), by, Outcome.NOT_DOSED
    session.end_words = words
    with said_in_words():
        session.save()
    step_back(course=session.course, words=words, by=by)
    _close_items(session, by)
    return session


def _with_medicine(session) -> DosingSession:
    session = lock(session, appointment=True)
    if session.ended_at:
        raise Stale(f"This session ended already: {session.get_outcome_display().lower()}.")
    if session.first_dose_at is None:
        raise Refused("No medicine was given. Close the session without medicine instead.")
    return session


def facts_at(sheet: Flowsheet, answers: dict, at: datetime) -> DischargeFacts:
    """What was found at discharge. A pressure that is too old to speak for now counts as missing."""
    session, baseline = sheet.session, sheet.baseline
    pressure = recent_pressure(sheet, at)
    return DischargeFacts(
        route=session.route, last_dose_at=sheet.last_dose_ends_at, now=at,
        aldrete=answers.get("aldrete") or {}, padss=answers.get("padss") or {},
        systolic_mmhg=pressure.systolic_mmhg if pressure else None,
        diastolic_mmhg=pressure.diastolic_mmhg if pressure else None,
        baseline_systolic_mmhg=baseline.systolic_mmhg if baseline else None,
        baseline_diastolic_mmhg=baseline.diastolic_mmhg if baseline else None,
        **{name: answers.get(name) for name in ANSWERED},
    )  # fmt: skip


def recent_pressure(sheet: Flowsheet, at: datetime):
    """The last blood pressure after the dose, if no newer one was due by now (one interval of the protocol, and the
    grace that a reading may be early)."""
    rules, remote = sheet.rules, sheet.session.setting == Setting.REMOTE
    every = rules.remote.then_every_minutes if remote else rules.monitoring.then_every_minutes
    oldest = at - timedelta(minutes=every + rules.monitoring.early_by_minutes)
    rows = [row for row in sheet.standing_vitals if row.phase == "during" and row.systolic_mmhg is not None]
    return rows[-1] if rows and rows[-1].measured_at >= oldest else None


def _paper_reasons(session, companion, lozenges_after, printed_name, by) -> list[str]:
    reasons = []
    if companion is None:
        reasons.append("Name the companion who took charge.")
    elif companion.client_id != session.course.client_id:
        reasons.append("That companion belongs to another client.")
    if session.setting == Setting.REMOTE and lozenges_after is None:
        reasons.append("Count the lozenges that are left, on camera.")
    if problem := name_problem(printed_name, by):
        reasons.append(problem)
    return reasons


def _closing(found: DischargeFacts, companion, words, at, lozenges_after) -> dict:
    """What the signer confirmed, as it is kept and printed."""
    kept = {name: value for name, value in asdict(found).items() if name in ANSWERED}
    return {
        "outcome": "Discharged", **kept, "aldrete": dict(found.aldrete), "padss": dict(found.padss),
        "aldrete_total": aldrete_total(found.aldrete), "padss_total": padss_total(found.padss),
        "pressure": _pressure(found.systolic_mmhg, found.diastolic_mmhg),
        "baseline": _pressure(found.baseline_systolic_mmhg, found.baseline_diastolic_mmhg),
        "companion": companion.name if companion else None, "words": words.strip(),
        "left_at": at.isoformat(), "lozenges_after": lozenges_after,
    }  # fmt: skip


def _pressure(upper, lower) -> str:
    return f"{upper}/{lower} mmHg" if upper is not None and lower is not None else ""


def _end(session, sheet, outcome, closing, companion, words, printed_name, at, by) -> Discharge:
    """Discharge, session, course, appointment and the frozen record: all or none."""
    printed_name = " ".join(printed_name.split())
    with said_in_words():
        made = Discharge.objects.create(
            session=session, outcome=str(outcome), criteria=closing, aldrete_total=closing["aldrete_total"],
            padss_total=closing["padss_total"], companion=companion,
            companion_took_charge=bool(closing["companion_took_charge"]), words=words.strip(), left_at=at,
            printed_name=printed_name, signed_at=clock.now(), signed_by=by,
        )  # fmt: skip
        session.ended_at, session.ended_by, session.outcome, session.end_words = (
            at,
            by,
            outcome,
            words.strip(),
        )
        session.save()
    finish(appointment=session.appointment, by=by)
    advance(course=session.course, gate="integration", subject=session, by=by)
    _freeze(session, sheet, closing, printed_name, by)
    _close_items(session, by)
    return made


def _freeze(session, sheet, closing, printed_name, by) -> None:
    local = session.opened_at.astimezone(facts.zone(session.appointment))
    document = documents.freeze(
        client=session.course.client, course=session.course, kind=DocumentKind.SESSION_RECORD,
        title=f"Dosing session {session.number}, {local:%-d %B %Y}", content=record.content(sheet, closing),
        html=record.html(sheet, closing), route=session.route, setting=session.setting, about=session.pk, by=by,
    )  # fmt: skip
    documents.sign(
        document=document,
        printed_name=printed_name,
        capacity=_capacity(by),
        meaning=Signature.Meaning.AUTHOR,
        by=by,
    )


def _capacity(by) -> str:
    return next((role for role in ("prescriber", "therapist", "monitor") if role in by.roles), "staff")


def _close_items(session, by) -> None:
    """Calls and held doses of this session have no object any more."""
    for prefix in ("limit", "held"):
        for key in (
            Item.objects.open()
            .filter(key__startswith=f"{prefix}:{session.pk}:")
            .values_list("key", flat=True)
        ):
            worklist.close(key=key, by=by)
