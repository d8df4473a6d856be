"""From answers to flags: each row of the eligibility table, and the rule that not sure is never no."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake import questions
from intake.screening import NEVER_OVERRIDDEN, body_mass_index, screen
from intake.screening_rules import RULES
from kap.core.levels import Level
from kap.core.protocol import shipped
from kap.measures import instruments
from kap.measures.scoring import score

HARD, SOFT, INFO = Level.HARD, Level.SOFT, Level.INFO

# Somebody about whom nothing is to be said.
NO_TO_ALL = {
    section.key: {question.key: "no" for question in section.questions if question.kind == "yes_no_unsure"}
    for section in questions.SECTIONS
}
WELL = NO_TO_ALL | {
    "details": {"sex_at_birth": "female", "birth_date": {"day": "3", "month": "8", "year": "1984"}},
    "companion": {"setting": "clinic", "who": "now", "adult": "yes"},
    "health": NO_TO_ALL["health"]
    | {"height": {"amount": "170", "unit": "cm"}, "weight": {"amount": "65", "unit": "kg"}},
    "mental_health": NO_TO_ALL["mental_health"] | {"diagnosis": "yes", "decisions": "self"},
    "substances": NO_TO_ALL["substances"] | {"ketamine_pcp": "never", "other_substances": ["none"]},
    "medicines": {"takes": "none", "grapefruit": "no"},
    "allergies": {"ketamine_reaction": "no", "has": "none"},
    "goals": {"seeking_help_for": ["depression"], "hopes": "sleep"},
}


def with_answers(**changed):
    """WELL with `section__question=answer` changed."""
    answers = {section: dict(given) for section, given in WELL.items()}
    for where, answer in changed.items():
        section, question = where.split("__")
        answers[section][question] = answer
    return answers


def found(answers=WELL, *, age=42, remote=False, **more):
    return {one.code: one for one in screen(answers, age=age, remote=remote, **more)}


def levels(*args, **kwargs):
    return {code: one.level for code, one in found(*args, **kwargs).items()}


def test_a_well_person_has_no_findings():
    assert screen(WELL, age=42) == []
    assert screen(WELL, age=42, remote=True) == [
        one for one in screen(WELL, age=42, remote=True) if one.level == INFO
    ]


@pytest.mark.parametrize(
    "answers, code, clinic, remote",
    [
        ({"allergies__ketamine_reaction": "yes"}, "ketamine_hypersensitivity", HARD, HARD),
        ({"health__aneurysm_or_bleed": "yes"}, "aneurysm_or_bleed", HARD, HARD),
        ({"health__high_blood_pressure": "yes"}, "blood_pressure_uncontrolled", HARD, HARD),
        ({"health__high_blood_pressure": "yes", "health__blood_pressure_controlled": "yes"}, "blood_pressure_known",
         INFO, INFO),
        ({"health__heart_attack_or_stroke": "yes", "health__heart_attack_or_stroke_when": "under_6_weeks"},
         "heart_event_recent", HARD, HARD),
        ({"health__heart_attack_or_stroke": "yes", "health__heart_attack_or_stroke_when": "under_6_months"},
         "heart_event_recent", HARD, HARD),
        ({"health__heart_attack_or_stroke": "yes", "health__heart_attack_or_stroke_when": "over_6_months"},
         "heart_event_past", SOFT, SOFT),
        ({"health__angina": "yes"}, "angina", SOFT, SOFT),
        ({"health__angina": "yes", "health__angina_now": "yes"}, "angina_unstable", HARD, HARD),
        ({"health__heart_failure": "yes", "health__heart_failure_now": "yes"}, "heart_failure_decompensated", HARD,
         HARD),
        ({"health__irregular_heartbeat": "yes", "health__irregular_heartbeat_now": "yes"}, "arrhythmia_significant",
         HARD, HARD),
        ({"mental_health__psychosis": "yes"}, "psychosis", HARD, HARD),
        ({"safety__psychosis_now": "yes"}, "psychosis_now", HARD, HARD),
        ({"mental_health__psychosis_family": "yes"}, "psychosis_family", SOFT, SOFT),
        ({"safety__mania_now": "yes"}, "mania_now", HARD, HARD),
        ({"mental_health__bipolar": "yes"}, "bipolar", SOFT, SOFT),
        ({"health__pregnant": "yes"}, "pregnant", HARD, HARD),
        ({"health__breast_feeding": "yes"}, "breast_feeding", HARD, HARD),
        ({"health__may_become_pregnant": "yes"}, "may_become_pregnant", INFO, INFO),
        ({"health__raised_head_pressure": "yes"}, "raised_head_pressure", HARD, HARD),
        ({"health__head_or_eye_injury": "yes"}, "head_or_eye_injury", HARD, HARD),
        ({"health__liver_disease": "yes", "health__liver_severity": "severe"}, "liver_severe", HARD, HARD),
        ({"health__liver_disease": "yes", "health__liver_severity": "moderate"}, "liver_moderate", SOFT, SOFT),
        ({"health__liver_disease": "yes", "health__liver_tests_high": "yes"}, "liver_tests_high", HARD, HARD),
        ({"health__overactive_thyroid": "yes"}, "thyroid_untreated", HARD, HARD),
        ({"substances__ketamine_pcp": "tried", "substances__ketamine_pcp_problem": "yes"}, "ketamine_pcp_disorder",
         HARD, HARD),
        ({"substances__ketamine_pcp": "regular"}, "ketamine_pcp_regular", SOFT, SOFT),
        ({"substances__substance_problem": "yes"}, "substance_problem", SOFT, SOFT),
        ({"substances__alcohol": "yes", "substances__alcohol_problem": "yes"}, "alcohol_problem", SOFT, SOFT),
        ({"substances__withdrawal_now": "yes"}, "withdrawal_now", HARD, HARD),
        ({"substances__opioids": "yes"}, "opioids", SOFT, SOFT),
        ({"substances__other_substances": ["cannabis", "nicotine"]}, "substances_used", INFO, INFO),
        ({"substances__other_substances": ["cocaine"]}, "substances_used", SOFT, SOFT),
        ({"health__bladder_now": "yes"}, "cystitis_active", HARD, HARD),
        ({"health__bladder_problem": "yes"}, "cystitis_history", SOFT, SOFT),
        ({"health__glaucoma": "yes"}, "glaucoma", SOFT, SOFT),
        ({"health__sleep_apnea": "yes"}, "sleep_apnea", SOFT, HARD),
        ({"health__severe_lung_disease": "yes"}, "severe_lung_disease", SOFT, HARD),
        ({"health__difficult_airway": "yes"}, "difficult_airway", SOFT, HARD),
        ({"health__weight": {"amount": "120", "unit": "kg"}}, "body_mass_airway", SOFT, HARD),
        ({"health__weight": {"amount": "90", "unit": "kg"}}, "body_mass_dose", INFO, INFO),
        ({"health__seizures": "yes"}, "seizures", SOFT, SOFT),
        ({"health__memory_problem": "yes"}, "memory_problem", SOFT, SOFT),
        ({"mental_health__personality_disorder": "yes"}, "personality_disorder", SOFT, SOFT),
        ({"health__porphyria": "yes"}, "porphyria", SOFT, SOFT),
        ({"safety__suicidal_thoughts": "yes"}, "suicidal_thoughts", SOFT, SOFT),
        ({"safety__suicidal_thoughts": "yes", "safety__suicide_plan": "yes"}, "suicide_plan", SOFT, HARD),
        ({"safety__suicide_attempt": "yes", "safety__suicide_attempt_when": "under_3_months"},
         "suicide_attempt_recent", SOFT, HARD),
        ({"safety__suicide_attempt": "yes", "safety__suicide_attempt_when": "over_1_year"}, "suicide_attempt_past",
         SOFT, SOFT),
        ({"safety__feels_unsafe": "yes"}, "feels_unsafe", SOFT, HARD),
        ({"mental_health__decisions": "guardian"}, "capacity", HARD, HARD),
        ({"companion__who": "nobody"}, "no_companion", HARD, HARD),
        ({"companion__who": "later"}, "clarify_companion", SOFT, SOFT),
        ({"companion__adult": "no"}, "companion_minor", HARD, HARD),
        ({"mental_health__diagnosis": "no"}, "no_diagnosis", SOFT, SOFT),
        ({"goals__seeking_help_for": ["growth"]}, "no_indication", SOFT, SOFT),
        ({"medicines__grapefruit": "yes"}, "grapefruit", SOFT, SOFT),
    ],
)  # fmt: skip
def test_each_row_of_the_table(answers, code, clinic, remote):
    assert levels(with_answers(**answers)).get(code) == clinic
    assert levels(with_answers(**answers), remote=True).get(code) == remote


@pytest.mark.parametrize(
    "age, expected",
    [
        (17, {"under_age": HARD}), (18, {}), (50, {}), (51, {"ecg_age": INFO}), (65, {"ecg_age": INFO}),
        (66, {"ecg_age": INFO, "older_age": SOFT}), (None, {"clarify_age": SOFT}),
    ],
)  # fmt: skip
def test_age(age, expected):
    assert levels(age=age) == expected


def test_limits_come_from_the_protocol():
    strict = replace(shipped().eligibility, minimum_age_years=21, cardiac_event_months=12)
    answers = with_answers(
        health__heart_attack_or_stroke="yes", health__heart_attack_or_stroke_when="over_6_months"
    )
    assert {"under_age", "heart_event_recent"} <= set(found(answers, age=20, limits=strict))


@pytest.mark.parametrize(
    "written, code, level",
    [
        ("Xanax 0.5mg", "benzodiazepine", SOFT), ("LORAZEPAM", "benzodiazepine", SOFT),
        ("lorazapam", "benzodiazepine", SOFT), ("Lamictal XR", "lamotrigine", SOFT), ("Nardil", "maoi", SOFT),
        ("emsam patch", "maoi", SOFT), ("fluconazole", "cyp_inhibitor", SOFT), ("Paxlovid", "cyp_inhibitor", SOFT),
        ("clarithromycin", "cyp_inhibitor", SOFT), ("rifampin", "cyp_inducer", SOFT), ("Tegretol", "cyp_inducer", SOFT),
        ("St. John's wort", "cyp_inducer", SOFT), ("St Johns-Wort tea", "cyp_inducer", SOFT),
        ("Adderall XR", "stimulant", SOFT), ("Vyvanse", "stimulant", SOFT), ("Suboxone", "opioid", SOFT),
        ("oxycodone/acetaminophen", "opioid", SOFT), ("MS Contin", "opioid", SOFT), ("Ambien", "z_drug", SOFT),
        ("gabapentin", "gabapentinoid", SOFT), ("Lyrica", "gabapentinoid", SOFT), ("Fioricet", "barbiturate", SOFT),
        ("primidone", "barbiturate", SOFT), ("primidone", "cyp_inducer", SOFT), ("Vivitrol", "naltrexone", SOFT),
        ("low-dose naltrexone", "naltrexone", SOFT), ("Theo-24", "theophylline", SOFT),
        ("Synthroid", "thyroxine", SOFT),
        ("Sudafed", "sympathomimetic", SOFT), ("Claritin-D", "sympathomimetic", SOFT),
        ("Clozapine", "antipsychotic_reported", SOFT), ("Haldol", "antipsychotic_reported", SOFT),
        ("Seroquel", "antipsychotic", INFO), ("Zoloft", "no_stop", INFO), ("Effexor", "no_stop", INFO),
        ("lithium carbonate", "no_stop", INFO), ("Spravato", "ketamine_elsewhere", SOFT),
    ],
)  # fmt: skip
def test_medicines_by_generic_name_brand_class_and_misspelling(written, code, level):
    finding = found(medicines=[{"name": written}])[f"medicine_{code}"]
    assert finding.level == level
    assert written in finding.words
    assert "stop" not in finding.mend.lower() or "never advise stopping" in finding.mend.lower()


@pytest.mark.parametrize(
    "written", ["Claritin", "ibuprofen", "vitamin D", "metformin", "buspirone", "lamivudine"]
)
def test_other_medicines_are_named_as_not_on_the_list(written):
    assert levels(medicines=[written]) == {"medicine_not_listed": INFO}


def test_a_misspelt_name_says_how_it_was_read():
    assert "lorazapam (read as lorazepam)" in found(medicines=["lorazapam"])["medicine_benzodiazepine"].words


def test_medicines_of_one_class_make_one_finding():
    words = found(medicines=["Xanax", "Ativan"])["medicine_benzodiazepine"].words
    assert words.endswith("Xanax, Ativan")
    assert "3 mg lorazepam" in found(medicines=["Xanax"])["medicine_benzodiazepine"].mend


def test_medicines_come_from_the_answers_unless_given():
    rows = [{"name": "Xanax", "dose_unit": "mg", "how_often": "needed"}]
    answers = with_answers(medicines__takes="yes", medicines__list=rows)
    assert levels(answers) == {"medicine_benzodiazepine": SOFT}
    assert levels(answers, medicines=[]).get("medicine_benzodiazepine") is None


@pytest.mark.parametrize("name", ["I don't know", "not sure", "?", " ", "unknown"])
def test_a_medicine_without_a_name_is_asked_about(name):
    assert levels(medicines=[{"name": name}]) == {"clarify_medicine_names": SOFT}


@pytest.mark.parametrize(
    "substance, expected",
    [
        ("ketamine", {"ketamine_allergy": HARD}), ("Esketamine (Spravato)", {"ketamine_allergy": HARD}),
        ("ketamin", {"ketamine_allergy": HARD}), ("peanuts", {"allergies_named": INFO}),
        ("don't know", {"clarify_allergy_names": SOFT}),
    ],
)  # fmt: skip
def test_allergies(substance, expected):
    assert levels(allergies=[{"substance": substance, "reaction": "rash"}]) == expected


def yes_no_questions_with_rules():
    seen = {(rule.section, rule.question) for rule in RULES}
    for section, key in sorted(seen):
        question = questions.get(section).question(key)
        if question.choice("unsure"):
            yield section, question


@pytest.mark.parametrize(
    "answer, state", [("unsure", "not sure"), (None, "not answered"), ("", "not answered")]
)
@pytest.mark.parametrize(
    "section, question",
    list(yes_no_questions_with_rules()),
    ids=lambda one: one if isinstance(one, str) else one.key,
)
def test_not_sure_and_silence_are_never_a_no(section, question, answer, state):
    answers = with_answers(**{f"{section}__{question.key}": answer})
    for rule in question.show_if:
        if not rule.section and not rule.unless:
            answers[section][rule.question] = rule.any_of[0]
    finding = found(answers)[f"clarify_{section}_{question.key}"]
    assert finding.level == SOFT
    assert finding.to_clarify
    assert state in finding.words
    assert (finding.section, finding.question) == (section, question.key)


@pytest.mark.parametrize(
    "where, answer, code",
    [
        ("medicines__takes", "unsure", "clarify_medicines_takes"),
        ("allergies__has", "unsure", "clarify_allergies_has"),
        ("substances__other_substances", ["unsure"], "clarify_substances_other_substances"),
        ("safety__suicide_attempt", "unsure", "clarify_safety_suicide_attempt"),
        ("health__heart_attack_or_stroke", "unsure", "clarify_health_heart_attack_or_stroke_when"),
        ("companion__who", None, "clarify_companion"),
        ("companion__adult", "unsure", "clarify_companion_adult"),
        ("medicines__takes", "yes", "clarify_medicine_names"),
        ("allergies__has", "yes", "clarify_allergy_names"),
    ],
)
def test_other_doubts_are_asked_about_too(where, answer, code):
    assert levels(with_answers(**{where: answer}))[code] == SOFT


def test_an_empty_form_asks_about_everything_and_rejects_nothing():
    findings = screen({}, age=None)
    assert {one.level for one in findings} == {SOFT, INFO}
    assert all(one.to_clarify for one in findings)


def test_hidden_answers_do_not_count():
    male = with_answers(details__sex_at_birth="male", health__pregnant="yes")
    assert screen(male, age=42) == []
    assert screen(with_answers(safety__suicide_plan="yes"), age=42) == []


NO_RISK = {"1": 0, "2": 0, "6": 0}


@pytest.mark.parametrize(
    "code, answers, expected, remote",
    [
        ("phq9", {"9": 1}, {"phq9_item9": SOFT}, {"phq9_item9": SOFT}),
        ("phq9", {"9": 2}, {"phq9_item9_same_day": SOFT}, {"phq9_item9_same_day": SOFT}),
        ("phq9", {"9": None}, {"clarify_phq9": SOFT}, {"clarify_phq9": SOFT}),
        ("phq9", {"3": None}, {"clarify_phq9": INFO}, {"clarify_phq9": INFO}),
        ("gad7", {"3": None}, {"clarify_gad7": INFO}, {"clarify_gad7": INFO}),
        ("cssrs", NO_RISK, {}, {}),
        ("cssrs", NO_RISK | {"6": 1, "6a": 1}, {"cssrs_high": SOFT}, {"cssrs_high": HARD}),
        ("cssrs", NO_RISK | {"6": 1, "6a": 0}, {"cssrs_moderate": SOFT}, {"cssrs_moderate": SOFT}),
        ("cssrs", {"1": 0}, {"clarify_cssrs": SOFT}, {"clarify_cssrs": SOFT}),
        ("audit_c", {"1": 4, "2": 1, "3": 1}, {"audit_c_positive": SOFT}, {"audit_c_positive": SOFT}),
        ("pcl5", {str(n): 4 for n in range(1, 21)}, {"pcl5_positive": INFO}, {"pcl5_positive": INFO}),
    ],
)
def test_questionnaires(code, answers, expected, remote):
    zero = {} if code == "cssrs" else {item.key: 0 for item in instruments.get(code).scored_items}
    measures = {code: score(code, zero | answers), "other": None}
    assert levels(measures=measures) == expected
    at_home = levels(measures=measures, remote=True)
    assert {key: level for key, level in at_home.items() if key != "setting_differs"} == remote


def test_earlier_medicines_are_counted():
    trials = [{"name": "sertraline", "outcome": "not"}, {"name": "bupropion", "outcome": "some"}, {}]
    answers = with_answers(mental_health__antidepressants="yes", mental_health__antidepressant_trials=trials)
    assert found(answers)["trials_named"].words == "Earlier medicines named: 2"


def test_pregnancy_age_and_hypersensitivity_can_never_be_overridden():
    answers = with_answers(
        health__pregnant="yes", allergies__ketamine_reaction="yes", health__aneurysm_or_bleed="yes"
    )
    by_code = found(answers, age=16, allergies=["ketamine"])
    assert {code for code, one in by_code.items() if not one.overridable} == NEVER_OVERRIDDEN
    assert by_code["aneurysm_or_bleed"].overridable


def test_every_rule_reads_an_answer_that_can_be_given():
    codes = [rule.code for rule in RULES]
    assert len(codes) == len(set(codes))
    for rule in RULES:
        question = questions.get(rule.section).question(rule.question)
        assert {choice.value for choice in question.options} > set(rule.answers), rule.code
        assert "unsure" not in rule.answers
        assert rule.words
        assert rule.mend
        assert rule.source
        assert rule.final is (rule.code in NEVER_OVERRIDDEN)


@pytest.mark.parametrize(
    "height, weight, bmi",
    [
        (("170", "cm"), ("65", "kg"), "22.5"), (("66", "in"), ("150", "lb"), "24.2"), (("0", "cm"), ("65", "kg"), None),
        (("170", "cm"), ("", "kg"), None), (("170", "miles"), ("65", "kg"), None),
    ],
)  # fmt: skip
def test_body_mass_index(height, weight, bmi):
    result = body_mass_index(*({"amount": amount, "unit": unit} for amount, unit in (height, weight)))
    assert (None if result is None else str(result)) == bmi


@st.composite
def filled_in(draw):
    answers = {section: dict(given) for section, given in WELL.items()}
    for section in questions.SECTIONS:
        for question in section.questions:
            if question.options and draw(st.integers(0, 3)) == 0:
                picked = draw(st.sampled_from([None, *(choice.value for choice in question.options)]))
                answers[section.key][question.key] = (
                    [picked] if question.kind == "multi" and picked else picked
                )
    return answers


@settings(max_examples=60, deadline=None)
@given(filled_in(), st.integers(0, 110) | st.none(), st.booleans())
def test_findings_are_sorted_unique_and_point_to_a_question(answers, age, remote):
    findings = screen(answers, age=age, remote=remote)
    weights = [one.level.weight for one in findings]
    assert weights == sorted(weights, reverse=True)
    assert len({one.code for one in findings}) == len(findings)
    for one in findings:
        assert questions.get(one.section).question(one.question)
        assert one.words
        assert one.mend
        assert one.source
    in_clinic = {one.code: one.level.weight for one in screen(answers, age=age)}
    if remote:
        assert all(one.level.weight >= in_clinic.get(one.code, 0) for one in findings)
