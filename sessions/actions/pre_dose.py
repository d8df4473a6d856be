"""The pre-dose check: each line by the person who checked it, the place at home, the prescriber's release."""

from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action
from kap.core.errors import Refused, Stale
from kap.documents.names import name_problem
from kap.measures import actions as measures
from kap.measures import instruments
from kap.measures.models import Occasion, Request, Response
from kap.pathway.models import Setting
from kap.worklist import actions as worklist
from sessions import checklists, facts
from sessions.actions.common import a_sentence, prove, running
from sessions.entry import active_order
from sessions.flowsheet import Flowsheet
from sessions.links import session_path
from sessions.models import DosingSession, PreDoseAnswer, Release

REMOTE_DETAIL = {  # lines of the home check that stand on what was recorded of the place
    "location": ("remote_address", "remote_state"),
    "callback": ("remote_callback",),
    "emergency_number": ("remote_emergency_number", "remote_nearest_ed"),
    "disconnect": ("remote_disconnect_plan",),
    "lozenges": ("lozenges_before",),
}


def not_started(session) -> None:
    if session.started_at:
        raise Stale("The medicine is started; the pre-dose check is closed.")


@action("dosing.answer_line")
def answer_line(*, session, line: str, answer: str, detail: str = "", by) -> PreDoseAnswer:
    """One line of the check. The latest answer counts; earlier ones stay on record.

    Raises Refused (not this person's line, the detail is missing), Stale (started or ended meanwhile).
    """
    require(by, Can.ANSWER_PRE_DOSE)
    session = running(session)
    not_started(session)
    one = _line_of(session, line)
    role = _role_for(one, by)
    detail = " ".join(detail.split()) or _from_place(session, line)
    _fits(one, answer, detail)
    made = PreDoseAnswer.objects.create(
        session=session, line=one.code, answer=answer, role=role, detail=detail[:500], recorded_at=clock.now(),
        recorded_by=by,
    )  # fmt: skip
    if one.code == "preparation" and detail:
        session.intention = detail
        session.save(update_fields=["intention"])
    if answer == checklists.PROBLEM and one.release:
        hold(session, f"{one.words}: problem", detail, about=made, by=by)
    return made


def _line_of(session, code: str) -> checklists.Line:
    lines = {one.code: one for one in checklists.pre_dose_lines(facts.setting_code(session.setting))}
    if code not in lines:
        raise Refused("There is no such line on this session's check. Reload the page.")
    return lines[code]


def _role_for(one: checklists.Line, by) -> str:
    """The first role that may answer; in the order of the line, so that it is the same each time."""
    for role in one.roles:
        if role in by.roles:
            return role
    who = " or ".join(checklists.ROLE_WORDS[role] for role in one.roles)
    raise Refused(f"{one.words}: to be answered by {who}.")


def _from_place(session, line: str) -> str:
    values = [getattr(session, name) for name in REMOTE_DETAIL.get(line, ())]
    if not values or session.setting != Setting.REMOTE:
        return ""
    return ", ".join(str(value) for value in values if value not in ("", None))


def _fits(one: checklists.Line, answer: str, detail: str) -> None:
    if answer not in checklists.ANSWERS:
        raise Refused(f"{one.words}: choose one of the answers.")
    if answer == checklists.NOT_APPLICABLE and not one.may_not_apply:
        raise Refused(f"{one.words}: this cannot be left out.")
    if answer == checklists.FINE and one.code in REMOTE_DETAIL and not detail:
        raise Refused(f"{one.words}: record it under “Where the client is” first.")
    if answer == checklists.FINE and one.detail and not detail:
        raise Refused(f"{one.words}: write it beside the line. {one.detail}")
    if answer == checklists.PROBLEM and not detail:
        raise Refused(f"{one.words}: say in a few words what the problem is.")


def hold(session, title: str, detail: str, *, about, by) -> None:
    """The prescriber is asked to decide."""
    worklist.raise_item(
        key=f"held:{session.pk}:{about.pk}", kind=worklist.Kind.PREDOSE_HELD, urgency=worklist.Urgency.NOW,
        title=title, client=session.course.client, detail=detail[:500], link=session_path(session, "release"),
        link_words="Decide", for_role="prescriber", by=by,
    )  # fmt: skip


@action("dosing.record_remote")
def record_remote(
    *, session, address: str, state: str, callback: str, emergency_number: str, nearest_ed: str, disconnect_plan: str,
    lozenges_before: int | None, photo_id_seen: bool, by,
) -> DosingSession:  # fmt: skip
    """Where the client is at this moment and how help reaches her there (clinical.md §4). Raises Refused, Stale."""
    require(by, Can.ANSWER_PRE_DOSE)
    session = running(session)
    not_started(session)
    if session.setting != Setting.REMOTE:
        raise Refused("This session is in the clinic; there is no place to record.")
    values = {
        "remote_address": address, "remote_state": state.upper(), "remote_callback": callback,
        "remote_emergency_number": emergency_number, "remote_nearest_ed": nearest_ed,
        "remote_disconnect_plan": disconnect_plan,
    }  # fmt: skip
    values = {name: value.strip() for name, value in values.items()}
    if not all(values.values()):
        raise Refused("Fill in every line of the place: help must find the client without asking you.")
    if len(values["remote_state"]) != 2:
        raise Refused("State: enter its two letters, such as CA.")
    if not photo_id_seen:
        raise Refused("Compare the photo ID on camera first.")
    for name, value in values.items():
        setattr(session, name, value)
    session.lozenges_before, session.remote_photo_id_seen = lozenges_before, True
    session.remote_recorded_at, session.remote_recorded_by = clock.now(), by
    session.save()
    return session


@action("dosing.screen_safety")
def screen_safety(*, session, answers: dict, by) -> Response:
    """The C-SSRS asked in the room and written down by the clinician; what it raises is raised with it.

    `answers`: {item key: 0 or 1}. Raises Refused when a question that must be asked is open, Stale when answered.
    """
    require(by, Can.ACKNOWLEDGE_SAFETY)
    session = running(session)
    not_started(session)
    asked = instruments.get("cssrs").asked(answers)
    if any(answers.get(item.key) is None for item in asked):
        raise Refused("Ask every question that is shown. An open question is never “no”.")
    about = session.pk
    if Request.objects.filter(
        course=session.course, instrument="cssrs", about=about, response__isnull=False
    ).exists():
        raise Stale("The safety screen of this session is answered already.")
    request = measures.ask(
        course=session.course,
        instrument="cssrs",
        occasion=Occasion.PRE_DOSE,
        due_at=clock.now(),
        about=about,
        by=by,
    )
    return measures.answer(request=request, answers=answers, by=by)


@action("dosing.release")
def release(*, session, reason: str, printed_name: str, by) -> Release:
    """The prescriber lets the dose go ahead in spite of what is listed, as it stands now.

    A new reading or a new answer is not covered. Raises Refused when nothing can be released, or no reason is
    given; PermissionDenied for anyone but a prescriber.
    """
    require(by, Can.RELEASE_DOSE)
    session = running(session)
    not_started(session)
    found = releasable(session)
    if not found:
        raise Stale("There is nothing to release. Look at the check again.")
    if problem := name_problem(printed_name, by):
        raise Refused(problem)
    made = Release.objects.create(
        session=session, findings=found, reason=a_sentence(reason, "Reason"), printed_name=" ".join(printed_name.split()),
        recorded_at=clock.now(), recorded_by=by,
    )  # fmt: skip
    for one in found:
        worklist.close(key=f"held:{session.pk}:{one['about']}", by=by)
    return made


def releasable(session) -> list[dict]:
    """What a prescriber may let pass now: problems of lines that allow it, and readings outside the limits."""
    sheet = Flowsheet(session)
    found = []
    for code, finding in sheet.held_by_lines().items():
        row = sheet.answers.get(code)
        if row is not None and finding.overridable and row.answer == checklists.PROBLEM:
            found += facts.as_json([finding], row.pk)
    order = active_order(session.course, session.route, session.setting, facts.today_of(session.appointment))
    held = [f for f in sheet.held_by_vitals(order) if f.overridable]
    return found + (facts.as_json(held, sheet.before_dose[1].pk) if sheet.before_dose else [])


def stand_by(*, session, person, pin: str = "", by) -> DosingSession:
    """The second person in the room says so: by her own sign-in (person is by), or by her PIN at this screen.

    Raises Refused (wrong PIN, the same person as the one who starts), Stale.
    """
    prove(person, pin, by)
    return _stand_by(session=session, person=person, by=by)


@action("dosing.stand_by")
def _stand_by(*, session, person, by) -> DosingSession:
    require(by, Can.CHART_VITALS)
    session = running(session)
    not_started(session)
    session.second_person = person
    session.save(update_fields=["second_person"])
    return session
