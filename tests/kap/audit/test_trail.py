"""The viewer: who, what kind, which fields, when, from where; never a value of the record."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kap.audit import kept, trail, verify
from kap.audit.models import AccessLog
from kap.core import clock
from kap.core.actions import System
from kap.desk.trail import lines as lines_of
from kap.notes.psychotherapy import actions as psychotherapy
from kap.people import actions as people
from tests.factories.core import ClinicFactory
from tests.factories.people import ClientFactory, TeamMemberFactory, UserFactory

pytestmark = pytest.mark.django_db
AUDIT = reverse("desk:audit")
TESTS = System("tests")


@pytest.fixture
def admin(client):
    ClinicFactory()
    user = UserFactory(roles=["admin"], name="Office Admin")
    client.force_login(user)
    return user


@pytest.fixture
def mara():
    return UserFactory(roles=["therapist"], name="Mara Quinn", email="mara@alderhouse.example")


def wanted(**over):
    now = clock.now()
    return trail.Wanted(**{"since": now - timedelta(days=9), "until": now + timedelta(days=1), **over})


def seen(**over):
    return trail.entries(wanted(**over), 500)


class TestWhatItSays:
    def test_a_change_names_actor_verb_client_and_fields_but_no_value(self, mara):
        client = people.add_client(legal_name="Ana Lee", by=mara)
        people.update_client(client=client, phone="3105550100", chosen_name="Secretname", by=mara)
        (entry,) = seen(kind="people_clientevent", verb="people.update_client")
        assert (entry.actor, entry.client, entry.did) == (mara.audit_label, str(client.pk), "update")
        assert set(entry.changed) == {"phone", "chosen name"}
        assert "Secretname" not in str(entry)
        assert "3105550100" not in str(entry)

    def test_the_client_is_known_by_the_row_also_where_the_action_could_not_say(self, mara):
        client = people.add_client(legal_name="Ana Lee", by=mara)
        (entry,) = seen(kind="people_clientevent")
        assert entry.client == str(client.pk)

    def test_what_is_insert_only_carries_its_actor_too(self, mara):
        from tests.factories.documents import signed

        document = signed()
        found = seen(kind="documents_signature")
        assert [entry.verb for entry in found] == ["documents.sign_request"]
        assert found[0].actor == document.client.user.audit_label
        assert found[0].client == str(document.client_id)

    def test_address_and_request_are_those_of_the_page(self, client, admin):
        client.post(reverse("desk:settings_clinic"), {
            "name": "Alder House", "zone": "America/Los_Angeles", "phone": "1", "email": "a@alderhouse.example",
            "address": "1 Alder Street", "crisis_phone": "988", "crisis_words": "Call 988",
        }, REMOTE_ADDR="203.0.113.9")  # fmt: skip
        (entry,) = seen(verb="core.change_clinic")
        assert entry.address == "203.0.113.9"
        assert len(entry.request) == 32

    def test_what_only_happened_is_not_called_opened(self, mara):
        AccessLog.objects.create(actor=mara.audit_label, kind="pin_wrong", purpose="account")
        AccessLog.objects.create(actor=mara.audit_label, kind="chart")
        said = {line.what: line.did for line in lines_of(seen(kind=trail.READS))}
        assert said == {"pin wrong": "", "chart": "opened"}

    def test_openings_stand_among_the_writes(self, client, admin):
        shown = ClientFactory()
        client.get(reverse("people:client", args=[shown.pk]), REMOTE_ADDR="203.0.113.9")
        (entry,) = seen(kind=trail.READS, client=str(shown.pk))
        assert (entry.what, entry.actor, entry.address) == ("details", admin.audit_label, "203.0.113.9")


class TestPsychotherapyNotes:
    """Who reads the audit may not learn that a client has one; who checks it still finds one that is tampered with."""

    @pytest.fixture
    def kept_one(self, mara):
        shown = people.add_client(legal_name="Ana Lee", by=mara)
        TeamMemberFactory(client=shown, user=mara)
        note = psychotherapy.keep(client=shown, note_id=uuid4(), words="Between us", revision=0, by=mara)
        return psychotherapy.lock(note=note, by=mara)

    def test_neither_page_nor_table_tells_that_there_is_one(self, client, admin, mara, kept_one):
        page = client.get(AUDIT)
        table = client.get(reverse("desk:audit_csv")).text
        assert "Client added" in page.text
        assert "people.add_client" in table
        lines = [*page.context["lines"], *lines_of(seen(client=str(kept_one.client_id)))]
        assert {"people.add_client"} <= {line.entry.verb for line in lines}
        for text in (table, *(" ".join(line.cells()) for line in lines)):
            assert "psychotherapy" not in text.lower()
            assert str(kept_one.pk) not in text

    @pytest.mark.parametrize(
        "said", [{"kind": "notes_psychotherapynoteevent"}, {"verb": "psychotherapy.keep"}]
    )
    def test_nor_can_it_be_asked_for(self, client, admin, kept_one, said):
        assert client.get(AUDIT, said).status_code == 422
        assert client.get(reverse("desk:audit_csv"), said).status_code == 422
        assert seen(**said) == []

    def test_its_history_is_sealed_and_verified_all_the_same(self, kept_one):
        private = [one for one in kept.tables() if one.is_private]
        assert [one.of for one in private] == [type(kept_one)]
        type(kept_one).history.rel.related_model.objects.create(
            id=uuid4(), pgh_obj_id=uuid4(), pgh_label="update", client_id=kept_one.client_id,
            author_id=kept_one.author_id, locked_at=clock.now(),
        )  # fmt: skip
        found = [str(one) for one in verify.newest_rows(verify.Count()) if "psychotherapy" in str(one)]
        assert len(found) == 1


class TestFilters:
    def test_by_person_client_kind_verb_and_period(self, mara):
        one, other = (people.add_client(legal_name=name, by=mara) for name in ("Ana Lee", "Bo Kim"))
        people.update_client(client=one, phone="1", by=mara)
        people.update_client(client=other, phone="1", by=TESTS)
        assert {entry.actor for entry in seen(person=mara.audit_label)} == {mara.audit_label}
        assert {entry.client for entry in seen(client=str(one.pk))} == {str(one.pk)}
        assert {entry.table for entry in seen(kind="people_clientevent")} == {"people_clientevent"}
        assert {entry.verb for entry in seen(verb="people.update_client")} == {"people.update_client"}
        assert len(seen(verb="people.update_client")) == 2
        assert seen(until=clock.now() - timedelta(days=1)) == []

    def test_the_form_takes_names_numbers_and_days(self, client, admin, mara):
        shown = people.add_client(legal_name="Ana Lee", by=mara)
        page = client.get(AUDIT, {"person": "mara", "client": shown.kap_number, "kind": "people_clientevent"})
        assert page.status_code == 200
        assert "Mara Quinn" in page.text
        assert "Client added" in page.text
        assert "People: add client" in page.text
        tomorrow = (clock.now() + timedelta(days=2)).date().isoformat()
        later = client.get(AUDIT, {"since": tomorrow, "until": tomorrow})
        assert "Nothing in this period" in later.text

    @pytest.mark.parametrize(
        "said", [{"person": "nobody"}, {"client": "KAP-99999"}, {"kind": "x'; --"}, {"verb": "no"}]
    )
    def test_what_cannot_be_meant_is_said(self, client, admin, said):
        page = client.get(AUDIT, said)
        assert page.status_code == 422
        assert (
            next(iter(said.values())).replace("'", "&#x27;") in page.text or "kind" in said or "verb" in said
        )

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ({"client": "Ana Lee"}, "Client: write the KAP number"),
            (
                {"since": "2026-11-30", "until": "2026-11-01"},
                "Until: choose the same day as From, or a later one",
            ),
        ],
    )
    def test_a_filter_that_cannot_be_used_is_never_left_out_silently(self, client, admin, said, words):
        page = client.get(AUDIT, said)
        assert page.status_code == 422
        assert words in page.text

    def test_a_place_of_somebody_elses_making_is_the_first_page(self, client, admin):
        assert client.get(AUDIT, {"below": "2026~x'; DROP TABLE x; --~1"}).status_code == 200


class TestPages:
    def test_by_key_nothing_is_shown_twice_or_left_out(self, mara):
        for n in range(12):
            client = people.add_client(legal_name=f"Ana Lee{n}", by=mara)
            AccessLog.objects.create(actor=mara.audit_label, client_id=client.pk, kind="chart")
        every = seen()
        walked, below = [], None
        while page := trail.entries(wanted(below=below), 5):
            walked += page
            below = trail.Place.read(str(page[-1].place))
        assert [entry.place for entry in walked] == [entry.place for entry in every]
        assert len({entry.place for entry in walked}) == len(walked) >= 24

    def test_as_many_queries_with_a_thousand_rows_as_with_ten(self, client, admin, mara):
        def ask():
            with CaptureQueriesContext(
                connection,
            ) as asked:
                assert client.get(AUDIT).status_code == 200
            return len(asked)

        def grow(n):
            for _ in range(n):
                shown = people.add_client(legal_name="Ana Lee", by=mara)
                people.update_client(client=shown, phone="1", by=UserFactory(roles=["therapist"]))
            AccessLog.objects.bulk_create(
                AccessLog(actor=mara.audit_label, client_id=shown.pk, kind="chart") for _ in range(n * 10)
            )

        grow(5)
        client.get(AUDIT)
        few = ask()
        grow(100)
        assert ask() == few

    def test_looking_is_written_down(self, client, admin):
        shown = ClientFactory()
        client.get(AUDIT, {"client": shown.kap_number})
        row = AccessLog.objects.get(kind="audit")
        assert (row.client_id, row.actor, row.purpose) == (shown.pk, admin.audit_label, "operations")

    def test_it_is_for_the_admin_alone_and_in_her_menu(self, client, admin, mara):
        assert AUDIT in client.get(reverse("desk:settings")).text
        for user in (mara, UserFactory(roles=["prescriber"]), UserFactory(roles=["client"])):
            client.force_login(user)
            assert client.get(AUDIT).status_code == 403
            assert client.get(reverse("desk:audit_csv")).status_code == 403

    def test_a_table_that_is_cut_says_so(self, client, admin, mara, monkeypatch):
        for _ in range(6):
            people.add_client(legal_name="Ana Lee", by=mara)
        whole = client.get(reverse("desk:audit_csv")).text
        assert "There is more" not in whole
        monkeypatch.setattr("kap.desk.views.trail.EXPORTED", 3)
        rows = client.get(reverse("desk:audit_csv")).text.strip().splitlines()
        assert len(rows) == 5
        assert "There is more. These are the newest 3" in rows[-1]

    def test_the_table_runs_no_formula_in_a_spreadsheet(self, client, admin):
        evil = UserFactory(roles=["therapist"], name="=HYPERLINK(1)")
        people.add_client(legal_name="Ana Lee", by=evil)
        text = client.get(reverse("desk:audit_csv")).content.decode()
        assert "'=HYPERLINK(1)" in text
        assert '"=HYPERLINK' not in text
        assert AccessLog.objects.filter(kind="audit_export").exists()
