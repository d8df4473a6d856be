"""What stands between a client and the next step, read and acted on in the browser."""

import pytest
from django.urls import reverse

from kap.accounts.permissions import Can
from kap.audit.models import AccessLog
from kap.pathway import actions, gates
from kap.pathway.gates import EVIDENCE, Missing
from kap.pathway.models import Override
from kap.pathway.stages import ALONG
from tests.factories.core import ClinicFactory
from tests.factories.pathway import CourseFactory
from tests.factories.people import TeamMemberFactory, UserFactory
from tests.factories.scheduling import AppointmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch):
    """Evidence as the test says; nothing is missing by itself."""
    ClinicFactory()
    missing = {}
    keys = {evidence.path: key for key, evidence in EVIDENCE.items()}

    def instead(path):
        return lambda *a, **k: missing.get(keys.get(path))

    monkeypatch.setattr(gates, "import_string", instead)
    monkeypatch.setattr(actions, "import_string", instead)
    return missing


def on_team(course, *roles):
    user = UserFactory(roles=roles)
    for role in roles:
        TeamMemberFactory(client=course.client, user=user, role=role)
    return user


@pytest.fixture
def course(world):
    return CourseFactory(stage="intake", client__legal_name="June Ashworth")


def steps(course):
    return f"/courses/{course.pk}/steps/"


def test_the_page_says_what_is_missing_and_where_to_mend_it(client, world, course):
    world["forms_sent"] = Missing("Two forms are not sent.", "Remind her.", "/mend/here/")
    client.force_login(on_team(course, "therapist"))
    page = client.get(steps(course)).content.decode()
    assert "Two forms are not sent. Remind her." in page
    assert "/mend/here/" in page
    assert "One thing is still missing" in page
    assert ">Send to medical evaluation</button>" not in page
    assert AccessLog.objects.filter(kind="steps", client_id=course.client_id).count() == 1


def test_an_open_gate_is_passed_by_its_button_once(client, world, course):
    client.force_login(on_team(course, "therapist"))
    assert ">Send to medical evaluation</button>" in client.get(steps(course)).content.decode()
    path = f"/courses/{course.pk}/advance/"
    assert client.post(path, {"gate": "medical"}).status_code == 302
    course.refresh_from_db()
    assert course.stage == "medical"
    late = client.post(path, {"gate": "medical"})
    assert late.status_code == 409
    assert "is at medical evaluation already" in late.content.decode()


def test_a_gate_that_closed_meanwhile_is_read_on_the_page(client, world, course):
    client.force_login(on_team(course, "therapist"))
    world["no_open_safety_alert"] = Missing("A safety alert is not answered.", "Answer it.")
    shut = client.post(f"/courses/{course.pk}/advance/", {"gate": "medical"})
    assert shut.status_code == 409
    assert "There is a problem" in shut.content.decode()
    assert "A safety alert is not answered. Answer it." in shut.content.decode()


def test_who_may_not_pass_an_open_gate_reads_so_and_is_refused(client, world, course):
    client.force_login(on_team(course, "prescriber"))
    page = client.get(steps(course)).content.decode()
    assert "your role may not" in page
    assert client.post(f"/courses/{course.pk}/advance/", {"gate": "medical"}).status_code == 403


@pytest.mark.parametrize("gate", ["enter_dosing", "start_medicine", "integration", "nonsense", ""])
def test_gates_of_a_session_are_not_passed_here(client, world, course, gate):
    client.force_login(on_team(course, "therapist"))
    assert client.post(f"/courses/{course.pk}/advance/", {"gate": gate}).status_code == 404


def test_strangers_find_nothing_and_others_are_refused(client, world, course):
    paths = [steps(course), f"/courses/{course.pk}/leave/", f"/courses/{course.pk}/resume/"]
    for path in paths:
        assert client.get(path)["Location"].startswith("/sign-in/")
    client.force_login(UserFactory(roles=["therapist"]))
    assert {client.get(path).status_code for path in paths} == {404}
    client.force_login(UserFactory(roles=["client"]))
    assert {client.get(path).status_code for path in paths} == {403}
    client.force_login(on_team(course, "monitor"))
    assert [client.get(path).status_code for path in paths] == [200, 403, 403]


def test_an_admin_opens_an_intake_but_reads_nothing_clinical(client, world):
    course = CourseFactory(stage="enquiry")
    world["diagnosis_coded"] = Missing("No diagnosis.")
    client.force_login(UserFactory(roles=["admin"]))
    page = client.get(steps(course)).content.decode()
    assert "Open the intake" in page
    assert "No diagnosis" not in page
    assert client.post(f"/courses/{course.pk}/advance/", {"gate": "open_intake"}).status_code == 302
    assert "shown to the care team alone" in client.get(steps(course)).content.decode()


def test_the_part_for_htmx_has_no_shell(client, world, course):
    client.force_login(on_team(course, "therapist"))
    part = client.get(steps(course), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "Send to medical evaluation" in part


@pytest.mark.parametrize(
    "stage",
    [
        "enquiry",
        "intake",
        "medical",
        "preparation",
        "dosing",
        "integration",
        "follow_up",
        "completed",
        "deferred",
        "declined",
    ],
)
def test_every_stage_has_its_page(client, world, stage):
    course = CourseFactory(stage=stage)
    client.force_login(on_team(course, "therapist", "prescriber"))
    assert client.get(steps(course)).status_code == 200


def test_declined_deferred_and_resumed(client, world, course):
    client.force_login(on_team(course, "therapist"))
    leave = f"/courses/{course.pk}/leave/"
    wrong = client.post(leave, {"why": "deferred:life_event", "words": ""})
    assert wrong.status_code == 422
    assert "checked" in wrong.content.decode()
    assert client.post(leave, {"why": "deferred:life_event", "words": "Moving house."}).status_code == 302
    page = client.get(f"/courses/{course.pk}/resume/").content.decode()
    assert "Moving house." in page
    assert "It goes on at intake" in page
    assert client.post(f"/courses/{course.pk}/resume/", {"words": "Has moved."}).status_code == 302
    course.refresh_from_db()
    assert course.stage == "intake"
    client.post(leave, {"why": "declined:contraindicated", "words": "See the evaluation."})
    late = client.post(leave, {"why": "withdrawn:cost", "words": "Late."})
    assert late.status_code == 422
    assert "declined already" in late.content.decode()


@pytest.mark.parametrize("stage", [str(stage) for stage in ALONG])
def test_the_page_with_the_real_evidence_of_a_client_who_has_nothing_yet(client, stage):
    ClinicFactory()
    course = CourseFactory(stage=stage)
    client.force_login(on_team(course, "therapist", "prescriber"))
    assert client.get(steps(course)).status_code == 200


def test_the_dosing_room_is_asked_about_the_appointment_ahead(client):
    ClinicFactory()
    course = CourseFactory(stage="preparation")
    booked = AppointmentFactory(course=course, service__code="dosing")
    client.force_login(on_team(course, "therapist", "prescriber"))
    page = client.get(steps(course)).content.decode()
    assert reverse("dosing:open", args=[booked.pk]) in page
    assert (
        client.get(
            f"/courses/{course.pk}/override/enter_dosing/minimum_interval/?about={booked.pk}"
        ).status_code
        == 200
    )
    other = AppointmentFactory(course=CourseFactory(stage="preparation"), service__code="dosing")
    assert (
        client.get(
            f"/courses/{course.pk}/override/enter_dosing/minimum_interval/?about={other.pk}"
        ).status_code
        == 404
    )


class TestOverride:
    @pytest.fixture
    def prepared(self, world):
        world["minimum_interval"] = Missing("The last dose was 3 days ago.", overridable=True)
        return CourseFactory(stage="preparation")

    def path(self, course, evidence="minimum_interval"):
        return f"/courses/{course.pk}/override/enter_dosing/{evidence}/"

    def test_a_prescriber_signs_with_reason_and_name(self, client, prepared):
        kwame = on_team(prepared, "prescriber")
        client.force_login(kwame)
        assert "The last dose was 3 days ago." in client.get(self.path(prepared)).content.decode()
        given = {"reason": "Half dose by plan, discussed.", "printed_name": kwame.name}
        wrong = client.post(self.path(prepared), {**given, "printed_name": "K. O."})
        assert wrong.status_code == 422
        assert "Half dose by plan" in wrong.content.decode()
        assert client.post(self.path(prepared), given).status_code == 302
        assert Override.objects.get().signed_by == kwame

    def test_others_are_refused(self, client, prepared):
        for role in ("therapist", "monitor"):
            client.force_login(on_team(prepared, role))
            assert client.get(self.path(prepared)).status_code == 403
        client.force_login(UserFactory(roles=["prescriber"]))
        assert client.get(self.path(prepared)).status_code == 404

    def test_what_nobody_may_override_offers_no_form(self, client, world, prepared):
        world["consent_in_force"] = Missing("No consent is in force.", overridable=True)
        client.force_login(on_team(prepared, "prescriber"))
        page = client.get(self.path(prepared, "consent_in_force")).content.decode()
        assert "Nobody may override this" in page
        assert "Sign override" not in page

    def test_unknown_lines_and_sessions_are_not_found(self, client, prepared):
        client.force_login(on_team(prepared, "prescriber"))
        assert client.get(self.path(prepared, "nonsense")).status_code == 404
        assert client.get(f"{self.path(prepared)}?about=nonsense").status_code == 404
        assert client.get(f"/courses/{prepared.pk}/override/nonsense/x/").status_code == 404


def test_everyone_who_may_pass_a_gate_may_open_the_page():
    from kap.accounts.permissions import MAY

    for gate in gates.GATES.values():
        for cans in MAY.values():
            if gate.can in cans and gate.to_stage and not gate.subject:
                assert cans & {Can.OPEN_CHART, Can.ADD_CLIENT}
