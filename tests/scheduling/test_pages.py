"""The calendar's pages: who sees what, what is free, what is said when something cannot be."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from types import SimpleNamespace

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kap.outbox.dispatch import dispatch
from kap.outbox.models import Message
from kap.people.actions import end_contact
from scheduling import actions
from scheduling.booking_page import BookingPage
from scheduling.models import Appointment, Attendee, StaffOn
from scheduling.tokens import path_for
from tests.factories.core import ClinicFactory
from tests.factories.people import ClientFactory, ContactFactory, TeamMemberFactory
from tests.factories.scheduling import LA, AppointmentFactory, ServiceFactory, at_wall, tomorrow

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _clinic(db):
    ClinicFactory()


@pytest.fixture
def mara(clinic):
    return clinic.therapist.user


def page(browser, name, /, *args, **query):
    response = browser.get(reverse(f"scheduling:{name}", args=args), query)
    return response, unescape(response.content.decode())


def appointment(clinic, **more):
    given = dict(
        location=clinic.location,
        service=ServiceFactory(code="preparation"),
        people=[(clinic.therapist, "therapist")],
    )
    return AppointmentFactory(**{**given, **more})


# --- the calendar


@pytest.mark.parametrize("view", ["day", "week"])
def test_the_calendar_shows_appointments_and_free_times_as_links(client, clinic, mara, view):
    made = appointment(clinic)
    TeamMemberFactory(client=made.attendees.get().client, user=mara)
    client.force_login(mara)
    response, text = page(client, "calendar", view=view, day=made.starts_at.date().isoformat())
    assert response.status_code == 200
    assert reverse("scheduling:appointment", args=[made.pk]) in text
    assert made.attendees.get().client.name in text
    assert reverse("scheduling:book") + "?at=" in text


def test_somebody_elses_client_is_shown_as_busy_without_name_or_link(client, clinic):
    made = appointment(clinic)
    client.force_login(clinic.monitor.user)
    _response, text = page(client, "calendar", day=made.starts_at.date().isoformat())
    assert "Busy" in text
    assert made.attendees.get().client.legal_name not in text
    assert str(made.pk) not in text
    assert page(client, "appointment", made.pk)[0].status_code == 404


@pytest.mark.parametrize("day", ["nonsense", "2026-02-31", "9999-12-31", "0001-01-01"])
def test_an_impossible_day_is_today(client, clinic, desk, day):
    client.force_login(desk)
    assert page(client, "calendar", day=day)[0].status_code == 200


def fill(clinic, client, count):
    """Calls of five minutes, one after another through one day: rows without reservations, made at once."""
    service = ServiceFactory(code="check_in")
    first = tomorrow(0)
    made = Appointment.objects.bulk_create(
        Appointment(
            service=service, location=clinic.location, mode="phone", booked_by="x",
            starts_at=first + n % 200 * timedelta(minutes=5), ends_at=first + (n % 200 + 1) * timedelta(minutes=5),
        )
        for n in range(count)
    )  # fmt: skip
    Attendee.objects.bulk_create(Attendee(appointment=a, client=client) for a in made)
    StaffOn.objects.bulk_create(
        StaffOn(appointment=a, provider=clinic.therapist, role="therapist") for a in made
    )


@pytest.mark.parametrize("name", ["day", "week", "mine"])
def test_as_many_queries_for_a_thousand_appointments_as_for_ten(client, clinic, desk, name):
    ana = ClientFactory(with_user=True)
    client.force_login(ana.user if name == "mine" else desk)
    path = reverse("scheduling:mine" if name == "mine" else "scheduling:calendar")
    look = (
        {}
        if name == "mine"
        else {"view": name, "day": tomorrow(0).astimezone(LA).date().isoformat(), "rooms": "1"}
    )
    asked = {}
    for count in (10, 1000):
        fill(clinic, ana, count)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path, look).status_code == 200
        asked[count] = len(queries)
    assert asked[10] == asked[1000], asked


# --- booking


def slots(text: str) -> list[str]:
    return re.findall(r'name="slot" value="([^"]+)"', text)


def test_a_therapist_books_from_the_page_without_a_script(client, clinic, mara):
    ana = ClientFactory()
    TeamMemberFactory(client=ana, user=mara)
    client.force_login(mara)
    _response, text = page(client, "book", q=ana.legal_name)
    assert f"client={ana.pk}" in text
    _response, text = page(client, "book", client=ana.pk, service="preparation", location=clinic.location.pk)
    first = slots(text)[0]
    sent = {
        "client": ana.pk,
        "service": "preparation",
        "location": clinic.location.pk,
        "mode": "in_person",
        "slot": first,
    }
    response = client.post(reverse("scheduling:book"), sent)
    made = Appointment.objects.get()
    assert response["Location"] == reverse("scheduling:appointment", args=[made.pk])
    assert made.starts_at.isoformat() == first.partition("~")[0]


def test_a_lost_race_answers_409_with_three_other_times_and_keeps_the_note(client, clinic, desk):
    ana = ClientFactory()
    client.force_login(desk)
    appointment(clinic, starts_at=tomorrow(10))
    sent = {
        "client": ana.pk, "service": "preparation", "location": clinic.location.pk, "mode": "in_person",
        "seat0": clinic.therapist.pk, "slot": f"{tomorrow(10).isoformat()}~{clinic.therapist.pk}", "note": "Brings her son",
    }  # fmt: skip
    response = client.post(reverse("scheduling:book"), sent)
    text = unescape(response.content.decode())
    assert response.status_code == 409
    near = text[text.index("The nearest free times") :]
    assert len(slots(near[: near.index("</fieldset>")])) == 3
    assert "Brings her son" in text
    assert Appointment.objects.count() == 1


def test_nothing_chosen_is_said_in_words(client, clinic, desk):
    client.force_login(desk)
    sent = {"client": ClientFactory().pk, "service": "preparation", "location": clinic.location.pk}
    for slot in ("", "nonsense", "2026-11-19T10:00:00~x", f"{tomorrow(10).isoformat()}~{desk.pk}"):
        response = client.post(reverse("scheduling:book"), {**sent, "slot": slot})
        assert response.status_code == 422
        assert "Choose a time." in response.content.decode()


def test_a_client_of_others_cannot_be_booked(client, clinic, mara):
    client.force_login(mara)
    stranger = ClientFactory()
    _response, text = page(client, "book", client=stranger.pk, q=stranger.legal_name)
    assert stranger.kap_number not in text


def test_dosing_is_offered_in_pairs_and_booked_as_both(client, clinic, desk, course, ordered, monkeypatch):
    with_order(monkeypatch)
    client.force_login(desk)
    _response, text = page(
        client, "book", client=course.client_id, service="dosing", location=clinic.location.pk
    )
    first = slots(text)[0]
    assert "Book both" in text
    assert "Integration" in text
    sent = {
        "client": course.client_id, "service": "dosing", "location": clinic.location.pk, "slot": first,
        "prescriber": clinic.prescriber.pk, "integration_mode": "in_person",
    }  # fmt: skip
    response = client.post(reverse("scheduling:book"), sent)
    assert response.status_code == 302
    dose = Appointment.objects.get(service__code="dosing")
    assert dose.integration.starts_at.isoformat() == first.split("|")[1].partition("~")[0]


def test_a_friday_without_weekend_hours_names_the_days_that_fit(
    client, clinic, desk, course, ordered, monkeypatch, at
):
    with_order(monkeypatch)
    at(datetime(2026, 11, 16, 6, tzinfo=UTC))  # Sunday evening in the clinic
    clinic.therapist.shifts.filter(weekday__gte=5).delete()
    client.force_login(desk)
    friday = at_wall(date(2026, 11, 20), 10)
    ask = {
        "client": course.client_id,
        "service": "dosing",
        "at": friday.isoformat(),
        "seat0": clinic.therapist.pk,
    }
    _response, text = page(client, "book", **ask, integration_seat=clinic.therapist.pk)
    assert "On Fri 20 Nov no integration time can be reached" in text
    assert "These days fit: Mon 16 Nov, Tue 17 Nov, Wed 18 Nov" in text


def with_order(monkeypatch, route="im", setting="in_clinic"):
    """The page reads route and setting from the active order, which is written elsewhere."""
    order = SimpleNamespace(
        route=route,
        setting=setting,
        get_route_display=lambda: "Intramuscular",
        get_setting_display=lambda: "In clinic",
    )
    monkeypatch.setattr(BookingPage, "order", order)


def test_without_an_order_the_page_says_what_is_missing(client, clinic, desk, course):
    client.force_login(desk)
    _response, text = page(
        client, "book", client=course.client_id, service="dosing", location=clinic.location.pk
    )
    assert "There is no active order." in text
    assert "Book both" not in text


def test_both_zones_are_shown_where_they_differ(client, clinic, desk):
    ana = ClientFactory(zone="America/New_York")
    client.force_login(desk)
    _response, text = page(
        client, "book", client=ana.pk, service="preparation", location=clinic.location.pk, mode="video"
    )
    assert "EST" in text or "EDT" in text


# --- one appointment


def test_an_appointment_is_moved_cancelled_arrived_from_its_page(client, clinic, desk):
    made = appointment(clinic)
    client.force_login(desk)
    _response, text = page(client, "move", made.pk)
    target = slots(text)[0]
    response = client.post(
        reverse("scheduling:move", args=[made.pk]), {"slot": target, "version": made.version}
    )
    made.refresh_from_db()
    assert response.status_code == 302
    assert (made.starts_at.isoformat(), made.version) == (target, 2)
    response = client.post(reverse("scheduling:move", args=[made.pk]), {"slot": slots(text)[1], "version": 1})
    assert response.status_code == 409
    assert "meanwhile" in response.content.decode()
    response = client.post(reverse("scheduling:cancel", args=[made.pk]), {"reason": ""})
    assert response.status_code == 422
    response = client.post(reverse("scheduling:cancel", args=[made.pk]), {"reason": "client"})
    made.refresh_from_db()
    assert made.state == "cancelled"


def test_arrival_is_noted_on_the_day(client, clinic, desk, at):
    made = appointment(clinic)
    client.force_login(desk)
    back = reverse("scheduling:appointment", args=[made.pk])
    client.post(reverse("scheduling:arrive", args=[made.pk]), HTTP_REFERER=f"http://testserver{back}")
    made.refresh_from_db()
    assert made.state == "booked"
    assert "on the day" in client.get(back).content.decode()
    at(made.starts_at - timedelta(minutes=10))
    client.force_login(desk)
    client.post(reverse("scheduling:arrive", args=[made.pk]))
    made.refresh_from_db()
    assert (made.state, made.arrived_by) == ("arrived", desk)


def test_the_calendar_file_holds_no_clinical_word_and_no_full_name(client, clinic, desk):
    made = appointment(clinic, service=ServiceFactory(code="dosing"), route="im", setting="in_clinic")
    client.force_login(desk)
    response = client.get(reverse("scheduling:ics", args=[made.pk]))
    text = response.content.decode()
    assert response["Content-Type"].startswith("text/calendar")
    assert f"DTSTART:{made.starts_at:%Y%m%dT%H%M%SZ}" in text
    assert "Dosing" not in text
    assert made.attendees.get().client.legal_name not in text


def test_a_client_sees_her_own_appointments_alone(client, clinic):
    ana = ClientFactory(with_user=True)
    own, other = appointment(clinic, client=ana), appointment(clinic, people=[], starts_at=tomorrow(14))
    client.force_login(ana.user)
    response, text = page(client, "mine")
    assert response.status_code == 200
    assert reverse("scheduling:ics", args=[own.pk]) in text
    assert str(other.pk) not in text
    assert client.get(reverse("scheduling:ics", args=[other.pk])).status_code == 404
    assert page(client, "calendar")[0].status_code == 403


# --- the companion


@pytest.fixture
def dose(clinic, desk, course, ordered):
    return actions.book_dosing(course=course, plan=clinic.plan(), by=desk)


def test_the_companion_reads_logistics_and_confirms_by_her_link(client, dose, desk):
    sam = ContactFactory(client=dose.attendees.get().client, is_adult=False)
    dose = actions.name_companion(appointment=dose, contact=sam, by=desk)
    path = path_for(dose)
    text = unescape(client.get(path).content.decode())
    for word in ("ketamine", "Dosing", "Intramuscular", sam.client.legal_name):
        assert word not in text
    assert "18 or older" in text
    assert client.post(path, {"answer": "yes"}).status_code == 422
    assert client.post(path, {"answer": "yes", "agreed": "on"}).status_code == 302
    dose.refresh_from_db()
    sam.refresh_from_db()
    assert dose.companion_confirmed_by == f"contact:{sam.pk}"
    assert sam.is_adult
    assert client.post(path, {"answer": "no"}).status_code == 302
    dose.refresh_from_db()
    assert dose.companion is None
    assert client.get(path).status_code == 410


def test_nobody_of_the_house_is_shown_her_link(client, dose, desk):
    """Who has it answers, and signs the agreement of a chaperone, in her name. It goes once it was sent."""
    sam = ContactFactory(client=dose.attendees.get().client)
    dose = actions.name_companion(appointment=dose, contact=sam, by=desk)
    asked = Message.objects.get(kind="companion_confirm")
    token = asked.context["path"].split("/")[-2]
    assert asked.context["path"] == path_for(dose)
    client.force_login(desk)
    assert token not in client.get(reverse("outbox:message", args=[asked.pk])).text
    dispatch()
    assert token in mail.outbox[-1].body
    asked.refresh_from_db()
    assert asked.state == "sent"
    assert "path" not in asked.context
    assert token not in client.get(reverse("outbox:message", args=[asked.pk])).text


def test_a_link_dies_with_a_move_and_a_false_one_is_not_found(client, dose, desk):
    sam = ContactFactory(client=dose.attendees.get().client)
    dose = actions.name_companion(appointment=dose, contact=sam, by=desk)
    path = path_for(dose)
    assert client.get(path[:-3] + "xx/").status_code == 404
    actions.move(appointment=dose, starts_at=dose.starts_at - HOUR, by=desk)
    assert client.get(path).status_code == 410


@pytest.mark.parametrize("how", ["hours later", "no contact any more"])
def test_a_link_ends_also_where_nobody_notes_the_visit(client, dose, desk, at, how):
    """It shows where a client lives."""
    sam = ContactFactory(client=dose.attendees.get().client)
    dose = actions.name_companion(appointment=dose, contact=sam, by=desk)
    pages = [path_for(dose), f"{path_for(dose)}agreement/"]
    at(dose.ends_at + 11 * HOUR)
    assert client.get(pages[0]).status_code == 200
    if how == "hours later":
        at(dose.ends_at + 13 * HOUR)
    else:
        end_contact(contact=sam, by=desk)
    for address in pages:
        for answer in (client.get(address), client.post(address, {"answer": "no"})):
            assert answer.status_code == 410
            assert dose.location.address not in answer.text
    dose.refresh_from_db()
    assert dose.companion == sam


def test_staff_note_the_companions_yes_by_phone(client, dose, desk):
    sam = ContactFactory(client=dose.attendees.get().client)
    client.force_login(desk)
    response = client.post(reverse("scheduling:companion_name", args=[dose.pk]), {"contact": sam.pk})
    assert response.status_code == 302
    spoke = reverse("scheduling:companion_spoke", args=[dose.pk])
    assert client.post(spoke, {}).status_code == 422
    assert client.post(spoke, {"spoke": "on"}).status_code == 302
    dose.refresh_from_db()
    assert dose.companion_confirmed_by == f"user:{desk.pk}"
    text = page(client, "appointment", dose.pk)[1]
    assert "Confirmed" in text
