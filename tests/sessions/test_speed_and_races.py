"""The same number of queries with 10 and with 1,000 rows; and two people at once."""

import threading
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kap.core.errors import Refused
from sessions import actions
from sessions.flowsheet import stamp
from sessions.models import Administration, DosingSession, Vitals
from tests.factories.dosing import PIN, checked, dosed, opened, ready_to_dose, started


@pytest.mark.django_db
def test_polling_costs_little_while_nothing_changes(client):
    scene = ready_to_dose()
    dosed(scene)
    client.force_login(scene.monitor)
    url = reverse("dosing:flow", args=[scene.session.pk])
    seen = {"seen": stamp(scene.session)}
    client.get(url, seen)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url, seen).status_code == 204
    assert len(asked) <= 7  # session, user, roles, clinic, the dosing session, its stamp


def at_once(*calls) -> list:
    """Each in a thread of its own; what each returned, or the words it was refused with."""
    answers, barrier = [None] * len(calls), threading.Barrier(len(calls))

    def run(n, call):
        barrier.wait()
        try:
            answers[n] = call()
        except Refused as error:
            answers[n] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n, call)) for n, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def one_won(answers) -> None:
    lost = [one for one in answers if isinstance(one, Refused)]
    assert len(lost) == len(answers) - 1, answers
    assert all(one.reasons for one in lost)


@pytest.mark.django_db(transaction=True)
def test_two_people_open_one_session():
    scene = ready_to_dose()
    one_won(at_once(*[
        lambda by=by: actions.open_session(appointment=scene.appointment, by=by)
        for by in (scene.monitor, scene.therapist, scene.prescriber)
    ]))  # fmt: skip
    assert DosingSession.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_start_one_medicine():
    scene = ready_to_dose()
    checked(scene)
    one_won(at_once(*[
        lambda by=by: actions.start(session=scene.session, by=by) for by in (scene.monitor, scene.prescriber)
    ]))  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_two_people_record_one_dose():
    scene = ready_to_dose()
    started(scene)
    one_won(at_once(*[
        lambda by=by: actions.give(session=scene.session, dose_mg=150, witness=scene.therapist, pin=PIN, by=by)
        for by in (scene.monitor, scene.prescriber)
    ]))  # fmt: skip
    assert Administration.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_entry_sent_by_two_connections_is_one_row():
    scene = ready_to_dose()
    opened(scene)
    key = uuid4()
    answers = at_once(*[
        lambda: actions.record_vitals(session=scene.session, entry_key=key, values={"heart_rate_bpm": 72}, by=scene.monitor)
        for _n in range(4)
    ])  # fmt: skip
    assert {one.pk for one in answers} == {Vitals.objects.get().pk}
