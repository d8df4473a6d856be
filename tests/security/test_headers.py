"""Headers with production settings, on every address and on every answer that no view made."""

import json
import re
import subprocess
import sys
from urllib.parse import quote

import pytest
from django.db import connection

from kap.core.middleware import HEADERS
from kap.ops.environment import ROOT
from tests.security import observatory, production

ROOMS = ("kap", "scheduling", "intake", "sessions", "integration")
UNSAFE = ("unsafe", "*", "http:", "https:", "blob:", "strict-dynamic", "report-only")


def database_url() -> str:
    live = connection.settings_dict
    return f"postgres://{live['USER']}:{quote(live['PASSWORD'])}@{live['HOST']}:{live['PORT']}/{live['NAME']}"


@pytest.fixture(scope="module")
def answers(django_db_setup, django_db_blocker, tmp_path_factory):
    """What production says, each as (words, status, Answer)."""
    env = production.environment(database_url(), str(tmp_path_factory.mktemp("var")))
    line = [sys.executable, "-m", "tests.security.production"]
    done = subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    return [
        (
            one["what"],
            one["status"],
            observatory.Answer(
                one["headers"], one["cookies"], one["page"], secure="to HTTPS" not in one["what"]
            ),
        )
        for one in told
    ]


def test_every_kind_of_answer_is_there(answers):
    """So that the rules below are not kept by pages that never came."""
    statuses = {}
    for what, status, _answer in answers:
        statuses.setdefault(status, []).append(what)
    assert {200, 301, 302, 400, 403, 404, 405, 500} <= set(statuses)
    assert statuses[500] == ["500"]
    assert len([what for what, status, _a in answers if status == 200 and what.startswith("staff /")]) >= 15
    assert len([what for what, status, _a in answers if "/static/" in what and status == 200]) == 4
    types = {answer.headers.get("content-type", "").partition(";")[0] for _w, _s, answer in answers}
    assert {"text/html", "text/csv", "text/css", "application/json", "text/plain"} <= types


def test_the_observatory_gives_its_best_mark(answers):
    """A+ is 100 or more; 130 has every credit but cookies, which not every answer sets, and lists inside browsers."""
    low = {
        what: (observatory.score(answer), observatory.points(answer))
        for what, status, answer in answers
        if answer.secure and observatory.score(answer) < 130
    }
    assert low == {}


def test_nothing_lets_a_script_in_spite_of_the_policy(answers):
    for what, _status, answer in answers:
        policy = answer.headers["content-security-policy"]
        assert not [word for word in UNSAFE if word in policy], what
        assert observatory.high_findings(policy) == [], what
        sources = observatory.directives(policy)
        assert sources["default-src"] == {"'none'"}, what
        assert sources["script-src"] == sources["style-src"] == sources["form-action"] == {"'self'"}, what
        assert sources["base-uri"] == sources["frame-ancestors"] == {"'none'"}, what
        assert "upgrade-insecure-requests" in sources, what


def test_every_answer_has_every_header(answers):
    for what, _status, answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers.get(name.lower()) == value, (what, name)
        if answer.secure:
            assert (
                answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains; preload"
            ), what
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert answer.headers["cross-origin-embedder-policy"] == "require-corp", what


def test_only_style_sheets_scripts_and_fonts_may_be_kept(answers):
    for what, status, answer in answers:
        kept = answer.headers.get("cache-control", "")
        if "/static/" in what and status == 200:
            assert "max-age" in kept, what
            assert "no-store" not in kept, what
        elif "static file to HTTPS" not in what:
            assert "no-store" in kept, (what, kept)
            assert "public" not in kept, what


def test_cookies_cannot_be_read_sent_elsewhere_or_set_from_beside(answers):
    """Each one, a word of taste like the theme included, and also where it is taken back."""
    seen = set()
    for what, _status, answer in answers:
        for cookie in answer.cookies:
            name, *marks = (part.strip() for part in cookie.split(";"))
            name = name.partition("=")[0]
            seen.add(name)
            assert name.startswith("__Host-"), (what, name)
            wanted = {"Secure", "Path=/", "SameSite=Lax"}
            wanted |= {"HttpOnly"} if cookie in observatory.held(answer) else set()
            assert wanted <= set(marks), (what, cookie)
            assert not [mark for mark in marks if mark.startswith("Domain")], (what, cookie)
    plain = ("session", "csrf", "seen", "theme", "room_theme", "way")
    assert seen == {f"__Host-kap_{name}" for name in plain}


def test_under_their_long_names_cookies_are_read_again(answers):
    (page,) = [answer.page for what, status, answer in answers if what == "dark" and status == 200]
    assert 'data-bs-theme="dark"' in page


def test_no_other_place_sets_or_reads_a_cookie_of_ours():
    """Django's own two apart, which the settings name; no script sets one."""
    ours = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    found = {
        path.relative_to(ROOT).as_posix()
        for path in ours
        if re.search(r"set_cookie|delete_cookie|set_signed_cookie|\.COOKIES", path.read_text())
    }
    assert found == {"kap/core/cookies.py"}
    pages = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "static" / "js").rglob("*.js")]
    assert len(pages) > 100
    assert not [
        path for path in pages if re.search(r"\.COOKIES|document\.cookie|cookieStore", path.read_text())
    ]


def test_pages_carry_nothing_inline(answers):
    """The policy would stop it; a page that needs stopping is broken all the same."""
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son[a-z]+=[\"']|javascript:", re.I
    )
    for what, _status, answer in answers:
        assert not inline.search(answer.page), (what, inline.search(answer.page))


def test_the_server_does_not_say_what_it_is_made_of(answers):
    for what, status, answer in answers:
        assert not {"server", "x-powered-by", "via"} & set(answer.headers), what
        if status >= 400:
            assert "Traceback" not in answer.page, what
            assert "Django" not in answer.page, what


# ---------------------------------------------------------------- the scorer itself

WELL = {
    "content-security-policy": "default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "strict-transport-security": "max-age=63072000", "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff", "cross-origin-resource-policy": "same-origin",
}  # fmt: skip


@pytest.mark.parametrize(
    ("header", "value", "points"),
    [
        ("content-security-policy", None, 55),  # -25, and framing is open: -20
        ("content-security-policy", "default-src 'self'; frame-ancestors 'none'", 125),
        (
            "content-security-policy",
            "default-src 'none'; script-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
            80,
        ),
        (
            "content-security-policy",
            "default-src 'none'; script-src 'self' 'unsafe-eval'; frame-ancestors 'none'",
            110,
        ),
        ("content-security-policy", "default-src 'none'; img-src http:; frame-ancestors 'none'", 110),
        ("content-security-policy", "default-src 'none'; default-src 'self'", 55),
        ("strict-transport-security", None, 80),
        ("strict-transport-security", "max-age=60", 120),
        ("referrer-policy", "unsafe-url", 120),
        ("x-content-type-options", None, 125),
        ("cross-origin-resource-policy", None, 120),
    ],
)
def test_the_scorer_takes_points_off(header, value, points):
    """Figures of @mdn/mdn-http-observatory 1.4.8 for the same headers."""
    headers = {name: text for name, text in (WELL | {header: value}).items() if text is not None}
    assert observatory.score(observatory.Answer(headers)) == points


@pytest.mark.parametrize(
    ("cookie", "points"),
    [
        ("kap_session=1; Secure; HttpOnly; SameSite=Lax", 5),
        ("kap_session=1; Secure; HttpOnly", 0),
        ("kap_session=1; Secure; SameSite=Lax", -30),
        ("kap_session=1; HttpOnly; SameSite=Lax", -10),
        ("kap_csrf=1; Secure", -20),
        ("kap_theme=1; HttpOnly; SameSite=Lax", -5),
    ],
)
def test_the_scorer_looks_into_cookies(cookie, points):
    assert observatory.cookies(observatory.Answer(WELL, [cookie])) == points


def test_the_scorer_finds_what_is_high():
    assert observatory.high_findings("default-src 'none'; base-uri 'none'") == []
    for hole in ("script-src 'unsafe-inline'", "script-src data:", "script-src https:", "object-src *"):
        assert observatory.high_findings(f"default-src 'none'; base-uri 'none'; {hole}"), hole
    assert observatory.high_findings("script-src 'self'") == ["object-src is missing", "base-uri is missing"]
