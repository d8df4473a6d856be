"""What somebody tries at the doors, and behind them with another's browser, link, button or number."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.core.files import uploadhandler
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from kap.accounts import actions, pins
from kap.accounts.models import SignIn
from kap.accounts.second import actions as second
from kap.accounts.second import proof
from kap.audit.models import AccessLog
from kap.core import clock
from kap.core.errors import Refused
from kap.outbox.models import Message
from kap.people import actions as people
from tests.factories.core import ClinicFactory
from tests.factories.dosing import PIN, dosed, ready_to_dose
from tests.factories.people import PASSWORD, ClientFactory, UserFactory
from tests.kap.accounts import second_steps

pytestmark = pytest.mark.django_db
STAFF_DOOR = "/sign-in/staff/"


@pytest.fixture
def mara():
    ClinicFactory()
    return UserFactory(roles=["therapist"], name="Mara Quinn")


# ---------------------------------------------------------------- a key that was planted


def _by_code(browser):
    ClinicFactory()
    email = ClientFactory(with_user=True).user.email
    browser.post("/sign-in/", {"email": email})
    code = Message.objects.filter(kind="sign_in_code").latest("id").context["code"]
    return lambda: browser.post("/sign-in/code/", {"code": code})


def _by_password(browser):
    ClinicFactory()
    user = UserFactory(roles=["therapist"])
    browser.post(STAFF_DOOR, {"email": user.email, "password": "not the right words"})
    return lambda: browser.post(STAFF_DOOR, {"email": user.email, "password": PASSWORD})


def _by_second(browser):
    ClinicFactory()
    user = second_steps.enrolled("therapist")
    browser.post(STAFF_DOOR, {"email": user.email, "password": PASSWORD})
    return lambda: browser.post("/sign-in/second/", {"second_code": second_steps.code_of(user)})


@pytest.mark.parametrize("begin", [_by_code, _by_password, _by_second])
def test_a_key_from_before_the_sign_in_is_none_afterwards(settings, begin):
    settings.SECOND_FACTOR = begin is _by_second
    browser = Client()
    finish = begin(browser)
    session = browser.session
    session["planted"] = True
    session.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    assert finish().status_code == 302
    assert browser.session["_auth_user_id"]
    assert browser.session.session_key != session.session_key
    assert not Session.objects.filter(session_key=session.session_key).exists()


# ---------------------------------------------------------------- counting


def knock(address: str) -> int:
    email = f"{uuid4().hex}@alderhouse.example"
    return Client(REMOTE_ADDR=address).post(STAFF_DOOR, {"email": email, "password": "a guess"}).status_code


def test_a_network_of_ipv6_counts_as_one_address(mara):
    """2^64 addresses of one household, each used once, are not 2^64 times twenty tries."""
    assert {knock(f"2001:db8:1:2::{n:x}") for n in range(20)} == {422}
    assert knock("2001:db8:1:2:ffff::1") == 429
    assert knock("2001:db8:1:3::1") == 422
    assert knock("203.0.113.7") == 422


def test_ipv4_within_ipv6_is_the_address_itself(mara):
    assert {knock("::ffff:203.0.113.7") for _ in range(20)} == {422}
    assert knock("203.0.113.7") == 429
    assert knock("::ffff:203.0.113.8") == 422


HERE = "203.0.113.50"


def by_address(path: str, times: int, **fields) -> list[int]:
    """What one address is answered that names another account each time."""
    found = []
    for n in range(times):
        said = {"email": f"one{n}@mail.example", **fields}
        found.append(Client(REMOTE_ADDR=HERE).post(path, said).status_code)
    return found


@pytest.mark.parametrize(
    ("path", "most"),
    [("/sign-in/", 20), ("/password/forgotten/", 20), (STAFF_DOOR, 20), ("/start/register/", 10)],
)
def test_who_tries_many_accounts_from_one_address_waits(mara, path, most):
    found = by_address(path, most + 1, password="a guess", name="Some Body")
    assert 429 not in found[:most]
    assert found[most] == 429
    assert Client(REMOTE_ADDR="203.0.113.51").post(path, {"email": "two@mail.example"}).status_code != 429


@pytest.mark.parametrize("path", ["/sign-in/", "/password/forgotten/"])
def test_nobodys_mailbox_is_filled_from_many_addresses(path):
    ClinicFactory()
    user = ClientFactory(with_user=True).user if path == "/sign-in/" else UserFactory(roles=["therapist"])
    found = [
        Client(REMOTE_ADDR=f"203.0.113.{n}").post(path, {"email": user.email}).status_code for n in range(6)
    ]
    assert found[5] == 429
    assert 429 not in found[:5]
    assert Message.objects.filter(to_address=user.email).count() == 5


def test_who_types_codes_for_many_accounts_from_one_address_waits(mara):
    """Asked for from everywhere, typed in one place; the link's page counts with it."""
    found = []
    for n in range(8):
        browser = Client()
        browser.post("/sign-in/", {"email": f"one{n}@mail.example"}, REMOTE_ADDR=f"203.0.113.{n}")
        found += [
            browser.post("/sign-in/code/", {"code": "123456"}, REMOTE_ADDR=HERE).status_code for _ in range(5)
        ]
    assert 429 not in found
    assert Client(REMOTE_ADDR=HERE).post("/sign-in/link/nonsense/", {"code": "123456"}).status_code == 429


def test_who_tries_second_factors_of_many_people_from_one_address_waits(settings):
    settings.SECOND_FACTOR = True
    ClinicFactory()
    found = []
    for n in range(5):
        user, browser = second_steps.enrolled("therapist"), Client()
        browser.post(STAFF_DOOR, {"email": user.email, "password": PASSWORD}, REMOTE_ADDR=f"203.0.113.{n}")
        for _ in range(4):
            page = browser.post("/sign-in/second/", {"second_code": "000000"}, REMOTE_ADDR=HERE)
            found.append("Too many tries" in page.text)
    assert not any(found)
    right = {"second_code": second_steps.code_of(user)}
    assert "Too many tries" in browser.post("/sign-in/second/", right, REMOTE_ADDR=HERE).text


def twenty_wrong_pins(person, at, moment):
    """One each two minutes, so that the limit of minutes is never met; yields after each."""
    for n in range(20):
        at(moment + timedelta(minutes=2 * n))
        assert not pins.proves(person, "0001")
        yield n


def test_a_pin_is_not_tried_out_over_days(mara, at):
    """Five in five minutes alone would go through all PINs of four digits within a week."""
    mara.set_pin(PIN)
    mara.save()
    moment = at(2026, 11, 19, 8, 0)
    for n in twenty_wrong_pins(mara, at, moment):
        if n % 4 == 2:
            assert pins.proves(mara, PIN), "a right one between them passes"
    at(moment + timedelta(hours=3))
    with pytest.raises(Refused, match="Too many wrong PINs for Mara Quinn today"):
        pins.proves(mara, PIN)
    other = UserFactory(roles=["monitor"])
    other.set_pin("8306")
    assert pins.proves(other, "8306")
    at(moment + timedelta(hours=25))
    assert pins.proves(mara, PIN)


def test_a_new_pin_ends_the_waiting(mara, at):
    mara.set_pin(PIN)
    mara.save()
    assert len(list(twenty_wrong_pins(mara, at, at(2026, 11, 19, 8, 0)))) == 20
    actions.set_pin(user=mara, pin="6194", by=mara)
    mara.refresh_from_db()
    assert pins.proves(mara, "6194")


def test_a_wrong_pin_in_the_room_is_on_record_with_who_sat_there():
    scene = ready_to_dose()
    with pytest.raises(Refused, match="is not"):
        dosed(scene, pin="0001")
    row = AccessLog.objects.get(kind="pin_wrong")
    assert row.actor == scene.monitor.audit_label
    assert row.object_id == str(scene.therapist.pk)


def test_a_clinic_whose_admins_are_all_locked_is_opened_from_its_server(client, monkeypatch, at):
    """Anybody may send a hundred wrong passwords; nobody inside could let the admins in again."""
    ClinicFactory()
    moment = at(2026, 11, 19, 8, 0)
    admin = UserFactory(roles=["admin"])
    for n in range(second.FAILURES):
        at(moment + timedelta(minutes=2 * n))
        client.post(STAFF_DOOR, {"email": admin.email, "password": "a guess"})
    at(moment + timedelta(hours=5))
    said = {"email": admin.email, "password": PASSWORD}
    assert client.post(STAFF_DOOR, said).status_code == 422
    with pytest.raises(CommandError, match="No staff account"):
        call_command("let_in", "nobody@alderhouse.example")
    call_command("let_in", admin.email.upper())
    assert client.post(STAFF_DOOR, said).status_code == 302
    with pytest.raises(CommandError, match="is not locked"):
        call_command("let_in", admin.email)


# ---------------------------------------------------------------- a disk that somebody would fill


def file_of(megabytes: float) -> SimpleUploadedFile:
    return SimpleUploadedFile("big.bin", b"x" * int(megabytes * 1024 * 1024))


def test_a_large_file_is_refused_before_it_is_read(client, mara):
    assert (
        client.post(STAFF_DOOR, {"email": mara.email, "password": PASSWORD, "f": file_of(3)}).status_code
        == 400
    )
    assert "_auth_user_id" not in client.session


def test_a_small_one_is_read_past_and_kept_nowhere(client, mara, monkeypatch):
    kept = []
    for name in ("TemporaryUploadedFile", "InMemoryUploadedFile"):
        monkeypatch.setattr(uploadhandler, name, lambda *args, **more: kept.append(args))
    answer = client.post(STAFF_DOOR, {"email": mara.email, "password": PASSWORD, "f": file_of(1)})
    assert answer.status_code == 302
    assert not answer.wsgi_request.FILES
    assert kept == []


# ---------------------------------------------------------------- another's button, browser and link


def test_the_token_of_somebody_elses_button_leads_nowhere_of_hers(client):
    ClinicFactory()
    dana, kit = (UserFactory(roles=["admin"]) for _ in range(2))
    said = {"name": "New One", "email": "new@alderhouse.example", "roles": ["monitor"], "once": str(uuid4())}
    client.force_login(dana)
    assert client.post("/staff/invite/", said).url == "/staff/"
    client.force_login(kit)
    answer = client.post("/staff/invite/", said | {"email": "other@alderhouse.example"})
    assert answer.url == "/"
    client.force_login(dana)
    assert client.post("/staff/invite/", said).url == "/staff/"


def test_what_the_locked_person_proved_serves_nobody_else(client, settings, at, mara):
    """She has her recovery codes; who signs in over her lock has none, and is held to it."""
    settings.SECOND_FACTOR = settings.SESSION_LIMITS = True
    moment = at(clock.now())
    first, other = second_steps.enrolled("therapist"), UserFactory(roles=["therapist"])
    second_steps.enrol(other, kept=False)
    second_steps.sign_in(client, first)
    assert client.get("/account/").status_code == 200
    session = client.session
    session["kap_on_behalf"] = ["of a client of hers"]
    session.save()
    at(moment + timedelta(minutes=16))
    assert "/session/locked/" in client.get("/account/").url
    second_steps.sign_in(client, other)
    assert client.session["_auth_user_id"] == str(other.pk)
    assert "kap_on_behalf" not in client.session
    assert client.get("/account/").url == reverse("accounts:factors")


def test_a_role_withdrawn_while_the_code_is_judged_leaves_nothing_done(client, settings, monkeypatch, at):
    settings.SECOND_FACTOR = True
    ClinicFactory()
    moment = at(clock.now())
    dana, kit = second_steps.enrolled("admin"), UserFactory(roles=["admin", "prescriber"])
    monitor = UserFactory(roles=["monitor"])
    second_steps.sign_in(client, dana)
    at(moment + timedelta(minutes=6))

    def withdrawn(*args):
        actions.change_roles(user=dana, roles=["therapist"], by=kit)
        return ""

    monkeypatch.setattr(proof, "answer", withdrawn)
    said = {"roles": ["monitor", "admin"], "second_code": "123456"}
    answer = client.post(reverse("accounts:roles", args=[monitor.pk]), said)
    assert answer.status_code == 400
    assert set(type(monitor).objects.get(pk=monitor.pk).roles) == {"monitor"}
    assert "/sign-in/" in client.get("/account/").url


def test_a_new_address_ends_what_the_old_one_opens(client):
    """Somebody else reads the old mailbox: neither a code of before nor a sign-in of before is good."""
    ClinicFactory()
    herself = ClientFactory(with_user=True)
    user, staff, before = herself.user, UserFactory(roles=["admin"]), Client()
    before.force_login(user)
    entry = SignIn.objects.create(
        user=user, session_key=before.session.session_key, ip="127.0.0.1", user_agent="x"
    )
    client.post("/sign-in/", {"email": user.email})
    context = Message.objects.filter(kind="sign_in_code").latest("id").context
    people.update_client(client=herself, email="new@mail.example", by=staff)
    assert client.post("/sign-in/code/", {"code": context["code"]}).status_code == 410
    assert client.post(context["path"], {"code": context["code"]}).status_code == 410
    assert before.get("/account/").status_code == 302
    assert not SignIn.objects.filter(pk=entry.pk).exists()


# ---------------------------------------------------------------- when the log cannot be written


@pytest.fixture
def unwritable(monkeypatch):
    def fails(*args, **kwargs):
        raise DatabaseError("read-only")

    return lambda: monkeypatch.setattr(AccessLog.objects, "bulk_create", fails)


def test_an_idle_sign_in_is_locked_also_then(client, mara, unwritable, settings, at):
    settings.SESSION_LIMITS = True
    moment = at(clock.now())
    client.force_login(mara)
    client.get("/account/")
    unwritable()
    at(moment + timedelta(minutes=16))
    assert "/session/locked/" in client.get("/account/").url
    assert "_auth_user_id" not in client.session


def test_a_sign_out_works_also_when_it_cannot_be_written_down(client, mara, unwritable):
    client.force_login(mara)
    key = client.session.session_key
    unwritable()
    assert client.get(reverse("desk:clients")).status_code == 503
    assert client.post("/sign-out/").status_code == 302
    assert not Session.objects.filter(session_key=key).exists()
