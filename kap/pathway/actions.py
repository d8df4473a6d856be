"""Opening a course and moving it. Every move goes through a gate or is a named exit."""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models
from django.utils.module_loading import import_string

from kap.accounts.permissions import Can, Role, require
from kap.core import clock
from kap.core.actions import System, action, audit_label, constraint_name
from kap.core.errors import Refused, Stale
from kap.core.models import ProtocolVersion
from kap.pathway.gates import GATES, ON_LEAVE, ask, require_open
from kap.pathway.models import Course, Override, Setting, StageMove
from kap.pathway.stages import ALONG, EXIT_REASONS, EXITS, Reason, Stage
from kap.people.actions import add_client, join_team


def lock(course) -> Course:
    """The course row, locked for the rest of the transaction. Taken after resources and appointment."""
    found = Course.objects.select_for_update(of=("self",)).select_related("client", "protocol")
    return found.defer("protocol__body").get(pk=course.pk)  # its numbers are read once per process (`rules`)


@action("pathway.open_course")
def open_course(*, client, setting=Setting.IN_CLINIC, by) -> Course:
    """A new course at enquiry, under the newest protocol version.

    Raises Refused when the clinic has no signed protocol or the client already has an open course.
    """
    newest = ProtocolVersion.objects.order_by("-signed_at").first()
    if newest is None:
        raise Refused("The clinic has no signed protocol yet. A prescriber signs one under Settings.")
    last = client.courses.aggregate(n=models.Max("number"))["n"] or 0
    try:
        course = Course.objects.create(client=client, number=last + 1, protocol=newest, setting=setting)
        _move(course, Stage.ENQUIRY, by)
    except IntegrityError as error:
        if constraint_name(error) in ("one_open_course_per_client", "course_number_once_per_client"):
            raise Stale("This client already has an open course of treatment.") from error
        raise
    return course


@action("pathway.add_enquiry")
def add_enquiry(*, details: dict, setting=Setting.IN_CLINIC, privacy_read=False, takes=False, by) -> Course:
    """Somebody has called: enter her, begin her course, and go as far as is known.

    `privacy_read`: the notice was read to her and she acknowledged it, so her intake opens. `takes`: a
    therapist who entered her takes her at once; otherwise she waits in the pool.
    """
    client = add_client(**details, by=by)
    course = open_course(client=client, setting=setting, by=by)
    if takes:
        join_team(client=client, user=by, role=Role.THERAPIST, by=by)
    if privacy_read:
        acknowledge_privacy(course=course, by=by)
        course = advance(course=course, gate="open_intake", by=by)
    return course


# ---------------------------------------------------------------- the pools


def waits_for(course) -> str:
    """The role that this course waits for in a pool, or ''."""
    alone = Course.objects.filter(pk=course.pk)
    if alone.waiting_for_therapist().exists():
        return Role.THERAPIST
    if alone.waiting_for_prescriber().exists():
        return Role.PRESCRIBER
    return ""


@action("pathway.take")
def take(*, course, by):
    """Take a client from the pool: join her care team in the role that is waited for. Returns the membership.

    Locks the course, so that of two who take at once one wins. Raises Stale, naming who was first, and
    PermissionDenied for somebody without that role.
    """
    require(by, Can.TAKE_FROM_POOL)
    course = lock(course)
    role = waits_for(course)
    if not role:
        raise Stale(_who_was_first(course, by))
    if role not in by.roles:
        raise PermissionDenied(f"This client waits for a {Role(role).label.lower()}.")
    return join_team(client=course.client, user=by, role=role, by=by)


@action("pathway.assign")
def assign(*, course, user, by):
    """An admin gives a client of the pool to somebody. Raises Stale when somebody has taken her, Refused."""
    require(by, Can.MANAGE_CARE_TEAM)
    course = lock(course)
    role = waits_for(course)
    if not role:
        raise Stale(_who_was_first(course, by))
    return join_team(client=course.client, user=user, role=role, by=by)


def _who_was_first(course, by) -> str:
    role = Role.PRESCRIBER if course.stage == Stage.MEDICAL else Role.THERAPIST
    member = course.client.team.current().filter(role=role).select_related("user").order_by("since").last()
    if member is None:
        return f"{course.client.name} is at {course.get_stage_display().lower()} and waits for nobody."
    name = "You have" if member.user_id == by.pk else f"{member.user.name} has"
    return f"{name} taken {course.client.name} already."


# ---------------------------------------------------------------- the way


@action("pathway.acknowledge_privacy")
def acknowledge_privacy(*, course, by) -> Course:
    """The client has read the privacy notice (or staff read it to her on the phone)."""
    course = lock(course)
    if course.privacy_acknowledged_at is None:
        course.privacy_acknowledged_at = clock.now()
        course.save(update_fields=["privacy_acknowledged_at"])
    return course


@action("pathway.advance")
def advance(*, course, gate: str, subject=None, by) -> Course:
    """Move a course through a gate, or say exactly why it may not.

    Locks the course, asks every line of the gate again, writes the move and runs what follows in the same
    transaction. Raises GateClosed, PermissionDenied, Stale.
    """
    rule = GATES[gate]
    _may_pass(rule, course, by)
    course = lock(course)
    if course.stage == rule.to_stage:
        raise Stale(f"{course.client.name} is at {course.get_stage_display().lower()} already.")
    if course.stage not in rule.from_stages:
        raise Refused(f"From {course.get_stage_display().lower()} there is no way to {rule.words.lower()}.")
    require_open(gate, course, subject)
    _move(course, rule.to_stage, by)
    for path in rule.then:
        import_string(path)(course=course, subject=subject, by=by)
    return course


def _may_pass(rule, course, by) -> None:
    """Staff need the gate's right; the client herself may open her own intake; the product may, too."""
    if isinstance(by, System):
        return
    if rule.code == "open_intake" and getattr(by, "pk", None) and by.pk == course.client.user_id:
        return
    require(by, rule.can)


@action("pathway.leave")
def leave(*, course, to: str, reason: str, words: str, by) -> Course:
    """Declined, deferred, withdrawn or transferred, with a coded reason. Raises Refused, PermissionDenied."""
    require(by, Can.MOVE_COURSE)
    course = lock(course)
    if to not in EXITS or reason not in EXIT_REASONS[Stage(to)]:
        raise Refused("Choose one of the listed reasons.")
    if not words.strip():
        raise Refused("Say in a sentence why, so that the next person understands.")
    if not course.is_open:
        raise Stale(f"This course is {course.get_stage_display().lower()} already.")
    if course.stage == Stage.DOSING:
        raise Refused("A dosing session is open. Discharge the client or close it as not dosed first.")
    _move(course, to, by, reason=reason, words=words)
    for path in ON_LEAVE:
        import_string(path)(course=course, by=by)
    return course


@action("pathway.resume")
def resume(*, course, words: str, by) -> Course:
    """A deferred course goes on where it was left. Evidence is asked again at the next gate."""
    require(by, Can.MOVE_COURSE)
    course = lock(course)
    if course.stage != Stage.DEFERRED:
        raise Stale("Only a deferred course can be resumed.")
    was = course.moves.filter(to_stage=Stage.DEFERRED).order_by("-at").first().from_stage
    to = Stage.PREPARATION if was == Stage.DOSING or was not in ALONG else Stage(was)
    _move(course, to, by, reason=Reason.READY_AGAIN, words=words)
    return course


@action("pathway.step_back")
def step_back(*, course, words: str, by) -> Course:
    """After a session without medicine: back to the stage before dosing. Called by the dosing app."""
    course = lock(course)
    came = course.moves.filter(to_stage=Stage.DOSING).order_by("-at").first()
    _move(course, came.from_stage, by, reason=Reason.NOT_DOSED, words=words)
    return course


@action("pathway.override")
def override(*, course, gate: str, evidence: str, about=None, reason: str, printed_name: str, by) -> Override:
    """A prescriber passes one overridable line, with reason and typed name. Raises Refused, PermissionDenied.

    Never: consent, hypersensitivity, pregnancy, age under 18, expired credential, stock (clinical.md).
    """
    require(by, Can.OVERRIDE_GATE)
    course = lock(course)
    step = next((s for s in ask(gate, course, about) if s.key == evidence), None)
    if step is None or step.met:
        raise Stale("There is nothing left to override here.")
    if not step.overridable:
        raise Refused(f"{step.words}: nobody may override this. {step.why}")
    if len(reason.strip()) < 10:
        raise Refused("Give the clinical reason in a full sentence.")
    if printed_name.strip().casefold() != by.name.strip().casefold():
        raise Refused(f"Type your name as it is on your account: {by.name}.")
    return Override.objects.create(
        course=course, gate=gate, evidence=evidence, about=getattr(about, "pk", None), reason=reason.strip(),
        printed_name=printed_name.strip(), signed_by=by,
    )  # fmt: skip


def _move(course: Course, to: str, by, *, reason: str = "", words: str = "") -> None:
    StageMove.objects.create(
        course=course,
        from_stage=course.stage,
        to_stage=to,
        by_label=audit_label(by),
        reason=reason,
        words=words,
    )
    course.refresh_from_db(fields=["stage", "stage_since"])
