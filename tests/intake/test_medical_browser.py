"""The prescriber's and the integration pages in real Chromium: phone, tablet, desk; light and dark; with errors."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.urls import reverse

from intake import actions
from intake.models import Evaluation
from kap.accounts.entry import BACKEND
from kap.core import clock
from tests.browser import chromium, context, scrolls_sideways, violations, watched
from tests.factories.intake import answers
from tests.factories.integration import at_follow_up, dosed_and_home, final_answers, integrated
from tests.factories.medical import (
    diagnosed,
    drafted,
    evaluated,
    medical_case,
    order_values,
    ordered,
    planned,
)
from tests.factories.people import AllergyFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHOTS = Path(os.environ["KAP_SHOTS"]) if "KAP_SHOTS" in os.environ else None
LOOKS = [("phone", "light"), ("desktop", "dark")] + (
    [("tablet", "light"), ("desktop", "light")] if SHOTS else []
)


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
    opened = []

    def visitor(user, size="phone", theme="light", **more):
        made = context(browser, live_server.url, size=size, theme=theme, **more)
        made.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie(user), "url": live_server.url}]
        )
        opened.append(made)
        return watched(made.new_page())

    yield visitor
    for one in opened:
        one.close()


def look(page, name: str) -> list[str]:
    """What is wrong with the page on show; with KAP_SHOTS set, also a picture of it."""
    if SHOTS:
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
    found = [f"{name}: {words}" for words in violations(page)]
    if scrolls_sideways(page):
        found.append(f"{name}: scrolls sideways")
    return found + [f"{name}: {fault}" for fault in page.faults]


def case_with_flags():
    case = medical_case(
        answers(health={"glaucoma": "yes", "high_blood_pressure": "yes"}, mental_health={"bipolar": "yes"})
    )
    AllergyFactory(client=case.client, substance="latex", reaction="hives")
    return case


def go(page, name, *args):
    page.goto(reverse(name, args=args))


@pytest.mark.sweep
def test_medical_pages_are_sound(visit):
    case = case_with_flags()
    by, course, wrong = case.prescriber.user, case.course, []
    pages = [(visit(by, *look_), "-".join(look_)) for look_ in LOOKS]

    def all_of(name, view, *args):
        for page, suffix in pages:
            go(page, view, *args)
            wrong.extend(look(page, f"{name}-{suffix}"))

    all_of("queue", "intake:queue")
    all_of("evaluation-none", "intake:evaluation", course.pk)
    drafted(case, answer_flags=False, systolic_mmhg=165)
    all_of("evaluation", "intake:evaluation", course.pk)
    for page, suffix in pages[:2]:
        page.get_by_role("button", name="Decide and sign").click()
        page.locator(".errbox").wait_for()
        wrong.extend(look(page, f"evaluation-errors-{suffix}"))
    all_of("diagnosis", "intake:diagnosis_new", course.pk)
    for page, suffix in pages[:2]:
        page.get_by_label("Code or words").fill("recurrent")
        page.get_by_role("button", name="Search").click()
        wrong.extend(look(page, f"diagnosis-found-{suffix}"))
    evaluated(case, reasons="White-coat effect; 128/80 at home over two weeks.")
    diagnosed(
        case,
        treatment_resistant=True,
        adequate_trials=2,
        trials="sertraline 200 mg, 10 weeks\nbupropion 300 mg, 8 weeks",
    )
    all_of("evaluation-decided", "intake:evaluation", course.pk)
    all_of("order-write", "intake:order_write", course.pk)
    for page, suffix in pages[:2]:
        page.get_by_role("button", name="Review the order").click()
        page.locator(".errbox").wait_for()
        wrong.extend(look(page, f"order-errors-{suffix}"))
    order = actions.draft_order(course=course, values=order_values(dose_max_mg=80, session_max_mg=80), by=by)
    all_of("order-review", "intake:order_review", order.pk)
    ordered(case)
    all_of("order", "intake:order", course.pk)
    plan = actions.start_plan(course=course, by=by)
    all_of("plan", "intake:plan", course.pk)
    plan.delete()
    planned(case)
    all_of("plan-signed", "intake:plan", course.pk)
    assert wrong == []


@pytest.mark.sweep
def test_integration_pages_are_sound(visit):
    scene = dosed_and_home()
    clock.advance(timedelta(hours=26))
    wrong = []
    pages = [(visit(scene.therapist, *look_), "-".join(look_)) for look_ in LOOKS]

    def all_of(name, view, *args):
        for page, suffix in pages:
            go(page, view, *args)
            wrong.extend(look(page, f"{name}-{suffix}"))

    all_of("integration", "integration:note", scene.integration_session.pk)
    all_of("screen", "integration:screen", scene.integration_session.pk)
    integrated(scene)
    all_of("integration-signed", "integration:note", scene.integration_session.pk)
    at_follow_up(scene)
    all_of("summary", "integration:summary", scene.course.pk)
    final_answers(scene)
    all_of("summary-ready", "integration:summary", scene.course.pk)
    assert wrong == []


def test_typing_is_kept_by_itself_and_mg_per_kg_is_shown(visit):
    case = medical_case()
    page = visit(case.prescriber.user, "desktop")
    go(page, "intake:evaluation", case.course.pk)
    page.get_by_role("button", name="Start the evaluation").click()
    page.get_by_label("Weight, kg").fill("70")
    assert page.locator("#weight-lb").inner_text() == "70 kg = 154 lb"
    page.get_by_label("Heart and circulation").fill("Regular, no murmur.")
    page.locator("[data-save-state][data-state=saved]").wait_for()
    draft = Evaluation.objects.get(course=case.course)
    assert draft.notes == {"heart": "Regular, no murmur."}
    page.reload()
    assert page.get_by_label("Heart and circulation").input_value() == "Regular, no murmur."

    evaluated(case)
    go(page, "intake:order_write", case.course.pk)
    page.get_by_label("Highest dose, mg").fill("35")
    assert page.locator("#perkg").inner_text() == "Highest dose: 0.5 mg/kg"
