"""Evaluation, diagnosis, order, plan, consents, preparation."""

from datetime import timedelta
from decimal import Decimal

from intake import actions as intake
from intake.days import clinic_today
from kap.demo import words
from kap.demo.acts.booking import hold
from kap.demo.world import Case
from kap.documents import actions as documents
from kap.documents.models import SignatureRequest
from kap.notes import actions as notes
from kap.notes.models import Kind as NoteKind
from kap.pathway import actions as pathway

PER_KG = {"iv": Decimal("0.5"), "im": Decimal("0.6")}
STRENGTHS = {"iv": "vial 50 mg/mL", "im": "vial 50 mg/mL", "sl": "lozenge 100 mg"}


def take(case: Case) -> None:
    case.act = "taking the case"
    pathway.take(course=case.course, by=case.prescriber)
    case.again()


def examine(case: Case, *, systolic=None, reasons="", seen=True):
    """The evaluation as a draft: findings of the visit, and an answer to every flag."""
    case.act = "medical evaluation"
    draft = intake.start_evaluation(course=case.course, by=case.prescriber)
    today = clinic_today()
    flags = draft.submission.flags.all() if draft.submission else []
    values = {
        "seen_in_person_on": today if seen else None, "patient_state": "CA",
        "systolic_mmhg": systolic or case.rng.randint(112, 132), "diastolic_mmhg": case.rng.randint(68, 82),
        "heart_rate_bpm": case.rng.randint(58, 80), "spo2_percent": case.rng.randint(97, 99),
        "weight_kg": Decimal(case.person.weight_kg), "height_cm": Decimal(case.rng.randint(160, 186)),
        "weight_measured_on": today, "conditions": "", "reasons": reasons,
        "notes": {
            "heart": "Regular, no murmur. No chest pain on effort.", "liver": "No history; tests of this month normal.",
            "bladder": "No complaints.", "mind": "No psychosis, no mania, asked in both directions.",
            "substances": "As on the forms.", "airway": "No apnoea reported, neck mobile.",
            "labs": {"alt": {"result": "22 U/L", "on": str(today - timedelta(days=9))},
                     "pdmp": {"result": "Nothing unexpected", "on": str(today)}},
        },
    }  # fmt: skip
    if case.is_female:
        values["notes"] |= {"pregnancy": "Test negative today; contraception in place."}
    return intake.save_evaluation(
        evaluation=draft, values=values, revision=draft.revision, by=case.prescriber,
        answers={str(flag.pk): "Asked in the visit: stable, no objection." for flag in flags},
    )  # fmt: skip


def decide(case: Case, draft, decision="clear", exit_reason="") -> None:
    intake.decide(
        evaluation=draft, decision=decision, exit_reason=exit_reason, revision=draft.revision,
        printed_name=case.prescriber.name, by=case.prescriber,
    )  # fmt: skip
    case.again()


def evaluate(case: Case, appointment) -> None:
    """Seen, cleared, diagnosed, ordered."""
    draft = examine(case)
    case.act = "diagnosis"
    intake.add_diagnosis(course=case.course, code=case.person.diagnosis, by=case.prescriber)
    case.act = "deciding the evaluation"
    decide(case, draft)
    order(case)
    hold(case, appointment)


def order(case: Case, *, rise: Decimal = Decimal(1), sessions: int = 6) -> None:
    """A first order at the low end, or, with `rise`, a later one that supersedes it."""
    case.act = "order"
    values = order_values(case, rise, sessions)
    draft = intake.draft_order(course=case.again(), values=values, by=case.prescriber)
    reason = "Tolerated well so far; a careful step up was discussed." if rise > 1 else ""
    intake.sign_order(order=draft, printed_name=case.prescriber.name, soft_reason=reason, by=case.prescriber)
    case.again()


def order_values(case: Case, rise: Decimal, sessions: int) -> dict:
    route, weight, today = case.person.route, Decimal(case.person.weight_kg), clinic_today()
    if route == "sl":
        low, high = Decimal(100), Decimal(100) if rise == 1 else Decimal(125)
    else:
        high = (weight * PER_KG[route] * rise).quantize(Decimal(1))
        low = (high * Decimal("0.8")).quantize(Decimal(1))
    booster = Decimal(25) if route != "iv" else None
    return {
        "setting": case.person.setting, "route": route, "strength": STRENGTHS[route], "dose_min_mg": low,
        "dose_max_mg": high, "booster_max_mg": min(booster, high // 2) if booster else None,
        "infusion_minutes": 40 if route == "iv" else None, "session_max_mg": high + (min(booster, high // 2) if booster else 0),
        "sessions": sessions, "weight_kg": weight, "weight_measured_on": today, "start_systolic_max_mmhg": 150,
        "start_diastolic_max_mmhg": 95, "call_systolic_mmhg": 175, "call_diastolic_mmhg": 105,
        "call_spo2_below_percent": 92, "call_heart_rate_above_bpm": 118,
        "instructions": "Hold under the tongue 10 to 15 minutes, then spit out." if route == "sl" else "",
        "expires_on": today + timedelta(days=150),
    }  # fmt: skip


def plan(case: Case, sessions: int = 6) -> None:
    """The therapist's plan, and on to preparation by the prescriber."""
    case.act = "treatment plan"
    by = case.therapist
    draft = intake.start_plan(course=case.course, by=by)
    target = max(4, case.phq(0) // 2)
    values = words.PLAN | {
        "goals": [
            {"goal": "Lift the mood", "measure": "PHQ-9", "target": f"{target} or below", "by": ""},
            {"goal": "Sleep through five nights a week", "measure": "Sleep diary", "target": "5 of 7", "by": ""},
        ],
        "sessions_planned": sessions, "days_between": 7, "review_on": clinic_today() + timedelta(days=84),
    }  # fmt: skip
    draft = intake.save_plan(plan=draft, values=values, revision=draft.revision, by=by)
    intake.sign_plan(plan=draft, revision=draft.revision, printed_name=by.name, by=by)
    case.act = "going on to preparation"
    pathway.advance(course=case.again(), gate="preparation", by=case.prescriber)
    case.again()


def consent(case: Case) -> None:
    """The client signs what she was asked to; at home her chaperone signs, too."""
    case.act = "consents"
    asked = SignatureRequest.objects.filter(
        course=case.course, document=None, declined_at=None, cancelled_at=None
    ).select_related("template")
    letters = "".join(part[0] for part in case.person.name.split())
    for request in asked:
        chaperone = request.template.kind == "chaperone_agreement"
        by = case.companion if chaperone else case.user
        initials = {
            section["key"]: letters for section in request.template.sections if section.get("initial")
        }
        documents.sign_request(
            request=request, printed_name=by.name if chaperone else case.person.name, initials=initials,
            address="127.0.0.1", user_agent="Demonstration", by=by,
        )  # fmt: skip


def prepare(case: Case, appointment) -> None:
    case.act = "preparation"
    by = case.therapist
    note = notes.start(course=case.course, kind=NoteKind.PREPARATION, held_at=appointment.starts_at, by=by)
    body = words.PREPARATION | {"intention": case.pick(words.INTENTIONS)}
    note = notes.save_draft(note=note, body=body, revision=note.revision, by=by)
    notes.sign(note=note, printed_name=by.name, held_at=appointment.starts_at, by=by)
    hold(case, appointment)
