"""What a passkey must say to count; the browser's own part is tried in test_second_browser."""

import pytest
from django.test import Client

from kap.accounts.second import actions
from kap.accounts.second.models import CodeSheet, Factor
from kap.core import clock
from kap.outbox.models import Message
from tests.factories.core import ClinicFactory
from tests.factories.people import PASSWORD, UserFactory
from tests.kap.accounts.soft_key import HOST, SoftKey

pytestmark = pytest.mark.django_db
NEW, SECOND = "/account/second/passkey/", "/sign-in/second/"


@pytest.fixture(autouse=True)
def asked(settings):
    settings.SECOND_FACTOR = True
    ClinicFactory()


def by_password(user):
    browser = Client(SERVER_NAME=HOST)
    browser.post("/sign-in/staff/", {"email": user.email, "password": PASSWORD})
    return browser


def add(browser, key, **said):
    challenge = browser.post(f"{NEW}options/").json()
    return browser.post(NEW, {"name": "Key", "second_credential": key.made(challenge, **said)})


def knock(user, key, **said) -> int:
    browser = by_password(user)
    challenge = browser.post(f"{SECOND}challenge/").json()
    return browser.post(SECOND, {"second_credential": key.signed(challenge, **said)}).status_code


@pytest.fixture
def mara():
    return UserFactory(roles=["therapist"])


@pytest.fixture
def key(mara):
    made = SoftKey()
    assert add(by_password(mara), made, count=3).status_code == 302
    actions.make_codes(user=mara, by=mara)
    CodeSheet.objects.update(kept_at=clock.now())
    return made


@pytest.mark.parametrize("said", [{"verified": False}, {"origin": "http://localhost.evil.example"}])
def test_one_that_did_not_ask_who_holds_it_or_was_made_elsewhere_is_not_added(mara, said):
    assert add(by_password(mara), SoftKey(), **said).status_code == 422
    assert not Factor.objects.exists()


def test_the_right_one_opens(mara, key):
    assert knock(mara, key, count=4) == 302


ELSEWHERE = ("http://localhost.evil.example", "https://evil.example")


@pytest.mark.parametrize(
    "said", [{"verified": False}, *({"origin": one} for one in ELSEWHERE), *({"cut": n} for n in (0, 5, 36))]
)
def test_without_pin_or_finger_from_elsewhere_or_cut_short_it_does_not(mara, key, said):
    """A stolen key whose program leaves the PIN out, a page that passes answers on, and what is no answer at all."""
    assert knock(mara, key, **({"count": 4} | said)) == 422


def test_an_answer_counts_once(mara, key):
    browser = by_password(mara)
    answer = key.signed(browser.post(f"{SECOND}challenge/").json(), count=4)
    assert browser.post(SECOND, {"second_credential": answer}).status_code == 302
    assert by_password(mara).post(SECOND, {"second_credential": answer}).status_code == 422
    other = by_password(mara)
    other.post(f"{SECOND}challenge/")
    assert other.post(SECOND, {"second_credential": answer}).status_code == 422


@pytest.mark.parametrize("count", [0, 2, 3])
def test_a_copy_that_counts_from_earlier_on_is_refused_and_its_owner_told(mara, key, count):
    assert knock(mara, key, count=count) == 422
    message = Message.objects.filter(kind="sign_in_changed").latest("id")
    assert "looks like a copy of your passkey Key" in message.context["what"]


def test_each_use_must_count_further(mara, key):
    assert knock(mara, key, count=9) == 302
    assert knock(mara, key, count=9) == 422
    assert knock(mara, key, count=8) == 422
    assert knock(mara, key, count=10) == 302


def test_one_that_does_not_count_is_as_good(mara):
    key = SoftKey()
    add(by_password(mara), key)
    assert knock(mara, key) == 302
    assert knock(mara, key) == 302
