"""Rules that weigh more than one answer: age, heart, body mass, companion, diagnosis, substances."""

from decimal import Decimal

from intake import questions
from intake.questions.goals import NOT_A_DIAGNOSIS
from intake.questions.kinds import UNSURE
from intake.screening_rules.finding import finding, value
from intake.screening_rules.rule import CLEARANCE, CLINIC, COHORT, HARD, INFO, KNOWN, SANACORA, SOFT

# Months since the last event, at least, by answer. Six weeks are taken as one and a half months.
EVENT_MONTHS = {"under_6_weeks": Decimal(0), "under_6_months": Decimal("1.5"), "over_6_months": Decimal(6)}


ADDS_TO_SEDATION_OR_PRESSURE = frozenset({"cocaine", "stimulants", "sedatives"})


def age_findings(age, limits):
    where = "details.birth_date"
    if age is None:
        return [finding("clarify_age", SOFT, "Age not known", "Ask for the birth date.", CLINIC, where)]
    found = []
    if age < limits.minimum_age_years:
        found.append(
            finding(
                "under_age",
                HARD,
                f"Aged {age}: under {limits.minimum_age_years}",
                "Adults only; this cannot be overridden.",
                CLINIC,
                where,
            )
        )
    if age > limits.older_age_years:
        found.append(
            finding(
                "older_age",
                SOFT,
                f"Aged {age}: over {limits.older_age_years}",
                "Start low and watch blood pressure.",
                CLINIC,
                where,
            )
        )
    if age > limits.ecg_age_years:
        found.append(
            finding("ecg_age", INFO, f"Aged {age}: over {limits.ecg_age_years}", "Take an ECG.", KNOWN, where)
        )
    return found


def heart_event(answers, limits):
    """Recent heart attack, stroke or TIA: hard within the Protocol's months, soft after; "Not sure" is clarified."""
    where = "health.heart_attack_or_stroke_when"
    months = EVENT_MONTHS.get(value(answers, where))
    if months is None:
        return []
    if months < limits.cardiac_event_months:
        words = f"Heart attack, stroke or TIA, perhaps within {limits.cardiac_event_months} months"
        return [finding("heart_event_recent", HARD, words, CLEARANCE, SANACORA, where)]
    return [
        finding(
            "heart_event_past",
            SOFT,
            "Heart attack, stroke or TIA in the past",
            "Ask for the last heart report; take an ECG.",
            SANACORA,
            where,
        )
    ]


def body_mass_index(height, weight) -> Decimal | None:
    """kg/m² from two answers with units (in or cm; lb or kg), to one decimal; None if either cannot be read."""
    tall, heavy = questions.read_number(height), questions.read_number(weight)
    if tall is None or heavy is None:
        return None
    metres = tall[0] * {"in": Decimal("0.0254"), "cm": Decimal("0.01")}.get(tall[1], Decimal(0))
    kilograms = heavy[0] * {"lb": Decimal("0.45359237"), "kg": Decimal(1)}.get(heavy[1], Decimal(0))
    return (kilograms / metres**2).quantize(Decimal("0.1")) if metres > 0 and kilograms > 0 else None


def body_mass(answers, limits, remote):
    where = "health.weight"
    bmi = body_mass_index(value(answers, "health.height"), value(answers, where))
    if bmi is None:
        return [
            finding(
                "clarify_body_mass",
                SOFT if remote else INFO,
                "Height or weight not given",
                "Weigh and measure at the evaluation.",
                CLINIC,
                where,
            )
        ]
    if bmi > limits.airway_bmi:
        return [
            finding(
                "body_mass_airway",
                HARD if remote else SOFT,
                f"Body mass index {bmi}, over {limits.airway_bmi}",
                "Look at the airway; dose by ideal or adjusted weight. At home: only if cleared.",
                CLINIC,
                where,
            )
        ]
    if bmi > limits.dose_weight_bmi:
        return [
            finding(
                "body_mass_dose",
                INFO,
                f"Body mass index {bmi}, over {limits.dose_weight_bmi}",
                "Consider ideal or adjusted weight for the dose.",
                SANACORA,
                where,
            )
        ]
    return []


def companion(answers, remote):
    """The adult who drives home, or stays at home: nobody is hard, not yet is to be cleared up."""
    role = "Adult at home" if remote else "Driver"
    found = list(_who(value(answers, "companion.who"), role))
    if value(answers, "companion.adult") == "no":
        words, mend = f"{role} is under 18", "Ask for another, adult person."
        found.append(finding("companion_minor", HARD, words, mend, CLINIC, "companion.adult"))
    if remote and value(answers, "companion.setting") == "clinic":
        words, mend = (
            "The client wishes for sessions at the clinic",
            "Talk it over before you plan sessions at home.",
        )
        found.append(finding("setting_differs", INFO, words, mend, CLINIC, "companion.setting"))
    return found


def _who(answer, role):
    where = "companion.who"
    if answer == "nobody":
        mend = "Help to find somebody; no session can start without."
        yield finding("no_companion", HARD, f"{role}: nobody", mend, CLINIC, where)
    elif answer != "now":
        mend = "Ask for the name before booking."
        yield finding("clarify_companion", SOFT, f"{role}: not named yet", mend, CLINIC, where)


def diagnosis(answers, limits):
    """Nothing is prescribed without a diagnosis; growth and meaning alone are no indication."""
    found, reasons = [], value(answers, "goals.seeking_help_for") or []
    if value(answers, "mental_health.diagnosis") == "no":
        mend = "Nothing may be prescribed before one is made and coded."
        found.append(
            finding("no_diagnosis", SOFT, "No diagnosis yet", mend, CLINIC, "mental_health.diagnosis")
        )
    if reasons and set(reasons) <= NOT_A_DIAGNOSIS:
        words, mend = "Names nothing that is an indication", "Look for an indication, or decline kindly."
        found.append(finding("no_indication", SOFT, words, mend, CLINIC, "goals.seeking_help_for"))
    return [*found, *_trials(answers, limits)]


def _trials(answers, limits):
    where = "mental_health.antidepressant_trials"
    trials = [row for row in value(answers, where) or [] if questions.is_answered(row)]
    if trials:
        mend = f"Check dose and weeks: {limits.adequate_trials_count} adequate trials make a depression resistant."
        words = f"Earlier medicines named: {len(trials)}"
        yield finding("trials_named", INFO, words, mend, "One clinic's published criteria", where)


def substances(answers):
    where = "substances.other_substances"
    used = [one for one in value(answers, where) or [] if one not in ("none", "nicotine", UNSURE)]
    if not used:
        return []
    question = questions.get("substances").question("other_substances")
    names = ", ".join(questions.answer_words(question, used))
    level = SOFT if ADDS_TO_SEDATION_OR_PRESSURE & set(used) else INFO
    return [
        finding(
            "substances_used",
            level,
            f"Used in the last year: {names}",
            "Ask how often; none on the day of a session.",
            COHORT,
            where,
        )
    ]
