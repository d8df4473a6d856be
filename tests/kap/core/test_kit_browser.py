"""The kit in real Chromium, under the product's own content security policy."""

import io
import json
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from tests.kap.core.kit.pages import contexts
from tests.kap.core.kit.serve import start

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
STAFF, CLIENT, ROOM = ("today", "chart", "sink", "calendar"), ("tasks", "question"), ("room", "roomdose")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def server():
    running = start()
    yield running
    running.shutdown()


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(server, chromium):
    """Open a sample page; at the end nothing may have been refused by the policy or thrown by a script."""
    server.replies, server.posted, server.slow = [], [], 0
    contexts_open, problems = [], []

    def go(name, theme="light", width=1280, height=900, **options):
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts_open.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: _note(message, problems))
        page.goto(f"http://127.0.0.1:{server.server_port}/{name}?theme={theme}")
        return page

    yield go
    for context in contexts_open:
        context.close()
    assert not problems


def _note(message, problems):
    if "Content Security Policy" in message.text or "Refused to" in message.text:
        problems.append(message.text)


def violations(page) -> list[str]:
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


@pytest.mark.parametrize(
    ("name", "theme", "width"),
    [
        *(
            (name, theme, width)
            for name in STAFF + CLIENT
            for theme, width in (("light", 320), ("dark", 1280))
        ),
        *((name, theme, width) for name in ROOM for theme, width in (("dim", 820), ("light", 320))),
    ],
)
def test_no_page_has_an_accessibility_violation_or_scrolls_sideways(visit, name, theme, width):
    page = visit(name, theme, width)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_open_dialogs_panels_and_menus_have_no_violation_either(visit):
    page = visit("sink")
    page.get_by_role("link", name="Open dialog").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Open panel").click()
    assert violations(page) == []
    page.get_by_role("button", name="Close").first.click()
    page.locator("summary", has_text="More").click()
    assert violations(page) == []


@pytest.mark.parametrize("name", CLIENT + ROOM)
def test_fingers_find_their_targets(visit, name):
    page = visit(name, width=320, height=800)
    small = page.evaluate(
        """() => [...document.querySelectorAll('a[href],button,input,select,summary')]
        .filter(e => e.offsetParent && e.type !== 'hidden' && !e.closest('.skip, .demo'))
        .map(e => [e, (e.closest('.tasks-link, label') || e).getBoundingClientRect()])
        .filter(([e, box]) => box.height > 0 && box.height < 44).map(([e]) => e.outerHTML.slice(0, 120))"""
    )
    assert small == []


@pytest.mark.parametrize("name", ROOM)
def test_dim_paints_nothing_bright(visit, name):
    image = Image.open(io.BytesIO(visit(name, "dim", 820).screenshot(full_page=True))).convert("RGB")

    def light(value):
        share = value / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    table = [light(value) for value in range(256)]
    colours = image.getcolors(maxcolors=1 << 24)
    assert max(0.2126 * table[r] + 0.7152 * table[g] + 0.0722 * table[b] for _, (r, g, b) in colours) <= 0.62


def test_without_a_choice_the_page_follows_the_system_from_the_first_pixel(visit):
    assert visit("today", "", color_scheme="dark").evaluate(GROUND) == "rgb(16, 23, 26)"
    assert visit("today", "", color_scheme="light").evaluate(GROUND) == "rgb(246, 245, 241)"


GROUND = "getComputedStyle(document.body).backgroundColor"


def test_the_phone_menu_works_without_script(visit):
    page = visit("today", width=390, java_script_enabled=False)
    page.locator("summary[aria-label=Menu]").click()
    expect(page.get_by_role("link", name="Roster")).to_be_visible()


def test_the_error_summary_has_the_focus_and_each_link_leads_to_its_field(visit):
    page = visit("sink")
    expect(page.locator(".errbox")).to_be_focused()
    for link in page.locator(".errbox a").all():
        link.click()
        assert page.evaluate("'#' + document.activeElement.id") == link.get_attribute("href")


def test_focus_returns_from_a_dialog_to_what_opened_it(visit):
    page = visit("sink")
    opener = page.get_by_role("link", name="Open dialog")
    opener.click()
    assert page.evaluate("document.activeElement.closest('dialog')?.id") == "dlg"
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_a_double_click_sends_a_form_once(visit, server):
    server.slow = 0.7
    page = visit("sink")
    page.get_by_role("link", name="Open dialog").click()
    button = page.locator("#dlg button[type=submit]")
    page.evaluate("document.querySelector('#dlg form').target = 'frame'")
    button.dblclick(no_wait_after=True)
    expect(button).to_have_text("Saving…")
    page.wait_for_timeout(900)
    assert len(server.posted) == 1


def test_shortcuts_can_be_switched_off(visit):
    page = visit("today")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.locator("#q").blur()
    page.get_by_text("Display and sign out").first.click()
    page.get_by_label("Single-key shortcuts").first.uncheck()
    page.locator("h1").click()
    page.keyboard.press("/")
    expect(page.locator("#q")).not_to_be_focused()


# ------------------------------------------------------------------------------------------ autosave


def state(page):
    return page.locator("[data-save-state]")


def test_typing_is_saved_unasked_and_the_page_says_when(visit, server):
    page = visit("sink")
    page.get_by_label("Reason").fill("calm")
    expect(state(page)).to_have_text("Saved 14:07")
    assert "calm" in server.posted[-1]


def test_a_failed_save_says_so_and_is_tried_again_until_it_works(visit, server):
    server.replies = [(500, {}), (503, {})]
    page = visit("sink")
    page.get_by_label("Reason").fill("calm")
    expect(state(page)).to_have_text("Not saved. Trying again, keep this page open")
    expect(state(page)).to_have_text("Saved 14:07", timeout=8000)
    assert len(server.posted) == 3


def test_after_the_session_ended_the_typing_stays_and_is_saved_on_return(visit, server):
    server.replies = [(401, {})]
    page = visit("sink")
    page.get_by_label("Reason").fill("calm")
    expect(state(page)).to_contain_text("Signed out. Sign in here; your typing is kept")
    expect(page.get_by_label("Reason")).to_have_value("calm")
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(state(page)).to_have_text("Saved 14:07")


def test_two_people_in_one_note_loses_neither_text(visit, server):
    server.replies = [(409, {"conflict": "Ana Ruiz changed this at 14:05.", "theirs": "agitated"})]
    page = visit("sink")
    page.get_by_label("Reason").fill("calm")
    expect(page.get_by_text("Ana Ruiz changed this at 14:05.")).to_be_visible()
    expect(page.get_by_text("agitated")).to_be_visible()
    expect(page.get_by_label("Reason")).to_have_value("calm")


def test_a_refused_value_is_marked_beside_its_field(visit, server):
    server.replies = [(422, {"errors": {"note": ["Reason: shorten this"]}})]
    page = visit("sink")
    page.get_by_label("Reason").fill("calm")
    expect(page.locator("#id_note_error")).to_contain_text("Reason: shorten this")
    expect(page.get_by_label("Reason")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Reason").fill("calm now")
    expect(state(page)).to_have_text("Saved 14:07")
    expect(page.locator("#id_note_error")).to_be_hidden()


def test_what_is_typed_is_never_put_into_the_browsers_storage(visit):
    page = visit("sink")
    page.get_by_label("Reason").fill("calm")
    expect(state(page)).to_have_text("Saved 14:07")
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "calm" not in json.dumps(kept)


# ------------------------------------------------------------------------------------------ the room


def tap(page, digits):
    for digit in digits:
        page.locator(f"[data-pad] [data-digit='{digit}']").click()


def test_a_reading_takes_few_taps_since_full_boxes_go_on_by_themselves(visit):
    page = visit("room", "dim", 1180)
    page.locator("#sys").click()
    for value in ("148", "93", "84", "97"):
        tap(page, value)
    values = [page.locator(f"#{box}").input_value() for box in ("sys", "dia", "hr", "sp")]
    assert values == ["148", "93", "84", "97"]
    assert page.locator("#sys").get_attribute("inputmode") == "none"


def test_crossing_a_limit_makes_the_call_the_first_thing(visit):
    page = visit("room", "dim", 1180)
    page.locator("#sys").click()
    tap(page, "152")
    expect(page.get_by_text("Systolic 152 mmHg is over the limit of 150.")).to_be_visible()
    expect(page.get_by_role("button", name="Save and call Dr. Osei")).to_be_visible()
    assert "btn-primary" not in page.get_by_role("button", name="Save vitals").get_attribute("class")


def test_the_vitals_boxes_work_without_script(visit):
    page = visit("room", "dim", 1180, java_script_enabled=False)
    expect(page.locator("[data-pad]")).to_be_hidden()
    page.locator("#sys").fill("148")
    assert page.locator("#sys").get_attribute("inputmode") is None


def test_sample_pages_are_all_covered():
    assert set(contexts()) == {*STAFF, *CLIENT, *ROOM}
