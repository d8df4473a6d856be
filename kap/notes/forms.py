"""What each kind of note asks for, as data: the editor, the signed view and the check before signing read it.

Sections of preparation and integration follow clinical.md §5. A section's value is text, one of its choices,
or a list of its choices. Change a form by raising its version: signed notes remember the one they were made with.
"""

from dataclasses import dataclass

from kap.notes.models import Kind


@dataclass(frozen=True)
class Section:
    """`look`: text (a box), line (one line), one (radios), many (ticks). `rows`: height of the box."""

    key: str
    title: str
    help: str = ""
    look: str = "text"
    rows: int = 4
    choices: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class Form:
    version: str
    title: str
    sections: tuple[Section, ...]

    def section(self, key: str) -> Section:
        return next(section for section in self.sections if section.key == key)


_RISK = ("No risk named", "Risk named, plan made", "Same-day action taken")
_MOOD = ("Better than before", "About the same", "Worse than before", "Up and down")
_SLEEP = ("Slept well", "Slept some", "Hardly slept")
_USE = ("None", "As before", "More than before", "Not asked")

FORMS: dict[str, Form] = {
    Kind.INTAKE: Form(
        "2026.1",
        "Intake session",
        (
            Section("presenting", "What brings the client", "In the client's own words where you can.", required=True),
            Section("history", "History", "Earlier treatment and what helped; health; life events that matter.", rows=6,
                    required=True),
            Section("substances", "Alcohol and other substances", "What, how much, last time.", rows=3),
            Section("strengths", "Strengths and supports", "People, places and habits that hold the client.", rows=3),
            Section("risk_level", "Risk", look="one", choices=_RISK, required=True),
            Section("risk", "Risk in words", "What was asked, what was said, what was agreed.", required=True),
            Section("formulation", "Formulation", "How you understand it, and why this treatment or why not.", rows=5,
                    required=True),
            Section("plan", "Plan", "Next steps and who takes them.", required=True),
        ),
    ),
    Kind.PREPARATION: Form(
        "2026.1",
        "Preparation",
        (
            Section("covered", "Talked through", look="many", required=True, choices=(
                "What to expect: course of the session, effects, coming back",
                "Fears and what would help with them",
                "Boundaries: the client can stop or ask for quiet at any time",
                "Touch agreement: none unless asked, and what kind",
                "Music and eye mask",
                "Fasting, medicines, clothing, nothing to decide that day",
                "The way home: companion and no driving until the next day after sleep",
                "Safety plan and whom to call",
            )),
            Section("expectations", "Expectations", "What the client hopes for and was told is uncertain.",
                    required=True),
            Section("intention", "Intention", "In the client's own words.", rows=3, required=True),
            Section("grounding", "Strengths and grounding tools", "What steadies the client: breath, phrases, images, people.",
                    required=True),
            Section("fears", "Fears", rows=3),
            Section("touch", "Touch agreement", "What is welcome, what is not, and the sign to stop.", rows=3,
                    required=True),
            Section("setting", "Music, eye mask, room", rows=2),
            Section("logistics", "Logistics", "Arrival, companion, the way home, the evening after.", rows=3,
                    required=True),
            Section("safety_plan", "Safety plan", "Warning signs, first steps, people, numbers.", required=True),
            Section("plan", "Open until the session", rows=3),
        ),
    ),
    Kind.INTEGRATION: Form(
        "2026.1",
        "Integration",
        (
            Section("narrative", "What the client tells", "The session as the client lived it.", rows=6, required=True),
            Section("intention", "The intention, looked at again", rows=3, required=True),
            Section("insights", "Insights", rows=4),
            Section("emotions", "Emotions", rows=3),
            Section("body", "Body", "Sensations then and since; headache, nausea, bladder.", rows=3),
            Section("mood", "Mood since", look="one", choices=_MOOD, required=True),
            Section("sleep", "Sleep since", look="one", choices=_SLEEP, required=True),
            Section("substances", "Alcohol and other substances since", look="one", choices=_USE, required=True),
            Section("risk_level", "Risk", "Ask about thoughts of death or suicide.", look="one", choices=_RISK,
                    required=True),
            Section("risk", "Risk in words", rows=3),
            Section("tools", "Tools chosen", look="many", choices=(
                "Journal", "Meditation", "Art or music", "Time in nature", "Movement", "Someone to talk to",
            )),
            Section("homework", "Practice until next time", rows=3),
            Section("plan", "Plan", "The next step, and what to bring into the next session.", required=True),
        ),
    ),
    Kind.PROGRESS: Form(
        "2026.1",
        "Progress note",
        (
            Section("subjective", "What the client says", required=True),
            Section("objective", "What you saw", rows=3),
            Section("assessment", "Assessment", rows=3, required=True),
            Section("plan", "Plan", rows=3, required=True),
        ),
    ),
}  # fmt: skip

LONGEST = 20_000  # characters in one section; a page of text is about 3,000


def form(kind: str) -> Form:
    return FORMS[Kind(kind)]


def version(kind: str) -> str:
    return form(kind).version


def clean(kind: str, body: dict) -> dict:
    """Only known sections; text stripped of surrounding space and NULs; only choices that exist; empty left out."""
    kept = {}
    for section in form(kind).sections:
        value = body.get(section.key)
        if section.look == "many":
            value = [choice for choice in section.choices if choice in (value or [])]
        else:
            value = str(value or "").replace("\x00", "").replace("\r\n", "\n").strip()[:LONGEST]
            if section.look == "one" and value not in section.choices:
                value = ""
        if value:
            kept[section.key] = value
    return kept


def missing_by_key(kind: str, body: dict) -> dict[str, str]:
    """{section key: words} for each section that must be filled in before signing."""
    verb = {"one": "choose one", "many": "tick what was talked through"}
    return {
        section.key: f"{section.title}: {verb.get(section.look, 'fill this in')}"
        for section in form(kind).sections
        if section.required and not body.get(section.key)
    }


def missing(kind: str, body: dict) -> list[str]:
    """The same as sentences."""
    return [f"{words}." for words in missing_by_key(kind, body).values()]


def filled(kind: str, body: dict) -> list[tuple[Section, str | list[str]]]:
    """The sections that hold something, in the form's order, for reading and printing."""
    return [(section, body[section.key]) for section in form(kind).sections if body.get(section.key)]
