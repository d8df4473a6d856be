"""A clinic of one's own: made by one command, finished in the browser."""

import re

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from kap.accounts.models import User
from kap.core.models import Clinic, ProtocolVersion
from kap.documents.models import Template
from kap.outbox.models import Message
from scheduling.models import Room, Service

pytestmark = pytest.mark.django_db
GIVEN = {
    "name": "North Harbor", "zone": "America/New_York", "phone": "(212) 555-0100", "email": "hello@harbor.test",
    "address": "1 Pier Street, New York, NY 10001", "crisis_phone": "988", "location": "Pier", "state": "NY",
    "rooms": "Sea=dosing, Sky=therapy", "admin_name": "Ada Moss", "admin_email": "ada@harbor.test", "no_input": True,
}  # fmt: skip


def found(**changes):
    call_command("first_clinic", **(GIVEN | changes))


def test_it_makes_what_the_browser_needs_to_go_on(capsys, client):
    found()
    said = capsys.readouterr().out
    assert Clinic.objects.get().zone == "America/New_York"
    assert set(Room.objects.values_list("name", "kind")) == {("Sea", "dosing"), ("Sky", "therapy")}
    assert Service.objects.count() == 7
    assert Template.objects.filter(kind="kap_consent").exists()
    assert not ProtocolVersion.objects.exists()
    assert "signs the first protocol" in said
    assert Message.objects.filter(to_address="ada@harbor.test").count() == 1

    path = re.search(r"https?://[^/]+(/\S+)", said).group(1)
    page = client.get(path, follow=True)
    words = {"password": "a harbor with long piers", "again": "a harbor with long piers"}
    names = dict.fromkeys(page.context["form"].fields, words["password"])
    client.post(page.request["PATH_INFO"], names, follow=True)
    assert User.objects.get(email="ada@harbor.test").has_usable_password()


def test_a_link_that_has_run_out_is_given_again(capsys):
    found()
    capsys.readouterr()
    call_command("first_clinic", link=True)
    assert "Ada Moss: http" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"zone": "Pacific"}, "is no time zone"),
        ({"email": "hello"}, "is no email address"),
        ({"state": "XX"}, "is no US state"),
        ({"rooms": "Sea"}, "name=therapy or name=dosing"),
        ({"name": None}, "--name: Name of the clinic"),
        ({"admin_email": " "}, "--admin-email"),
    ],
)
def test_errors_say_what_to_mend_and_nothing_is_made(changes, words):
    with pytest.raises(CommandError, match=words):
        found(**changes)
    assert not Clinic.objects.exists()


def test_there_is_only_one():
    found()
    with pytest.raises(CommandError, match="has its clinic already"):
        found()


def test_it_asks_for_what_is_not_given(monkeypatch):
    asked = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "")
    found(location=None, crisis_phone=None, no_input=False)
    assert asked == [
        "Crisis line that clients are shown [988]: ",
        "Name of the first location [Main clinic]: ",
    ]
    assert Clinic.objects.get().crisis_phone == "988"
