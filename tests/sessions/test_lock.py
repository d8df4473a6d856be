"""A tablet in a room where a session is under way locks when nothing is done, and never signs out."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from kap.core import clock
from kap.people.models import TeamMember
from sessions import lock
from sessions.flowsheet import Flowsheet
from sessions.models import Vitals
from tests.factories.dosing import PIN, checked, dosed, ready_to_dose, started
from tests.factories.people import PASSWORD

pytestmark = pytest.mark.django_db
DOSE_AT = datetime(2026, 11, 19, 21, 10, tzinfo=UTC)
IDLE = timedelta(minutes=15, seconds=1)


@pytest.fixture
def tablet(settings):
    settings.SESSION_LIMITS = True
    clock.move_to(DOSE_AT)
    scene = ready_to_dose()
    dosed(scene, 150)
    scene.monitor.refresh_from_db()
    browser = Client()
    browser.force_login(scene.monitor)
    assert browser.get(cockpit(scene)).status_code == 200
    return scene, browser


def cockpit(scene) -> str:
    return reverse("dosing:session", args=[scene.session.pk])


def state(browser) -> dict:
    return browser.get("/session/state/").json()


def unlock(browser, secret):
    return browser.post("/session/locked/", {"secret": secret}, HTTP_ACCEPT="application/json")


@pytest.mark.parametrize("secret", [PIN, PASSWORD])
def test_it_locks_and_the_same_person_goes_on_by_pin_or_password(tablet, secret):
    scene, browser = tablet
    clock.advance(IDLE)
    assert browser.get(cockpit(scene))["Location"].startswith("/session/locked/")
    assert unlock(browser, "1111").status_code == 422
    assert unlock(browser, secret).json()["state"] == "open"
    assert browser.get(cockpit(scene)).status_code == 200


def test_the_lock_says_room_and_times_and_no_name(tablet):
    scene, browser = tablet
    clock.advance(IDLE)
    told = state(browser)
    assert told["state"] == "locked"
    [room] = told["rooms"]
    assert room["room"] == scene.session.appointment.room.name
    assert datetime.fromisoformat(room["since"]) == scene.session.first_dose_at
    assert datetime.fromisoformat(room["due"]) == Flowsheet(scene.session).next_due
    assert set(room) == {"id", "room", "dosed", "since", "due"}
    page = browser.get("/session/locked/").content.decode()
    for words in (scene.client.legal_name, scene.client.kap_number, scene.monitor.name, "150 mg"):
        assert words not in page
        assert words not in str(told)
    assert room["room"] in page
    assert "Next vitals" in page


def test_polling_keeps_no_tablet_open(tablet):
    scene, browser = tablet
    for _ in range(91):
        clock.advance(timedelta(seconds=10))
        answer = browser.get(
            reverse("dosing:flow", args=[scene.session.pk]), HTTP_HX_REQUEST="true", HTTP_X_AUTOMATIC="1"
        )
    assert answer.status_code == 401


def test_a_reading_sent_while_locked_is_refused_and_goes_through_after_unlocking(tablet):
    scene, browser = tablet
    clock.advance(IDLE)
    url = reverse("dosing:vitals", args=[scene.session.pk])
    reading = {"entry_key": "5f0c1f1e-7f8f-4d3f-9a0e-3a3a3a3a3a3a", "systolic_mmhg": "131", "diastolic_mmhg": "82",
               "measured_at": clock.now().isoformat()}  # fmt: skip
    assert browser.post(url, reading, HTTP_X_ROOM="1").status_code == 401
    assert not Vitals.objects.filter(systolic_mmhg=131).exists()
    unlock(browser, PIN)
    assert browser.post(url, reading, HTTP_X_ROOM="1", HTTP_X_AS=str(scene.monitor.pk)).status_code == 200
    assert Vitals.objects.get(systolic_mmhg=131).recorded_by == scene.monitor


def test_a_reading_of_one_person_is_never_recorded_as_another_s(tablet):
    scene, browser = tablet
    browser.force_login(scene.therapist)
    url = reverse("dosing:vitals", args=[scene.session.pk])
    answer = browser.post(
        url, {"entry_key": "5f0c1f1e-7f8f-4d3f-9a0e-3a3a3a3a3a3b", "systolic_mmhg": "131", "diastolic_mmhg": "82"},
        HTTP_X_ROOM="1", HTTP_X_AS=str(scene.monitor.pk),
    )  # fmt: skip
    assert answer.status_code == 401
    assert not Vitals.objects.filter(systolic_mmhg=131).exists()


def test_twelve_hours_do_not_sign_out_in_the_middle_of_a_session_but_right_after_it(tablet):
    scene, browser = tablet
    for _ in range(73):
        clock.advance(timedelta(minutes=10))
        assert browser.get(cockpit(scene)).status_code == 200
    clock.advance(IDLE)
    assert state(browser)["state"] == "locked"
    assert unlock(browser, PIN).json()["state"] == "open"
    browser.get(cockpit(scene))
    type(scene.session).objects.filter(pk=scene.session.pk).update(
        ended_at=clock.now(), ended_by=scene.therapist, outcome="discharged"
    )
    assert browser.get("/account/")["Location"].startswith("/sign-in/")


def test_the_pin_no_longer_unlocks_once_the_session_has_ended(tablet):
    scene, browser = tablet
    clock.advance(IDLE)
    assert state(browser)["pin"] is True
    type(scene.session).objects.filter(pk=scene.session.pk).update(
        ended_at=clock.now(), ended_by=scene.therapist, outcome="discharged"
    )
    assert state(browser)["pin"] is False
    assert unlock(browser, PIN).status_code == 422
    assert unlock(browser, PASSWORD).json()["state"] == "open"


def test_a_room_whose_session_has_not_started_is_no_live_room(settings):
    settings.SESSION_LIMITS = True
    clock.move_to(DOSE_AT)
    scene = ready_to_dose()
    checked(scene)
    assert lock.rooms(scene.monitor, [str(scene.session.pk)]) == []
    started(scene)
    assert [one["due"] for one in lock.rooms(scene.monitor, [str(scene.session.pk)])] == [None]


def test_somebody_else_at_the_tablet_gets_neither_room_nor_lock(tablet):
    scene, browser = tablet
    clock.advance(IDLE)
    state(browser)
    browser.force_login(scene.prescriber)
    assert "kap_rooms" not in browser.session
    assert state(browser)["user"] == str(scene.prescriber.pk)


def test_who_no_longer_sees_the_client_has_no_room_to_keep_open(tablet):
    scene, _tablet = tablet
    ids = [str(scene.session.pk)]
    assert lock.rooms(scene.monitor, ids)
    TeamMember.objects.filter(client=scene.client, user=scene.monitor).update(until=clock.now())
    clock.advance(IDLE)
    assert lock.rooms(scene.monitor, ids) == []
