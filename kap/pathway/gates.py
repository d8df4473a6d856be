"""All rules of passage, in one table.

A gate says who may pass it, from where to where, and which evidence is needed. Evidence is a function of
the stage's own app, named by dotted path so that the pathway imports none of them, and computed live: a
revoked consent closes the gate at once. It returns what is missing, in words that a person can act on.
The same answer feeds the screen and the action.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.module_loading import import_string

from kap.accounts.permissions import Can
from kap.core.errors import Refused
from kap.pathway.stages import ALONG, Stage


@dataclass(frozen=True)
class Missing:
    """One thing that is not there yet. `mend`: what to do; `link`: where. `level`: hard findings may be
    overridden by a prescriber only where `overridable`."""

    words: str
    mend: str = ""
    link: str = ""
    overridable: bool = False

    def __str__(self):
        return f"{self.words} {self.mend}".strip()


@dataclass(frozen=True)
class Evidence:
    words: str
    path: str

    def __call__(self, course, subject) -> list[Missing]:
        function: Callable = import_string(self.path)
        answer = function(course, subject)
        if answer is None:
            return []
        return [answer] if isinstance(answer, Missing) else list(answer)


@dataclass(frozen=True)
class Gate:
    """`subject`: what the evidence is asked about besides the course: nothing, a plan to book, or a session."""

    code: str
    words: str
    can: Can
    from_stages: tuple[Stage, ...]
    to_stage: Stage | None
    needs: tuple[str, ...]
    then: tuple[str, ...] = ()
    subject: str = ""

    @property
    def needs_session(self) -> bool:
        """Asked inside a dosing session, and about nothing else."""
        return self.from_stages == (Stage.DOSING,)


EVIDENCE = {
    "course_open": Evidence("Course of treatment open", "kap.pathway.evidence.course_open"),
    "privacy_acknowledged": Evidence(
        "Privacy notice acknowledged", "kap.pathway.evidence.privacy_acknowledged"
    ),
    "therapist_assigned": Evidence("A therapist on the care team", "kap.pathway.evidence.therapist_assigned"),
    "prescriber_assigned": Evidence(
        "A prescriber on the care team", "kap.pathway.evidence.prescriber_assigned"
    ),
    "stage_preparation_or_later": Evidence("Preparation reached", "kap.pathway.evidence.preparation_reached"),
    "no_open_safety_alert": Evidence(
        "No unanswered safety alert", "kap.worklist.evidence.no_open_safety_alert"
    ),
    "forms_sent": Evidence("Every required form sent", "intake.evidence.forms_sent"),
    "intake_session_signed": Evidence("Intake session signed", "intake.evidence.intake_session_signed"),
    "evaluation_in_date": Evidence(
        "Medical evaluation clear and in date", "intake.evidence.evaluation_in_date"
    ),
    "diagnosis_coded": Evidence("Diagnosis coded", "intake.evidence.diagnosis_coded"),
    "order_active": Evidence(
        "Active order, prescriber licensed and registered", "intake.evidence.order_active"
    ),
    "plan_signed": Evidence("Treatment plan signed", "intake.evidence.plan_signed"),
    "doses_left": Evidence("Doses left on the order", "sessions.evidence.doses_left"),
    "doses_left_to_book": Evidence("Doses left for what is planned", "sessions.evidence.doses_left_to_book"),
    "integration_in_window": Evidence(
        "Integration 24–48 h after the dose", "scheduling.evidence.integration_in_window"
    ),
    "providers_credentialed": Evidence(
        "Providers' credentials in date", "scheduling.evidence.providers_credentialed"
    ),
    "preparation_signed": Evidence("Preparation signed", "sessions.evidence.preparation_signed"),
    "consent_in_force": Evidence("Consents in force", "intake.evidence.consents_in_force"),
    "minimum_interval": Evidence("Long enough since the last dose", "sessions.evidence.minimum_interval"),
    "previous_integration_signed": Evidence(
        "Previous integration signed", "integration.evidence.previous_integration_signed"
    ),
    "companion_confirmed": Evidence(
        "Companion named and confirmed", "scheduling.evidence.companion_confirmed"
    ),
    "telemedicine_basis": Evidence("Legal basis for a remote session", "intake.evidence.telemedicine_basis"),
    "pre_dose_answered": Evidence("Every pre-dose line answered", "sessions.evidence.pre_dose_answered"),
    "safety_screen_today": Evidence("Safety screen of today", "sessions.evidence.safety_screen_today"),
    "vitals_in_limits": Evidence("Vitals inside the order's limits", "sessions.evidence.vitals_in_limits"),
    "two_staff_present": Evidence("Two people present", "sessions.evidence.two_staff_present"),
    "discharge_signed": Evidence("Discharge signed", "sessions.evidence.discharge_signed"),
    "integration_signed": Evidence("Integration note signed", "integration.evidence.integration_signed"),
    "final_measures": Evidence("Final measures", "integration.evidence.final_measures"),
    "summary_signed": Evidence("Course summary signed", "integration.evidence.summary_signed"),
}

# Nobody may override these, whatever their functions say (design.md §3): consent, an ended credential, an order
# that is not in force, an alert that nobody answered, and who takes responsibility.
NEVER_OVERRIDDEN = frozenset(
    {
        "course_open", "privacy_acknowledged", "therapist_assigned", "prescriber_assigned", "no_open_safety_alert",
        "intake_session_signed", "order_active", "doses_left", "doses_left_to_book", "plan_signed", "providers_credentialed",
        "preparation_signed", "consent_in_force", "two_staff_present", "discharge_signed", "integration_signed",
        "summary_signed", "stage_preparation_or_later",
    }
)  # fmt: skip

# What runs in the same transaction when a course leaves the pathway.
ON_LEAVE = ("scheduling.follow.release_future", "intake.follow.end_orders")

# The dosing appointment ahead, which "enter_dosing" is asked about before there is a session.
UPCOMING = "scheduling.evidence.dosing_appointment"

# What a gate may be asked about besides the course, by the kind of its subject: looked up by id for an override.
SUBJECTS = {"session": ("sessions.models.DosingSession", "scheduling.models.Appointment"), "plan": (), "": ()}

GATES = {
    gate.code: gate
    for gate in (
        Gate(
            "open_intake", "Open the intake", Can.ADD_CLIENT, (Stage.ENQUIRY,), Stage.INTAKE,
            ("course_open", "privacy_acknowledged"),
            then=("intake.follow.open_forms",),
        ),
        Gate(
            "medical", "Send to medical evaluation", Can.SIGN_INTAKE_SESSION, (Stage.INTAKE,), Stage.MEDICAL,
            ("therapist_assigned", "forms_sent", "intake_session_signed", "no_open_safety_alert"),
        ),
        Gate(
            "preparation", "Go on to preparation", Can.ORDER, (Stage.MEDICAL,), Stage.PREPARATION,
            ("prescriber_assigned", "evaluation_in_date", "diagnosis_coded", "order_active", "plan_signed"),
        ),
        Gate(
            "book_dosing", "Book a dosing session", Can.BOOK,
            (Stage.PREPARATION, Stage.DOSING, Stage.INTEGRATION), None,
            ("stage_preparation_or_later", "order_active", "doses_left_to_book", "integration_in_window",
             "providers_credentialed"),
            subject="plan",
        ),
        Gate(
            "enter_dosing", "Open the dosing session", Can.ENTER_DOSING,
            (Stage.PREPARATION, Stage.INTEGRATION), Stage.DOSING,
            ("preparation_signed", "consent_in_force", "evaluation_in_date", "order_active", "doses_left",
             "providers_credentialed", "minimum_interval", "previous_integration_signed", "integration_in_window",
             "companion_confirmed", "telemedicine_basis", "no_open_safety_alert"),
            subject="session",
        ),
        Gate(
            "start_medicine", "Start the medicine", Can.START_MEDICINE, (Stage.DOSING,), None,
            ("pre_dose_answered", "safety_screen_today", "vitals_in_limits", "two_staff_present", "consent_in_force"),
            subject="session",
        ),
        Gate(
            "integration", "Go on to integration", Can.DISCHARGE, (Stage.DOSING,), Stage.INTEGRATION,
            ("discharge_signed",),
            then=("integration.follow.open_integration",),
            subject="session",
        ),
        Gate(
            "follow_up", "Go on to follow-up", Can.SIGN_INTEGRATION, (Stage.INTEGRATION,), Stage.FOLLOW_UP,
            ("integration_signed",),
            then=("integration.follow.ask_final_measures",),
        ),
        Gate(
            "completed", "Complete the course", Can.COMPLETE_COURSE, (Stage.FOLLOW_UP,), Stage.COMPLETED,
            ("final_measures", "summary_signed"),
        ),
    )
}  # fmt: skip


class GateClosed(Refused):
    """The gate stays shut; `steps` tell which line lacks what, `reasons` are the same in sentences."""

    def __init__(self, gate: Gate, steps):
        self.gate = gate
        self.steps = steps
        super().__init__(list(dict.fromkeys(str(missing) for step in steps for missing in step.missing)))


@dataclass
class Step:
    """One line of a gate as shown: met, or what is missing and where it is mended."""

    key: str
    words: str
    missing: list[Missing] = field(default_factory=list)
    overridden_by: str = ""

    @property
    def met(self) -> bool:
        return not self.missing

    @property
    def why(self) -> str:
        return " ".join(str(m) for m in self.missing)

    @property
    def link(self) -> str:
        return next((m.link for m in self.missing if m.link), "")

    @property
    def overridable(self) -> bool:
        return (
            bool(self.missing)
            and self.key not in NEVER_OVERRIDDEN
            and all(m.overridable for m in self.missing)
        )


NO_SESSION = Missing("No dosing session is open.", "A therapist or monitor opens it in the dosing room.")


def ask(code: str, course, subject=None) -> list[Step]:
    """What stands between this course and the gate, line by line, right now.

    A gate inside a session is asked about the open one when the caller names none.
    """
    gate = GATES[code]
    if subject is None and gate.needs_session:
        subject = subject_now(gate, course)
        if subject is None:
            return [Step(key, EVIDENCE[key].words, [NO_SESSION]) for key in gate.needs]
    passed = {o.evidence: o for o in course.overrides.filter(gate=code, about=getattr(subject, "pk", None))}
    steps = []
    for key in gate.needs:
        missing = EVIDENCE[key](course, subject)
        step = Step(key, EVIDENCE[key].words, missing)
        if missing and step.overridable and key in passed:
            name = passed[key].printed_name
            step = Step(key, f"{EVIDENCE[key].words}: passed by {name}", overridden_by=name)
        steps.append(step)
    return steps


def closed(steps: list[Step]) -> list[Step]:
    return [step for step in steps if not step.met]


def require_open(code: str, course, subject=None) -> None:
    """Raise GateClosed unless every line is met. Call inside the action, after taking its locks."""
    if shut := closed(ask(code, course, subject)):
        raise GateClosed(GATES[code], shut)


def subject_of(gate: Gate, course, pk):
    """The session (or the appointment that will become one) that an override is about; None without an id.

    Raises LookupError when there is none such in this course.
    """
    if not pk:
        return None
    try:
        pk = uuid.UUID(str(pk))
    except ValueError as error:
        raise LookupError(f"{pk} is no id.") from error
    for path in SUBJECTS[gate.subject]:
        model = import_string(path)
        found = model.objects.filter(pk=pk)
        found = found.filter(course=course) if _has_course(model) else found.filter(attendees__course=course)
        if found := found.first():
            return found
    raise LookupError(f"{gate.code} is not asked about {pk}.")


def subject_now(gate: Gate, course):
    """What a gate of the dosing room is about at this moment: the open session, or the appointment ahead."""
    if gate.needs_session:
        return course.dosing_sessions.order_by("-opened_at").first() if course.stage == Stage.DOSING else None
    return import_string(UPCOMING)(course) if gate.subject == "session" else None


def _has_course(model) -> bool:
    return any(field.name == "course" for field in model._meta.fields)


def here(course) -> list[Gate]:
    """The gates that can be asked for from where the course stands."""
    return [gate for gate in GATES.values() if course.stage in gate.from_stages]


def ahead(course) -> list[Gate]:
    """Those that come later, in the order of the way."""
    if course.stage not in ALONG:
        return []
    now, place = here(course), ALONG.index(course.stage)
    return [
        gate
        for gate in GATES.values()
        if gate not in now and all(ALONG.index(stage) > place for stage in gate.from_stages)
    ]


def next_gate(course) -> Gate | None:
    """The gate ahead of where the course stands; None when there is none (closed, deferred)."""
    after = {
        Stage.ENQUIRY: "open_intake",
        Stage.INTAKE: "medical",
        Stage.MEDICAL: "preparation",
        Stage.PREPARATION: "enter_dosing",
        Stage.DOSING: "integration",
        Stage.INTEGRATION: "follow_up",
        Stage.FOLLOW_UP: "completed",
    }
    return GATES.get(after.get(course.stage, ""))
