"""What an evaluation holds, read once for its page, its decision and its document."""

from datetime import date
from zoneinfo import ZoneInfo

from intake import diagnoses
from intake.clearance import CLINIC, Examination, FlagFact, check_clearance
from intake.days import clinic_zone
from intake.models import Decision
from intake.prescribers import licence_gaps
from intake.screening_rules.lists import allergy_findings
from kap.core.levels import Finding, Level
from kap.core.units import amount, kilograms, plain
from kap.pathway.stages import Reason

# Systems that are looked at, in the order of the page. Keys are stored in Evaluation.notes.
SYSTEMS = (
    ("heart", "Heart and circulation"),
    ("liver", "Liver"),
    ("bladder", "Bladder and kidneys"),
    ("pregnancy", "Pregnancy and breastfeeding"),
    ("mind", "Psychosis and mania"),
    ("substances", "Substance use"),
    ("airway", "Airway, sleep apnoea, lungs"),
)
# Dated results: tests of clinical.md §1, and the check of the prescription monitoring programme (§8).
LABS = (
    ("alt", "ALT"),
    ("ast", "AST"),
    ("tsh", "TSH"),
    ("hcg", "Pregnancy test"),
    ("uds", "Urine drug screen"),
    ("ecg", "ECG"),
    ("pdmp", "Prescription monitoring check"),
    ("other", "Other"),
)


def flag_rows(evaluation):
    """[(flag, the prescriber's words or "")], hard first, as found in the forms this evaluation rests on."""
    if evaluation.submission_id is None:
        return []
    said = {row.flag_id: row.words for row in evaluation.flag_answers.all()}
    flags = sorted(evaluation.submission.flags.all(), key=lambda flag: -Level(flag.level).weight)
    return [(flag, said.get(flag.pk, "")) for flag in flags]


def flag_facts(evaluation) -> list[FlagFact]:
    """The screening's flags, and ketamine among the allergies that are on the chart now."""
    facts = [
        FlagFact(flag.code, flag.level, flag.words, bool(words)) for flag, words in flag_rows(evaluation)
    ]
    codes = {fact.code for fact in facts}
    live = evaluation.course.client.allergies.filter(ended_at=None).values("substance")
    facts += [
        FlagFact(one.code, one.level, one.words, False)
        for one in allergy_findings(list(live), {})
        if one.is_hard and one.code not in codes
    ]
    return facts


def lab_rows(evaluation) -> list[tuple[str, str, date | None]]:
    """[(test, result, day)] of those that were written down."""
    rows = []
    for key, words in LABS:
        entry = evaluation.notes.get("labs", {}).get(key)
        if entry:
            rows.append(
                (words, entry.get("result", ""), date.fromisoformat(entry["on"]) if entry.get("on") else None)
            )
    return rows


def examination(evaluation) -> Examination:
    return Examination(
        patient_state=evaluation.patient_state,
        systolic_mmhg=evaluation.systolic_mmhg,
        diastolic_mmhg=evaluation.diastolic_mmhg,
        heart_rate_bpm=evaluation.heart_rate_bpm,
        spo2_percent=evaluation.spo2_percent,
        weight_kg=evaluation.weight_kg,
        weight_measured_on=evaluation.weight_measured_on,
        labs={test: day for test, _, day in lab_rows(evaluation) if day},
    )


def evaluation_findings(evaluation, today: date, by=None) -> list[Finding]:
    """What stands against "clear" right now. With `by`, also whether she holds a licence where the client was."""
    course = evaluation.course
    found = check_clearance(
        flag_facts(evaluation), examination(evaluation), age=course.client.age_on(today), today=today,
        protocol=course.rules,
    )  # fmt: skip
    codes = list(course.diagnoses.filter(ended_at=None).values_list("code", flat=True))
    found += [f for f in diagnoses.check(codes, today) if f.is_hard and f.code != "diagnosis_missing"]
    if by is not None and evaluation.patient_state:
        found += [
            Finding("no_licence", Level.HARD, words, "Enter it on the roster, or let a colleague decide.", CLINIC,
                    overridable=False)
            for words in licence_gaps(by, evaluation.patient_state, today)
        ]  # fmt: skip
    return found


def content_of(evaluation, findings, exit_reason: str, by) -> dict:
    """All of it, as it is frozen and printed."""
    course, client = evaluation.course, evaluation.course.client
    submission = evaluation.submission
    return {
        "sections": [
            {"title": "Client", "rows": [
                ["Name", client.legal_name], ["Born", day(client.birth_date)], ["Number", client.kap_number],
                ["Course", str(course.number)],
                ["Forms", forms_words(submission)],
                ["Protocol", course.protocol.version],
            ]},
            {"title": "Examination", "rows": examination_rows(evaluation)},
            {"title": "By system", "rows": [
                [words, evaluation.notes.get(key, "") or "Nothing written"] for key, words in SYSTEMS
            ]},
            {"title": "Tests", "rows": [
                [test, f"{result or 'Result not written'}, {day(on)}"] for test, result, on in lab_rows(evaluation)
            ] or [["Tests", "None written down"]]},
            {"title": "Diagnoses", "rows": diagnosis_rows(course)},
            {"title": "Flags from the forms, and the prescriber's responses", "rows": [
                [f"{flag.words} ({Level(flag.level).name.lower()})", words or "No response"]
                for flag, words in flag_rows(evaluation)
            ] or [["Flags", "None"]]},
            {"title": "Findings at the decision", "rows": [
                [str(finding.level).capitalize(), str(finding)] for finding in findings
            ] or [["Findings", "None"]]},
            {"title": "Decision", "rows": decision_rows(evaluation, exit_reason, by)},
        ],
        "decision": evaluation.decision, "exit_reason": exit_reason, "findings": [f.code for f in findings],
        "submission_sha256": submission.sha256 if submission else "", "weight_kg": evaluation.weight_kg,
        "weight_measured_on": evaluation.weight_measured_on, "valid_until": evaluation.valid_until,
    }  # fmt: skip


def forms_words(submission) -> str:
    """Which forms the decision rests on; the day in the clinic's zone."""
    if submission is None:
        return "None sent"
    return f"Sent {day(submission.sent_at.astimezone(ZoneInfo(clinic_zone())).date())}, number {submission.number}"


def examination_rows(evaluation) -> list[list[str]]:
    e = evaluation
    pressure = f"{e.systolic_mmhg}/{e.diastolic_mmhg} mmHg" if e.systolic_mmhg else "Not measured"
    weight = "Not measured"
    if e.weight_kg is not None:
        weight = (
            f"{amount(e.weight_kg, 'kg')} ({pounds(e.weight_kg)} lb), measured {day(e.weight_measured_on)}"
        )
    return [
        ["Seen in person", day(e.seen_in_person_on) if e.seen_in_person_on else "No, by video"],
        ["State where the client was", e.patient_state or "Not written"],
        ["Blood pressure", pressure],
        ["Heart rate", amount(e.heart_rate_bpm, "beats/min") if e.heart_rate_bpm else "Not measured"],
        ["SpO2", amount(e.spo2_percent, "%") if e.spo2_percent else "Not measured"],
        ["Weight", weight],
        ["Height", amount(e.height_cm, "cm") if e.height_cm else "Not measured"],
    ]


def diagnosis_rows(course) -> list[list[str]]:
    rows = []
    for one in course.diagnoses.filter(ended_at=None):
        words = one.words + (", treatment-resistant" if one.treatment_resistant else "")
        rows.append([f"{one.code}{' (principal)' if one.is_principal else ''}", words])
        if one.trials:
            rows.append(["Earlier treatments", one.trials])
    return rows or [["Diagnosis", "None coded yet"]]


def decision_rows(evaluation, exit_reason: str, by) -> list[list[str]]:
    rows = [["Decision", Decision(evaluation.decision).label]]
    if evaluation.decision == Decision.CONDITIONS:
        rows.append(["Conditions", evaluation.conditions])
    if exit_reason:
        rows.append(["Reason", Reason(exit_reason).label])
    if evaluation.reasons:
        rows.append(["In words", evaluation.reasons])
    if evaluation.valid_until:
        rows.append(["Holds through", day(evaluation.valid_until)])
    rows.append(["Prescriber", ", ".join(part for part in (by.name, by.credential_line) if part)])
    return rows


def pounds(weight_kg) -> str:
    return plain(round(weight_kg / kilograms(1000) * 1000))


def day(value: date | None) -> str:
    """ "08-Oct-2026": nobody can take the month for the day."""
    return f"{value:%d-%b-%Y}" if value else "Not known"
