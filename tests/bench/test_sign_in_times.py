"""`make bench`: does the time of an answer tell whether an address is known? Known and unknown in turn, in one run.

Prints the medians and their ratio; the promise is less than 5 % (docs/security.md). No time is asserted: what makes
the times alike is asserted in tests/kap/accounts.
"""

import statistics
import time

import pytest
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.test import Client

from kap.accounts.models import User
from tests.factories.core import ClinicFactory
from tests.factories.people import ClientFactory, UserFactory

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]
TIMES = 500
PEOPLE = 10
WRONG = "not the right words at all"


@pytest.fixture
def house(settings):
    """Passwords are hashed as in production; half a minute of waiting at the other doors is too long for 500."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    settings.EVEN_SECONDS = 0.3
    ClinicFactory()
    staff = UserFactory.create_batch(PEOPLE, roles=["therapist"])
    User.objects.update(password=make_password("correct horse battery staple"))
    clients = [ClientFactory(with_user=True).user for _ in range(PEOPLE)]
    return [one.email for one in staff], [one.email for one in clients]


def timed(path: str, email: str) -> float:
    """Milliseconds of one answer to a browser that comes for the first time, with no limit near."""
    cache.clear()
    User.objects.filter(failures__gt=50).update(failures=0)
    browser = Client(raise_request_exception=False)
    if path == "/sign-in/code/":
        browser.post("/sign-in/", {"email": email})
    else:
        browser.get(path)
    start = time.perf_counter()
    answer = browser.post(path, {"email": email, "password": WRONG, "code": "000000"})
    taken = time.perf_counter() - start
    assert answer.status_code in (200, 302, 422), answer.status_code
    return taken * 1000


def test_time_tells_nothing_about_an_address(house):
    staff, clients = house
    doors = (("/sign-in/staff/", staff, TIMES), ("/sign-in/", clients, TIMES // 5), ("/sign-in/code/", clients, TIMES // 5),
             ("/password/forgotten/", staff, TIMES // 5))  # fmt: skip
    print(f"\n{'':24}{'known':>10}{'unknown':>12}   ratio   answers")
    for path, known, times in doors:
        found = {"known": [], "unknown": []}
        for place in range(times):
            for kind in ("known", "unknown") if place % 2 else ("unknown", "known"):
                name = known[place % PEOPLE] if kind == "known" else f"nobody{place}@alderhouse.example"
                found[kind].append(timed(path, name))
        one, other = (statistics.median(found[kind]) for kind in ("known", "unknown"))
        print(f"{path:24}{one:7.1f} ms{other:9.1f} ms{one / other:8.3f}   2 x {times}")
