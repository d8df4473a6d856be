"""The calendar in real Chromium: reachable by keyboard, readable by a screen reader, no sideways scroll on a phone."""

import pytest
from django.test import Client as Http
from django.urls import reverse
from playwright.sync_api import expect

from kap.core import clock
from tests.browser import chromium, context, scrolls_sideways, violations, watched
from tests.factories.core import ClinicFactory
from tests.factories.people import ClientFactory, ContactFactory, TeamMemberFactory
from tests.factories.scheduling import LA, AppointmentFactory, ServiceFactory, at_wall, tomorrow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture
def visit(browser, live_server):
    opened = []

    def go(path, user=None, **look):
        made = context(browser, live_server.url, **look)
        opened.append(made)
        if user is not None:
            http = Http()
            http.force_login(user)
            cookie = {
                "name": "kap_session",
                "value": http.cookies["kap_session"].value,
                "url": live_server.url,
            }
            made.add_cookies([cookie])
        page = watched(made.new_page())
        page.goto(path)
        return page

    yield go
    faults = [fault for made in opened for page in made.pages for fault in page.faults]
    for made in opened:
        made.close()
    assert not faults, faults


@pytest.fixture
def booked(clinic, course):
    """A dose tomorrow at ten with a companion who has been asked, and a talk beside it."""
    ClinicFactory()
    client = course.client
    TeamMemberFactory(client=client, user=clinic.therapist.user)
    sam = ContactFactory(client=client)
    dose = AppointmentFactory(
        location=clinic.location, service=ServiceFactory(code="dosing"), course=course, room=clinic.dosing_room,
        people=[(clinic.therapist, "therapist")], companion=sam, companion_role="driver",
    )  # fmt: skip
    AppointmentFactory(
        location=clinic.location, people=[(clinic.prescriber, "prescriber")], starts_at=tomorrow(11),
        service=ServiceFactory(code="evaluation"),
    )  # fmt: skip
    return dose


LOOKS = [("phone", "light"), ("desktop", "dark")]


@pytest.mark.sweep
@pytest.mark.parametrize(("size", "theme"), LOOKS)
def test_every_page_of_the_calendar_is_accessible(visit, clinic, desk, booked, size, theme):
    from scheduling.tokens import path_for

    day = tomorrow(0).astimezone(LA).date().isoformat()
    mara = clinic.therapist.user
    pages = [
        (reverse("scheduling:calendar") + f"?day={day}&rooms=1", mara),
        (reverse("scheduling:calendar") + f"?day={day}&view=week", mara),
        (
            reverse("scheduling:book") + f"?client={booked.attendees.get().client_id}&service=preparation",
            mara,
        ),
        (reverse("scheduling:appointment", args=[booked.pk]), mara),
        (reverse("scheduling:cancel", args=[booked.pk]), mara),
        (reverse("scheduling:shifts", args=[clinic.therapist.pk]), desk),
        (reverse("scheduling:places"), desk),
        (path_for(booked), None),
    ]
    found = []
    for path, user in pages:
        page = visit(path, user, size=size, theme=theme)
        found += [f"{path}: {one}" for one in violations(page)]
        found += [f"{path}: scrolls sideways"] if scrolls_sideways(page) else []
    assert not found, "\n".join(found)


def test_arrow_keys_walk_the_grid_and_m_moves(visit, clinic, booked):
    day = tomorrow(0).astimezone(LA).date().isoformat()
    page = visit(reverse("scheduling:calendar") + f"?day={day}", clinic.therapist.user)
    expect(page.locator("[data-calendar] a[tabindex='0']")).to_have_count(1)
    dose = page.locator("a.cal-ev", has_text="Dosing").first
    dose.focus()
    page.keyboard.press("ArrowUp")
    assert "Book" in page.evaluate("document.activeElement.textContent"), "the free hour before it"
    page.keyboard.press("ArrowDown")
    expect(dose).to_be_focused()
    page.keyboard.press("m")
    page.wait_for_url("**/move/")


def test_a_click_on_a_free_hour_leads_to_that_hours_booking(visit, clinic, booked):
    day = tomorrow(0).astimezone(LA).date()
    page = visit(reverse("scheduling:calendar") + f"?day={day.isoformat()}", clinic.therapist.user)
    page.get_by_role("link", name="15:00, " + clinic.therapist.name).click()
    page.get_by_role("link", name=booked.attendees.get().client.name).click()
    page.get_by_label("Appointment").select_option("preparation")
    page.get_by_role("button", name="Show times").click()
    wanted = at_wall(day, 15)
    nearest = page.get_by_role("group", name="Nearest to the time you chose")
    expect(nearest.locator("input[type=radio]")).to_have_count(5)
    nearest.locator(f"label:has(input[value^='{wanted.isoformat()}'])").click()
    page.get_by_role("button", name="Book", exact=True).click()
    page.wait_for_url("**/appointments/**")
    expect(page.get_by_text("15:00–16:00")).to_be_visible()
    assert clock.now() < wanted


def test_the_client_is_found_by_name(visit, desk, clinic, booked):
    ana = ClientFactory(legal_name="Nadia Petrov")
    page = visit(reverse("scheduling:book"), desk, size="phone")
    page.get_by_label("Name, phone or number").fill("Petrow")
    page.get_by_role("button", name="Find client").click()
    expect(page.get_by_role("link", name="Nadia Petrov")).to_have_attribute("href", f"?client={ana.pk}")
