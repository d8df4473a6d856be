"""Finish: what the client hopes for."""

from django.utils.translation import gettext_lazy as _

from intake.questions.kinds import FINISH, Choice, Kind, Question, Section, after

# Reasons that name no illness; with only these, there is no indication to treat (clinical.md §1).
NOT_A_DIAGNOSIS = frozenset({"growth", "existential", "other"})

GOALS = Section(
    "goals",
    FINISH,
    _("Goals and hopes"),
    4,
    intro=_("There are no right answers. Your therapist reads them before you meet."),
    questions=(
        Question(
            "seeking_help_for",
            Kind.MULTI,
            _("What would you like help with?"),
            _("Help with"),
            page="reasons",
            required=True,
            error=_("Choose at least one thing you would like help with"),
            choices=(
                Choice("depression", _("Depression")),
                Choice("anxiety", _("Anxiety or worry")),
                Choice("social_anxiety", _("Fear of being among people")),
                Choice("panic", _("Panic attacks")),
                Choice("ptsd", _("Trauma or PTSD")),
                Choice("grief", _("Grief")),
                Choice("ocd", _("Obsessions or compulsions")),
                Choice("eating", _("Eating disorder")),
                Choice("substances", _("Alcohol or drug use")),
                Choice("suicidality", _("Thoughts of suicide")),
                Choice("pain", _("Chronic pain")),
                Choice("end_of_life", _("Serious illness, end of life")),
                Choice("existential", _("Meaning, spirituality")),
                Choice("growth", _("Personal growth")),
                Choice("other", _("Something else")),
            ),
        ),
        Question(
            "other_reason",
            Kind.TEXT,
            _("What else?"),
            _("Something else"),
            page="reasons",
            required=True,
            show_if=after("seeking_help_for", "other"),
            error=_("Write what else you would like help with"),
        ),
        Question(
            "hopes",
            Kind.LONG_TEXT,
            _("What do you hope for?"),
            _("Hopes"),
            page="hopes",
            required=True,
            error=_("Write what you hope for; a few words are enough"),
        ),
        Question(
            "what_different",
            Kind.LONG_TEXT,
            _("If it helps, what would be different in your days?"),
            _("What would be different"),
            page="hopes",
            hint=_("For example sleeping through, seeing friends again."),
        ),
        Question(
            "worries",
            Kind.LONG_TEXT,
            _("What worries you about this treatment?"),
            _("Worries"),
            page="hopes",
        ),
        Question(
            "needs",
            Kind.LONG_TEXT,
            _("What do you need from us to feel at ease?"),
            _("Needs"),
            page="support",
            hint=_("For example an interpreter, step-free access, extra time, a certain kind of music."),
        ),
        Question(
            "strengths",
            Kind.LONG_TEXT,
            _("What has helped you through hard times?"),
            _("Strengths"),
            page="support",
            hint=_("Strengths, habits, places, beliefs, people."),
        ),
        Question(
            "support_network",
            Kind.LONG_TEXT,
            _("Who can you turn to?"),
            _("Support network"),
            page="support",
            hint=_("First names and how you know them are enough."),
        ),
        Question(
            "current_care",
            Kind.LONG_TEXT,
            _("Do you see a therapist or doctor now?"),
            _("Present care"),
            page="support",
            hint=_("Their name and how often you meet."),
            max_length=1000,
        ),
    ),
)

SECTIONS = (GOALS,)
