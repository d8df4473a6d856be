"""Password, PIN, forgotten password, brightness."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.urls import reverse

from kap.accounts import actions, pins
from kap.audit.models import AccessLog
from kap.core import clock
from kap.core.errors import Refused
from kap.outbox.models import Message
from tests.factories.core import ClinicFactory
from tests.factories.people import PASSWORD, ClientFactory, UserFactory

pytestmark = pytest.mark.django_db
NEW = "seven green bicycles sing"


@pytest.fixture
def mara():
    ClinicFactory()
    return UserFactory(roles=["therapist"], email="mara@alderhouse.example", name="Mara Quinn")


def change(client, **data):
    return client.post(
        "/account/password/", {"password": PASSWORD, "new_password": NEW, "again": NEW, **data}
    )


def test_a_changed_password_keeps_this_session_and_ends_the_others(client, mara):
    tablet = Client()
    client.force_login(mara)
    tablet.force_login(mara)
    assert change(client).status_code == 302
    assert client.get("/account/").status_code == 200
    assert tablet.get("/account/").status_code == 302
    mara.refresh_from_db()
    assert mara.check_password(NEW)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"password": "something quite different"}, "This is not your password"),
        ({"again": "seven green bicycles hum"}, "The two passwords differ"),
        ({"new_password": "short", "again": "short"}, "at least 15 characters"),
        ({"new_password": "mara@alderhouse.example", "again": "mara@alderhouse.example"}, "too similar"),
    ],
)
def test_a_refused_password_says_why(client, mara, data, words):
    client.force_login(mara)
    answer = change(client, **data)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_guessing_the_password_at_an_open_screen_is_limited(client, mara):
    client.force_login(mara)
    for _ in range(5):
        change(client, password="guess guess guess guess")
    assert "Too many tries" in change(client).content.decode()


def reset_path():
    return Message.objects.filter(kind="password_reset").latest("id").context["path"]


def test_a_forgotten_password_is_replaced_by_an_e_mailed_link_that_works_once(client, mara):
    client.post("/password/forgotten/", {"email": "MARA@alderhouse.example"})
    path = reset_path()
    assert client.post(path, {"new_password": NEW, "again": NEW}).status_code == 302
    mara.refresh_from_db()
    assert mara.check_password(NEW)
    assert client.get(path).status_code == 410


@pytest.mark.parametrize(
    "what", ["an hour", "deactivated", "no longer staff", "signed in", "another address"]
)
def test_a_link_for_a_new_password_ends_with_what_it_was_for(client, mara, monkeypatch, what):
    client.post("/password/forgotten/", {"email": mara.email})
    path, now = reset_path(), datetime.now()
    assert client.get(path).status_code == 200
    monkeypatch.setattr(default_token_generator, "_now", lambda: now + timedelta(minutes=59))
    assert client.get(path).status_code == 200
    if what == "an hour":
        monkeypatch.setattr(default_token_generator, "_now", lambda: now + timedelta(minutes=61))
    elif what == "deactivated":
        type(mara).objects.update(is_active=False)
    elif what == "no longer staff":
        mara.grants.update(ended_at=clock.now(), ended_by="system:tests")
    elif what == "signed in":
        Client().post("/sign-in/staff/", {"email": mara.email, "password": PASSWORD})
    else:
        type(mara).objects.update(email="quinn@alderhouse.example")
    assert client.get(path).status_code == 410
    assert client.post(path, {"new_password": NEW, "again": NEW}).status_code == 410
    mara.refresh_from_db()
    assert not mara.check_password(NEW)


def test_the_answer_is_the_same_for_unknown_addresses_and_for_clients(client, mara):
    ClientFactory(with_user=True, email="jordan@mail.example")
    known = client.post("/password/forgotten/", {"email": "mara@alderhouse.example"}).content.decode()
    assert Message.objects.count() == 1
    for email in ("nobody@alderhouse.example", "jordan@mail.example"):
        other = client.post("/password/forgotten/", {"email": email}).content.decode()
        assert email in other
        assert len(other) - len(email) == len(known) - len("mara@alderhouse.example")
    assert Message.objects.count() == 1


@pytest.mark.parametrize("path", ["/password/new/x/y/", "/password/new/MTIz/abc-def/"])
def test_a_mangled_link_is_an_ended_link(client, mara, path):
    assert client.get(path).status_code == 410


def set_pin(client, pin, again=None, password=PASSWORD):
    return client.post("/account/pin/", {"password": password, "pin": pin, "again": again or pin})


def test_staff_set_a_pin_and_it_proves_them(client, mara):
    client.force_login(mara)
    assert set_pin(client, "480215").status_code == 302
    mara.refresh_from_db()
    assert "480215" not in mara.pin
    assert pins.proves(mara, "480215")
    assert not pins.proves(mara, "480216")


@pytest.mark.parametrize("pin", ["123", "1234567", "12a4", "1111", "1234", "9876", "٤٨٠٢"])
def test_a_weak_pin_is_refused(client, mara, pin):
    client.force_login(mara)
    assert set_pin(client, pin).status_code == 422
    mara.refresh_from_db()
    assert not mara.pin


def test_wrong_pins_are_limited(mara):
    mara.set_pin("480215")
    for _ in range(5):
        assert not pins.proves(mara, "000001")
    with pytest.raises(Refused, match="Too many tries"):
        pins.proves(mara, "480215")


def test_clients_have_neither_password_nor_pin(client, mara):
    client.force_login(ClientFactory(with_user=True).user)
    assert client.get("/account/").status_code == 200
    assert client.get("/account/password/").status_code == 302
    assert client.get("/account/pin/").status_code == 403


def test_brightness_is_kept_for_the_desk_and_for_the_room_apart(client, mara):
    answer = client.post(reverse("accounts:theme"), {"theme": "dark", "next": "/account/"})
    assert answer["Location"] == "/account/"
    assert client.cookies["kap_theme"].value == "dark"
    client.post(reverse("accounts:theme"), {"theme": "light", "for": "room"})
    assert client.cookies["kap_room_theme"].value == "light"
    assert client.cookies["kap_theme"].value == "dark"
    client.post(reverse("accounts:theme"), {"theme": ""})
    assert client.cookies["kap_theme"].value == ""
    client.post(reverse("accounts:theme"), {"theme": "<script>", "next": "//evil.example"})
    assert client.cookies["kap_theme"].value == ""


def test_a_new_password_and_a_new_pin_are_on_record_without_their_words(mara):
    actions.change_password(user=mara, password="seventeen quiet herons", by=mara)
    actions.set_pin(user=mara, pin="480215", by=mara)
    rows = AccessLog.objects.filter(object_id=str(mara.pk), purpose="account").order_by("id")
    assert [(row.kind, row.actor) for row in rows] == [
        ("password_changed", mara.audit_label),
        ("pin_changed", mara.audit_label),
    ]
