"""The forms in real Chromium: at 320 px, light and dark, by keyboard, with and without JavaScript."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse

from intake.models import Draft
from kap.accounts.entry import BACKEND
from tests.browser import chromium, context, scrolls_sideways, violations, watched
from tests.factories.intake import IntakeFactory, answer_measures, answers, fill_in, sent
from tests.factories.people import CredentialFactory, ProviderFactory, TeamMemberFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHOTS = Path(os.environ["KAP_SHOTS"]) if "KAP_SHOTS" in os.environ else None


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(autouse=True)
def _orm_beside_playwright(monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


def cookie(user) -> str:
    session = SessionStore()
    session["_auth_user_id"], session["_auth_user_backend"] = str(user.pk), BACKEND
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.create()
    return session.session_key


@pytest.fixture
def visit(browser, live_server):
    """visit(user, size, theme) -> a page, signed in."""
    opened = []

    def visitor(user=None, size="phone", theme="light", **more):
        made = context(browser, live_server.url, size=size, theme=theme, **more)
        if user:
            made.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": cookie(user), "url": live_server.url}]
            )
        opened.append(made)
        return watched(made.new_page())

    yield visitor
    for one in opened:
        one.close()


def look(page, name: str, *, one_screen=False) -> list[str]:
    """What is wrong with the page on show; with KAP_SHOTS set, also a picture of it."""
    if SHOTS:
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"{name}.png", full_page=not one_screen)
    found = [f"{name}: {words}" for words in violations(page)]
    if scrolls_sideways(page):
        found.append(f"{name}: scrolls sideways")
    return found + [f"{name}: {fault}" for fault in page.faults]


CLIENT_PAGES = {
    "tasks": ("intake:tasks",), "details-name": ("intake:page", "details", "name"),
    "details-birth": ("intake:page", "details", "birth"), "details-contact": ("intake:page", "details", "contact"),
    "health-heart": ("intake:page", "health", "heart"), "health-body": ("intake:page", "health", "body"),
    "medicines": ("intake:page", "medicines", "medicines"), "substances": ("intake:page", "substances", "substances"),
    "safety-1": ("intake:page", "safety", "suicidal_thoughts"), "goals": ("intake:page", "goals", "reasons"),
    "companion": ("intake:page", "companion", "companion"), "check": ("intake:check",), "crisis": ("intake:crisis",),
}  # fmt: skip


@pytest.mark.sweep
@pytest.mark.parametrize("size, theme", [("phone", "light"), ("desktop", "dark")])
def test_client_pages_are_sound(visit, size, theme):
    course = IntakeFactory()
    fill_in(course, only=["details", "emergency_contact", "medicines", "health"])
    page = visit(course.client.user, size, theme)
    wrong = []
    for name, (view, *args) in CLIENT_PAGES.items():
        page.goto(reverse(view, args=args))
        wrong += look(page, f"{name}-{size}-{theme}")
    for key, name in (("goals", "hopes"), ("companion", "companion"), ("substances", "substances")):
        page.goto(reverse("intake:page", args=[key, name]))
        page.get_by_role("button", name="Continue").click()
        page.wait_for_selector(".errbox")
        wrong += look(page, f"errors-{key}-{size}-{theme}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.sweep
@pytest.mark.parametrize("size, theme", [("phone", "light"), ("desktop", "dark")])
def test_public_pages_are_sound(visit, size, theme):
    IntakeFactory()
    page, wrong = visit(None, size, theme), []
    for name in ("start", "register"):
        page.goto(reverse(f"intake:{name}"))
        wrong += look(page, f"{name}-{size}-{theme}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.sweep
@pytest.mark.parametrize("size, theme", [("phone", "light"), ("desktop", "dark")])
def test_staff_pages_are_sound(visit, size, theme):
    course = IntakeFactory()
    provider = ProviderFactory(roles=["therapist"], credentialed=True)
    CredentialFactory(provider=provider, kind="bls")
    TeamMemberFactory(client=course.client, user=provider.user)
    page, wrong = visit(provider.user, size, theme), []
    page.goto(reverse("intake:forms", args=[course.pk]))
    wrong += look(page, f"staff-unsent-{size}-{theme}")
    page.goto(reverse("intake:for_enter", args=[course.pk]))
    wrong += look(page, f"staff-enter-{size}-{theme}")
    page.get_by_label("The client is on the phone").check()
    page.get_by_role("button", name="Open the forms").click()
    wrong += look(page, f"staff-tasks-{size}-{theme}")
    page.goto(reverse("intake:for_page", args=[course.pk, "medicines", "medicines"]))
    wrong += look(page, f"staff-page-{size}-{theme}")
    sent(course, answers(health={"high_blood_pressure": "yes", "blood_pressure_controlled": "no"}))
    page.goto(reverse("intake:forms", args=[course.pk]))
    wrong += look(page, f"staff-forms-{size}-{theme}")
    page.goto(reverse("intake:session_note", args=[course.pk]))
    wrong += look(page, f"staff-note-{size}-{theme}")
    assert not wrong, "\n".join(wrong)


def test_a_follow_up_appears_at_once_and_typing_is_saved_by_itself(visit):
    course = IntakeFactory()
    page = visit(course.client.user)
    page.goto(reverse("intake:page", args=["companion", "companion"]))
    name = page.get_by_label("Their full name")
    assert not name.is_visible()
    page.get_by_label("Yes, I will give their name now").check()
    assert name.is_visible()
    name.fill("Kim Lee")
    page.wait_for_selector("[data-save-state][data-state=saved]")
    assert Draft.objects.get(section="companion").answers["name"] == "Kim Lee"
    page.reload()
    assert page.get_by_label("Their full name").input_value() == "Kim Lee"
    assert not page.faults


def test_two_tabs_on_one_page_lose_nothing(visit):
    course = IntakeFactory()
    first = visit(course.client.user)
    first.goto(reverse("intake:page", args=["goals", "hopes"]))
    second = first.context.new_page()
    second.goto(reverse("intake:page", args=["goals", "hopes"]))
    first.get_by_label("What do you hope for?").fill("Rest")
    first.wait_for_selector("[data-save-state][data-state=saved]")
    second.get_by_label("What do you hope for?").fill("Peace")
    second.wait_for_selector("[data-conflict-box]")
    assert "Rest" in second.inner_text("[data-conflict-box]")
    second.get_by_role("button", name="Continue").click()
    second.wait_for_selector("[role=alert] >> text=Continue keeps yours")
    assert second.get_by_label("What do you hope for?").input_value() == "Peace"


def keyboard_to(page, predicate, most=60):
    for _press in range(most):
        if page.evaluate(predicate):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"not reached by Tab: {predicate}")


def test_a_page_can_be_answered_by_keyboard_alone(visit):
    course = IntakeFactory()
    page = visit(course.client.user)
    page.goto(reverse("intake:page", args=["safety", "suicidal_thoughts"]))
    keyboard_to(page, "document.activeElement.name === 'suicidal_thoughts'")
    page.keyboard.press("ArrowDown")  # from Yes to No
    keyboard_to(
        page, "document.activeElement.tagName === 'BUTTON' && document.activeElement.innerText === 'Continue'"
    )
    page.keyboard.press("Enter")
    page.wait_for_url("**/safety/suicide_attempt/")
    assert Draft.objects.get(section="safety").answers["suicidal_thoughts"] == "no"


def test_every_link_of_the_error_summary_focuses_its_field(visit):
    course = IntakeFactory()
    page = visit(course.client.user)
    page.goto(reverse("intake:page", args=["medicines", "medicines"]))
    page.get_by_role("button", name="Continue").click()
    page.wait_for_selector(".errbox")
    assert page.evaluate("document.activeElement.className") == "errbox"
    for link in page.locator(".errbox a").all():
        target = link.get_attribute("href").lstrip("#")
        link.click()
        assert page.evaluate("document.activeElement.id") == target


def test_enter_in_a_card_goes_on_and_does_not_remove_it(visit):
    course = IntakeFactory()
    fill_in(course, only=["medicines"])
    page = visit(course.client.user)
    page.goto(reverse("intake:page", args=["medicines", "medicines"]))
    page.get_by_label("Name").first.press("Enter")
    page.wait_for_url("**/forms/")
    assert len(Draft.objects.get(section="medicines").answers["list"]) == 1


def test_without_javascript_the_forms_are_sent(visit):
    course = IntakeFactory()
    fill_in(course)
    answer_measures(course)
    page = visit(course.client.user, java_script_enabled=False)
    page.goto(reverse("intake:page", args=["goals", "hopes"]))
    page.get_by_label("What do you hope for?").fill("Rest")
    page.get_by_role("button", name="Continue").click()
    page.goto(reverse("intake:check"))
    page.get_by_role("button", name="Send forms").click()
    assert page.locator("h1").inner_text() == "Your forms are sent"
    assert course.submissions.count() == 1
