"""Every page of the product, once, with the eyes that see most, in a demonstration clinic that lives through a day.

On a small phone in light and on a desk in dark, the dosing room dim: nothing for axe-core, nothing to scroll
sideways for, no word that was meant for the machine. Whoever is refused, lost or let down finds a way back.
With KAP_SHOTS set to a folder, a picture of each page is kept there.
"""

import os
import re
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.test import Client as Visitor
from django.test import override_settings
from django.urls import URLPattern, get_resolver, include, path, reverse
from pytest_django.live_server_helper import LiveServer

import kap.urls
from kap.accounts.permissions import public
from kap.audit.access import LogUnwritable
from kap.core.errors import Refused
from scheduling.models import Appointment
from scheduling.tokens import token_for
from tests.browser import chromium, context, scrolls_sideways, violations, watched
from tests.conftest import empty_database
from tests.factories.people import UserFactory
from tests.journeys.demo_day import SCENES, Day
from tests.journeys.every_page import lines

pytestmark = [pytest.mark.browser, pytest.mark.sweep]

SHOTS = os.environ.get("KAP_SHOTS", "")
LOOKS = (("phone", "light"), ("desktop", "dark"))
LINES = lines()
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
NEVER = {  # no page says such a thing to a person
    "a word of the code": r"(?<![\w@./-])[a-z]+(?:_[a-z0-9]+)+(?![\w@])",
    "a name of the code": r"\b[A-Z][A-Za-z]*\.[A-Z][A-Z_]+\b",
    "a None": r"(?<![\w-])None(?![\w-])",
    "a key": r"(?<![\w@./:-])[a-z]{3,}(?:\.[a-z_]{2,})+(?![\w@/-])",
    "template code": r"\{\{|\{%|%\(\w+\)[sd]|\{[a-z_]+\}",
    "a thing of the machine": r"Traceback \(|<[\w.]+ object|\[object |\bundefined\b|\bNaN\b|\w+(?:DoesNotExist|Exception)\b",
    "an id": UUID,
    "a mark escaped twice": r"&(?:amp|lt|gt|quot|#\d+);",
}
HUMAN = re.compile(  # "None" as an answer to a question or in a sentence
    r"None (?:of these|that I know of|in this period|at present|ahead|recorded|coded yet|this week)"
    r"|(?:substances since|What was done|Findings|Flags|Booster|Doses|Licence|DEA registration)\s+None\b"
    r"|https?://\S+"
)
SAID = """() => {
  document.querySelectorAll('details').forEach((one) => { one.open = true; });
  const more = [...document.querySelectorAll('[aria-label], [title], [alt], [placeholder]')].flatMap((one) =>
    ['aria-label', 'title', 'alt', 'placeholder'].map((name) => one.getAttribute(name) || ''));
  return [document.title, document.body.innerText, ...more].join('\\n');
}"""


# ---------------------------------------------------------------- the clinic and its visitors


@pytest.fixture(scope="module")
def day(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        server = LiveServer("localhost")
        server._live_server_modified_settings.enable()
        made = Day(server.url)
        try:
            made.begin()
            yield made
        finally:
            made.end()
            server.stop()
            server._live_server_modified_settings.disable()
            empty_database()


@pytest.fixture(scope="module")
def browser():
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def opens(day, browser):
    """opens(who, look) -> her tab at that screen, kept for as long as the scene lasts."""
    tabs = {}

    def tab(who: str, look):
        for key in [key for key in tabs if key[0] != day.scene]:
            tabs.pop(key).context.close()
        key = (day.scene, who, look)
        if key not in tabs:
            size, theme = look
            made = context(browser, day.url, size=size, theme=theme)
            made.add_cookies([*day.cookies(who), {"name": "kap_room_theme", "value": "dim", "url": day.url}])
            tabs[key] = watched(made.new_page())
        return tabs[key]

    return tab


def raw_in(text: str, but=()) -> list[str]:
    """Words of the machine in `text`; addresses written out are links, and may hold ids."""
    text = HUMAN.sub(" ", text)
    return [
        f"says {what}: {found[0]!r} in {text[max(0, found.start() - 40) : found.end() + 30]!r}"
        for what, pattern in NEVER.items()
        if what not in but
        for found in list(re.finditer(pattern, text))[:3]
    ]


def wrong_on(page, name: str) -> list[str]:
    """What nobody should see on the page that stands there."""
    found = list(violations(page))
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(SHOTS) / f"{re.sub('[^a-z0-9]+', '-', name.lower())}.png", full_page=True)
    said = page.evaluate(SAID)
    if scrolls_sideways(page):
        found.append("scrolls sideways")
    found += raw_in(said) + page.faults
    page.faults.clear()
    return found


# ---------------------------------------------------------------- the table is whole


def routes(resolver=None, namespace="", before="/"):
    for entry in (resolver or get_resolver()).url_patterns:
        address = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name}", address, entry
        else:
            yield from routes(
                entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace, address
            )


SAMPLES = {"uuid": str(uuid4()), "int": "1", "str": "x", "slug": "x", "path": "x"}


def sample(address: str, entry) -> str:
    """The address with something of the right shape in each gap; a kind of our own takes its first choice."""

    def fill(gap):
        kind, _, name = gap[1].rpartition(":")
        return SAMPLES.get(kind or "str") or entry.pattern.converters[name].regex.split("|")[0].strip("(?:)")

    return re.sub(r"<([^>]+)>", fill, address)


def test_every_address_that_answers_get_is_in_the_table(day):
    """Those that are not there take no GET, and say so with a way back to whoever may send them something."""
    day.reach(SCENES[0])
    everything = Visitor()
    everything.force_login(UserFactory(roles=["therapist", "prescriber", "monitor", "admin"]))
    client = Visitor()
    client.force_login(day.users["june"])
    listed, missing, lost = {line.name for line in LINES}, [], []
    for name, address, entry in routes():
        if name in listed:
            continue
        answers = [visitor.get(sample(address, entry)) for visitor in (everything, client)]
        refused = [answer for answer in answers if answer.status_code == 405]
        if not refused:
            missing.append(name)
        lost += [name for answer in refused if b'href="/"' not in answer.content]
    assert not missing, f"Say in tests/journeys/every_page.py who opens these: {missing}"
    assert not lost, f"Opened by their address these are a dead end: {lost}"
    assert not listed - {name for name, *_ in routes()}, "These addresses are gone."


def test_the_scenes_of_the_table_are_those_of_the_day():
    assert list(dict.fromkeys(line.when for line in LINES)) == list(SCENES)


def test_what_must_not_be_said_would_be_found():
    for slip in (
        "Waits for sub_lingual", "State.OPEN", "Weight: None", "emails.title.short", "{{ client }}", "%(n)s days",
        "Hello {name}", "Traceback (most recent", str(uuid4()), "Tom &amp; Jerry", "due NaN",
    ):  # fmt: skip
        assert raw_in(f"Today: {slip}"), slip


# ---------------------------------------------------------------- the pages


@pytest.mark.parametrize("line", LINES, ids=[f"{n:03d} {line.id}" for n, line in enumerate(LINES)])
def test_the_page_is_fit_to_be_seen(day, opens, line):
    day.reach(line.when)
    goal = reverse(line.name, args=day.args(line.words)) + line.query.format(**day.things)
    if line.expect == "part":
        found = wrong_with_part(opens(line.who, LOOKS[1]), goal)
    else:
        found = [one for look in LOOKS for one in wrong_with(opens(line.who, look), goal, line, look)]
    assert not found, "\n" + "\n".join(dict.fromkeys(found))


def wrong_with(page, goal: str, line, look) -> list[str]:
    answer = page.goto(goal)
    found = [] if answer.status == 200 else [f"answers {answer.status}"]
    where = page.url.partition("://")[2].partition("/")[2]
    if (f"/{where}" != goal) != (line.expect == "goes on"):
        found.append(f"stands at /{where}, and the table says {line.expect or 'a page'}")
    found += wrong_on(page, f"{LINES.index(line):03d}-{line.name}-{line.who}-{'-'.join(look)}")
    return [f"{'-'.join(look)}: {one}" for one in found]


def wrong_with_part(page, goal: str) -> list[str]:
    answer = page.request.get(goal)
    found = [] if answer.status in (200, 503 if goal == "/readyz" else 200) else [f"answers {answer.status}"]
    kind = answer.headers["content-type"].partition(";")[0]
    if kind == "text/html":
        found += raw_in(re.sub(r"<[^>]*>", " ", answer.text()))
    if kind == "text/csv":
        found += raw_in(answer.text(), but=("a word of the code", "a key"))  # for programs, too
    return found


# ---------------------------------------------------------------- refused, lost, let down


def _fails_with(make):
    @public("only of this test: something fails here")
    def view(request):
        raise make()

    return view


FAILURES = {
    "broken": (500, lambda: RuntimeError("as if something had gone wrong")),
    "busy": (503, lambda: OperationalError("canceling statement due to statement timeout")),
    "strange": (400, lambda: SuspiciousOperation("as if somebody had tampered with it")),
    "refused": (409, lambda: Refused("The client has not signed yet.")),
    "unwritable": (503, lambda: LogUnwritable("chart: OperationalError")),
}
urlpatterns = [path(f"fails/{word}/", _fails_with(make)) for word, (_, make) in FAILURES.items()]
urlpatterns += [path("", include("kap.urls"))]
handler400, handler403, handler404, handler500 = (
    getattr(kap.urls, f"handler{status}") for status in (400, 403, 404, 500)
)


def lost() -> list[tuple]:
    """(who, address, status, words of the table in it)"""
    chart, paper = f"/clients/{uuid4()}/", f"/documents/{uuid4()}"
    return [
        ("ana", "/staff/", 403), ("june", "/today/", 403), ("mara", "/audit/", 403), ("ana", "/portal/", 403),
        *((who, "/nothing/is/here/", 404) for who in ("mara", "june", "-")),
        ("mara", chart, 404), ("june", paper, 404), ("-", "/companion/no-such-link/", 404),
        *((who, "/sign-out/", 405) for who in ("mara", "june", "-")),
        ("ana", f"/dosing/{uuid4()}/start/", 405), ("june", "/forms/send/", 405),
        ("-", "STALE", 410), ("-", "/invitation/no-such-invitation/", 410), ("-", "/password/new/xx/no-such-one/", 410),
        *((who, f"/fails/{word}/", status) for word, (status, _) in FAILURES.items() for who in ("mara", "june", "-")),
    ]  # fmt: skip


def test_whoever_is_refused_lost_or_let_down_finds_a_way_back(day, opens):
    found = []
    with override_settings(ROOT_URLCONF=__name__):
        for who, address, status in lost():
            goal = address.replace("STALE", f"/companion/{stale_link(day)}/")
            for look in LOOKS:
                page = opens(who, look)
                answer = page.goto(goal)
                wrong = [] if answer.status == status else [f"answers {answer.status} instead of {status}"]
                wrong += wrong_on(page, f"lost-{status}-{address}-{who}-{'-'.join(look)}")
                found += [f"{who} {address} {'-'.join(look)}: {one}" for one in wrong + no_way_back(page)]
    assert not found, "\n" + "\n".join(found)


def test_a_form_whose_token_is_gone_says_so_and_leads_back(day, browser):
    for size, theme in LOOKS:
        made = context(browser, day.url, size=size, theme=theme)
        page = watched(made.new_page())
        page.goto("/sign-in/")
        page.locator("input[type=email]").fill("somebody@mail.test")
        made.clear_cookies(name=settings.CSRF_COOKIE_NAME)
        with page.expect_navigation() as sent:
            page.locator("main form button[type=submit]").first.click()
        assert sent.value.status == 403
        assert "too old to send" in page.locator("h1").inner_text()
        found = wrong_on(page, f"lost-csrf-{size}-{theme}") + no_way_back(page)
        made.close()
        assert not found, "\n" + "\n".join(found)


def stale_link(day) -> str:
    """The companion's link as it was before the appointment was moved."""
    one = Appointment.objects.get(pk=day.things["graham.visit"])
    one.version -= 1
    return token_for(one)


def no_way_back(page) -> list[str]:
    """Follow the first link of the page itself that stays with us; it must arrive."""
    here = page.url.removeprefix(page.url.partition("://")[0] + "://").partition("/")[2]
    ways = page.locator(f"main a[href^='/']:not([href='/{here}']):visible")  # not the same page once more
    if not ways.count():
        return ["offers no way back"]
    with page.expect_navigation() as gone:
        ways.first.click()
    return [] if gone.value.status == 200 else [f"its way back answers {gone.value.status}"]
