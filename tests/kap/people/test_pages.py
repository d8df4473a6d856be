"""Pages of clients and of the roster: who may, what is said, how many questions are put to the database."""

from datetime import timedelta

import pytest

from kap.audit.models import AccessLog
from kap.core import clock
from kap.people.models import Client, Credential, Provider
from tests.factories.core import ClinicFactory
from tests.factories.people import (
    ClientFactory,
    ContactFactory,
    CredentialFactory,
    MedicineFactory,
    ProviderFactory,
    TeamMemberFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    ClinicFactory()
    return UserFactory(roles=["admin"])


@pytest.fixture
def june():
    ClinicFactory()
    return ClientFactory(legal_name="June Ashworth")


@pytest.fixture
def mara(june):
    return TeamMemberFactory(client=june, user=UserFactory(roles=["therapist"], name="Mara Quinn")).user


def pages(june):
    contact = ContactFactory(client=june)
    return [
        f"/clients/{june.pk}/details/",
        f"/clients/{june.pk}/details/edit/",
        f"/clients/{june.pk}/contacts/new/",
        f"/clients/{june.pk}/contacts/{contact.pk}/",
        f"/clients/{june.pk}/contacts/{contact.pk}/end/",
        f"/clients/{june.pk}/team/",
        f"/clients/{june.pk}/allergies/",
        f"/clients/{june.pk}/medicines/",
    ]


def test_her_therapist_opens_every_page_and_each_is_logged(client, june, mara):
    client.force_login(mara)
    for path in pages(june):
        before = AccessLog.objects.filter(client_id=june.pk).count()
        assert client.get(path).status_code == 200, path
        assert AccessLog.objects.filter(client_id=june.pk).count() == before + 1, path


def test_another_therapist_finds_nothing(client, june, mara):
    client.force_login(UserFactory(roles=["therapist"]))
    for path in pages(june):
        assert client.get(path).status_code == 404, path


def test_anonymous_people_are_sent_to_the_door(client, june):
    for path in pages(june):
        assert client.get(path)["Location"].startswith("/sign-in/"), path


def test_an_admin_sees_who_she_is_but_nothing_clinical(client, june, admin):
    client.force_login(admin)
    answers = {path: client.get(path).status_code for path in pages(june)}
    assert [path for path, status in answers.items() if status != 200] == [
        f"/clients/{june.pk}/allergies/",
        f"/clients/{june.pk}/medicines/",
    ]
    assert "Medicines checked" not in client.get(f"/clients/{june.pk}/details/").content.decode()


def test_a_client_has_no_staff_pages(client, june):
    client.force_login(UserFactory(roles=["client"]))
    assert {client.get(path).status_code for path in pages(june)} == {403}


def test_changed_details_are_saved_and_wrong_ones_kept_on_the_page(client, june, mara):
    client.force_login(mara)
    given = {
        "legal_name": "June Ashworth", "chosen_name": "Juno", "birth_date_month": "Aug", "birth_date_day": "3",
        "birth_date_year": "1984", "phone": "(310) 555-0142", "state": "CA", "email_ok": "on",
    }  # fmt: skip
    assert client.post(f"/clients/{june.pk}/details/edit/", given).status_code == 302
    june.refresh_from_db()
    assert (june.chosen_name, june.birth_date.year) == ("Juno", 1984)
    wrong = client.post(
        f"/clients/{june.pk}/details/edit/",
        {**given, "birth_date_day": "31", "birth_date_month": "feb", "phone": "12"},
    )
    assert wrong.status_code == 422
    assert "there is no such date" in wrong.content.decode()
    assert "with its area code" in wrong.content.decode()
    assert 'value="feb"' in wrong.content.decode()


def test_a_contact_is_added_once_however_often_the_button_is_pressed(client, june, mara):
    client.force_login(mara)
    given = {
        "name": "Sam Ashworth", "relation": "Brother", "phone": "3105550187", "is_driver": "on", "is_adult": "on",
        "once": "3f5bdc0e-6a0c-4f0a-9d77-0a3b8c6f2f10",
    }  # fmt: skip
    one = client.post(f"/clients/{june.pk}/contacts/new/", given)
    two = client.post(f"/clients/{june.pk}/contacts/new/", given)
    assert one["Location"] == two["Location"]
    assert june.contacts.count() == 1


def test_a_contact_of_another_client_is_not_found(client, june, mara):
    client.force_login(mara)
    other = ContactFactory()
    assert client.get(f"/clients/{june.pk}/contacts/{other.pk}/").status_code == 404


def rows(*lines, initial=0):
    data = {"form-TOTAL_FORMS": len(lines), "form-INITIAL_FORMS": initial}
    return data | {f"form-{n}-{key}": value for n, line in enumerate(lines) for key, value in line.items()}


def test_medicines_are_edited_line_by_line(client, june, mara):
    MedicineFactory(client=june, name="sertraline", why="mood")
    client.force_login(mara)
    kept = {"name": "sertraline", "dose_amount": "50", "dose_unit": "mg", "how_often": "once a day"}
    path = f"/clients/{june.pk}/medicines/"
    added = {"name": "lisinopril", "dose_amount": "10", "dose_unit": "mg", "how_often": "every morning"}
    assert client.post(path, rows(kept, added, initial=1)).status_code == 302
    assert june.medicines.filter(ended_at=None).count() == 2
    assert june.medicines.count() == 2  # the unchanged one stayed
    wrong = client.post(path, rows({**kept, "dose_unit": ""}, initial=1))
    assert wrong.status_code == 422
    assert "Unit: write it" in wrong.content.decode()
    assert (
        client.post(
            path, rows({**kept, "name": "", "dose_amount": "", "dose_unit": "", "how_often": ""}, initial=1)
        ).status_code
        == 302
    )
    assert not june.medicines.filter(ended_at=None).exists()


def test_invite_to_sign_in(client, june, mara):
    client.force_login(mara)
    assert client.post(f"/clients/{june.pk}/details/invite/").status_code == 302
    june.refresh_from_db()
    assert june.user.email == june.email


def test_adding_a_client_is_one_page_of_the_pathway(client, mara):
    client.force_login(mara)
    assert client.get("/clients/new/")["Location"] == "/enquiries/new/"


class TestRoster:
    @pytest.mark.parametrize("role", ["therapist", "prescriber", "monitor", "client"])
    def test_only_admins_keep_it(self, client, admin, role):
        client.force_login(UserFactory(roles=[role]))
        assert client.get("/roster/").status_code == 403

    def test_it_says_who_is_blocked_and_why(self, client, admin):
        today = clock.now().date()
        well = ProviderFactory(roles=["therapist"], credentialed=True, user__name="Mara Quinn")
        CredentialFactory(provider=well, kind="bls", expires_on=today + timedelta(20))
        late = ProviderFactory(roles=["prescriber"], user__name="Kwame Osei")
        CredentialFactory(provider=late, kind="licence")
        CredentialFactory(provider=late, kind="dea", number="AB1234563", expires_on=today - timedelta(3))
        client.force_login(admin)
        page = client.get("/roster/").content.decode()
        assert "All in date" in page
        assert "No evaluations, orders or dosing as prescriber: no DEA registration in force" in page
        own = client.get(f"/roster/{late.pk}/").content.decode()
        assert "Cannot be booked or sign" in own

    def test_a_provider_is_added_from_a_staff_member(self, client, admin):
        user = UserFactory(roles=["therapist"], name="Mara Quinn")
        client.force_login(admin)
        assert "Mara Quinn" in client.get("/roster/").content.decode()
        answer = client.post(
            "/roster/new/",
            {"user": user.pk, "title": "LMFT", "colour": "2", "buffer_minutes": "10", "bookable": "on"},
        )
        provider = Provider.objects.get(user=user)
        assert answer["Location"] == f"/roster/{provider.pk}/"
        assert "No credentials on record" in client.get(answer["Location"]).content.decode()

    def test_credentials_are_added_and_ended(self, client, admin):
        provider = ProviderFactory(roles=["prescriber"])
        client.force_login(admin)
        path = f"/roster/{provider.pk}/credentials/"
        given = {
            "kind": "dea", "number": "AB1234563", "state": "CA", "issued_on": "2026-01-01", "expires_on": "2029-01-01",
        }  # fmt: skip
        wrong = client.post(f"{path}new/", {**given, "number": "AB1234560", "expires_on": "2025-01-01"})
        assert wrong.status_code == 422
        assert "last digit does not fit" in wrong.content.decode()
        assert "choose a day after" in wrong.content.decode()
        assert client.post(f"{path}new/", given).status_code == 302
        held = Credential.objects.get()
        assert "No evaluations, orders" in client.get(f"{path}{held.pk}/end/").content.decode()
        assert client.post(f"{path}{held.pk}/end/").status_code == 302
        assert client.post(f"{path}{held.pk}/end/").status_code == 404

    def test_details_of_a_provider_change(self, client, admin):
        provider = ProviderFactory(roles=["prescriber"])
        client.force_login(admin)
        given = {"title": "MD", "npi": "1234567893", "colour": "3", "buffer_minutes": "15"}
        assert client.post(f"/roster/{provider.pk}/edit/", given).status_code == 302
        provider.refresh_from_db()
        assert (provider.npi, provider.bookable) == ("1234567893", False)
        wrong = client.post(f"/roster/{provider.pk}/edit/", {**given, "npi": "1234567890"})
        assert wrong.status_code == 422


def test_sound_alike_names_are_found():
    for name in ("Katherine Smyth", "Theo Kask", "Cathryn Smith"):
        ClientFactory(legal_name=name)
    found = [c.legal_name for c in Client.objects.similar_to("Catherine Smith")]
    assert set(found) == {"Katherine Smyth", "Cathryn Smith"}
