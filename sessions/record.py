"""The session record: what is frozen when a session ends. Plain content for the hash, and the page that is printed."""

from datetime import datetime

from django.template.loader import render_to_string
from django.utils import timezone

from sessions import checklists, facts
from sessions.adverse_events import ACTIONS, GRADES, OUTCOMES, RELATEDNESS
from sessions.flowsheet import Flowsheet, dose_words, event_words, struck


def content(sheet: Flowsheet, closing: dict) -> dict:
    """Everything of the session as values. `closing`: how it ended, as the signer confirmed it."""
    session = sheet.session
    return {
        "session": _session(session),
        "pre_dose": [
            {"line": row.line, "answer": row.answer, "detail": row.detail, "role": row.role, **_who(row)}
            for row in sheet.answers.values()
        ],
        "releases": [
            {"findings": one.findings, "reason": one.reason, "printed_name": one.printed_name, **_who(one)}
            for one in sheet.releases
        ],
        "doses": [_dose(one) for one in sheet.doses],
        "vitals": [_vitals(one) for one in sheet.vitals],
        "observations": [
            {"at": one.observed_at, "words": one.words, **_who(one)} for one in sheet.observations
        ],
        "adverse_events": [_event(one) for one in sheet.events],
        "closing": closing,
    }


def _session(session) -> dict:
    order = session.order
    return {
        "id": session.pk, "number": session.number, "route": session.route, "setting": session.setting,
        "opened_at": session.opened_at, "started_at": session.started_at,
        "started_by": session.started_by.name if session.started_by else None,
        "second_person": session.second_person.name if session.second_person else None,
        "order": order.pk if order else None, "order_sha256": order.sha256 if order else None,
        "consent": session.consent_id, "evaluation": session.evaluation_id, "preparation": session.preparation_id,
        "companion": session.companion.name if session.companion else None, "intention": session.intention,
        "remote": {
            "address": session.remote_address, "state": session.remote_state, "callback": session.remote_callback,
            "emergency_number": session.remote_emergency_number, "nearest_ed": session.remote_nearest_ed,
            "disconnect_plan": session.remote_disconnect_plan, "lozenges_before": session.lozenges_before,
            "lozenges_after": session.lozenges_after,
        } if session.remote_recorded_at else None,
    }  # fmt: skip


def _who(row) -> dict:
    out = struck(row)
    return {
        "recorded_at": row.recorded_at, "recorded_by": row.recorded_by.name,
        **({"struck_through": out.reason, "struck_by": out.recorded_by.name} if out else {}),
    }  # fmt: skip


def _dose(one) -> dict:
    return {
        "at": one.given_at, "dose_mg": one.dose_mg, "route": one.route, "booster": one.is_booster,
        "given_by": one.given_by, "witness": one.witness.name if one.witness else None,
        "not_witnessed_reason": one.not_witnessed_reason, "volume_ml": one.volume_ml,
        "lozenge_held_minutes": one.lozenge_held_minutes, "lozenge_after": one.lozenge_after,
        "soft_reason": one.soft_reason, **_who(one),
    }  # fmt: skip


def _vitals(one) -> dict:
    values = {name: getattr(one, name) for name in facts.MEASURED}
    return {
        "at": one.measured_at, "phase": one.phase, **values, "findings": one.findings, "note": one.note,
        "prescriber_called": one.prescriber_called, **_who(one),
    }  # fmt: skip


def _event(one) -> dict:
    return {
        "at": one.onset_at, "code": one.code, "grade": one.grade, "serious": one.serious,
        "serious_reasons": one.serious_reasons, "relatedness": one.relatedness, "action": one.action,
        "outcome": one.outcome, "resolved_at": one.resolved_at, "words": one.words, "action_taken": one.action_taken,
        "told": one.told, **_who(one),
    }  # fmt: skip


def html(sheet: Flowsheet, closing: dict) -> str:
    """The record as it is printed: at most two pages for a usual session. Times in the location's zone."""
    session = sheet.session
    lines = {line.code: line.words for line in checklists.PRE_DOSE}
    with timezone.override(facts.zone(session.appointment)):
        return render_to_string(
            "dosing/frozen.html",
            {
                "session": session, "client": session.course.client, "order": session.order, "sheet": sheet,
                "rows": list(reversed(sheet.rows)), "closing": _closing_words(closing),
                "answers": [
                    {"words": lines.get(code, code), "answer": checklists.ANSWERS[row.answer], "row": row}
                    for code, row in sheet.answers.items()
                ],
                "doses": [(one, dose_words(session, one)) for one in sheet.doses],
                "events": [
                    {
                        "row": one, "words": event_words(one), "grade": GRADES[one.grade],
                        "related": RELATEDNESS[one.relatedness], "action": ACTIONS[one.action],
                        "outcome": OUTCOMES[one.outcome],
                    }
                    for one in sheet.events
                ],
            },
        )  # fmt: skip


LABELS = {
    "outcome": "Outcome", "aldrete_total": "Modified Aldrete", "padss_total": "Modified PADSS", "moaas": "MOAA/S",
    "oriented": "Oriented", "steady_gait": "Steady gait", "new_suicidal_thoughts": "New suicidal thoughts",
    "mood_reviewed": "Mood reviewed", "pressure": "Blood pressure before leaving",
    "baseline": "Blood pressure before the dose", "companion": "Companion",
    "companion_took_charge": "Companion took charge", "instructions_given": "Written instructions given",
    "integration_time_told": "Integration time stated", "missing": "Not met when leaving", "words": "In words",
    "left_at": "Left at", "lozenges_after": "Lozenges afterwards",
}  # fmt: skip


def _closing_words(closing: dict) -> list[tuple[str, object]]:
    rows = []
    for name, label in LABELS.items():
        value = closing.get(name)
        if value in (None, "", []):
            continue
        if name == "left_at":
            value = f"{timezone.localtime(datetime.fromisoformat(value)):%H:%M}"
        if value is True or value is False:
            value = "Yes" if value else "No"
        if name in ("aldrete_total", "padss_total"):
            value = f"{value} of 10"
        rows.append((label, "; ".join(value) if isinstance(value, list) else value))
    return rows
