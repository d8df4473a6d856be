"""The desk's pages in real Chromium: nothing for axe to say, no sideways scroll, in light and dark."""

import os
import re
from pathlib import Path

import pytest
from django.test import Client as Visitor
from playwright.sync_api import expect, sync_playwright

from tests.kap.core.test_kit_browser import FLAGS, violations
from tests.kap.desk import scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHOTS = os.environ.get("KAP_SHOTS", "")  # a folder: then every page is also kept as a picture
SIZES = (("light", 320), ("dark", 1280), *((("light", 1440), ("light", 820)) if SHOTS else ()))


@pytest.fixture
def day(at, transactional_db):
    at(scene.NOW)
    return scene.thursday()


def key_of(user) -> str:
    """A session for this person; made before the browser runs, which has an event loop of its own."""
    visitor = Visitor()
    visitor.force_login(user)
    return visitor.cookies["kap_session"].value


def signed_in(browser, url, key, theme, width):
    context = browser.new_context(viewport={"width": width, "height": 1000 if width > 500 else 844})
    context.add_cookies(
        [
            {"name": "kap_session", "value": key, "url": url},
            {"name": "kap_theme", "value": theme, "url": url},
        ]
    )
    return context.new_page()


def main_pages(day):
    chart = f"/clients/{day.june.client.pk}/"
    return {
        "mara": (day.mara.user, ["/today/", "/pipeline/", chart]),
        "kit": (day.kit, ["/today/"]),
        "june": (day.june.client.user, ["/portal/"]),
    }


def other_pages(day):
    chart = f"/clients/{day.june.client.pk}/"
    tabs = ("timeline", "notes", "dosing", "measures", "medical", "documents", "access")
    version = f"/settings/protocol/{day.june.course.protocol_id}/"
    return {
        "mara": (
            day.mara.user,
            [
                "/pipeline/?stage=intake",
                "/clients/",
                "/find/?q=june",
                "/reports/",
                *(f"{chart}{tab}/" for tab in tabs),
            ],
        ),
        "osei": (day.osei.user, ["/today/", "/settings/", "/settings/protocol/new/", version]),
        "ana": (day.ana.user, ["/today/"]),
        "kit": (day.kit, ["/clients/", chart, "/settings/", "/settings/clinic/"]),
        "june": (day.june.client.user, ["/portal/who-opened/"]),
    }


def visited(found, sizes, url, pk) -> list[str]:
    """What is wrong with these pages at these sizes: axe's findings, script errors, sideways scroll."""
    bad = []
    visits = [(who, key_of(user), paths) for who, (user, paths) in found.items()]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for who, key, paths in visits:
            for theme, width in sizes:
                page = signed_in(browser, url, key, theme, width)
                page.on("pageerror", lambda error, bad=bad: bad.append(str(error)))
                for path in paths:
                    assert page.goto(url + path).status == 200, path
                    bad += [f"{who} {path} {width}: {found}" for found in violations(page)]
                    if page.evaluate("document.documentElement.scrollWidth") > width:
                        bad.append(f"{who} {path} scrolls sideways at {width}")
                    if SHOTS:
                        keep(page, who, path, theme, width, pk)
                page.context.close()
        browser.close()
    return bad


@pytest.mark.sweep
def test_no_main_page_has_an_accessibility_violation_or_scrolls_sideways(day, live_server, gate_says):
    gate_says(companion_confirmed="Driver not confirmed.")
    assert visited(main_pages(day), SIZES, live_server.url, str(day.june.client.pk)) == []


@pytest.mark.sweep
def test_no_other_page_does_either(day, live_server, gate_says):
    gate_says(companion_confirmed="Driver not confirmed.")
    assert visited(other_pages(day), SIZES, live_server.url, str(day.june.client.pk)) == []


def test_what_is_missing_opens_in_the_card_and_the_finder_below_its_box(day, live_server, gate_says):
    gate_says(companion_confirmed="Driver not confirmed.")
    key = key_of(day.mara.user)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = signed_in(browser, live_server.url, key, "light", 1280)
        page.goto(f"{live_server.url}/pipeline/")
        page.locator(".board-card", has_text="June Ashworth").locator("summary").click()
        expect(page.get_by_text("Driver not confirmed.")).to_be_visible()
        page.goto(f"{live_server.url}/today/")
        page.keyboard.press("/")
        page.keyboard.type("juhn")
        page.get_by_role("link", name="June Ashworth").and_(page.locator("#found a")).click()
        expect(page).to_have_url(f"{live_server.url}/clients/{day.june.client.pk}/")
        page.get_by_role("button", name="Messages").click()
        expect(page.locator("#recent > li:visible")).to_have_count(1)
        browser.close()


def keep(page, who, path, theme, width, pk):
    folder = Path(SHOTS)
    folder.mkdir(parents=True, exist_ok=True)
    name = path.replace(pk, "june").strip("/").replace("/", "-").replace("?", "-")[:50]
    page.screenshot(path=folder / f"{who}-{name}-{theme}-{width}.png", full_page=True)


def test_the_chart_prints_on_one_page(day, live_server, gate_says, tmp_path):
    gate_says(companion_confirmed="Driver not confirmed.")
    key = key_of(day.mara.user)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = signed_in(browser, live_server.url, key, "light", 1280)
        page.goto(f"{live_server.url}/clients/{day.june.client.pk}/")
        printed = Path(SHOTS or tmp_path) / "chart.pdf"
        if SHOTS:
            page.emulate_media(media="print")
            page.set_viewport_size({"width": 816, "height": 1056})
            page.screenshot(path=Path(SHOTS) / "chart-print.png", full_page=True)
        page.pdf(path=printed, format="Letter", prefer_css_page_size=True)
        browser.close()
    assert len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())) == 1
