"""Every kind of page as axe-core sees it: no violation, and nothing to scroll sideways for on a small phone.

Phone at 320 px in light, desk at 1280 px in dark, the dosing room dim at 820 px. With KAP_SHOTS set to a folder,
a picture of each page is kept there.
"""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client as Visitor
from django.urls import reverse

from kap.core import clock
from kap.measures.models import Request
from tests.browser import chromium, context, scrolls_sideways, violations, watched
from tests.factories.dosing import GO, checked, dosed, opened, read, ready_to_dose
from tests.factories.intake import IntakeFactory, answer_measures, fill_in
from tests.factories.integration import dosed_and_home
from tests.factories.medical import (
    consented,
    diagnosed,
    evaluated,
    medical_case,
    ordered,
    planned,
)
from tests.kap.desk import scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHOTS = os.environ.get("KAP_SHOTS", "")
LOOKS = (("phone", "light"), ("desktop", "dark"))
ROOM = (("phone", "dim"), ("tablet", "dim"), ("desktop", "dark"))


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(autouse=True)
def _orm_beside_playwright(monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def wrong_with(browser, live_server):
    """wrong_with(user, {name: path}, looks) -> what is wrong with these pages, a line each."""

    def look(user, paths: dict[str, str], looks=LOOKS) -> list[str]:
        found = []
        for size, theme in looks:
            made = context(browser, live_server.url, size=size, theme=theme)
            if user is not None:
                made.add_cookies([_cookie(user, live_server.url)])
            page = watched(made.new_page())
            for name, path in paths.items():
                found += [
                    f"{name} ({size}, {theme}) {one}"
                    for one in _problems(page, path, f"{name}-{size}-{theme}")
                ]
            found += page.faults
            made.close()
        return found

    return look


def _cookie(user, url) -> dict:
    visitor = Visitor()
    visitor.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": visitor.cookies[name].value, "url": url}


def _problems(page, path: str, name: str) -> list[str]:
    answer = page.goto(path)
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    found = [] if answer.status == 200 else [f"answers {answer.status}"]
    if scrolls_sideways(page):
        found.append("scrolls sideways")
    return found + violations(page)


@pytest.fixture
def thursday(at, transactional_db):
    """The clinic of the mock-ups on one Thursday morning."""
    at(scene.NOW)
    return scene.thursday()


@pytest.mark.sweep
def test_the_desk(thursday, wrong_with):
    june = thursday.june.client
    wrong = wrong_with(
        thursday.mara.user,
        {
            "today": reverse("desk:today"), "pipeline": reverse("desk:pipeline"), "clients": reverse("desk:clients"),
            "chart": reverse("desk:chart", args=[june.pk]), "worklist": reverse("worklist:list"),
            "steps": reverse("pathway:steps", args=[thursday.june.course.pk]),
        },
    )  # fmt: skip
    wrong += wrong_with(june.user, {"portal": reverse("desk:portal")})
    assert not wrong, "\n".join(wrong)


@pytest.mark.sweep
def test_the_calendar_and_the_lists(thursday, wrong_with):
    calendar, book = reverse("scheduling:calendar"), reverse("scheduling:book")
    tomorrow, june = thursday.june.tomorrow, thursday.june.client
    wrong = wrong_with(
        thursday.mara.user,
        {
            "calendar": f"{calendar}?day=2026-11-19", "calendar-week": f"{calendar}?day=2026-11-19&view=week",
            "book-times": f"{book}?client={june.pk}&service=preparation",
            "book-dosing": f"{book}?client={june.pk}&service=dosing&from=2026-11-23",
            "appointment": reverse("scheduling:appointment", args=[tomorrow.pk]),
        },
    )  # fmt: skip
    wrong += wrong_with(thursday.kit, {"roster": reverse("people:roster"), "outbox": reverse("outbox:list")})
    assert not wrong, "\n".join(wrong)


@pytest.mark.sweep
def test_the_clients_forms(wrong_with):
    course = IntakeFactory()
    fill_in(course)
    request = Request.objects.get(course=course, instrument="phq9")
    question = wrong_with(
        course.client.user, {"measure": reverse("measures:question", args=[request.pk, "1"])}, LOOKS[:1]
    )
    answer_measures(course)
    wrong = wrong_with(
        course.client.user,
        {
            "tasks": reverse("intake:tasks"), "question": reverse("intake:page", args=["health", "heart"]),
            "rows": reverse("intake:page", args=["medicines", "medicines"]), "check": reverse("intake:check"),
        },
    )  # fmt: skip
    wrong += question + wrong_with(
        None, {"start": reverse("intake:start"), "sign-in": reverse("accounts:sign_in")}
    )
    assert not wrong, "\n".join(wrong)


def test_the_dosing_room_and_its_integration(wrong_with):
    done = dosed_and_home()
    running = ready_to_dose(team=done, name="Lee Warren")
    checked(running)
    dosed(running, 150)
    clock.advance(timedelta(minutes=20))
    read(running, **GO)
    waiting = ready_to_dose(team=done, name="Marcus Bell")
    opened(waiting)
    wrong = wrong_with(running.monitor, {"rooms": reverse("dosing:rooms")})
    room = {
        "pre-dose": reverse("dosing:session", args=[waiting.session.pk]),
        "cockpit": reverse("dosing:session", args=[running.session.pk]),
    }
    wrong += wrong_with(running.monitor, room, ROOM)
    clock.advance(timedelta(hours=26))
    integration = {"integration": reverse("integration:note", args=[done.integration_session.pk])}
    wrong += wrong_with(done.therapist, integration)
    assert not wrong, "\n".join(wrong)


# ---------------------------------------------------------------- the rest, by `make sweep`


@pytest.mark.sweep
def test_more_of_the_desk(thursday, wrong_with):
    june, tomorrow = thursday.june.client, thursday.june.tomorrow
    wrong = wrong_with(
        thursday.mara.user,
        {
            "find": reverse("desk:search") + "?q=june", "pool": reverse("pathway:pool"),
            "leave": reverse("pathway:leave", args=[thursday.june.course.pk]),
            "client": reverse("people:client", args=[june.pk]), "team": reverse("people:team", args=[june.pk]),
            "contact": reverse("people:contact_new", args=[june.pk]), "book": reverse("scheduling:book"),
            "move": reverse("scheduling:move", args=[tomorrow.pk]), "cancel": reverse("scheduling:cancel", args=[tomorrow.pk]),
            "companion": reverse("scheduling:companion_name", args=[tomorrow.pk]),
        },
    )  # fmt: skip
    wrong += wrong_with(
        june.user, {"mine": reverse("scheduling:mine"), "account": reverse("accounts:account")}
    )
    wrong += wrong_with(
        thursday.kit,
        {
            "provider": reverse("people:provider", args=[thursday.ana.pk]), "staff": reverse("accounts:staff"),
            "shifts": reverse("scheduling:shifts", args=[thursday.mara.pk]), "places": reverse("scheduling:places"),
            "enquiry": reverse("pathway:enquiry_new"), "settings": reverse("desk:settings"),
        },
    )  # fmt: skip
    assert not wrong, "\n".join(wrong)


@pytest.mark.sweep
def test_the_medical_side(wrong_with):
    case = medical_case()
    course, by = case.course, case.prescriber.user
    pages = {
        name: reverse(f"intake:{name}", args=[course.pk]) for name in ("evaluation", "forms", "session_note")
    }
    wrong = wrong_with(by, {"queue": reverse("intake:queue"), **pages})
    evaluated(case)
    diagnosed(case)
    wrong += wrong_with(by, {"order-write": reverse("intake:order_write", args=[course.pk])})
    ordered(case)
    sign = reverse("documents:sign", args=[course.signature_requests.first().pk])
    wrong += wrong_with(case.client.user, {"sign": sign})
    planned(case)
    document = consented(case)[0]
    wrong += wrong_with(
        by,
        {
            "order": reverse("intake:order", args=[course.pk]), "plan": reverse("intake:plan", args=[course.pk]),
            "document": reverse("documents:document", args=[document.pk]), "ask": reverse("documents:ask", args=[course.pk]),
            "preparation": reverse("dosing:preparation", args=[course.pk]),
        },
    )  # fmt: skip
    assert not wrong, "\n".join(wrong)


@pytest.mark.sweep
def test_more_of_the_dosing_room(wrong_with):
    running = ready_to_dose()
    checked(running)
    dosed(running, 150)
    home = ready_to_dose(team=running, name="Priya Shah", setting="remote")
    opened(home)
    shut = ready_to_dose(team=running, name="Theo Kask", prepared=False)
    room = {
        "gate": reverse("dosing:open", args=[shut.appointment.pk]),
        "pre-dose-home": reverse("dosing:session", args=[home.session.pk]),
        **{
            name: reverse(f"dosing:{name}", args=[running.session.pk])
            for name in ("dose", "event", "discharge", "left")
        },
    }
    wrong = wrong_with(running.monitor, room, ROOM)
    wrong += wrong_with(running.therapist, {"safety": reverse("dosing:safety", args=[home.session.pk])}, ROOM)
    assert not wrong, "\n".join(wrong)
