"""The warning, the lock and the way back in real Chromium, with both clocks moved on."""

import os
import re
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from kap.accounts import actions
from kap.accounts.models import SignIn
from kap.core import clock
from tests.browser import chromium, context, scrolls_sideways, violations, watched
from tests.factories.core import ClinicFactory
from tests.factories.dosing import PIN, dosed, ready_to_dose
from tests.factories.people import PASSWORD, ClientFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("KAP_SHOTS")
WORDS = "What I had typed, and did not send"


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(autouse=True)
def limits(settings):
    settings.SESSION_LIMITS = True
    ClinicFactory()


@pytest.fixture
def visit(live_server, browser):
    opened = []

    def go(user, path, **look):
        session = Client()
        session.force_login(user)
        made = context(browser, live_server.url, **look)
        made.add_cookies(
            [{"name": n, "value": c.value, "url": live_server.url} for n, c in session.cookies.items()]
        )
        page = watched(made.new_page())
        page.clock.install()
        page.goto(path)
        opened.append(made)
        return page

    yield go
    for one in opened:
        assert [f for page in one.pages for f in getattr(page, "faults", [])] == []
        one.close()


def pass_time(page, seconds):
    """The clinic's clock and the browser's, together."""
    clock.advance(timedelta(seconds=seconds))
    page.clock.fast_forward(seconds * 1000)


@contextmanager
def heard(page):
    """What the page tells in here has reached the server, and the page has read the answer: now a clock may move.

    Else the server hears "just now" minutes late, or the page counts from minutes too late.
    """
    with page.expect_response("**/session/active/") as answer:
        yield
    answer.value.finished()
    page.evaluate(
        "fetch('/healthz', {cache: 'no-store'}).then((one) => one.text())"
    )  # the one before is read


def shot(page, name):
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SHOTS}/{name}.png")


def warn(page):
    return page.get_by_role("dialog", name="Are you still there?")


def lock(page, name="Locked"):
    return page.get_by_role("dialog", name=name)


def dana():
    return UserFactory(roles=["admin"], email="dana@alderhouse.example", name="Dana Ortiz")


@pytest.mark.parametrize(
    ("size", "theme"), [("phone", "light"), ("desktop", "dark"), ("phone", "dark"), ("desktop", "light")]
)
def test_warned_then_locked_then_on_with_all_that_was_typed(visit, size, theme):
    user = dana()
    page = visit(user, "/staff/invite/", size=size, theme=theme)
    page.get_by_label("Name").fill(WORDS)
    title = page.title()
    pass_time(page, 13 * 60 + 5)
    expect(warn(page)).to_be_visible()
    expect(page.get_by_role("button", name="Stay signed in")).to_be_focused()
    expect(warn(page)).to_contain_text(re.compile(r"1:5\d"))
    shot(page, f"warn-{size}-{theme}")
    assert violations(page) == []
    pass_time(page, 2 * 60)
    expect(lock(page)).to_be_visible()
    shot(page, f"lock-{size}-{theme}")
    assert violations(page) == []
    assert not scrolls_sideways(page)
    assert page.title() == "Locked"
    expect(page.get_by_label("Name")).not_to_be_visible()
    assert page.evaluate("document.querySelector('#main').closest('[inert]') !== null")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(lock(page)).to_be_visible()
    lock(page).get_by_label("Your password").fill("not the right words at all")
    lock(page).get_by_role("button", name="Unlock").click()
    expect(lock(page).get_by_role("alert")).to_have_text("This does not fit. Type it again.")
    shot(page, f"lock-wrong-{size}-{theme}")
    assert violations(page) == []
    lock(page).get_by_label("Your password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(lock(page)).not_to_be_visible()
    assert page.title() == title
    expect(page.get_by_label("Name")).to_have_value(WORDS)
    page.get_by_label("Email").fill("new@alderhouse.example")
    page.get_by_label("Monitor").check()
    page.get_by_role("button", name=re.compile("Send|Invite")).last.click()
    expect(page.locator("body")).to_contain_text(f"Invitation to {WORDS} is on its way")


def test_staying_and_typing_keep_it_open_and_nothing_else_does(visit):
    page = visit(dana(), "/staff/invite/")
    pass_time(page, 13 * 60 + 5)
    with heard(page):
        page.get_by_role("button", name="Stay signed in").click()
    expect(warn(page)).not_to_be_visible()
    pass_time(page, 12 * 60)
    expect(warn(page)).not_to_be_visible()
    with heard(page):
        page.get_by_label("Name").press("Shift")  # of a letter its input may be told once more, a while later
    pass_time(page, 12 * 60)
    expect(lock(page)).not_to_be_visible()
    page.evaluate("document.querySelector('#id_name').dispatchEvent(new Event('input', {bubbles: true}))")
    pass_time(page, 3 * 60 + 5)
    expect(lock(page)).to_be_visible()


def test_two_tabs_are_one_person(visit):
    page = visit(dana(), "/staff/invite/")
    page.get_by_label("Name").fill(WORDS)
    other = page.context.new_page()
    other.goto("/account/")
    pass_time(page, 15 * 60 + 5)
    expect(lock(page)).to_be_visible()
    other.goto("/staff/")
    expect(other).to_have_url(re.compile("/session/locked/"))
    expect(other.get_by_role("heading", name="Locked")).to_be_visible()
    shot(other, "locked-page")
    assert violations(other) == []
    other.get_by_label("Your password").fill(PASSWORD)
    other.get_by_role("button", name="Unlock").click()
    expect(other).to_have_url(re.compile("/staff/$"))
    pass_time(page, 11)
    expect(lock(page)).not_to_be_visible()
    expect(page.get_by_label("Name")).to_have_value(WORDS)


def test_a_page_stays_covered_while_somebody_else_is_signed_in(visit):
    page = visit(dana(), "/staff/invite/")
    page.get_by_label("Name").fill(WORDS)
    pass_time(page, 15 * 60 + 5)
    expect(lock(page)).to_be_visible()
    session = Client()
    session.force_login(UserFactory(roles=["therapist"]))
    page.context.add_cookies(
        [
            {"name": n, "value": c.value, "url": page.url.split("/staff")[0]}
            for n, c in session.cookies.items()
        ]
    )
    pass_time(page, 11)
    expect(lock(page)).to_contain_text("Somebody else is signed in")
    expect(lock(page).get_by_label("Your password")).not_to_be_visible()
    assert violations(page) == []


def test_ended_from_elsewhere_the_page_is_covered_and_opens_after_signing_in_again(visit):
    user = dana()
    page = visit(user, "/staff/invite/")
    page.get_by_label("Name").fill(WORDS)
    session_key = next(c["value"] for c in page.context.cookies() if c["name"] == "kap_session")
    SignIn.objects.create(user=user, session_key=session_key, ip="127.0.0.1", user_agent="x")
    actions.end_sessions(user=user, sign_ins=list(SignIn.objects.values_list("pk", flat=True)), by=user)
    pass_time(page, 13 * 60 + 5)
    expect(lock(page)).to_be_visible()
    shot(page, "lock-ended")
    assert violations(page) == []
    with page.context.expect_page() as new:
        lock(page).get_by_role("link", name="Sign in again").click()
    tab = new.value
    tab.get_by_role("link", name="I work here: sign in with a password").click()
    tab.get_by_label("Email").fill(user.email)
    tab.get_by_label("Password", exact=True).fill(PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.get_by_role("heading", name="You are signed in again")).to_be_visible()
    shot(tab, "signed-in-again")
    assert violations(tab) == []
    page.bring_to_front()
    pass_time(page, 11)
    expect(lock(page)).not_to_be_visible()
    expect(page.get_by_label("Name")).to_have_value(WORDS)


@pytest.mark.parametrize(("size", "theme"), [("phone", "light"), ("desktop", "dark")])
def test_a_client_is_told_and_signs_in_again(visit, size, theme):
    client = ClientFactory(with_user=True)
    page = visit(client.user, "/account/", size=size, theme=theme)
    pass_time(page, 28 * 60 + 5)
    expect(warn(page)).to_contain_text("You are signed out in")
    shot(page, f"client-warn-{size}-{theme}")
    assert violations(page) == []
    pass_time(page, 2 * 60)
    expect(lock(page, "You are signed out")).to_be_visible()
    expect(page.get_by_role("link", name="Sign in again")).to_be_visible()
    shot(page, f"client-out-{size}-{theme}")
    assert violations(page) == []
    assert not scrolls_sideways(page)
    assert client.legal_name not in page.inner_text("#idle-lock")


@pytest.mark.parametrize("size", ["phone", "tablet", "desktop"])
def test_the_room_locks_dim_with_its_times_and_no_name_and_loses_no_reading(visit, size):
    scene = ready_to_dose()
    dosed(scene, 150)
    page = visit(scene.monitor, reverse("dosing:session", args=[scene.session.pk]), size=size)
    page.context.set_offline(True)
    page.get_by_label("Systolic, mmHg").fill("131")
    page.get_by_label("Diastolic, mmHg").fill("82")
    page.locator(".save").click()
    expect(page.locator("[data-room-state]")).to_contain_text("Not sent")
    page.get_by_label("Systolic, mmHg").fill("144")
    page.context.set_offline(False)
    clock.advance(timedelta(minutes=16))
    page.context.set_offline(True)  # what waits must not slip through before the lock
    page.clock.fast_forward(16 * 60 * 1000)
    expect(lock(page)).to_be_visible()
    expect(lock(page)).to_contain_text(scene.session.appointment.room.name)
    page.context.set_offline(False)
    page.clock.fast_forward(11_000)
    expect(lock(page).get_by_label("Your PIN or password")).to_be_visible()
    expect(lock(page)).to_contain_text("0:16")
    expect(lock(page).locator(".due")).to_have_attribute("data-due", "late")
    expect(lock(page)).to_contain_text("min late")
    shot(page, f"room-lock-{size}")
    assert violations(page) == []
    assert not scrolls_sideways(page)
    shown = page.inner_text("body")
    assert scene.client.legal_name not in shown
    assert "150" not in shown
    assert not scene.session.vitalss.filter(systolic_mmhg=131).exists()
    lock(page).get_by_label("Your PIN or password").fill(PIN)
    page.keyboard.press("Enter")
    expect(lock(page)).not_to_be_visible()
    expect(page.get_by_label("Systolic, mmHg")).to_have_value("144")
    expect(page.locator(".fs tbody")).to_contain_text("131/82")
    assert scene.session.vitalss.get(systolic_mmhg=131).recorded_by == scene.monitor
    # What htmx says of the lost connection, and of the poll that the lock refused.
    page.faults = [
        one for one in page.faults if "htmx:" not in one and "Error Code 401 from /dosing/" not in one
    ]


def test_where_she_is_signed_in(visit):
    user = dana()
    Client(headers={"user-agent": "Mozilla/5.0 (iPhone) Safari/604.1"}).post(
        "/sign-in/staff/", {"email": user.email, "password": PASSWORD}
    )
    for size, theme in (("phone", "light"), ("desktop", "dark")):
        page = visit(user, "/sign-in/", size=size, theme=theme)
        page.context.clear_cookies(name="kap_session")
        page.goto("/sign-in/staff/")
        page.get_by_label("Email").fill(user.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        for path, name in (
            ("/account/sign-ins/", "sign-ins"),
            (f"/staff/{user.pk}/sign-ins/", "staff-sign-ins"),
        ):
            page.goto(path)
            expect(page.locator("body")).to_contain_text("Safari on iPhone")
            shot(page, f"{name}-{size}-{theme}")
            assert violations(page) == []
            assert not scrolls_sideways(page)
