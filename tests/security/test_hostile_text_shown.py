"""Hostile words that were kept, on every page that shows them: in Chromium, in tables, in mails. Nothing runs.

Two teams are named in markup, and every form that takes more of it gets it. Chromium gets each page, with its real
headers, straight from the application: a script that ran would call `__ran`, one that was stopped would break the policy.
"""

import csv
import io
import re
from contextlib import contextmanager
from html.parser import HTMLParser
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core import mail
from django.db import transaction
from django.test import override_settings

from kap.outbox import catalogue, channels
from kap.outbox.models import Message
from kap.outbox.render import rendered
from tests.browser import chromium
from tests.security import corpus
from tests.security import ground as grounds
from tests.security.hostile import Target, post
from tests.security.matrix import OUTSIDE
from tests.security.test_foreign_ids import LINES, POSTS, somebody
from tests.security.test_url_matrix import path_of, undone

ENDS = re.compile(
    r"end|remove|reset|deactivate|reactivate|let_in|sign_|close|discard|cancel|leave|withdraw|decline|drop|lock|discharge|:left|"
    r"not_dosed|strike|:move|no_show|password|:pin|advance|complete|follow_up|decide|locked|release|:start|take|assign|resume|"
    r"app_new|passkey|codes|prove|protocol_new|typed|register|invitation|:code|:link|:second|challenge"
)
DAILY = (  # what `make test` opens in Chromium; `make sweep` opens all
    "desk:chart iris", "desk:chart_tab iris =notes", "desk:chart_tab iris =documents", "desk:today", "desk:search",
    "worklist:list", "desk:pipeline", "scheduling:calendar", "documents:document iris.document", "outbox:message iris.message",
    "desk:portal", "notes:psychotherapy_list iris", "dosing:session june.session", "desk:audit",
)  # fmt: skip


@contextmanager
def named_in_markup():
    """The ground of the other tests, with one team whose every name is hostile."""
    original = grounds.side
    grounds.side = lambda tag: original(corpus.SHORT if tag == "Own" else tag)
    try:
        yield
    finally:
        grounds.side = original


@pytest.fixture(scope="module")
def hostile(django_db_setup, django_db_blocker):
    """ground, and how many forms took the words. Thrown away at the end."""
    with django_db_blocker.unblock(), named_in_markup(), grounds.standing() as made:
        took = 0
        for line in POSTS:
            if ENDS.search(line.name.partition(":")[2] or line.name) or ENDS.search(line.name):
                continue
            try:
                with transaction.atomic():
                    target = Target(made, line)
                    answer = post(target.browser, target.path, target.with_words(corpus.LONG, fit=True))
                    took += bool(target.texts) and answer.status_code < 400
            except transaction.TransactionManagementError:
                continue
        yield SimpleNamespace(ground=made, took=took)


def pages(ground):
    for line in LINES:
        if line.get - OUTSIDE and line.name != "readyz":
            browser, _user = somebody(ground, line, line.get)
            yield (
                line.id,
                browser,
                path_of(line, ground.own.args(*line.words)) + ("?q=img" if "search" in line.name else ""),
            )


class Markup(HTMLParser):
    """Elements and attributes that only somebody else can have written."""

    def __init__(self):
        super().__init__()
        self.found, self.links = [], []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if (
            tag == corpus.MARK
            or attributes.get("src") == "x"
            or (tag == "script" and not attributes.get("src"))
        ) and attributes.get("type") != "application/json":
            self.found.append(tag)
        self.found += [f"{tag} {name}" for name in attributes if name.startswith("on")]
        links = [attributes.get(name) or "" for name in ("href", "src", "action", "formaction")]
        self.found += [
            link for link in links if link.strip().lower().startswith(("javascript:", "data:text", "//"))
        ]


def markup(page: str) -> list[str]:
    parser = Markup()
    parser.feed(page)
    return parser.found


# ---------------------------------------------------------------- pages


def test_the_words_are_kept_and_shown_as_words(hostile):
    """On every page: no element and no attribute of theirs; and the words do stand on many, else this would say nothing."""
    shown, wrong = [], {}
    for name, browser, path in pages(hostile.ground):
        with undone():
            answer = browser.get(path)
            if answer.status_code != 200 or "html" not in answer["Content-Type"]:
                continue
            page = answer.content.decode()
        if "&lt;img src=x onerror=" in page:
            shown.append(name)
        if found := markup(page):
            wrong[name] = found
        assert "{{ 14" not in page, name
    assert wrong == {}
    print(f"\n{hostile.took} forms took the words, {len(shown)} pages show them")
    assert hostile.took >= 12
    assert len(shown) > 60


def test_no_cell_of_the_audits_table_is_lost_or_calculated(hostile):
    with undone():
        answer = hostile.ground.admin and hostile.ground.visitors["admin"].get("/audit/file.csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode(), newline="")))
    assert len(rows) > 50
    assert {len(row) for row in rows} == {len(rows[0])}
    assert not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "-", "@"))]


HOOK = f"""
window.hits = []; window.{corpus.RAN} = (n) => window.hits.push("ran " + n);
document.addEventListener("securitypolicyviolation", (e) =>
  window.hits.push("stopped " + e.violatedDirective + " " + e.blockedURI));
"""


class Window:
    """Chromium, whose every request the application answers in this process and transaction."""

    def __init__(self, browser):
        self.dialogs, self.away, self.visitor = [], [], None
        self.context = browser.new_context(base_url="http://testserver", reduced_motion="reduce")
        self.context.add_init_script(HOOK)
        self.page = self.context.new_page()
        self.page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        self.context.route("**/*", self._answer)

    def _answer(self, route):
        url = urlsplit(route.request.url)
        if url.netloc != "testserver":
            self.away.append(route.request.url)
            return route.abort()
        if url.path.startswith(settings.STATIC_URL):
            file = finders.find(url.path.removeprefix(settings.STATIC_URL))
            return route.fulfill(path=file) if file else route.fulfill(status=404)
        if route.request.method != "GET":
            return route.fulfill(status=204)
        with undone():
            answer = self.visitor.get(f"{url.path}?{url.query}" if url.query else url.path, follow=True)
            headers = {
                name: value
                for name, value in answer.items()
                if name.lower() not in ("content-length", "cross-origin-opener-policy")
            }
            return route.fulfill(status=answer.status_code, headers=headers, body=answer.content)

    def open(self, visitor, path: str) -> list[str]:
        """What ran, what was stopped, where it wanted to go."""
        self.visitor, self.dialogs, self.away = visitor, [], []
        self.page.goto(path, wait_until="load")
        self.page.mouse.move(200, 200)
        self.page.keyboard.press("Tab")
        hits = self.page.evaluate("window.hits")
        loose = self.page.evaluate(
            f"document.querySelectorAll('[onerror],[onload],[src=x],{corpus.MARK}').length"
        )
        return [*hits, *self.dialogs, *self.away, *(["an element of theirs"] if loose else [])]


@pytest.fixture(scope="module")
def window():
    with chromium() as browser:
        yield Window(browser)


FILES = (
    "scheduling:ics iris.visit",
    "documents:pdf iris.document",
    "desk:audit_csv",
    "desk:reports_csv",
    "healthz",
)


def walk(hostile, window, names=None) -> int:
    wrong, seen = {}, 0
    for name, browser, path in pages(hostile.ground):
        if name in FILES or (names and name not in names):
            continue
        seen += 1
        if found := window.open(browser, path):
            wrong[name] = found
    assert wrong == {}
    return seen


@pytest.mark.browser
def test_nothing_runs_in_chromium(hostile, window):
    assert walk(hostile, window, DAILY) == len(DAILY)


@pytest.mark.browser
@pytest.mark.sweep
def test_nothing_runs_on_any_page_in_chromium(hostile, window):
    assert walk(hostile, window) > 110


@pytest.mark.browser
def test_what_would_run_is_noticed(window):
    """The window sees a script that runs, one that the policy stops, and an element that got in."""
    bad = f"<!doctype html><body><p>x</p>{corpus.LONG}</body>"

    class Visitor:
        def __init__(self, headers):
            self.headers = headers

        def get(self, path, follow):
            from django.http import HttpResponse

            return HttpResponse(bad, headers=self.headers)

    ran = window.open(Visitor({}), "/")
    assert any(hit.startswith("ran") for hit in ran)
    stopped = window.open(Visitor({"Content-Security-Policy": "default-src 'none'; script-src 'self'"}), "/")
    assert any(hit.startswith("stopped script-src") for hit in stopped)
    assert not [hit for hit in stopped if hit.startswith("ran")]
    assert "an element of theirs" in stopped
    assert markup(bad)


# ---------------------------------------------------------------- mails


def message(kind: str, name: str) -> Message:
    context = {
        one: "2026-11-25T18:00:00+00:00" if one.endswith("_at") else f"{corpus.SHORT}"
        for one in catalogue.get(kind).uses
    }
    context |= {"path": "/tasks/"} if "path" in context else {}
    context |= {"zone": "America/Denver"} if "zone" in context else {}
    return Message(key=kind, kind=kind, to_address="ana@mail.example", to_name=name, context=context)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", sorted(catalogue.CATALOGUE))
def test_a_mail_shows_words_as_words_and_leads_only_to_us(kind):
    words = rendered(message(kind, corpus.SHORT))
    assert markup(words.html) == []
    assert "<img src=x" not in words.html
    parser = Markup()
    parser.feed(words.html)
    away = [
        link for link in parser.links if not link.startswith((f"{settings.SITE_URL}/", "mailto:", "tel:"))
    ]
    assert away == []


@pytest.mark.django_db
@pytest.mark.parametrize("words", corpus.LINES)
def test_no_name_or_subject_adds_a_line_to_the_head_of_a_mail(words):
    """Refused by the mail library, or folded into the one line that it was meant for."""
    row = message("appointment_24h", f"Ana{words}")
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        try:
            channels.send(row, rendered(row))
        except ValueError:
            assert mail.outbox == []
            return
    sent = mail.outbox[0].message()
    assert sent["Bcc"] is None
    assert sent["Set-Cookie"] is None
    assert len(mail.outbox[0].recipients()) == 1
