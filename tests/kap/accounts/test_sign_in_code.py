"""Clients sign in by an emailed link plus a six-digit code."""

import time

import pytest

from kap.accounts.models import SignInCode
from kap.outbox.models import Message
from tests.factories.core import ClinicFactory
from tests.factories.people import ClientFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def jordan():
    ClinicFactory()
    return ClientFactory(with_user=True, email="jordan@mail.example", legal_name="Jordan Avery").user


def ask(client, email="jordan@mail.example", **data):
    return client.post("/sign-in/", {"email": email, **data})


def mailed():
    """(path, code) of the newest email."""
    message = Message.objects.filter(kind="sign_in_code").order_by("-id").first()
    return message.context["path"], message.context["code"]


def signed_in(client):
    return "_auth_user_id" in client.session


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def test_the_code_can_be_typed_in_the_browser_that_asked(client, jordan):
    assert ask(client)["Location"] == "/sign-in/code/"
    assert client.post("/sign-in/code/", {"code": mailed()[1]}).status_code == 302
    assert signed_in(client)


def test_the_mail_goes_to_her_and_holds_link_and_code_alone(client, jordan):
    ask(client)
    message = Message.objects.get(kind="sign_in_code")
    assert message.to_address == "jordan@mail.example"
    assert set(message.context) == {"path", "code"}


def test_the_link_alone_shows_only_a_box_for_the_code(client, jordan):
    ask(client)
    path, code = mailed()
    page = client.get(path)
    assert page.status_code == 200
    assert code.encode() not in page.content
    assert not signed_in(client)


def test_link_and_code_open_the_session_in_another_browser(client, jordan):
    from django.test import Client

    ask(client, next="/account/")
    path, code = mailed()
    phone = Client()
    answer = phone.post(path, {"code": code})
    assert answer["Location"] == "/account/"
    assert signed_in(phone)
    assert not signed_in(client)


@pytest.mark.parametrize("typed", ["{0} {1}", " {0}-{1}\n", "code: {0}{1}"])
def test_a_pasted_code_may_have_spaces_around_and_inside(client, jordan, typed):
    ask(client)
    path, code = mailed()
    assert client.post(path, {"code": typed.format(code[:3], code[3:])}).status_code == 302


def test_known_and_unknown_addresses_get_the_same_page(client, jordan):
    pages = []
    for email in ("jordan@mail.example", "nobody@mail.example"):
        assert ask(client, email)["Location"] == "/sign-in/code/"
        page = client.get("/sign-in/code/").content.decode().replace(email, "X")
        pages.append(
            [line for line in page.splitlines() if "csrf" not in line.lower() and "data-now" not in line]
        )
    assert pages[0] == pages[1]
    assert Message.objects.count() == 1


def _plain(page: str) -> str:
    """Without what is new on every page."""
    return "\n".join(x for x in page.splitlines() if "csrf" not in x.lower() and "data-now" not in x)


@pytest.mark.parametrize("minutes", [1, 14, 15])
def test_wrong_codes_are_answered_alike_for_known_and_unknown_addresses(client, jordan, at, minutes):
    """The same words after the same number of tries, and after the same time."""
    seen = []
    for email in ("jordan@mail.example", "nobody@mail.example"):
        at(2026, 11, 19, 14, 0)
        ask(client, email)
        at(2026, 11, 19, 14, minutes, 1)
        answers = [client.post("/sign-in/code/", {"code": wrong(mailed()[1])}) for _ in range(6)]
        assert answers[-1].status_code == 410
        name = email.partition("@")[0]
        seen.append([(one.status_code, _plain(one.text).replace(name, "X")) for one in answers])
    assert seen[0] == seen[1]


@pytest.mark.parametrize("path", ["/sign-in/", "/sign-in/code/", "/password/forgotten/", "/start/register/"])
def test_an_answer_to_an_address_takes_the_same_time_at_the_least(
    client, jordan, settings, monkeypatch, path
):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    settings.EVEN_SECONDS = 30
    UserFactory(roles=["therapist"], email="mara@alderhouse.example")
    for email in ("jordan@mail.example", "mara@alderhouse.example", "nobody@mail.example"):
        ask(client, email)
        client.get(path)
        slept.clear()
        client.post(path, {"email": email, "code": "123456", "name": "Ana Lee"})
        assert len(slept) == 1
        assert 25 < slept[0] <= 30


def test_staff_get_no_code(client, jordan):
    UserFactory(roles=["therapist", "client"], email="mara@alderhouse.example")
    assert ask(client, "mara@alderhouse.example")["Location"] == "/sign-in/code/"
    assert not Message.objects.exists()


def test_a_code_works_once(client, jordan):
    ask(client)
    path, code = mailed()
    client.post(path, {"code": code})
    client.post("/sign-out/")
    again = client.post(path, {"code": code})
    assert again.status_code == 410
    assert b"Link used up" in again.content
    assert b"Send a new one" in again.content


def test_a_code_lasts_a_quarter_of_an_hour_and_the_goal_is_kept(client, jordan, at):
    at(2026, 11, 19, 14, 0)
    ask(client, next="/forms/health/")
    path, code = mailed()
    at(2026, 11, 19, 14, 15, 5)
    answer = client.post(path, {"code": code})
    assert answer.status_code == 410
    assert b"next=%2Fforms%2Fhealth%2F" in answer.content


def test_five_wrong_codes_use_the_link_up(client, jordan):
    ask(client)
    path, code = mailed()
    answers = [client.post(path, {"code": wrong(code)}).status_code for _ in range(5)]
    assert answers == [422, 422, 422, 422, 410]
    assert client.post(path, {"code": code}).status_code == 410
    assert not signed_in(client)


def test_guessing_without_the_mail_is_limited_by_account_and_leaves_the_link_working(client, jordan):
    for _ in range(2):
        ask(client)
        for _ in range(5):
            client.post("/sign-in/code/", {"code": wrong(mailed()[1])})
    ask(client)
    path, code = mailed()
    blocked = client.post("/sign-in/code/", {"code": code})
    assert blocked.status_code == 429
    assert b"Wait 60 minutes" in blocked.content
    assert client.post(path, {"code": code}).status_code == 302


def test_asking_for_codes_is_limited(client, jordan):
    for _ in range(5):
        assert ask(client).status_code == 302
    answer = ask(client)
    assert answer.status_code == 429
    assert b"Wait 15 minutes" in answer.content
    assert SignInCode.objects.count() == 5


def test_a_mistyped_address_says_how_it_looks_and_stays(client, jordan):
    answer = ask(client, "jordan at mail")
    assert answer.status_code == 422
    assert b"name@example.org" in answer.content
    assert b"jordan at mail" in answer.content


def test_too_few_digits_do_not_count_as_a_try(client, jordan):
    ask(client)
    client.post(mailed()[0], {"code": "12"})
    assert SignInCode.objects.get().attempts == 0


def test_an_unknown_link_is_a_used_up_link(client, jordan):
    assert client.get("/sign-in/link/nonsense/").status_code == 200
    assert client.post("/sign-in/link/nonsense/", {"code": "123456"}).status_code == 410


def test_a_deactivated_client_signs_in_no_more(client, jordan):
    ask(client)
    path, code = mailed()
    jordan.is_active = False
    jordan.save()
    assert client.post(path, {"code": code}).status_code == 410


def test_neither_link_nor_code_is_kept_readable(client, jordan):
    ask(client)
    path, code = mailed()
    row = SignInCode.objects.get()
    assert code not in (row.code_hash, row.link_hash)
    assert row.link_hash not in path
