"""The author's own notes in real Chromium: typing is kept by itself, and no word of them comes on paper."""

import os
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client as Visitor
from playwright.sync_api import expect

from kap.notes.psychotherapy import actions
from kap.notes.psychotherapy.models import PsychotherapyNote
from tests.browser import chromium, context, scrolls_sideways, violations, watched
from tests.factories.core import ClinicFactory
from tests.factories.notes import author_for
from tests.factories.pathway import CourseFactory
from tests.kap.notes.test_psychotherapy import CANARY, keep

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("KAP_SHOTS", "")  # a folder: then every page is also kept as a picture


@pytest.fixture
def tab(live_server):
    """tab(user, size, theme) -> her page, signed in."""
    with chromium() as browser:

        def opened(user, size, theme):
            visitor = Visitor()
            visitor.force_login(user)
            name = settings.SESSION_COOKIE_NAME
            made = context(browser, live_server.url, size=size, theme=theme)
            made.add_cookies([{"name": name, "value": visitor.cookies[name].value, "url": live_server.url}])
            return watched(made.new_page())

        yield opened


@pytest.fixture
def pages(transactional_db):
    """(mara, {name: address}) of the notes that she keeps about one client: one open, one locked."""
    ClinicFactory()
    course = CourseFactory(stage="preparation")
    mara = author_for(course)
    locked, kept = keep(course, mara), keep(course, mara, f"An open one. {CANARY}")
    actions.lock(note=locked, by=mara)
    own = f"/clients/{course.client_id}/own-notes/"
    return mara, {
        "list": own, "new": f"{own}new/", "locked": f"{own}{locked.pk}/", "open": f"{own}{kept.pk}/",
        "chart": f"/clients/{course.client_id}/notes/",
    }  # fmt: skip


def test_typing_is_kept_by_itself_and_nothing_comes_on_paper(tab, pages):
    mara, addresses = pages
    page = tab(mara, "desktop", "light")
    page.goto(addresses["new"])
    page.get_by_label("Your note").fill("typed and left")
    expect(page.locator("#save-state")).to_contain_text(re.compile("Saved", re.I))
    assert "typed and left" in {note.words() for note in PsychotherapyNote.objects.all()}
    page.goto(addresses["locked"])
    assert CANARY in page.locator("body").inner_text(), "On the screen she reads it."
    page.emulate_media(media="print")
    for name in ("locked", "open", "list", "chart"):
        page.goto(addresses[name])
        assert CANARY not in page.locator("body").inner_text(), name
        assert not page.locator("textarea:visible").count(), name
    assert not page.faults


@pytest.mark.sweep
@pytest.mark.parametrize(("size", "theme"), [("phone", "light"), ("desktop", "dark")])
def test_the_pages_are_accessible_and_fit(tab, pages, size, theme):
    mara, addresses = pages
    page, wrong = tab(mara, size, theme), []
    for name, address in addresses.items():
        page.goto(address)
        wrong += [f"{name}: {one}" for one in violations(page)]
        wrong += [f"{name} scrolls sideways"] * scrolls_sideways(page)
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"own-{name}-{size}-{theme}.png", full_page=True)
    assert not wrong + page.faults, "\n".join(wrong + page.faults)
