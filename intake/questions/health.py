"""Your health: the body."""

from django.utils.translation import gettext_lazy as _

from intake.questions.kinds import (
    NO,
    UNSURE,
    YES,
    YOUR_HEALTH,
    Choice,
    Kind,
    Question,
    Range,
    Section,
    When,
    after,
    yes_no,
)

NOT_SURE = Choice(UNSURE, _("Not sure"))
MAY_CARRY = (When("sex_at_birth", ("male",), section="details", unless=True),)

HEART = (
    yes_no(
        "high_blood_pressure",
        _("Have you ever been told you have high blood pressure?"),
        _("High blood pressure"),
        page="heart",
        why_we_ask=_("The medicine raises blood pressure for an hour or two."),
    ),
    yes_no(
        "blood_pressure_controlled",
        _("Is your blood pressure well controlled now, with or without medicine?"),
        _("Blood pressure controlled"),
        page="heart",
        show_if=after("high_blood_pressure"),
    ),
    yes_no(
        "aneurysm_or_bleed",
        _("Have you ever had an aneurysm, a tangle of blood vessels (AVM) or bleeding in the brain?"),
        _("Aneurysm, AVM or brain bleed"),
        page="heart",
        hint=_("An aneurysm is a weak, bulging blood vessel, in the head, chest or belly."),
    ),
    yes_no(
        "heart_attack_or_stroke",
        _("Have you ever had a heart attack, a stroke or a mini-stroke (TIA)?"),
        _("Heart attack or stroke"),
        page="heart",
    ),
    Question(
        "heart_attack_or_stroke_when",
        Kind.CHOICE,
        _("When was the last one?"),
        _("Last heart attack or stroke"),
        page="heart",
        required=True,
        show_if=after("heart_attack_or_stroke"),
        choices=(
            Choice("under_6_weeks", _("Less than 6 weeks ago")),
            Choice("under_6_months", _("6 weeks to 6 months ago")),
            Choice("over_6_months", _("More than 6 months ago")),
            NOT_SURE,
        ),
        error=_("Choose when the last heart attack or stroke was, or “Not sure”"),
    ),
    yes_no(
        "angina", _("Do you get chest pain or pressure from your heart (angina)?"), _("Angina"), page="heart"
    ),
    yes_no(
        "angina_now",
        _("Has the chest pain come at rest, or more often or more easily, in the last 3 months?"),
        _("Angina at rest or getting worse"),
        page="heart",
        show_if=after("angina"),
    ),
    yes_no(
        "heart_failure", _("Have you been told you have heart failure?"), _("Heart failure"), page="heart"
    ),
    yes_no(
        "heart_failure_now",
        _(
            "In the last 3 months, were you short of breath lying down, swollen in the legs, or in hospital for it?"
        ),
        _("Heart failure getting worse"),
        page="heart",
        show_if=after("heart_failure"),
    ),
    yes_no(
        "irregular_heartbeat",
        _("Have you been told your heartbeat is irregular, too fast or too slow?"),
        _("Irregular heartbeat"),
        page="heart",
    ),
    yes_no(
        "irregular_heartbeat_now",
        _("Has it made you faint, or does a heart doctor treat it?"),
        _("Irregular heartbeat that needs care"),
        page="heart",
        show_if=after("irregular_heartbeat"),
    ),
)

HEAD = (
    yes_no(
        "raised_head_pressure",
        _("Have you been told of raised pressure in your head, fluid on the brain, or a brain tumor?"),
        _("Raised pressure or mass in the head"),
        page="head",
    ),
    yes_no(
        "head_or_eye_injury",
        _("Have you had a head injury or an eye injury in the last 3 months?"),
        _("Recent head or eye injury"),
        page="head",
    ),
    yes_no("seizures", _("Have you ever had seizures or epilepsy?"), _("Seizures"), page="head"),
    yes_no("glaucoma", _("Do you have glaucoma or high pressure in the eye?"), _("Glaucoma"), page="head"),
    yes_no(
        "memory_problem",
        _("Have you been told you have dementia, or had spells of severe confusion (delirium)?"),
        _("Dementia or delirium"),
        page="head",
    ),
)

ORGANS = (
    yes_no(
        "liver_disease", _("Have you ever had liver disease or hepatitis?"), _("Liver disease"), page="organs"
    ),
    Question(
        "liver_severity",
        Kind.CHOICE,
        _("How severe is it?"),
        _("Severity of liver disease"),
        page="organs",
        required=True,
        show_if=after("liver_disease"),
        choices=(
            Choice("past", _("It is over, or mild")),
            Choice("moderate", _("Moderate")),
            Choice("severe", _("Severe, for example cirrhosis with fluid in the belly or confusion")),
            NOT_SURE,
        ),
        error=_("Choose how severe the liver disease is, or “Not sure”"),
    ),
    yes_no(
        "liver_tests_high",
        _("Has a recent blood test shown liver values more than three times the normal limit?"),
        _("Liver values over three times normal"),
        page="organs",
        show_if=after("liver_disease"),
    ),
    yes_no(
        "overactive_thyroid", _("Do you have an overactive thyroid?"), _("Overactive thyroid"), page="organs"
    ),
    yes_no(
        "thyroid_treated",
        _("Is it treated, with normal blood tests since?"),
        _("Thyroid treated"),
        page="organs",
        show_if=after("overactive_thyroid"),
    ),
    yes_no(
        "bladder_problem",
        _("Have you ever had interstitial cystitis, or bladder trouble from ketamine?"),
        _("Cystitis"),
        page="organs",
        why_we_ask=_("Often repeated ketamine can inflame the bladder."),
    ),
    yes_no(
        "bladder_now",
        _("Do you have bladder pain, blood in the urine or a constant urge to go at the moment?"),
        _("Bladder symptoms now"),
        page="organs",
    ),
    yes_no(
        "porphyria",
        _("Do you or your family have porphyria?"),
        _("Porphyria"),
        page="organs",
        hint=_("A rare inherited disease of the blood pigment."),
    ),
)

BREATHING = (
    yes_no(
        "sleep_apnea",
        _("Do you have sleep apnea?"),
        _("Sleep apnea"),
        page="breathing",
        hint=_("Pauses in breathing while asleep, with or without a mask."),
    ),
    yes_no(
        "severe_lung_disease",
        _("Do you have severe lung disease, such as severe COPD?"),
        _("Severe lung disease"),
        page="breathing",
    ),
    yes_no(
        "difficult_airway",
        _("Has anybody told you that it was hard to place a breathing tube or mask?"),
        _("Difficult airway"),
        page="breathing",
    ),
    Question(
        "height",
        Kind.NUMBER_UNIT,
        _("Your height"),
        _("Height"),
        page="body",
        hint=_("5 feet 6 inches is 66 inches."),
        ranges=(Range("in", _("inches"), 36, 96), Range("cm", _("centimeters"), 91, 244)),
    ),
    Question(
        "weight",
        Kind.NUMBER_UNIT,
        _("Your weight"),
        _("Weight"),
        page="body",
        hint=_("As well as you know. We weigh you before any dose is set."),
        ranges=(Range("lb", _("pounds"), 55, 900), Range("kg", _("kilograms"), 25, 408)),
    ),
)

PREGNANCY = (
    yes_no(
        "pregnant",
        _("Are you pregnant, or might you be?"),
        _("Pregnancy"),
        page="pregnancy",
        show_if=MAY_CARRY,
        why_we_ask=_("The medicine may harm an unborn child."),
    ),
    yes_no(
        "breast_feeding",
        _("Are you breast-feeding or chest-feeding?"),
        _("Breast-feeding"),
        page="pregnancy",
        show_if=MAY_CARRY,
    ),
    yes_no(
        "may_become_pregnant",
        _("Could you become pregnant during the treatment?"),
        _("Could become pregnant"),
        page="pregnancy",
        show_if=(*MAY_CARRY, When("pregnant", (NO, UNSURE))),
        hint=_("If so, we do a test before the first dose and every month."),
    ),
)

REST = (
    yes_no(
        "other_conditions",
        _("Any other illness, operation or disability that we should know of?"),
        _("Other conditions"),
        page="rest",
    ),
    Question(
        "other_conditions_what",
        Kind.LONG_TEXT,
        _("Please tell us about it"),
        _("Other conditions in your words"),
        page="rest",
        required=True,
        show_if=after("other_conditions", YES),
        error=_("Tell us about the other condition, in a few words"),
    ),
)

HEALTH = Section(
    "health",
    YOUR_HEALTH,
    _("Health conditions"),
    6,
    intro=_("Choose “Not sure” whenever you are not sure. A doctor reads your answers and will ask you."),
    questions=HEART + HEAD + ORGANS + BREATHING + PREGNANCY + REST,
)

SECTIONS = (HEALTH,)
