"""Every line of every gate: when it alone is missing, the gate is shut with exactly its words.

The evidence functions are replaced, so that the table is tried whatever the stages' apps do; that each path
really leads to a function is asked apart.
"""

import inspect
import uuid
from importlib.util import find_spec

import pytest
from django.core.exceptions import PermissionDenied
from django.utils.module_loading import import_string

from kap.accounts.permissions import MAY
from kap.core.actions import System
from kap.core.errors import Refused, Stale
from kap.pathway import actions, gates
from kap.pathway.gates import EVIDENCE, GATES, NEVER_OVERRIDDEN, ON_LEAVE, GateClosed, Missing
from kap.pathway.models import Override, StageMove
from kap.pathway.stages import Stage
from tests.factories.pathway import CourseFactory
from tests.factories.people import TeamMemberFactory, UserFactory

pytestmark = pytest.mark.django_db

LINES = [(gate.code, key) for gate in GATES.values() for key in gate.needs]
MOVES = [(gate.code, stage) for gate in GATES.values() if gate.to_stage for stage in gate.from_stages]
PATHS = sorted(
    {e.path for e in EVIDENCE.values()} | {p for g in GATES.values() for p in g.then} | set(ON_LEAVE)
)


@pytest.fixture
def world(monkeypatch):
    """What each evidence function says: nothing missing, unless `world.missing[path]` says otherwise."""

    class World:
        missing: dict = {}
        asked: list = []
        followed: list = []

    world = World()
    world.missing, world.asked, world.followed = {}, [], []

    def instead(path):
        if path in {e.path for e in EVIDENCE.values()}:

            def evidence(course, subject=None):
                world.asked.append((path, subject))
                return world.missing.get(path)

            return evidence
        return lambda **given: world.followed.append(path)

    monkeypatch.setattr(gates, "import_string", instead)
    monkeypatch.setattr(actions, "import_string", instead)
    return world


def who_may(gate):
    role = next(role for role, cans in MAY.items() if gate.can in cans)
    return UserFactory(roles=[role])


class SESSION:
    """Stands for whatever a gate is asked about; the evidence here never looks at it."""

    pk = uuid.UUID(int=7)


def pass_through(code, course, subject):
    return actions.advance(course=course, gate=code, subject=subject, by=who_may(GATES[code]))


@pytest.mark.parametrize(("code", "key"), LINES)
def test_one_missing_line_shuts_the_gate_with_its_words(world, code, key):
    gate = GATES[code]
    course = CourseFactory(stage=gate.from_stages[0])
    world.missing[EVIDENCE[key].path] = Missing("It is not there.", "Bring it.", "/there/")
    asking = gates.require_open if gate.to_stage is None else pass_through
    with pytest.raises(GateClosed) as shut:
        asking(code, course, SESSION)
    assert shut.value.reasons == ["It is not there. Bring it."]
    assert [(step.key, step.words, step.link) for step in shut.value.steps] == [
        (key, EVIDENCE[key].words, "/there/")
    ]
    course.refresh_from_db()
    assert course.stage == gate.from_stages[0]
    assert world.followed == []


@pytest.mark.parametrize(("code", "stage"), MOVES)
def test_with_everything_there_the_gate_opens_and_what_follows_is_done(world, code, stage):
    gate = GATES[code]
    course = CourseFactory(stage=stage)
    pass_through(code, course, SESSION)
    course.refresh_from_db()
    assert course.stage == gate.to_stage
    assert world.followed == list(gate.then)
    assert [path for path, _ in world.asked] == [EVIDENCE[key].path for key in gate.needs]


@pytest.mark.parametrize(("code", "stage"), MOVES)
def test_every_missing_line_is_told_at_once(world, code, stage):
    gate = GATES[code]
    course = CourseFactory(stage=stage)
    for key in gate.needs:
        world.missing[EVIDENCE[key].path] = [Missing(f"{key} one."), Missing(f"{key} two.")]
    with pytest.raises(GateClosed) as shut:
        pass_through(code, course, SESSION)
    assert shut.value.reasons == [f"{key} {n}." for key in gate.needs for n in ("one", "two")]


@pytest.mark.parametrize("code", [gate.code for gate in GATES.values() if gate.to_stage])
def test_only_those_who_may_pass_a_gate(world, code):
    gate = GATES[code]
    for role, cans in MAY.items():
        if gate.can not in cans:
            course = CourseFactory(stage=gate.from_stages[0])
            with pytest.raises(PermissionDenied):
                actions.advance(course=course, gate=code, by=UserFactory(roles=[role]))


def test_a_client_opens_her_own_intake_and_nobody_elses(world):
    course = CourseFactory()
    someone = UserFactory(roles=["client"])
    with pytest.raises(PermissionDenied):
        actions.advance(course=course, gate="open_intake", by=someone)
    course.client.user = someone
    course.client.save()
    actions.advance(course=course, gate="open_intake", by=someone)
    with pytest.raises(PermissionDenied):
        actions.advance(course=course, gate="medical", by=someone)


@pytest.mark.parametrize(
    ("code", "stage"),
    [(g.code, s) for g in GATES.values() if g.to_stage for s in Stage if s not in g.from_stages],
)
def test_a_gate_is_passed_only_from_where_it_stands(world, code, stage):
    course = CourseFactory(stage=stage)
    with pytest.raises(Stale if stage == GATES[code].to_stage else Refused):
        actions.advance(course=course, gate=code, by=System("tests"))
    course.refresh_from_db()
    assert course.stage == stage


@pytest.mark.parametrize("code", ["start_medicine", "integration"])
def test_without_an_open_session_its_gates_are_shut_and_say_so(world, code):
    with pytest.raises(GateClosed) as shut:
        gates.require_open(code, CourseFactory(stage="dosing"))
    assert shut.value.reasons == [str(gates.NO_SESSION)]
    assert world.asked == []


# ---------------------------------------------------------------- overrides


def sign(course, code, key, by, **given):
    given = {"reason": "Discussed with the client at length.", "printed_name": by.name, **given}
    return actions.override(course=course, gate=code, evidence=key, by=by, **{"about": SESSION, **given})


@pytest.mark.parametrize(("code", "key"), LINES)
def test_a_line_that_does_not_allow_it_is_never_overridden(world, code, key):
    course, kwame = CourseFactory(stage=GATES[code].from_stages[0]), UserFactory(roles=["prescriber"])
    world.missing[EVIDENCE[key].path] = [Missing("May be.", overridable=True), Missing("Never.")]
    with pytest.raises(Refused, match="nobody may override this"):
        sign(course, code, key, kwame)
    assert not Override.objects.exists()


@pytest.mark.parametrize(("code", "key"), LINES)
def test_some_lines_are_never_overridden_whatever_their_evidence_says(world, code, key):
    course, kwame = CourseFactory(stage=GATES[code].from_stages[0]), UserFactory(roles=["prescriber"])
    world.missing[EVIDENCE[key].path] = Missing("Says it may be.", overridable=True)
    if key in NEVER_OVERRIDDEN:
        with pytest.raises(Refused, match="nobody may override this"):
            sign(course, code, key, kwame)
        return
    sign(course, code, key, kwame)
    [step] = [s for s in gates.ask(code, course, SESSION) if s.key == key]
    assert step.met
    assert step.overridden_by == kwame.name
    with pytest.raises(Stale):
        sign(course, code, key, kwame)


@pytest.mark.parametrize(
    "key",
    ["consent_in_force", "providers_credentialed", "order_active", "doses_left", "no_open_safety_alert"],
)
def test_what_the_design_forbids_is_on_the_list(key):
    assert key in NEVER_OVERRIDDEN
    assert key in EVIDENCE


def test_an_override_holds_for_its_gate_and_its_session_alone(world):
    course, kwame = CourseFactory(stage="preparation"), UserFactory(roles=["prescriber"])
    world.missing[EVIDENCE["minimum_interval"].path] = Missing("Too soon.", overridable=True)
    one, other = CourseFactory(), CourseFactory()  # anything with an id stands for a session here
    sign(course, "enter_dosing", "minimum_interval", kwame, about=one)

    def shut(subject):
        return [step.key for step in gates.closed(gates.ask("enter_dosing", course, subject))]

    assert shut(one) == []
    assert shut(other) == ["minimum_interval"]
    assert shut(None) == ["minimum_interval"]


@pytest.mark.parametrize(
    ("given", "words"),
    [({"reason": "Fine."}, "full sentence"), ({"printed_name": "Somebody Else"}, "Type your name")],
)
def test_an_override_needs_a_reason_and_the_own_name(world, given, words):
    course, kwame = CourseFactory(stage="preparation"), UserFactory(roles=["prescriber"])
    world.missing[EVIDENCE["minimum_interval"].path] = Missing("Too soon.", overridable=True)
    with pytest.raises(Refused, match=words):
        sign(course, "enter_dosing", "minimum_interval", kwame, **given)


@pytest.mark.parametrize("role", ["therapist", "monitor", "admin", "client"])
def test_only_prescribers_override(world, role):
    course = CourseFactory(stage="preparation")
    world.missing[EVIDENCE["minimum_interval"].path] = Missing("Too soon.", overridable=True)
    with pytest.raises(PermissionDenied):
        sign(course, "enter_dosing", "minimum_interval", UserFactory(roles=[role]))


# ---------------------------------------------------------------- the table itself


@pytest.mark.parametrize("path", [p for p in PATHS if find_spec(p.rpartition(".")[0])])
def test_every_path_in_the_table_leads_to_a_function(path):
    function = import_string(path)
    parameters = inspect.signature(inspect.unwrap(function)).parameters
    assert "course" in parameters
    if path in {e.path for e in EVIDENCE.values()}:
        assert "subject" in parameters


def app_is_there(key):
    """Its evidence and the pages that mend it."""
    app = EVIDENCE[key].path.partition(".evidence")[0]
    return all(find_spec(f"{app}.{part}") for part in ("evidence", "urls"))


@pytest.mark.parametrize("stage", [str(stage) for stage in Stage])
@pytest.mark.parametrize("code", [code for code, gate in GATES.items() if all(map(app_is_there, gate.needs))])
def test_every_gate_can_be_asked_about_a_course_that_has_nothing_yet(code, stage):
    """The page of next steps asks without a session; what is missing is then said in whole sentences."""
    course = CourseFactory(stage=stage)
    for step in gates.ask(code, course):
        for missing in step.missing:
            assert missing.words.strip().endswith((".", "?")), missing


def test_every_need_is_described_and_every_description_needed():
    needed = {key for gate in GATES.values() for key in gate.needs}
    assert needed == set(EVIDENCE)


def test_the_evidence_of_the_pathway_itself():
    from kap.pathway import evidence

    course = CourseFactory(privacy_acknowledged_at=None)
    assert "not acknowledged" in evidence.privacy_acknowledged(course).words
    actions.acknowledge_privacy(course=course, by=System("tests"))
    course.refresh_from_db()
    assert evidence.privacy_acknowledged(course) is None
    assert evidence.course_open(course) is None
    assert "closed" in evidence.course_open(CourseFactory(stage="withdrawn")).words
    assert "No therapist" in evidence.therapist_assigned(course).words
    TeamMemberFactory(client=course.client)
    assert evidence.therapist_assigned(course) is None
    assert "No prescriber" in evidence.prescriber_assigned(course).words
    TeamMemberFactory(client=course.client, user=UserFactory(roles=["prescriber"]))
    assert evidence.prescriber_assigned(course) is None


@pytest.mark.parametrize("stage", ["enquiry", "intake", "medical", "follow_up"])
def test_dosing_is_booked_from_preparation_on(stage):
    from kap.pathway import evidence

    assert "from preparation on" in str(evidence.preparation_reached(CourseFactory(stage=stage)))
    for later in ("preparation", "dosing", "integration"):
        assert evidence.preparation_reached(CourseFactory(stage=later)) is None


def test_the_way_that_is_shown_follows_the_table():
    course = CourseFactory(stage="preparation")
    assert [g.code for g in gates.here(course)] == ["book_dosing", "enter_dosing"]
    assert [g.code for g in gates.ahead(course)] == [
        "start_medicine",
        "integration",
        "follow_up",
        "completed",
    ]
    assert gates.next_gate(course).code == "enter_dosing"
    assert StageMove.objects.filter(course=course).count() == 4
