"""After signing out, nothing clinical is left in the browser: Back, storage and caches hold none of it."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from tests.browser import chromium, context, watched
from tests.factories.dosing import dosed, ready_to_dose
from tests.factories.people import ClientFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TYPED = "canary words typed into a note"
LEFT = """async () => {
  const found = {local: {...localStorage}, session: {...sessionStorage}, caches: [], databases: []};
  if (window.caches) for (const name of await caches.keys()) found.caches.push(name);
  if (indexedDB.databases) found.databases = (await indexedDB.databases()).map((one) => one.name);
  return found;
}"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def sit(live_server, browser, settings):
    settings.SESSION_LIMITS = True
    opened = []

    def go(user):
        session = Client()
        session.force_login(user)
        made = context(browser, live_server.url)
        made.add_cookies(
            [{"name": n, "value": c.value, "url": live_server.url} for n, c in session.cookies.items()]
        )
        opened.append(made)
        return watched(made.new_page())

    yield go
    for one in opened:
        one.close()


def sign_out(page, headers):
    page.on("response", lambda r: headers.update(r.all_headers()) if "/sign-out/" in r.url else None)
    if page.locator("details.me-more").count():
        page.locator("details.me-more").first.evaluate("node => node.open = true")
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    expect(page.get_by_role("heading", name=re.compile("[Ss]ign.in"))).to_be_visible()


def nothing_left(page, words):
    """Neither the page nor the browser's stores hold any of `words`; only the choice of shortcuts may be kept."""
    shown = page.content() + page.title()
    kept = page.evaluate(LEFT)
    assert kept["caches"] == kept["databases"] == []
    assert set(kept["local"]) <= {"kap-keys"}
    assert kept["session"] == {}
    for one in words:
        assert one not in shown
        assert one not in str(kept)


def test_staff_leave_neither_chart_nor_room_behind(sit):
    scene = ready_to_dose()
    dosed(scene, 150)
    who = scene.client
    words = (who.legal_name, who.kap_number, "150 mg", TYPED)
    page, headers = sit(scene.therapist), {}
    pages = [
        reverse("desk:chart", args=[who.pk]),
        reverse("dosing:session", args=[scene.session.pk]),
        "/account/",
    ]
    for path in pages:
        answer = page.goto(path)
        assert "no-store" in answer.all_headers()["cache-control"], path
        if path != "/account/":
            assert who.legal_name in page.content()  # else this test would see nothing to lose
    page.evaluate("localStorage.setItem('kap-keys', 'off')")
    sign_out(page, headers)
    assert headers["clear-site-data"] == '"cache", "storage"'
    nothing_left(page, words)
    for _ in range(len(pages) + 1):
        page.go_back(wait_until="load")
        if page.url == "about:blank":
            break
        nothing_left(page, words)
    assert page.faults == []


def test_while_signed_in_nothing_clinical_is_put_into_the_browser_s_stores(sit):
    scene = ready_to_dose()
    dosed(scene, 150)
    page = sit(scene.monitor)
    page.goto(reverse("dosing:session", args=[scene.session.pk]))
    page.get_by_label("Systolic, mmHg").fill("131")
    page.get_by_label("Diastolic, mmHg").fill("82")
    page.locator(".save").click()
    expect(page.locator(".fs tbody")).to_contain_text("131/82")
    kept = page.evaluate(LEFT)
    # htmx notes the address of the page, which names nobody; the sign-out clears that, too (the test above).
    assert set(kept.pop("session").values()) <= {reverse("dosing:session", args=[scene.session.pk])}
    assert kept == {"local": {}, "caches": [], "databases": []}
    for cookie in page.context.cookies():
        assert scene.client.legal_name not in cookie["value"]


def test_a_client_leaves_nothing_behind(sit):
    client = ClientFactory(with_user=True, legal_name="Canary Quillfeather")
    page, headers = sit(client.user), {}
    page.goto("/account/")
    assert client.legal_name in page.content()
    page.goto(reverse("desk:portal"))
    sign_out(page, headers)
    assert "clear-site-data" in headers
    for _ in range(3):
        nothing_left(page, (client.legal_name, client.email))
        page.go_back(wait_until="load")
        if page.url == "about:blank":
            break


def test_another_tab_is_covered_once_it_is_looked_at(sit):
    scene = ready_to_dose()
    page, headers = sit(scene.therapist), {}
    page.goto(reverse("desk:chart", args=[scene.client.pk]))
    other = page.context.new_page()
    other.goto("/account/")
    sign_out(other, headers)
    page.bring_to_front()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("dialog", name="Locked")).to_be_visible()
    assert scene.client.legal_name not in page.inner_text("body")
    assert scene.client.legal_name not in page.title()
