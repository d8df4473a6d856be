"""Your health: medicines and allergies. "None" is an answer of its own; an empty list says nothing."""

from django.utils.translation import gettext_lazy as _

from intake.questions.kinds import UNSURE, YES, YOUR_HEALTH, Choice, Kind, Question, Section, after, yes_no

UNITS = tuple(
    Choice(value, words)
    for value, words in (
        ("mg", _("mg")),
        ("mcg", _("mcg")),
        ("g", _("g")),
        ("ml", _("mL")),
        ("units", _("units")),
        ("tablets", _("tablets")),
        ("drops", _("drops")),
        ("puffs", _("puffs")),
        ("patches", _("patches")),
        (UNSURE, _("I don’t know")),
    )
)

HOW_OFTEN = (
    Choice("daily", _("Once a day")),
    Choice("twice", _("Twice a day")),
    Choice("three", _("Three times a day")),
    Choice("four", _("Four times a day or more")),
    Choice("weekly", _("Once a week")),
    Choice("monthly", _("Once a month or less often")),
    Choice("needed", _("Only when needed")),
    Choice(UNSURE, _("I don’t know")),
)

MEDICINES = Section(
    "medicines",
    YOUR_HEALTH,
    _("Medicines"),
    4,
    intro=_("Do not stop or change any medicine because of these questions."),
    questions=(
        Question(
            "takes",
            Kind.CHOICE,
            _("Do you take any medicines?"),
            _("Takes medicines"),
            page="medicines",
            required=True,
            hint=_("Also those without prescription, herbs, vitamins, sprays, patches, injections."),
            choices=(
                Choice(YES, _("Yes")),
                Choice("none", _("I take none")),
                Choice(UNSURE, _("I don’t know")),
            ),
            error=_("Choose whether you take medicines, or “I take none”"),
        ),
        Question(
            "list",
            Kind.REPEATING,
            _("Your medicines"),
            _("Medicines"),
            page="medicines",
            required=True,
            show_if=after("takes", YES),
            item_words=_("Medicine"),
            error=_("Add at least one medicine"),
            hint=_("One card for each. The label on the box has the name and the strength."),
            fields=(
                Question(
                    "name",
                    Kind.TEXT,
                    _("Name"),
                    _("Name"),
                    required=True,
                    hint=_("If you do not know it, write what it is for."),
                    error=_("Enter the name of the medicine, or what it is for"),
                    max_length=120,
                ),
                Question(
                    "dose_amount",
                    Kind.TEXT,
                    _("How much at a time"),
                    _("Amount"),
                    max_length=20,
                    hint=_("A number, for example 0.5. Leave empty if you do not know."),
                ),
                Question(
                    "dose_unit",
                    Kind.CHOICE,
                    _("Unit"),
                    _("Unit"),
                    required=True,
                    choices=UNITS,
                    error=_("Choose the unit, or “I don’t know”"),
                ),
                Question(
                    "how_often",
                    Kind.CHOICE,
                    _("How often"),
                    _("How often"),
                    required=True,
                    choices=HOW_OFTEN,
                    error=_("Choose how often you take it, or “I don’t know”"),
                ),
            ),
        ),
        yes_no(
            "grapefruit",
            _("Do you often eat grapefruit or drink its juice?"),
            _("Grapefruit"),
            page="medicines",
            why_we_ask=_("It makes some medicines, ketamine included, stronger."),
        ),
    ),
)

ALLERGIES = Section(
    "allergies",
    YOUR_HEALTH,
    _("Allergies"),
    2,
    questions=(
        yes_no(
            "ketamine_reaction",
            _("Have you ever had an allergic or serious reaction to ketamine or esketamine?"),
            _("Reaction to ketamine"),
            page="allergies",
            hint=_("Choose No if you have never had it."),
        ),
        Question(
            "has",
            Kind.CHOICE,
            _("Do you have any allergies?"),
            _("Has allergies"),
            page="allergies",
            required=True,
            hint=_("To medicines, foods, latex or anything else."),
            choices=(
                Choice(YES, _("Yes")),
                Choice("none", _("None that I know of")),
                Choice(UNSURE, _("I don’t know")),
            ),
            error=_("Choose whether you have allergies, or “None that I know of”"),
        ),
        Question(
            "list",
            Kind.REPEATING,
            _("Your allergies"),
            _("Allergies"),
            page="allergies",
            required=True,
            show_if=after("has", YES),
            item_words=_("Allergy"),
            error=_("Add at least one allergy"),
            fields=(
                Question(
                    "substance",
                    Kind.TEXT,
                    _("What are you allergic to?"),
                    _("Substance"),
                    required=True,
                    error=_("Enter what you are allergic to"),
                    max_length=120,
                ),
                Question(
                    "reaction",
                    Kind.TEXT,
                    _("What happens?"),
                    _("Reaction"),
                    hint=_("For example rash, swelling, trouble breathing. Leave empty if you do not know."),
                ),
            ),
        ),
    ),
)

SECTIONS = (MEDICINES, ALLERGIES)
