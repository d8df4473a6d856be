"""Stages and moves: what PostgreSQL accepts, and the ordinary exits."""

import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from kap.core import clock
from kap.core.actions import System, constraint_name
from kap.core.errors import Refused, Stale
from kap.pathway import actions
from kap.pathway.models import Course, StageMove
from kap.pathway.stages import EXIT_REASONS, EXITS, Stage, legal_moves
from tests.factories.core import ProtocolVersionFactory
from tests.factories.pathway import CourseFactory, move
from tests.factories.people import ClientFactory, UserFactory

pytestmark = pytest.mark.django_db


def insert(course, start, to, reason="other"):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO pathway_stagemove (id, created_at, course_id, from_stage, to_stage, at, by_label, reason, words)"
            " VALUES (%s, %s, %s, %s, %s, %s, 'raw sql', %s, '')",
            [uuid.uuid4(), clock.now(), course.pk, start, to, clock.now(), reason],
        )


@pytest.mark.parametrize("start", [str(s) for s in Stage])
def test_the_database_accepts_the_legal_moves_and_no_other(start):
    legal = {to for begin, to in legal_moves() if begin == start}
    for to in Stage:
        course = CourseFactory(stage=start)
        if to in legal:
            insert(course, start, to)
            course.refresh_from_db()
            assert course.stage == to
        else:
            with pytest.raises(IntegrityError) as refused:
                insert(course, start, to)
            assert constraint_name(refused.value) == "stage_move_is_legal"


def test_a_course_begins_at_enquiry_alone():
    for to in Stage:
        if to == Stage.ENQUIRY:
            continue
        course = CourseFactory._get_manager(Course).create(
            client=ClientFactory(), protocol=ProtocolVersionFactory(), number=1
        )
        with pytest.raises(IntegrityError):
            insert(course, "", to)


def test_a_move_starts_where_the_last_one_ended():
    course = CourseFactory(stage="medical")
    with pytest.raises(IntegrityError) as refused:
        insert(course, "intake", "medical")
    assert constraint_name(refused.value) == "stage_move_starts_where_the_last_ended"


def test_an_exit_without_a_reason_is_refused():
    course = CourseFactory(stage="intake")
    with pytest.raises(IntegrityError) as refused:
        insert(course, "intake", "declined", reason="")
    assert constraint_name(refused.value) == "exit_has_a_reason"


def test_the_stage_is_written_by_moves_alone():
    course = CourseFactory(stage="intake")
    with pytest.raises(IntegrityError), transaction.atomic():
        Course.objects.filter(pk=course.pk).update(stage="dosing")


@pytest.fixture
def left(monkeypatch):
    """What follows an exit in other rooms, noted instead of done."""
    seen = []
    monkeypatch.setattr(actions, "import_string", lambda path: lambda **given: seen.append(path))
    return seen


@pytest.fixture
def mara():
    return UserFactory(roles=["therapist"])


@pytest.mark.parametrize(("to", "reason"), [(to, reason) for to in EXITS for reason in EXIT_REASONS[to]])
def test_each_exit_with_each_of_its_reasons(left, mara, to, reason):
    course = CourseFactory(stage="medical")
    actions.leave(course=course, to=to, reason=reason, words="We spoke on the phone.", by=mara)
    course.refresh_from_db()
    assert course.stage == to
    last = course.moves.last()
    assert (last.reason, last.words, last.by_label) == (reason, "We spoke on the phone.", mara.audit_label)
    assert left == list(actions.ON_LEAVE)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"reason": "moved_care"}, "listed reasons"),
        ({"to": "completed"}, "listed reasons"),
        ({"words": "  "}, "Say in a sentence"),
    ],
)
def test_an_exit_is_explained(left, mara, given, words):
    course = CourseFactory(stage="medical")
    with pytest.raises(Refused, match=words):
        actions.leave(
            course=course, **{"to": "declined", "reason": "other", "words": "We spoke.", **given}, by=mara
        )
    assert left == []


def test_nobody_leaves_from_an_open_dosing_session(left, mara):
    course = CourseFactory(stage="dosing")
    with pytest.raises(Refused, match="dosing session is open"):
        actions.leave(course=course, to="withdrawn", reason="client_choice", words="Now.", by=mara)


def test_a_closed_course_is_left_once(left, mara):
    course = CourseFactory(stage="withdrawn")
    with pytest.raises(Stale, match="withdrawn already"):
        actions.leave(course=course, to="withdrawn", reason="cost", words="Again.", by=mara)


@pytest.mark.parametrize("role", ["monitor", "admin", "client"])
def test_only_therapists_and_prescribers_end_a_course(left, role):
    with pytest.raises(PermissionDenied):
        actions.leave(
            course=CourseFactory(), to="deferred", reason="other", words="Why", by=UserFactory(roles=[role])
        )


@pytest.mark.parametrize(
    ("stage", "back"), [("enquiry", "enquiry"), ("medical", "medical"), ("integration", "integration")]
)
def test_a_deferred_course_goes_on_where_it_was_left(left, mara, stage, back):
    course = CourseFactory(stage=stage)
    actions.leave(course=course, to="deferred", reason="life_event", words="Moving house.", by=mara)
    actions.resume(course=course, words="Moved.", by=mara)
    course.refresh_from_db()
    assert course.stage == back
    with pytest.raises(Stale):
        actions.resume(course=course, words="Moved.", by=mara)


def test_one_deferred_while_dosing_by_an_earlier_rule_goes_on_at_preparation(mara):
    course = CourseFactory(stage="dosing")
    move(course, "deferred")
    assert actions.resume(course=course, words="Better.", by=mara).stage == "preparation"


def test_after_a_session_without_medicine_the_course_stands_where_it_came_from():
    course = CourseFactory(stage="dosing")
    assert (
        actions.step_back(course=course, words="Blood pressure too high.", by=System("tests")).stage
        == "preparation"
    )
    again = CourseFactory(stage="integration")
    move(again, "dosing")
    assert actions.step_back(course=again, words="No driver.", by=System("tests")).stage == "integration"


def test_a_second_open_course_is_refused_in_words():
    ProtocolVersionFactory()
    client = ClientFactory()
    actions.open_course(client=client, by=System("tests"))
    with pytest.raises(Stale, match="already has an open course"):
        actions.open_course(client=client, by=System("tests"))
    assert StageMove.objects.count() == 1


def test_a_clinic_without_a_protocol_opens_no_course():
    with pytest.raises(Refused, match="no signed protocol"):
        actions.open_course(client=ClientFactory(), by=System("tests"))


def test_the_next_course_has_the_next_number(left, mara):
    course = CourseFactory(stage="withdrawn")
    assert actions.open_course(client=course.client, by=mara).number == 2
