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


@dataclass(frozen=True)
class NextStep:
    title: str
    steps: list = field(default_factory=list)
    action_label: str = ""
    action_href: str = ""
    lead: str = ""


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
