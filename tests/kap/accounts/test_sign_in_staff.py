"""Staff sign in by email and password."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kap.accounts import limits
from kap.audit.models import AccessLog
from kap.core import clock
from kap.core.hashers import QuickArgon2
from tests.factories.core import ClinicFactory
from tests.factories.people import PASSWORD, ClientFactory, UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/sign-in/staff/"


@pytest.fixture
def mara():
    ClinicFactory()
    return UserFactory(roles=["therapist"], email="mara@alderhouse.example", name="Mara Quinn")


def signed_in(client):
    return "_auth_user_id" in client.session


def knock(client, email="mara@alderhouse.example", password="not the right words at all", **extra):
    return client.post(PAGE, {"email": email, "password": password}, **extra)


def test_right_password_opens_the_session_and_is_logged(client, mara):
    answer = client.post(PAGE, {"email": "MARA@alderhouse.example", "password": PASSWORD})
    assert answer.status_code == 302
    assert signed_in(client)
    assert AccessLog.objects.filter(kind="sign_in", actor=mara.audit_label).count() == 1


def test_the_page_that_was_asked_for_comes_after_it(client, mara):
    answer = client.post(PAGE, {"email": mara.email, "password": PASSWORD, "next": "/staff/?page=2"})
    assert answer["Location"] == "/staff/?page=2"


def test_an_address_elsewhere_is_never_gone_on_to(client, mara):
    answer = client.post(PAGE, {"email": mara.email, "password": PASSWORD, "next": "https://evil.example/"})
    assert "evil" not in answer["Location"]


def test_known_and_unknown_accounts_get_the_same_answer(client, mara):
    known, unknown = knock(client), knock(client, email="nobody@alderhouse.example")
    assert known.status_code == unknown.status_code == 422
    words = b"Email or password does not fit"
    assert words in known.content
    assert words in unknown.content


def test_deactivated_staff_and_clients_do_not_pass_by_password(client, mara):
    mara.is_active = False
    mara.save()
    assert knock(client, password=PASSWORD).status_code == 422
    someone = ClientFactory(with_user=True).user
    assert knock(client, email=someone.email, password=PASSWORD).status_code == 422
    assert not signed_in(client)


def test_typing_survives_but_the_password_does_not_come_back(client, mara):
    answer = knock(client)
    assert b"mara@alderhouse.example" in answer.content
    assert b"not the right words" not in answer.content


def test_after_five_failures_the_account_waits_and_the_page_says_how_long(client, mara):
    for _ in range(5):
        assert knock(client).status_code == 422
    answer = knock(client, password=PASSWORD)
    assert answer.status_code == 429
    assert b"Wait 5 minutes" in answer.content
    assert not signed_in(client)


def test_an_unknown_account_waits_just_the_same(client, mara):
    for _ in range(5):
        knock(client, email="nobody@alderhouse.example")
    assert knock(client, email="nobody@alderhouse.example").status_code == 429


def test_the_wait_ends(client, mara, at):
    at(2026, 11, 19, 14, 0)
    for _ in range(6):
        knock(client)
    at(2026, 11, 19, 14, 5, 1)
    assert knock(client, password=PASSWORD).status_code == 302


def test_one_address_waits_after_twenty_failures_whoever_it_tries(client, mara):
    for n in range(20):
        assert knock(client, email=f"n{n}@alderhouse.example").status_code == 422
    assert knock(client, password=PASSWORD).status_code == 429
    assert knock(client, password=PASSWORD, REMOTE_ADDR="203.0.113.9").status_code == 302


def test_signing_in_often_is_no_failure(client, mara):
    for _ in range(25):
        assert knock(client, password=PASSWORD).status_code == 302
        client.post(reverse("accounts:sign_out"))


def test_signing_out_ends_the_session_and_clears_the_browser(client, mara):
    client.force_login(mara)
    answer = client.post(reverse("accounts:sign_out"))
    assert not signed_in(client)
    assert "cache" in answer["Clear-Site-Data"]
    assert client.get(reverse("accounts:sign_out")).status_code == 405


def test_a_withdrawn_role_ends_with_the_next_request(client, mara):
    client.force_login(mara)
    mara.grants.update(ended_at=clock.now(), ended_by="system:tests")
    assert client.get(reverse("accounts:pin")).status_code == 403


def test_the_door_remembers_who_signs_in_by_password(client, mara):
    knock(client, password=PASSWORD)
    client.post(reverse("accounts:sign_out"))
    assert client.get("/sign-in/?next=/staff/")["Location"] == "/sign-in/staff/?next=%2Fstaff%2F"
    assert client.get("/sign-in/?code=instead").status_code == 200


def test_anonymous_people_are_sent_to_the_door_and_back(client, mara):
    assert client.get("/account/password/")["Location"] == "/sign-in/?next=%2Faccount%2Fpassword%2F"


def test_a_page_that_saves_by_itself_is_told_that_it_is_signed_out(client, mara):
    assert client.post("/account/password/", headers={"X-Autosave": "1"}).status_code == 401


def test_limits_count_a_hundred_tries_one_by_one():
    limit = limits.Limit("test", 3, 60)
    assert [limits.spend(limit, "a") > 0 for _ in range(5)] == [False, False, False, True, True]
    limits.give_back(limit, "a")
    assert limits.spend(limit, "A ") == 0


def work(client, monkeypatch, email) -> tuple[int, list[str]]:
    """How often a password was hashed, and what the database was asked, for one wrong password."""
    hashed = []
    for name in ("encode", "verify"):
        real = getattr(QuickArgon2, name)
        monkeypatch.setattr(
            QuickArgon2, name, lambda *args, _real=real, **kw: (hashed.append(1), _real(*args, **kw))[1]
        )
    with CaptureQueriesContext(connection) as asked:
        assert knock(client, email=email).status_code == 422
    monkeypatch.undo()
    return len(hashed), [re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in asked]


def test_known_and_unknown_accounts_cost_one_hash_and_the_same_queries(client, mara, monkeypatch):
    """So that the time tells nothing; `make bench` measures it."""
    locked, gone = (UserFactory(roles=["therapist"]) for _ in range(2))
    locked.locked_at = clock.now()
    locked.save()
    gone.is_active = False
    gone.save()
    knock(client, email="anybody@alderhouse.example")  # what is asked only once
    nobody = work(client, monkeypatch, "nobody@alderhouse.example")
    assert nobody[0] == 1
    assert len(nobody[1]) > 10
    for user in (mara, locked, gone, ClientFactory(with_user=True).user):
        hashed, asked = work(client, monkeypatch, user.email)
        assert hashed == 1
        assert asked == nobody[1]
