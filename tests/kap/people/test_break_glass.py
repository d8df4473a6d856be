"""Emergency access: one chart, a reason, an hour, told at once; and what it does not open."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import Error
from django.urls import reverse

from kap.audit.models import AccessLog
from kap.core import clock
from kap.core.errors import Refused, Stale
from kap.notes.psychotherapy import actions as psychotherapy
from kap.outbox.models import Message
from kap.people import actions, break_glass
from kap.people.models import BreakGlass, Client
from kap.worklist.models import Item
from tests.factories.core import ClinicFactory
from tests.factories.pathway import CourseFactory
from tests.factories.people import ClientFactory, TeamMemberFactory, UserFactory

pytestmark = pytest.mark.django_db
WORDS = "Her brother calls: she does not answer"


@pytest.fixture
def mara():
    return UserFactory(roles=["therapist"], name="Mara Quinn")


@pytest.fixture
def admin():
    return UserFactory(roles=["admin"], email="office@alderhouse.example")


@pytest.fixture
def stranger():
    """A client of nobody we know here, with a course."""
    ClinicFactory()
    client = ClientFactory(legal_name="Ana Lee", with_user=True)
    CourseFactory(client=client)
    return client


def opened(client, by, **over):
    return break_glass.break_glass(client=client, by=by, **{"reason": "danger", "words": WORDS, **over})


def form(client, **over):
    return {"number": client.kap_number, "reason": "danger", "words": WORDS, **over}


class TestOpening:
    def test_opens_one_chart_for_an_hour_and_closes_by_itself(self, stranger, mara, at):
        at(2026, 11, 20, 18, 0)
        other = ClientFactory()
        opened(stranger, mara)
        assert list(Client.objects.visible_to(mara)) == [stranger]
        assert other not in Client.objects.visible_to(mara)
        at(2026, 11, 20, 18, 59)
        assert stranger in Client.objects.visible_to(mara)
        at(2026, 11, 20, 19, 0, 2)
        assert stranger not in Client.objects.visible_to(mara)

    def test_opens_it_to_nobody_else(self, stranger, mara):
        opened(stranger, mara)
        assert stranger not in Client.objects.visible_to(UserFactory(roles=["therapist"]))
        assert stranger not in Client.objects.visible_to(UserFactory(roles=["monitor"]))

    @pytest.mark.parametrize("role", ["monitor", "admin", "client"])
    def test_not_for_monitors_admins_and_clients(self, client, stranger, role):
        user = UserFactory(roles=[role])
        with pytest.raises(Exception, match="right to break glass"):
            opened(stranger, user)
        client.force_login(user)
        assert client.get(reverse("people:emergency")).status_code == 403
        assert client.post(reverse("people:emergency"), form(stranger)).status_code == 403

    def test_a_prescriber_may(self, stranger):
        osei = UserFactory(roles=["prescriber"])
        opened(stranger, osei)
        assert stranger in Client.objects.visible_to(osei)

    def test_a_deactivated_or_demoted_clinician_loses_it_at_once(self, stranger, mara):
        opened(stranger, mara)
        mara.grants.update(ended_at=clock.now(), ended_by="system:tests")
        again = type(mara).objects.get(pk=mara.pk)
        assert stranger not in Client.objects.visible_to(again)

    @pytest.mark.parametrize(
        "over", [{"words": "   "}, {"words": "short"}, {"reason": ""}, {"reason": "curious"}]
    )
    def test_needs_a_reason_in_words(self, stranger, mara, over):
        with pytest.raises(Refused):
            opened(stranger, mara, **over)
        assert not BreakGlass.objects.exists()

    def test_not_where_the_chart_is_open_already(self, stranger, mara):
        opened(stranger, mara)
        with pytest.raises(Stale):
            opened(stranger, mara)
        TeamMemberFactory(client=(own := ClientFactory()), user=mara)
        with pytest.raises(Stale):
            opened(own, mara)

    def test_ends_when_she_ends_it(self, stranger, mara):
        row = opened(stranger, mara)
        break_glass.end_break_glass(emergency=row, by=mara)
        assert stranger not in Client.objects.visible_to(mara)
        with pytest.raises(Stale):
            break_glass.end_break_glass(emergency=row, by=mara)

    def test_nobody_else_ends_it(self, stranger, mara):
        row = opened(stranger, mara)
        with pytest.raises(Stale):
            break_glass.end_break_glass(emergency=row, by=UserFactory(roles=["therapist"]))

    def test_is_no_way_onto_the_care_team(self, stranger, mara):
        opened(stranger, mara)
        with pytest.raises(Refused, match="does not change the care team"):
            actions.join_team(client=stranger, user=mara, role="therapist", by=mara)


def test_psychotherapy_notes_stay_closed(client, stranger, mara):
    jonas = UserFactory(roles=["therapist"])
    TeamMemberFactory(client=stranger, user=jonas)
    note = psychotherapy.keep(
        client=stranger, note_id=uuid4(), words="Between us alone", revision=0, by=jonas
    )
    opened(stranger, mara)
    client.force_login(mara)
    assert client.get(reverse("desk:chart", args=[stranger.pk])).status_code == 200
    for place in (note.pk, uuid4()):  # one that is there and one that is not: the same answer
        for way in ("psychotherapy", "psychotherapy_lock", "psychotherapy_discard"):
            address = reverse(f"notes:{way}", args=[stranger.pk, place])
            for page in (client.get(address), client.post(address, {"words": "mine", "version": "1"})):
                assert page.status_code in (405, 409), (way, page.status_code)
                assert "Between us alone" not in page.text
    client.force_login(jonas)
    assert "Between us alone" in client.get(reverse("notes:psychotherapy", args=[stranger.pk, note.pk])).text


def test_nor_are_own_ones_written_or_read_by_emergency_access(client, stranger, mara):
    """Also not those that she wrote herself, when she was on the care team."""
    membership = TeamMemberFactory(client=stranger, user=mara)
    TeamMemberFactory(client=stranger, user=UserFactory(roles=["therapist"]))
    note = psychotherapy.keep(client=stranger, note_id=uuid4(), words="Of then", revision=0, by=mara)
    actions.leave_team(member=membership, by=mara)
    opened(stranger, mara)
    client.force_login(mara)
    assert "own-notes" not in client.get(reverse("desk:chart_tab", args=[stranger.pk, "notes"])).text
    new = reverse("notes:psychotherapy_new", args=[stranger.pk])
    pages = [client.get(reverse("notes:psychotherapy_list", args=[stranger.pk])), client.get(new)]
    pages += [client.post(new, {"note": str(uuid4()), "version": "0", "words": "By emergency"})]
    pages += [client.get(reverse("notes:psychotherapy", args=[stranger.pk, note.pk]))]
    for page in pages:
        assert page.status_code == 409
        assert "here by emergency access" in page.text
        assert "Of then" not in page.text
    for write in (
        lambda: psychotherapy.keep(
            client=stranger, note_id=uuid4(), words="By emergency", revision=0, by=mara
        ),
        lambda: psychotherapy.keep(
            client=stranger, note_id=note.pk, words="By emergency", revision=1, by=mara
        ),
        lambda: psychotherapy.lock(note=note, by=mara),
        lambda: psychotherapy.discard(note=note, by=mara),
    ):
        with pytest.raises(Refused, match="psychotherapy notes stay closed"):
            write()
    assert list(type(note).objects.values_list("pk", "revision", "locked_at")) == [(note.pk, 1, None)]


class TestTelling:
    def test_every_admin_is_told_at_once_without_a_word_of_the_record(self, stranger, mara, admin):
        opened(stranger, mara)
        message = Message.objects.get(kind="emergency_access")
        assert message.to_address == admin.email
        assert message.send_at <= clock.now()
        assert set(message.context) == {"provider", "path"}
        assert "Ana" not in str(message.context)
        assert WORDS not in str(message.context)

    def test_the_privacy_officer_is_told_where_one_is_named(self, stranger, mara, admin):
        from kap.core.models import Clinic

        Clinic.objects.update(privacy_officer_email="privacy@alderhouse.example")
        opened(stranger, mara)
        assert Message.objects.get(kind="emergency_access").to_address == "privacy@alderhouse.example"

    def test_it_waits_for_review(self, client, stranger, mara, admin):
        row = opened(stranger, mara)
        item = Item.objects.get(kind="break_glass")
        assert item in Item.objects.open().visible_to(admin)
        assert item not in Item.objects.open().visible_to(mara)
        client.force_login(admin)
        page = client.get(item.link)
        assert page.status_code == 200
        assert WORDS in page.text
        assert "Mara Quinn" in page.text
        assert client.get(reverse("people:emergency_review", args=[stranger.pk])).status_code == 404
        client.force_login(mara)
        assert client.get(reverse("people:emergency_review", args=[row.pk])).status_code == 403


class TestPages:
    def test_from_the_search_to_the_chart_and_back(self, client, stranger, mara, admin):
        client.force_login(mara)
        chart = reverse("desk:chart", args=[stranger.pk])
        assert client.get(chart).status_code == 404
        assert reverse("people:emergency") in client.get(reverse("desk:search"), {"q": "Ana"}).text
        page = client.get(reverse("people:emergency")).text
        assert "60 minutes" in page
        assert "Psychotherapy notes stay closed" in page
        assert client.post(reverse("people:emergency"), form(stranger)).url == chart
        page = client.get(chart)
        assert page.status_code == 200
        assert "Emergency access to Ana Lee until" in page.text
        row = BreakGlass.objects.get()
        assert client.post(reverse("people:emergency_end", args=[row.pk])).status_code == 302
        assert client.get(chart).status_code == 404

    def test_the_banner_stands_on_her_pages_alone(self, client, stranger, mara):
        own = ClientFactory(legal_name="Own Client")
        CourseFactory(client=own)
        TeamMemberFactory(client=own, user=mara)
        opened(stranger, mara)
        client.force_login(mara)
        words = "Emergency access to Ana Lee"
        for name in ("people:allergies", "people:medicines", "people:client", "desk:chart"):
            assert words in client.get(reverse(name, args=[stranger.pk])).text, name
            assert words not in client.get(reverse(name, args=[own.pk])).text, name
        for tab in ("timeline", "notes", "dosing", "measures", "medical", "documents", "access"):
            assert words in client.get(reverse("desk:chart_tab", args=[stranger.pk, tab])).text, tab

    def test_reads_under_it_are_marked_for_the_client_to_see(self, client, stranger, mara):
        own = ClientFactory()
        TeamMemberFactory(client=own, user=mara)
        opened(stranger, mara)
        client.force_login(mara)
        client.get(reverse("desk:chart", args=[stranger.pk]))
        client.get(reverse("desk:chart", args=[own.pk]))
        assert AccessLog.objects.get(client_id=stranger.pk, kind="chart").purpose == "emergency"
        assert AccessLog.objects.get(client_id=own.pk, kind="chart").purpose == "care"
        client.force_login(stranger.user)
        page = client.get(reverse("desk:who_opened")).text
        assert "Mara Quinn" in page
        assert "Emergency access" in page

    def test_by_full_name_and_birth_date(self, client, stranger, mara):
        client.force_login(mara)
        born = stranger.birth_date
        said = form(
            stranger, number="", name="ana  lee", birth_date_month=born.month, birth_date_day=born.day
        )
        wrong = client.post(reverse("people:emergency"), said | {"birth_date_year": born.year + 1})
        assert wrong.status_code == 422
        assert "Nobody fits exactly" in wrong.text
        assert WORDS in wrong.text
        assert AccessLog.objects.filter(kind="emergency_search", actor=mara.audit_label).exists()
        assert (
            client.post(reverse("people:emergency"), said | {"birth_date_year": born.year}).status_code == 302
        )

    def test_part_of_a_name_finds_nobody(self, stranger):
        assert break_glass.find(name="Ana", birth_date=stranger.birth_date) is None
        assert break_glass.find(name="Ana Lee") is None

    def test_two_of_one_name_and_birth_date_are_told_apart_by_number_alone(self, stranger):
        twin = ClientFactory(legal_name="Ana Lee", birth_date=stranger.birth_date)
        assert break_glass.find(name="Ana Lee", birth_date=stranger.birth_date) is None
        assert break_glass.find(number=twin.kap_number) == twin

    def test_guessing_is_slowed_down(self, client, stranger, mara):
        client.force_login(mara)
        for _ in range(10):
            client.post(reverse("people:emergency"), form(stranger, number="KAP-99999"))
        page = client.post(reverse("people:emergency"), form(stranger))
        assert "Too many tries" in page.text
        assert not BreakGlass.objects.exists()

    def test_pressing_twice_opens_once(self, client, stranger, mara):
        client.force_login(mara)
        said = form(stranger, once="7a3c4a3e-6a0e-4d2b-9f7e-0d8c3f3a1f11")
        assert client.post(reverse("people:emergency"), said).status_code == 302
        assert client.post(reverse("people:emergency"), said).status_code == 302
        assert BreakGlass.objects.count() == 1

    def test_another_persons_emergency_is_not_there_to_end(self, client, stranger, mara):
        row = opened(stranger, mara)
        client.force_login(UserFactory(roles=["therapist"]))
        assert client.post(reverse("people:emergency_end", args=[row.pk])).status_code == 404


class TestTheDatabase:
    def refused(self, statement, *values):
        with pytest.raises(Error) as caught, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
        return str(caught.value)

    def row(self, client, user, **over):
        now = clock.now()
        return BreakGlass(**{
            "client": client, "user": user, "reason": "danger", "words": WORDS, "opened_at": now,
            "until": now + timedelta(minutes=60), **over,
        })  # fmt: skip

    @pytest.mark.parametrize(
        "over,name",
        [
            ({"until": clock.now() + timedelta(minutes=62)}, "emergency_lasts_an_hour_at_most"),
            ({"until": clock.now() - timedelta(minutes=1)}, "emergency_lasts_an_hour_at_most"),
            ({"words": "  "}, "emergency_reason_has_words"),
            ({"reason": "curious"}, "emergency_reason_is_known"),
            ({"ended_at": clock.now() - timedelta(hours=9)}, "emergency_ends_after_it_began"),
        ],
    )
    def test_refuses_what_must_not_be(self, stranger, mara, over, name):
        if "until" in over:
            over["opened_at"] = clock.now()
            over["until"] = over["opened_at"] + (
                timedelta(minutes=61) if over["until"] > clock.now() else -timedelta(1)
            )
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            self.row(stranger, mara, **over).save()

    def test_cannot_be_made_longer_changed_reopened_or_removed(self, stranger, mara):
        row = opened(stranger, mara)
        one = "WHERE id = %s"
        assert "can only be ended" in self.refused(
            f"UPDATE people_breakglass SET until = until - interval '1 minute' {one}", row.pk
        )
        assert "can only be ended" in self.refused(
            f"UPDATE people_breakglass SET words = 'other words' {one}", row.pk
        )
        break_glass.end_break_glass(emergency=row, by=mara)
        assert "can only be ended" in self.refused(
            f"UPDATE people_breakglass SET ended_at = NULL {one}", row.pk
        )
        assert "Cannot delete" in self.refused(f"DELETE FROM people_breakglass {one}", row.pk)
