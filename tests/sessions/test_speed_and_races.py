"""The same number of queries with 10 and with 1,000 rows; and two people at once."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kap.core import clock
from kap.core.errors import Refused
from scheduling.models import Appointment, Attendee, StaffOn
from sessions import actions
from sessions.flowsheet import stamp
from sessions.models import Administration, DosingSession, Observation, Vitals
from tests.factories.dosing import PIN, checked, dosed, opened, ready_to_dose, started
from tests.factories.pathway import CourseFactory
from tests.factories.people import TeamMemberFactory


def readings(scene, count):
    now = clock.now()
    Vitals.objects.bulk_create(
        Vitals(
            session=scene.session, measured_at=now, recorded_at=now, recorded_by=scene.monitor, phase="during",
            systolic_mmhg=130, diastolic_mmhg=80, heart_rate_bpm=80, spo2_percent=97, moaas=5, entry_key=uuid4(),
        ) for _n in range(count)
    )  # fmt: skip
    Observation.objects.bulk_create(
        Observation(
            session=scene.session,
            words="Calm.",
            observed_at=now,
            recorded_at=now,
            recorded_by=scene.therapist,
        )
        for _n in range(count)
    )


def queries(client, url) -> int:
    client.get(url)  # what is asked once per process
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(url).status_code == 200
    return len(asked)


@pytest.mark.django_db
def test_the_cockpit_asks_as_much_with_1000_rows_as_with_10(client):
    scene = ready_to_dose()
    dosed(scene)
    client.force_login(scene.monitor)
    url = reverse("dosing:session", args=[scene.session.pk])
    readings(scene, 5)
    few = queries(client, url)
    readings(scene, 500)
    assert queries(client, url) == few
    assert few <= 40


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


@pytest.mark.django_db
def test_the_rooms_ask_as_much_with_1000_rows_as_with_10(client):
    scene = ready_to_dose()
    client.force_login(scene.monitor)
    more_rooms(scene, 10)
    few = queries(client, reverse("dosing:rooms"))
    more_rooms(scene, 990)
    assert queries(client, reverse("dosing:rooms")) == few
    assert few <= 20


def more_rooms(scene, count):
    """Appointments of today, written straight into the tables; a handful of clients share them."""
    courses = [CourseFactory() for _n in range(3)]
    for course in courses:
        TeamMemberFactory(client=course.client, user=scene.monitor)
    first = scene.appointment
    made = Appointment.objects.bulk_create(
        Appointment(
            service=first.service, location=first.location, room=first.room, mode="in_person", starts_at=first.starts_at,
            ends_at=first.ends_at + timedelta(minutes=n % 60), route="sl", setting="in_clinic", booked_by="system:tests",
        ) for n in range(count)
    )  # fmt: skip
    Attendee.objects.bulk_create(
        Attendee(appointment=one, client=courses[n % 3].client, course=courses[n % 3])
        for n, one in enumerate(made)
    )
    StaffOn.objects.bulk_create(
        StaffOn(appointment=one, provider=scene.monitor_provider, role="monitor") for one in made
    )


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
