"""The two pools: who waits, who may take, and that only one gets her."""

import threading
from itertools import pairwise

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kap.audit.models import AccessLog
from kap.core.errors import Stale
from kap.pathway import actions
from kap.pathway.models import Course, StageMove
from kap.people.models import Client
from tests.factories.core import ClinicFactory, ProtocolVersionFactory
from tests.factories.pathway import CourseFactory, way_to
from tests.factories.people import ClientFactory, TeamMemberFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara():
    ClinicFactory()
    return UserFactory(roles=["therapist"], name="Mara Quinn")


@pytest.fixture
def kwame():
    return UserFactory(roles=["prescriber"], name="Kwame Osei")


@pytest.fixture
def admin():
    ClinicFactory()
    return UserFactory(roles=["admin"], name="Ada Admin")


@pytest.mark.parametrize(
    ("stage", "waits"),
    [
        ("enquiry", "therapist"),
        ("intake", "therapist"),
        ("medical", "prescriber"),
        ("preparation", ""),
        ("deferred", ""),
    ],
)
def test_who_is_waited_for(stage, waits):
    assert actions.waits_for(CourseFactory(stage=stage)) == waits


def test_taking_joins_the_care_team_and_opens_the_chart(mara):
    course = CourseFactory(stage="intake")
    member = actions.take(course=course, by=mara)
    assert (member.role, member.until) == ("therapist", None)
    assert Client.objects.visible_to(mara).filter(pk=course.client_id).exists()
    assert actions.waits_for(course) == ""


def test_somebody_with_both_roles_joins_in_the_one_that_is_waited_for():
    both = UserFactory(roles=["therapist", "prescriber"])
    assert actions.take(course=CourseFactory(stage="medical"), by=both).role == "prescriber"


def test_the_second_taker_is_told_who_was_first(mara):
    course = CourseFactory(stage="intake", client__legal_name="June Ashworth")
    actions.take(course=course, by=mara)
    with pytest.raises(Stale, match="Mara Quinn has taken June Ashworth already"):
        actions.take(course=course, by=UserFactory(roles=["therapist"]))
    with pytest.raises(Stale, match="You have taken"):
        actions.take(course=course, by=mara)


def test_one_takes_only_what_waits_for_her_role(mara, kwame, admin):
    with pytest.raises(PermissionDenied):
        actions.take(course=CourseFactory(stage="medical"), by=mara)
    with pytest.raises(PermissionDenied):
        actions.take(course=CourseFactory(stage="intake"), by=kwame)
    for role in ("monitor", "admin", "client"):
        with pytest.raises(PermissionDenied):
            actions.take(course=CourseFactory(stage="intake"), by=UserFactory(roles=[role]))


@pytest.mark.django_db(transaction=True)
def test_of_twelve_who_take_at_once_one_wins():
    ClinicFactory()
    course = CourseFactory(stage="intake")
    takers = UserFactory.create_batch(12, roles=["therapist"])
    start, outcomes = threading.Barrier(len(takers)), []

    def take(user):
        start.wait()
        try:
            actions.take(course=course, by=user)
            outcomes.append(("won", user.name))
        except Stale as stale:
            outcomes.append(("told", stale.reasons[0]))
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(user,)) for user in takers]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    [winner] = [name for outcome, name in outcomes if outcome == "won"]
    told = [words for outcome, words in outcomes if outcome == "told"]
    assert len(told) == 11
    assert all(words.startswith(f"{winner} has taken") for words in told)
    assert course.client.team.count() == 1


class TestPage:
    def test_a_therapist_sees_names_and_dates_and_nothing_else(self, client, mara):
        waits = CourseFactory(stage="intake", client__legal_name="June Ashworth", client__phone="3105550142")
        CourseFactory(stage="medical", client__legal_name="Theo Kask")
        client.force_login(mara)
        page = client.get("/pool/").content.decode()
        assert "June Ashworth" in page
        assert "Theo Kask" not in page
        assert "555" not in page.replace("3105550100", "").replace("(310) 555-0100", "")
        assert AccessLog.objects.filter(
            kind="pool", client_id=waits.client_id, actor=mara.audit_label
        ).exists()

    def test_a_prescriber_sees_the_second_pool_and_an_admin_both(self, client, kwame, admin):
        CourseFactory(stage="intake", client__legal_name="June Ashworth")
        CourseFactory(stage="medical", client__legal_name="Theo Kask")
        client.force_login(kwame)
        page = client.get("/pool/").content.decode()
        assert ("June Ashworth" in page, "Theo Kask" in page) == (False, True)
        client.force_login(admin)
        page = client.get("/pool/").content.decode()
        assert ("June Ashworth" in page, "Theo Kask" in page) == (True, True)
        assert ">Take<" not in page

    @pytest.mark.parametrize("role", ["monitor", "client"])
    def test_others_see_none(self, client, mara, role):
        client.force_login(UserFactory(roles=[role]))
        assert client.get("/pool/").status_code == 403

    def test_taking_by_the_button(self, client, mara, monkeypatch):
        course = CourseFactory(stage="intake")
        client.force_login(mara)
        assert client.post(f"/pool/{course.pk}/take/")["Location"] == f"/courses/{course.pk}/steps/"
        client.force_login(UserFactory(roles=["therapist"]))
        late = client.post(f"/pool/{course.pk}/take/", follow=True)
        assert "Mara Quinn has taken" in late.content.decode()

    def test_an_admin_assigns(self, client, admin, mara):
        course = CourseFactory(stage="intake")
        client.force_login(admin)
        assert client.post(f"/pool/{course.pk}/assign/", {"user": ""}).status_code == 422
        assert client.post(f"/pool/{course.pk}/assign/", {"user": mara.pk}).status_code == 302
        assert course.client.team.get().user == mara
        assert client.get(f"/pool/{course.pk}/assign/").status_code == 404

    def test_the_page_asks_the_same_however_many_wait(self, client, admin):
        client.force_login(admin)

        def queries():
            with CaptureQueriesContext(connection) as seen:
                assert client.get("/pool/").status_code == 200
            return len(seen)

        [CourseFactory(stage=stage) for stage in ("intake", "medical") for _ in range(10)]
        client.get("/pool/")
        few = queries()
        many(500, "intake")
        many(500, "medical")
        assert queries() == few
        assert "more wait" in client.get("/pool/").content.decode()


def many(n, stage):
    """Courses by the hundred, with their moves, in a few statements."""
    clients = Client.objects.bulk_create(ClientFactory.build(number=k) for k in range(*span(n)))
    protocol = ProtocolVersionFactory()
    courses = Course.objects.bulk_create(Course(client=c, protocol=protocol) for c in clients)
    way = ["", *way_to(stage)]
    for begin, to in pairwise(way):
        StageMove.objects.bulk_create(
            StageMove(course=course, from_stage=begin, to_stage=to, by_label="system:tests")
            for course in courses
        )


def span(n):
    first = Client.objects.order_by("-number").first().number + 1
    return first, first + n


class TestEnquiry:
    GIVEN = {"legal_name": "June Ashworth", "phone": "(310) 555-0142", "setting": "in_clinic"}

    @pytest.fixture(autouse=True)
    def _protocol(self):
        ProtocolVersionFactory()

    def test_a_caller_waits_in_the_pool(self, client, admin):
        client.force_login(admin)
        assert client.post("/enquiries/new/", self.GIVEN).status_code == 302
        course = Course.objects.get()
        assert (course.stage, course.client.email, course.client.number) == ("enquiry", "", 1)
        assert actions.waits_for(course) == "therapist"

    def test_a_therapist_may_take_her_at_once_and_the_intake_opens(self, client, mara, monkeypatch):
        monkeypatch.setattr(actions, "import_string", lambda path: lambda **given: None)
        client.force_login(mara)
        answer = client.post("/enquiries/new/", {**self.GIVEN, "takes": "on", "privacy_read": "on"})
        course = Course.objects.get()
        assert answer["Location"] == f"/courses/{course.pk}/steps/"
        assert course.stage == "intake"
        assert course.privacy_acknowledged_at is not None
        assert course.client.team.get().user == mara

    def test_with_the_privacy_notice_read_her_forms_open(self, client, admin):
        client.force_login(admin)
        assert client.post("/enquiries/new/", {**self.GIVEN, "privacy_read": "on"}).status_code == 302
        assert Course.objects.get().stage == "intake"

    def test_one_who_does_not_take_her_goes_to_the_pool(self, client, mara):
        client.force_login(mara)
        assert client.post("/enquiries/new/", self.GIVEN)["Location"] == "/pool/"

    def test_a_similar_name_is_warned_of_once(self, client, mara):
        ClientFactory(legal_name="June Ashwort", number=412)
        client.force_login(mara)
        warned = client.post("/enquiries/new/", self.GIVEN)
        page = warned.content.decode()
        assert warned.status_code == 422
        assert "Add anyway" in page
        assert "KAP-00412" in page
        assert "03-Aug-1984" not in page  # not among her clients: no birth date
        assert 'value="June Ashworth"' in page
        assert Client.objects.count() == 1
        assert client.post("/enquiries/new/", {**self.GIVEN, "anyway": "June Ashworth"}).status_code == 302
        assert Client.objects.count() == 2

    def test_a_name_changed_after_the_warning_is_warned_of_anew(self, client, mara):
        ClientFactory(legal_name="Theo Kask")
        client.force_login(mara)
        answer = client.post(
            "/enquiries/new/", {**self.GIVEN, "legal_name": "Teo Kask", "anyway": "June Ashworth"}
        )
        assert answer.status_code == 422

    def test_the_same_e_mail_is_warned_of(self, client, mara):
        ClientFactory(legal_name="Theo Kask", email="home@mail.example")
        client.force_login(mara)
        answer = client.post("/enquiries/new/", {**self.GIVEN, "email": "HOME@mail.example"})
        assert "Theo Kask" in answer.content.decode()

    def test_a_team_member_sees_the_birth_date_to_compare(self, client, mara):
        TeamMemberFactory(user=mara, client=ClientFactory(legal_name="June Ashwort"))
        client.force_login(mara)
        assert "03-Aug-1984" in client.post("/enquiries/new/", self.GIVEN).content.decode()

    def test_pressing_twice_adds_her_once(self, client, mara):
        client.force_login(mara)
        given = {**self.GIVEN, "once": "3f5bdc0e-6a0c-4f0a-9d77-0a3b8c6f2f11"}
        client.post("/enquiries/new/", given)
        client.post("/enquiries/new/", given)
        assert Client.objects.count() == 1

    @pytest.mark.parametrize("role", ["prescriber", "monitor", "client"])
    def test_others_add_nobody(self, client, mara, role):
        client.force_login(UserFactory(roles=[role]))
        assert client.post("/enquiries/new/", self.GIVEN).status_code == 403

    def test_a_client_of_earlier_days_begins_a_new_course(self, client, admin):
        old = CourseFactory(stage="withdrawn")
        client.force_login(admin)
        path = f"/clients/{old.client_id}/courses/new/"
        assert client.post(path, {"setting": ""}).status_code == 422
        assert client.post(path, {"setting": "remote"}).status_code == 302
        assert client.post(path, {"setting": "remote"}).status_code == 422
        assert old.client.courses.count() == 2
