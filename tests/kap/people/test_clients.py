"""Clients: entering, changing, contacts, what they take and react to."""

import threading
from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from kap.accounts.models import User
from kap.core.actions import System
from kap.core.errors import Refused, Stale
from kap.outbox.models import Message
from kap.people import actions
from kap.people.models import Client
from tests.factories.core import ClinicFactory
from tests.factories.people import (
    ClientFactory,
    ContactFactory,
    MedicineFactory,
    TeamMemberFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    ClinicFactory()
    return UserFactory(roles=["admin"], name="Ada Admin")


@pytest.fixture
def mara():
    return UserFactory(roles=["therapist"], name="Mara Quinn")


def test_a_client_gets_the_next_number_and_needs_no_e_mail(admin):
    first = actions.add_client(legal_name=" June Ashworth ", by=admin)
    second = actions.add_client(legal_name="Theo Kask", by=admin)
    assert (first.legal_name, first.email, first.user) == ("June Ashworth", "", None)
    assert second.number == first.number + 1
    assert first.added_by == admin.audit_label


@pytest.mark.parametrize("role", ["prescriber", "monitor", "client"])
def test_others_do_not_enter_clients(role):
    with pytest.raises(PermissionDenied):
        actions.add_client(legal_name="June Ashworth", by=UserFactory(roles=[role]))


@pytest.mark.django_db(transaction=True)
def test_twenty_clients_at_once_get_twenty_numbers_without_a_gap():
    ClinicFactory()

    def add(n):
        try:
            actions.add_client(legal_name=f"Client {n}", by=System("tests"))
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=(n,)) for n in range(20)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(Client.objects.values_list("number", flat=True)) == list(range(1, 21))


def test_an_unknown_detail_is_a_programming_error(admin):
    with pytest.raises(TypeError, match="number"):
        actions.add_client(legal_name="June Ashworth", number=7, by=admin)


def test_a_client_changes_her_own_details_but_nobody_elses(admin):
    june = ClientFactory(with_user=True)
    actions.update_client(client=june, pronouns="she/her", by=june.user)
    june.refresh_from_db()
    assert june.pronouns == "she/her"
    with pytest.raises(PermissionDenied):
        actions.update_client(client=ClientFactory(), pronouns="she/her", by=june.user)


def test_the_way_to_sign_in_moves_with_the_e_mail_only_when_staff_change_it(admin):
    june = ClientFactory(with_user=True, email="june@mail.example")
    actions.update_client(client=june, email="slip@mail.example", by=june.user)
    assert User.objects.get(pk=june.user_id).email == "june@mail.example"
    actions.update_client(client=june, email="ashworth@mail.example", by=admin)
    assert User.objects.get(pk=june.user_id).email == "ashworth@mail.example"
    with pytest.raises(Refused, match="This client signs in by email"):
        actions.update_client(client=june, email="", by=admin)
    with pytest.raises(Refused, match="already"):
        actions.update_client(client=june, email=admin.email.upper(), by=admin)


def test_an_invited_client_gets_an_account_and_a_letter(admin):
    june = ClientFactory(email="june@mail.example")
    actions.invite_client(client=june, by=admin)
    june.refresh_from_db()
    assert june.user.roles == {"client"}
    message = Message.objects.get(kind="client_invitation")
    assert (message.to_address, message.client) == ("june@mail.example", june)
    actions.invite_client(client=june, by=admin)
    assert User.objects.filter(email="june@mail.example").count() == 1


def test_without_an_e_mail_there_is_no_account(admin):
    with pytest.raises(Refused, match="Enter an email address"):
        actions.give_account(client=ClientFactory(email=""), by=admin)


def test_a_driver_is_an_adult_and_everybody_plays_a_part(admin):
    june = ClientFactory()
    given = {"name": "Sam Ashworth", "relation": "Brother", "phone": "3105550187"}
    with pytest.raises(Refused, match="at least one"):
        actions.add_contact(client=june, **given, by=admin)
    with pytest.raises(Refused, match="18 or older"):
        actions.add_contact(client=june, **given, is_driver=True, by=admin)
    sam = actions.add_contact(client=june, **given, is_driver=True, is_adult=True, by=admin)
    with pytest.raises(Refused, match="18 or older"):
        actions.change_contact(contact=sam, is_adult=False, by=admin)
    sam.refresh_from_db()
    assert sam.is_adult


def test_a_removed_contact_stays_on_record(admin):
    sam = ContactFactory()
    actions.end_contact(contact=sam, by=admin)
    sam.refresh_from_db()
    assert sam.ended_by == admin.audit_label
    with pytest.raises(Stale):
        actions.end_contact(contact=sam, by=admin)
    with pytest.raises(Stale):
        actions.change_contact(contact=sam, name="Samuel", by=admin)


def test_allergies_are_replaced_and_the_earlier_ones_kept(mara, at):
    ClinicFactory()
    at(2026, 11, 20, 5, 0)  # still the 19th in Los Angeles
    june = ClientFactory()
    TeamMemberFactory(client=june, user=mara)
    first = actions.set_allergies(
        client=june, rows=[{"substance": "penicillin", "reaction": "hives"}, {"substance": "latex"}], by=mara
    )
    actions.set_allergies(client=june, rows=[{"substance": "penicillin", "reaction": "hives"}], by=mara)
    live = june.allergies.filter(ended_at=None)
    assert [(a.pk, a.substance) for a in live] == [(first[1].pk, "penicillin")]
    assert june.allergies.get(substance="latex").ended_by == mara.audit_label
    june.refresh_from_db()
    assert june.allergies_checked_on == date(2026, 11, 19)


def test_none_is_an_answer_that_is_dated(mara):
    june = ClientFactory(with_user=True)
    actions.set_allergies(client=june, rows=[], by=june.user)
    june.refresh_from_db()
    assert june.allergies_checked_on is not None


def test_a_changed_dose_keeps_the_prescribers_instruction(mara):
    june = MedicineFactory(name="lorazepam", hold_words="None within 24 h before dosing").client
    row = {"name": "LORazepam", "dose_amount": Decimal("0.5"), "dose_unit": "mg", "how_often": "if needed"}
    [now] = actions.set_medicines(client=june, rows=[row], by=mara)
    assert now.hold_words == "None within 24 h before dosing"
    assert june.medicines.count() == 2


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"name": "sertraline", "dose_amount": Decimal(50)}, "enter the unit"),
        ({"name": "sertraline", "dose_amount": Decimal(-1), "dose_unit": "mg"}, "above zero"),
    ],
)
def test_a_dose_has_a_unit_and_is_above_zero(mara, row, words):
    june = ClientFactory()
    with pytest.raises(Refused, match=words):
        actions.set_medicines(client=june, rows=[row], by=mara)
    assert not june.medicines.exists()
