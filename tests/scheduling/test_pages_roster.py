"""The pages of hours, places and kinds of appointment: who may, and what is said before something is saved."""

import pytest
from django.urls import reverse

from tests.factories.core import ClinicFactory
from tests.factories.people import UserFactory
from tests.factories.scheduling import ServiceFactory, tomorrow
from tests.scheduling.test_pages import appointment, page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clinic(db):
    ClinicFactory()


@pytest.fixture
def mara(clinic):
    return clinic.therapist.user


def test_time_off_shows_what_it_touches_before_it_is_saved(client, clinic, desk):
    made = appointment(clinic)
    client.force_login(desk)
    day = made.starts_at.date().isoformat()
    path = reverse("scheduling:time_off_add", args=[clinic.therapist.pk])
    response = client.post(path, {"first_day": day})
    assert response.status_code == 422
    assert made.attendees.get().client.name in response.content.decode()
    assert not clinic.therapist.time_off.exists()
    assert client.post(path, {"first_day": day, "keep": "1"}).status_code == 302
    off = clinic.therapist.time_off.get()
    assert off.starts_at == tomorrow(0)
    assert client.post(reverse("scheduling:time_off_cancel", args=[off.pk])).status_code == 302


def test_a_shift_is_added_and_ended_on_the_page(client, clinic, desk, mara):
    client.force_login(desk)
    path = reverse("scheduling:shift_add", args=[clinic.monitor.pk])
    form = {
        "weekday": 0,
        "location": clinic.location.pk,
        "starts": "20:30",
        "ends": "20:00",
        "from_date": "2026-01-05",
    }
    assert client.post(path, form).status_code == 422
    assert client.post(path, {**form, "ends": "22:00"}).status_code == 302
    shift = clinic.monitor.shifts.get(ends="22:00")
    end = reverse("scheduling:shift_end", args=[shift.pk])
    assert client.get(end).status_code == 200
    assert client.post(end, {"last_day": "2026-12-31"}).status_code == 302
    assert page(client, "shifts", clinic.monitor.pk)[0].status_code == 200
    client.force_login(mara)
    assert page(client, "shifts", clinic.therapist.pk)[0].status_code == 200
    assert page(client, "shifts", clinic.monitor.pk)[0].status_code == 404
    assert client.post(path, form).status_code == 403


def test_places_and_kinds_are_the_admins(client, clinic, desk, mara):
    client.force_login(desk)
    for name in ("places", "services", "location_new"):
        assert page(client, name)[0].status_code == 200
    new = {"name": "Corona", "address": "1 Oak", "state": "CA", "zone": "America/Los_Angeles"}
    assert client.post(reverse("scheduling:location_new"), new).status_code == 302
    assert client.post(reverse("scheduling:location_new"), new).status_code == 422
    room = {"name": "Juniper", "kind": "dosing", "buffer_minutes": 15}
    assert client.post(reverse("scheduling:room_new", args=[clinic.location.pk]), room).status_code == 302
    service = ServiceFactory(code="preparation")
    form = {"name": "Preparation", "minutes": 50, "modes": ["video"], "notice_hours": 48, "offered": "on"}
    assert client.post(reverse("scheduling:service", args=[service.pk]), form).status_code == 302
    service.refresh_from_db()
    assert (service.minutes, service.modes, service.notice_hours) == (50, ["video"], 48)
    appointment(clinic, room=clinic.therapy)
    close = reverse("scheduling:room_close", args=[clinic.therapy.pk])
    client.post(close)
    clinic.therapy.refresh_from_db()
    assert clinic.therapy.closed_at is None, "something is booked there"
    client.force_login(UserFactory(roles=["therapist"]))
    assert page(client, "places")[0].status_code == 403


def test_a_new_location_begins_in_the_clinics_zone_and_in_no_state(client, clinic):
    client.force_login(UserFactory(roles=["admin"]))
    fields = client.get(reverse("scheduling:location_new")).context["form"]
    assert fields["zone"].initial == "America/Los_Angeles"
    assert fields["state"].initial is None
    assert fields.fields["state"].choices[0] == ("", "Choose a state")
