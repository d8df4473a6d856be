"""Your health: the safety screen, one question a page, each with the reason for it. It never rejects anybody."""

from django.utils.translation import gettext_lazy as _

from intake.questions.kinds import UNSURE, YES, YOUR_HEALTH, Choice, Kind, Question, Section, after, yes_no

SAFETY = Section(
    "safety",
    YOUR_HEALTH,
    _("Safety questions"),
    3,
    one_per_page=True,
    intro=_("No answer here turns you away by itself. Your care team reads them and talks with you."),
    questions=(
        yes_no(
            "suicidal_thoughts",
            _("In the last month, have you had thoughts of ending your life?"),
            _("Thoughts of suicide"),
            hint=_("If you might act on them now, call or text 988, or call 911."),
            why_we_ask=_("Many people who come to us have such thoughts. Knowing helps us to keep you safe."),
        ),
        yes_no(
            "suicide_plan",
            _("Have you thought about how you would do it, or meant to act on it?"),
            _("Plan or intent"),
            show_if=after("suicidal_thoughts"),
            hint=_("If you might act on it now, call or text 988, or call 911."),
            why_we_ask=_("With a plan or intent we meet in person, and make a safety plan with you first."),
        ),
        yes_no(
            "suicide_attempt",
            _("Have you ever tried to end your life?"),
            _("Suicide attempt"),
            why_we_ask=_("So that your team can plan the support you need around sessions."),
        ),
        Question(
            "suicide_attempt_when",
            Kind.CHOICE,
            _("When was the last time?"),
            _("Last attempt"),
            required=True,
            show_if=after("suicide_attempt"),
            choices=(
                Choice("under_3_months", _("In the last 3 months")),
                Choice("under_1_year", _("3 to 12 months ago")),
                Choice("over_1_year", _("More than a year ago")),
                Choice(UNSURE, _("Not sure")),
            ),
            error=_("Choose when the last time was, or “Not sure”"),
            why_we_ask=_("After a recent attempt, sessions take place at the clinic and not at home."),
        ),
        yes_no(
            "psychosis_now",
            _("In the last month, have you heard or seen things that others did not?"),
            _("Hearing or seeing things now"),
            hint=_("Or felt sure that people were plotting against you."),
            why_we_ask=_("The medicine can make such experiences stronger."),
        ),
        yes_no(
            "mania_now",
            _("In the last two weeks, have you had far more energy and far less sleep than usual?"),
            _("Very high energy now"),
            hint=_("For example racing thoughts, spending sprees, feeling unstoppable or very irritable."),
            why_we_ask=_("The medicine can push such a phase further, so we would wait until it has passed."),
        ),
        yes_no(
            "feels_unsafe",
            _("Does anybody hurt, threaten or control you at home?"),
            _("Unsafe at home"),
            why_we_ask=_("After a session you are open and tired, and need to be somewhere safe."),
        ),
        yes_no(
            "urgent_other",
            _("Is there anything else about your safety that we should know now?"),
            _("Other safety concern"),
            why_we_ask=_("You know your life better than any list does."),
        ),
        Question(
            "urgent_other_what",
            Kind.LONG_TEXT,
            _("What should we know?"),
            _("Safety concern in your words"),
            required=True,
            show_if=after("urgent_other", YES),
            error=_("Write what we should know"),
            why_we_ask=_("Your therapist reads this before you meet. It is not watched around the clock."),
        ),
    ),
)

SECTIONS = (SAFETY,)
