"""Two hundred people press the same button; sixteen desks book at random. One wins, nobody breaks, nothing overlaps."""

import http.client
import multiprocessing
import os
import random
import re
import string
import threading
import time
from collections import Counter
from datetime import timedelta
from html import unescape
from urllib.parse import quote, urlencode

import pytest
from django.db import connection, connections
from django.test import Client as Http
from django.urls import reverse

from kap.core.errors import Refused
from kap.ops.stack import stack
from scheduling import actions
from scheduling.models import Appointment
from scheduling.refusals import Taken
from tests.factories.core import ClinicFactory
from tests.factories.people import ClientFactory, ProviderFactory, UserFactory
from tests.factories.scheduling import RoomFactory, tomorrow, working_clinic, works

REQUESTS, WEB = 200, 8
DESKS, BOOKINGS = 16, 1000


def database_url() -> str:
    live = connections["default"].settings_dict
    login = f"{quote(live['USER'])}:{quote(live['PASSWORD'], safe='')}"
    return f"postgres://{login}@{live['HOST']}:{live['PORT']}/{live['NAME']}"


def signed_in(user) -> str:
    browser = Http()
    browser.force_login(user)
    return browser.cookies["kap_session"].value


def press(port: int, session: str, body: dict, start: threading.Barrier, answers: list) -> None:
    token = "".join(random.choices(string.ascii_letters + string.digits, k=32))
    headers = {
        "Cookie": f"kap_session={session}; kap_csrf={token}", "X-CSRFToken": token,
        "Content-Type": "application/x-www-form-urlencoded",
    }  # fmt: skip
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=240)
    start.wait()
    wire.request("POST", "/book/", urlencode(body), headers)
    response = wire.getresponse()
    answers.append((response.status, response.getheader("Location"), unescape(response.read().decode())))
    wire.close()


def other_times(page: str) -> set[str]:
    near = page[page.index("The nearest free times") :]
    return {value.partition("~")[0] for value in re.findall(r'name="slot" value="([^"]+)"', near)}


@pytest.mark.django_db(transaction=True)
def test_two_hundred_staff_want_one_slot_and_one_gets_it(tmp_path):
    ClinicFactory()
    clinic = working_clinic()
    sessions = [signed_in(UserFactory(roles=["admin"])) for _n in range(REQUESTS)]
    clients = [ClientFactory() for _n in range(REQUESTS)]
    slot = tomorrow(11, days=3).isoformat()
    body = {
        "service": "preparation", "location": clinic.location.pk, "mode": "in_person", "seat0": clinic.therapist.pk,
        "slot": f"{slot}~{clinic.therapist.pk}",
    }  # fmt: skip
    connections.close_all()
    with stack(database_url(), os.environ["REDIS_URL"], folder=tmp_path, web=WEB, names=("web",)) as running:
        start, answers = threading.Barrier(REQUESTS), []
        desks = [
            threading.Thread(
                target=press, args=(running.port, session, {**body, "client": client.pk}, start, answers)
            )
            for session, client in zip(sessions, clients, strict=True)
        ]
        for desk in desks:
            desk.start()
        for desk in desks:
            desk.join()
        log = running.log("web")
    assert Counter(status for status, *_rest in answers) == {302: 1, 409: REQUESTS - 1}, log[-3000:]
    made = Appointment.objects.get()
    assert next(to for status, to, _page in answers if status == 302) == reverse(
        "scheduling:appointment", args=[made.pk]
    )
    for status, _to, page in answers:
        if status == 409:
            times = other_times(page)
            assert len(times) == 3
            assert slot not in times


def desk(seed: int, wanted: int, clinic, providers, rooms, clients, by, answers) -> None:
    """One process, one connection: book at random and count what happened."""
    connections.close_all()  # the parent's connection is not ours to use
    dice, said = random.Random(seed), Counter()
    for _n in range(wanted):
        try:
            actions.book(
                service=clinic.service("preparation"), client=dice.choice(clients), location=clinic.location,
                starts_at=tomorrow(8, days=dice.randint(2, 6)) + timedelta(minutes=15 * dice.randint(0, 43)),
                mode="in_person", room=dice.choice(rooms), staff=[(dice.choice(providers), "therapist")], by=by,
            )  # fmt: skip
            said["booked"] += 1
        except Taken:
            said["taken"] += 1
        except Refused as refused:
            said[str(refused)] += 1
        except Exception as broken:  # what must not happen is reported, not swallowed
            said[f"broken: {broken!r}"] += 1
    connections.close_all()
    answers.put(said)


OVERLAPS = """
    SELECT count(*) FROM scheduling_reservation a JOIN scheduling_reservation b
        ON a.resource_id = b.resource_id AND a.id < b.id AND a.during && b.during
    WHERE a.live AND b.live
"""


@pytest.mark.django_db(transaction=True)
def test_sixteen_desks_book_a_thousand_random_pairs_without_overlap_or_deadlock():
    ClinicFactory()
    clinic, by = working_clinic(), UserFactory(roles=["admin"])
    providers = [ProviderFactory(roles=["therapist"], credentialed=True) for _n in range(12)]
    for provider in providers:
        works(provider, clinic.location)
    rooms = [RoomFactory(location=clinic.location) for _n in range(12)]
    clients = [ClientFactory() for _n in range(60)]
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    answers = fork.Queue()
    shares = [BOOKINGS // DESKS + (n < BOOKINGS % DESKS) for n in range(DESKS)]
    desks = [
        fork.Process(target=desk, args=(n, share, clinic, providers, rooms, clients, by, answers))
        for n, share in enumerate(shares)
    ]
    began = time.monotonic()
    for one in desks:
        one.start()
    said = sum((answers.get(timeout=120) for _one in desks), Counter())
    for one in desks:
        one.join()
    assert set(said) == {"booked", "taken"}, said
    assert said.total() == BOOKINGS
    assert said["booked"] == Appointment.objects.count() >= 100
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM scheduling_reservation WHERE live")
        assert cursor.fetchone() == (3 * said["booked"],), "client, provider and room of each"
    print(f"{said} in {time.monotonic() - began:.0f} s")
