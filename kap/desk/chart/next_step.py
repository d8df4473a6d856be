"""The one next thing for this client: which gate lies ahead, what it still needs, and where the work is done."""

from dataclasses import dataclass, field

from kap.accounts.permissions import allowed
from kap.desk import days
from kap.desk.chart import plan
from kap.desk.links import link
from kap.pathway import gates
from kap.pathway.stages import Stage
from sessions.entry import Entry
from sessions.models import DosingSession

# What the button says that mends a line; the page behind it is the one that the evidence names.
MEND = {
    "privacy_acknowledged": "Open the privacy notice",
    "therapist_assigned": "Open the pool",
    "prescriber_assigned": "Open the pool",
    "no_open_safety_alert": "Review the safety alert",
    "forms_sent": "Open the forms",
    "intake_session_signed": "Write the intake note",
    "evaluation_in_date": "Open the evaluation",
    "diagnosis_coded": "Code the diagnosis",
    "order_active": "Open the order",
    "plan_signed": "Open the treatment plan",
    "doses_left": "Open the order",
    "doses_left_to_book": "Open the order",
    "preparation_signed": "Write the preparation note",
    "consent_in_force": "Send the consent",
    "integration_in_window": "Book the integration",
    "companion_confirmed": "Open the booking",
    "previous_integration_signed": "Write the integration note",
    "integration_signed": "Write the integration note",
    "discharge_signed": "Open the dosing session",
    "final_measures": "Open the final measures",
    "summary_signed": "Write the course summary",
}


@dataclass(frozen=True)
class NextStep:
    title: str
    steps: list = field(default_factory=list)
    action_label: str = ""
    action_href: str = ""
    lead: str = ""

    @property
    def missing(self) -> list:
        return gates.closed(self.steps)

    @property
    def met(self) -> list:
        return [step for step in self.steps if step.met]

    @property
    def button(self) -> tuple[str, str]:
        """(words, address) of the one thing to press: the step itself, or what mends its first missing line."""
        if not self.missing:
            return self.action_label, self.action_href
        first = next((step for step in self.missing if step.link), None)
        return (MEND.get(first.key, "Open what is missing"), first.link) if first else ("", "")


def next_step(course, user, *, done: int) -> NextStep | None:
    """None where no step lies ahead: the course is closed, or paused."""
    if course is None:
        return None
    if course.stage == Stage.DEFERRED:
        return NextStep(
            "Paused", lead="This course waits until it is resumed.", action_label="Resume",
            action_href=link("pathway:resume", course.pk),
        )  # fmt: skip
    gate = gate_ahead(course, done)
    if gate is None:
        return None
    if gate.code == "enter_dosing":
        return _dosing(course, gate, user, done)
    if gate.code == "integration":
        return _discharge(course, gate)
    return _plain(course, gate, user)


def gate_ahead(course, done: int):
    """After an integration the next dose comes first, as long as the plan has one left; then the follow-up."""
    if course.stage == Stage.INTEGRATION and course.planned_sessions and done < course.planned_sessions:
        return gates.GATES["enter_dosing"]
    return gates.next_gate(course)


def _dosing(course, gate, user, done: int) -> NextStep:
    appointment = plan.upcoming(course).first()
    if appointment is None:
        steps = gates.ask(gate.code, course, None)
        href = link("scheduling:book", client=course.client_id, course=course.pk, service="dosing")
        steps = [step for step in steps if step.key not in ("integration_in_window", "companion_confirmed")]
        return NextStep(f"Next: book dosing {done + 1}", steps, "Book dosing", href)
    steps = gates.ask(gate.code, course, Entry(appointment, course))
    return NextStep(
        f"Next: dosing {done + 1}, {days.near_time(appointment.starts_at)}", steps, "Open dosing session",
        link("dosing:open", appointment.pk) if allowed(user, gate.can) else "",
    )  # fmt: skip


def _discharge(course, gate) -> NextStep:
    session = DosingSession.objects.filter(course=course, ended_at=None).first()
    href = link("dosing:session", session.pk) if session else ""
    return NextStep(gate.words, gates.ask(gate.code, course, session), "Open dosing session", href)


def _plain(course, gate, user) -> NextStep:
    steps = gates.ask(gate.code, course, None)
    href = link("pathway:steps", course.pk) if allowed(user, gate.can) else ""
    return NextStep(f"Next: {gate.words[:1].lower()}{gate.words[1:]}", steps, gate.words, href)
