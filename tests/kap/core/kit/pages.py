"""Sample pages that show every component of the kit, with invented people. Used by the tests and for looking at it:
``python -m tests.kap.core.kit.serve`` prints the addresses."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace as Thing
from zoneinfo import ZoneInfo

from django import forms
from django.template.backends.django import DjangoTemplates
from django.test import RequestFactory

from kap.core.fields import DateBoxesField
from kap.core.forms import Form

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
ZONE = ZoneInfo("America/Los_Angeles")
FREQUENCY = [
    ("0", "Not at all"),
    ("1", "Several days"),
    ("2", "More than half the days"),
    ("3", "Nearly every day"),
]


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


class OrderForm(Form):
    """Every kind of field once."""

    mark_optional = True
    medicine = forms.CharField(label="Medicine", help_text="Generic name, lower case")
    dose_mg = forms.DecimalField(
        label="Dose", widget=forms.NumberInput(attrs={"data-unit": "mg", "inputmode": "decimal"})
    )
    route = forms.ChoiceField(
        label="Route", choices=[("im", "IM"), ("iv", "IV"), ("sl", "Lozenge")], widget=forms.RadioSelect
    )
    level = forms.ChoiceField(
        label="Alertness",
        choices=[("5", "Awake"), ("4", "Slow reply"), ("3", "To loud voice")],
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
    )
    risks = forms.MultipleChoiceField(
        label="Risks",
        help_text="Mark all that apply",
        required=False,
        choices=[("bp", "High blood pressure"), ("liver", "Liver disease")],
        widget=forms.CheckboxSelectMultiple,
    )
    place = forms.ChoiceField(
        label="Location", choices=[("", "Choose a location"), ("1", "Venice"), ("2", "Pasadena")]
    )
    due = forms.DateField(label="Due", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    born = DateBoxesField(label="Birth date", birth=True, help_text="For example 8 3 1984")
    note = forms.CharField(label="Reason", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    proof = forms.FileField(label="Proof of licence", required=False)
    agree = forms.BooleanField(label="I read the order back in words")


class QuestionForm(Form):
    answer = forms.ChoiceField(
        label="Feeling tired or having little energy",
        choices=FREQUENCY,
        widget=forms.RadioSelect,
        required=False,
        help_text="Over the last 2 weeks, how often has this bothered you?",
    )


def shell(theme: str = "", staff: bool = True, current: str = "Today") -> dict:
    request = RequestFactory().get("/kit/")
    request.user = Thing(
        is_authenticated=True,
        name="Mara Quinn",
        initials="MQ",
        credential_line="LMFT",
    )
    menu = [
        ("Today", "sun", 0, ""),
        ("Calendar", "calendar3", 0, ""),
        ("Clients", "people", 0, ""),
        ("Pipeline", "kanban", 0, ""),
        ("Tasks", "check2-square", 4, ""),
        ("Outcomes", "bar-chart-line", 0, ""),
        ("Roster", "person-badge", 0, "Clinic"),
        ("Settings", "gear", 0, "Clinic"),
    ]
    items = [
        Thing(
            label=label,
            icon=icon,
            href=f"/{label.lower()}/",
            current=label == current,
            count=count,
            section=section,
        )
        for label, icon, count, section in menu
    ]
    clinic = Thing(name="Alder House", phone="3105550100", crisis_line="988", email="desk@alder.example")
    return {
        "request": request,
        "clinic": clinic,
        "demo": True,
        "theme": theme,
        "csrf_token": "x" * 64,
        "nav_items": items if staff else [],
        "nav_tabs": items[:4] if staff else [],
        "zone_label": "Pacific Time (PST)",
    }


CLIENT = Thing(
    name="June Ashworth",
    initials="JA",
    birth_date=dt.date(1984, 8, 3),
    kap_number="KAP-00412",
    pronouns="she/her",
    phone="3105550142",
)
CHIPS = [
    Thing(words="Allergy", detail="penicillin – hives", tone="danger", icon="exclamation-octagon"),
    Thing(
        words="Hold dose if BP ≥ 150/95 mmHg", detail="Dr. Osei, 08-Oct-2026", tone="warn", icon="heart-pulse"
    ),
    Thing(words="LORazepam – none within 24 h before dosing", tone="warn", icon="capsule"),
]
TABS = [
    Thing(label=words, href="#", current=words == "Overview")
    for words in ("Overview", "Timeline", "Notes", "Dosing", "Measures", "Medical", "Documents", "Access log")
]
NEEDS = [
    Thing(
        title="Dana Reyes – safety answer on PHQ‑9",
        urgent=True,
        icon="exclamation-lg",
        action_label="Review now",
        action_href="#",
        detail="Item 9 “Several days”, sent 07:42 today. She was shown 988 and your clinic line.",
    ),
    Thing(
        title="Theo Kask – integration note not signed",
        icon="pen",
        tone="warn",
        action_label="Finish note",
        action_href="#",
        detail="Session ended 09:50. Draft saved 09:52.",
    ),
    Thing(
        title="Priya Shah – integration hold not confirmed",
        icon="calendar-check",
        tone="warn",
        action_label="Confirm hold",
        action_href="#",
        action_post=True,
        detail="Held Fri 20 Nov, 11:00. The 24–48 h window closes Fri 15:10.",
    ),
    Thing(
        title="June Ashworth – no driver for tomorrow",
        icon="car-front",
        tone="info",
        action_label="Call client",
        action_href="#",
        detail="Dosing 3, Fri 20 Nov, 13:00. Reminder sent twice.",
    ),
]
READY = [
    Thing(words=words, met=True)
    for words in ("Consent", "Medical clearance", "Prescription", "PHQ-9 in", "Integration held Fri 17:00")
] + [Thing(words="Driver not confirmed", met=False)]
AGENDA = [
    Thing(
        at=at(19, 9),
        minutes=50,
        state="done",
        stage="integration",
        title="Theo Kask",
        href="#",
        badge="Integration 3 of 6",
        detail="Room 2 · ended 09:50",
        note=Thing(words="Draft note", tone="warn", icon="pen"),
    ),
    Thing(
        at=at(19, 10, 30),
        minutes=50,
        state="live",
        stage="preparation",
        title="June Ashworth",
        href="#",
        badge="Preparation",
        detail="Video · June is waiting · goals not yet written",
        action=Thing(label="Start session", href="#", primary=True),
    ),
    Thing(kind="now", at=at(19, 10, 34)),
    Thing(kind="gap", words="Free 11:20 – 13:00", href="#"),
    Thing(
        at=at(19, 13),
        minutes=180,
        state="",
        stage="dosing",
        title="Marcus Bell",
        href="#",
        badge="Dosing 2 of 6",
        detail="Willow room · lozenge · monitor Ana Ruiz · prescriber Dr. Osei on site",
        action=Thing(label="Open cockpit", href="#"),
        chips=READY,
        chips_label="Ready for dosing: 5 of 6",
    ),
    Thing(
        at=at(19, 16, 30),
        minutes=80,
        state="",
        stage="intake",
        title="Hana Lindqvist",
        href="#",
        badge="Intake assessment",
        detail="Room 2 · forms 7 of 9 done",
        action=Thing(label="Review forms", href="#"),
    ),
    Thing(
        at=at(19, 18),
        minutes=50,
        state="cancelled",
        stage="follow_up",
        title="Priya Shah",
        href="#",
        badge="Check-in call",
        detail="Cancelled by the client",
    ),
]
CASELOAD = [
    Thing(stage=stage, count=count)
    for stage, count in (
        ("enquiry", 2),
        ("intake", 4),
        ("medical", 3),
        ("preparation", 2),
        ("dosing", 9),
        ("follow_up", 5),
    )
]
SLOTS = [
    Thing(starts_at=at(19, 11, 30), detail="50 min", href="#", value="1"),
    Thing(starts_at=at(20, 9), detail="50 min", href="#", value="2"),
    Thing(starts_at=at(20, 10), detail="50 min", href="#", value="3", checked=True),
    Thing(starts_at=at(23, 13), detail="3 h, Willow free", href="#", value="4"),
]


def node(number, dosing, integration):
    names = ("state", "words", "when", "detail")
    return Thing(
        number=number,
        dosing=Thing(**dict(zip(names, dosing, strict=True))),
        integration=Thing(**dict(zip(names, integration, strict=True))),
    )


NODES = [
    node(1, ("done", "1", "23 Oct", "100 mg"), ("done", "Held", "24 Oct, 26 h", "")),
    node(2, ("done", "2", "6 Nov", "150 mg"), ("late", "Late", "8 Nov, 51 h", "")),
    node(3, ("next", "Tomorrow", "20 Nov 13:00", "150 mg"), ("held", "On hold", "21 Nov 17:00", "")),
    *(
        node(n, ("planned", "Planned", week, ""), ("after", f"After dosing {n}", "", ""))
        for n, week in ((4, "w/c 30 Nov"), (5, "w/c 14 Dec"), (6, "w/c 28 Dec"))
    ),
]
STEPS = [
    Thing(words="Consent for lozenge in clinic is in force", met=True),
    Thing(
        words="A driver is named and confirmed",
        met=False,
        link="#",
        link_words="Call client",
        why="Reminder sent twice, no answer",
    ),
    Thing(words="Preparation note is signed", met=False, link="#"),
]
TIMELINE = [
    Thing(
        at=at(18, 8),
        icon="clipboard2-pulse",
        title="PHQ-9 8 (mild), GAD-7 7 (mild)",
        detail="Item 9 “Not at all”. Completed on phone in 3 min.",
        badge="Reviewed",
        badge_tone="ok",
    ),
    Thing(
        at=at(14, 8),
        icon="journal-text",
        title="Journal entry shared with you",
        href="#",
        link="Read",
        detail="“Slept through for the first time since spring…”",
    ),
    Thing(
        at=at(6, 8),
        icon="moon-stars",
        title="Dosing 2, 150 mg lozenge",
        detail="Highest BP 144/90 mmHg at 40 min. No adverse events.",
        badge="Signed A. Ruiz, Dr. Osei",
    ),
]
TASKS = [
    Thing(
        title="About you",
        tasks=[
            Thing(label="Your details", href="#", status="done"),
            Thing(label="Who will drive you home", href="#", status="todo", hint="You can add this later"),
        ],
    ),
    Thing(
        title="Your health",
        tasks=[
            Thing(
                label="How you have been feeling",
                href="#",
                status="started",
                hint="9 short questions, 3 answered",
            )
        ],
    ),
    Thing(
        title="Finish",
        tasks=[Thing(label="Check and send", status="locked", hint="Opens when the rest is done")],
    ),
]
ROWS = [
    Thing(label="Legal name", value="June Ashworth", href="#"),
    Thing(label="Phone", missing=True, href="#"),
]
TABLE = {
    "columns": [
        Thing(label="Client"),
        Thing(label="Stage"),
        Thing(label="PHQ-9", num=True),
        Thing(label="Next"),
    ],
    "rows": [
        [Thing(text="June Ashworth", href="#"), "Dosing", 8, "Fri 20 Nov, 13:00"],
        [
            Thing(text="Theo Kask", href="#"),
            Thing(text="Late", badge_tone="danger", badge_icon="exclamation-triangle"),
            12,
            None,
        ],
    ],
}


def contexts() -> dict[str, dict]:
    bad = OrderForm(data={"dose_mg": "x", "medicine": "", "born_month": "13"})
    bad.errors  # noqa: B018  (validates)
    common = {
        "client": CLIENT,
        "chips": CHIPS,
        "tabs": TABS,
        "needs": NEEDS,
        "rows": AGENDA,
        "caseload": CASELOAD,
        "slots": SLOTS,
        "nodes": NODES,
        "steps": STEPS,
        "met": [Thing(words="All forms are in", met=True)],
        "entries": TIMELINE,
        "groups": TASKS,
        "answers": ROWS,
        "table": TABLE,
        "now": at(19, 14, 8),
        "dosed": at(19, 13, 10),
        "due": at(19, 14, 10),
    }
    return {
        "today": common,
        "chart": {**common, "current": "Clients"},
        "sink": {**common, "good": OrderForm(), "form": bad},
        "calendar": {
            **common,
            "hours": [Thing(row=12 * n, words=f"{9 + n}:00") for n in range(9)],
            "current": "Calendar",
        },
        "tasks": {**common, "staff": False},
        "question": {**common, "question": QuestionForm(initial={"answer": "2"}), "staff": False},
        "room": {**common, "staff": False},
        "roomdose": {**common, "staff": False},
    }


def render(name: str, theme: str = "light") -> str:
    """HTML of one sample page."""
    engine = DjangoTemplates(
        {
            "NAME": "kit",
            "DIRS": [HERE, ROOT / "templates"],
            "APP_DIRS": True,
            "OPTIONS": {"libraries": {"kap": "kap.core.templatetags.kap"}},
        }
    )
    given = contexts()[name]
    context = {**shell(theme, given.get("staff", True), given.get("current", "Today")), **given}
    context["room_theme"] = theme
    return engine.get_template(f"{name}.html").render(context)
