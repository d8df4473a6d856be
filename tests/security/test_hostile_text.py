"""Hostile words in every box of text: refused in words or kept whole, never a 500, never half a row.

`make test` gives each address some of the corpus by turns; `make sweep` gives each all of it.
"""

import logging
import re
from itertools import cycle, islice

import pytest
from django import forms
from django.conf import settings as conf
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.forms import BaseForm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.security import corpus
from tests.security.ground import ground  # noqa: F401 - a fixture
from tests.security.hostile import Target, post, sent_to, targets
from tests.security.matrix import OUTSIDE
from tests.security.test_foreign_ids import BESIDE, LINES, attempts, somebody
from tests.security.test_url_matrix import path_of, undone

# Signing what is still a draft keeps the draft, with what was typed, and refuses the signature.
KEEPS_A_DRAFT = {
    "intake:evaluation_decide": {"intake_evaluation", "intake_evaluationevent", "intake_flaganswer"},
    "intake:plan_sign": {"intake_plan", "intake_planevent"},
}


@pytest.fixture(scope="module", autouse=True)
def quiet():
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def boxes(ground) -> list[Target]:  # noqa: F811
    return targets(ground)


def fingerprint(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM \"{table}\" t"
        )
        return cursor.fetchone()[0]


class Watch:
    """Sends one form, takes it back, and says what is wrong with the answer."""

    def __init__(self):
        self.clean, self.statuses = {}, {}

    def faults(self, target: Target, pairs, words: str) -> list[str]:
        before = attempts()
        with undone():
            answer = post(target.browser, target.path, pairs)
            body = answer.content.decode(errors="replace")
            touched = {name for name, n in attempts().items() if n != before.get(name, 0)} - BESIDE
            refused = answer.status_code >= 400
            now = {name: fingerprint(name) for name in touched} if refused else {}
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        found = []
        if answer.status_code >= 500:
            found.append(f"status {answer.status_code}")
        if refused and answer.status_code not in (401, 405) and len(body) < 20:
            found.append(f"refused with {answer.status_code} and no words")
        for name, value in now.items():
            self.clean.setdefault(name, fingerprint(name))
            if value != self.clean[name] and name not in KEEPS_A_DRAFT.get(target.line.name, ()):
                found.append(f"refused, and {name} has changed")
        if "Traceback" in body:
            found.append("a traceback")
        return [f"{target.id}, {words[:24]!r}: {fault}" for fault in found]


def test_hostile_words_by_turns(boxes):
    """Each address gets NUL and one of the corpus in every box of text, and in the others what is below and beyond
    all numbers and days; every eighth a megabyte."""
    watch, faults = Watch(), []
    turn = cycle(corpus.WORDS)
    for n, target in enumerate(boxes):
        for words in [corpus.NUL[1], *islice(turn, 1), *corpus.HUGE[: n % 8 == 0]]:
            faults += watch.faults(target, target.with_words(words, fit=len(words) < 1000), words)
        for words in {corpus.NUMBERS[0], corpus.TIMES[0]} & set(target.odd()):
            faults += watch.faults(target, target.with_odd(words), words)
    assert not faults, "\n".join(faults)
    assert sum(n for status, n in watch.statuses.items() if status < 400) > len(boxes), (
        "the forms take nothing"
    )
    assert watch.statuses.get(422, 0) > len(boxes) / 2, "nothing is refused in words"


@pytest.mark.sweep
def test_nul_and_a_megabyte_are_refused_where_words_are_asked_for(boxes):
    """With words, in the form, what was typed still there. A form of choices alone has nothing to refuse."""
    taken = []
    for target in boxes:
        declared = [name for name in target.texts if is_long(target.fields[name])]
        for words in (corpus.NUL[1], corpus.HUGE[0])[: 2 if declared[:1] else 0]:
            before = attempts()
            with undone():
                answer = post(
                    target.browser, target.path, target.with_words(words, fit=False, only=declared[0])
                )
                wrote = {name for name, n in attempts().items() if n != before.get(name, 0)} - BESIDE
            if answer.status_code < 400 and wrote and not LEAVES_NUL_OUT.search(target.id):
                taken.append((target.id, declared[0], words[:3]))
    assert taken == []


# Drafts that are saved at each pause leave NUL out, rather than lose the sentence around it.
LEAVES_NUL_OUT = re.compile(r"^intake:(for_)?(page|autosave)|_autosave")


def is_long(field) -> bool:
    return type(field) is forms.CharField and bool(field.max_length)


@pytest.mark.sweep
def test_every_hostile_word_in_every_form(boxes):
    watch, faults, sent = Watch(), [], 0
    for target in boxes:
        for pairs, words in sent_to(target):
            faults += watch.faults(target, pairs, words)
            sent += 1
    print(f"\n{sent} forms sent to {len(boxes)} addresses: {dict(sorted(watch.statuses.items()))}")
    assert not faults, "\n".join(faults)
    assert sent > 3_000


# ---------------------------------------------------------------- what is in the address

PARAMETERS = (
    "q", "page", "stage", "tab", "to", "back", "cards", "more", "seen", "next", "days", "below", "about", "after", "show",
    "location", "number", "user", "check", "all", "save", "for", "client", "course", "date", "day", "week", "view", "from",
    "until", "person", "kind", "contact", "gate", "appointment", "provider", "service", "starts_at", "mode", "since",
)  # fmt: skip
ODD = st.one_of(
    st.sampled_from(corpus.ALL[:-2] + corpus.NUMBERS + corpus.TIMES),
    st.integers().map(str),
    st.text(max_size=30),
    st.dates().map(str),
    st.uuids().map(str),
)
QUERY = st.lists(st.tuples(st.sampled_from(PARAMETERS), ODD), min_size=1, max_size=4)
BROKEN = (
    b"q=%ff%fe",
    b"q=%",
    b"q=%zz",
    b"&&&==&",
    b"q=%00",
    b"page=1&page=2&page=x",
    b"=&=",
    b"q[]=1",
    b"page=%E2%82",
)


def opened(ground):  # noqa: F811
    """Every page, with somebody who may open it."""
    found = []
    for line in LINES:
        if line.get - OUTSIDE and line.name != "readyz":  # says by its status that no worker runs here
            browser, _user = somebody(ground, line, line.get)
            found.append((line.id, browser, path_of(line, ground.own.args(*line.words))))
    return found


def asked(browser, path: str, query: bytes):
    with undone():
        answer = browser.generic("GET", path, QUERY_STRING=query.decode("ascii"))
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return answer.status_code, body


def fuzz(pages, count: int) -> None:
    from tests.security.hostile import encoded

    tried = []

    # The same ones each time: whether a change may land is no matter of luck.
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(pages), QUERY)
    def run(page, query):
        name, browser, path = page
        status, body = asked(browser, path, encoded(query))
        tried.append(status)
        assert status < 500, (name, query)
        assert b"Traceback" not in body, (name, query)

    run()
    assert len(tried) >= count * 0.9
    assert tried.count(200) > len(tried) / 3


def test_odd_addresses_are_answered(ground):  # noqa: F811
    pages = opened(ground)
    for n, (name, browser, path) in enumerate(pages):
        assert asked(browser, path, BROKEN[n % len(BROKEN)])[0] < 500, (name, BROKEN[n % len(BROKEN)])
    fuzz(pages, 150)


@pytest.mark.sweep
def test_many_odd_addresses_are_answered(ground):  # noqa: F811
    pages = opened(ground)
    for name, browser, path in pages:
        for query in BROKEN:
            assert asked(browser, path, query)[0] < 500, (name, query)
    fuzz(pages, 4000)


# ---------------------------------------------------------------- files


def all_forms() -> set[type]:
    def below(kind):
        for sub in kind.__subclasses__():
            yield sub
            yield from below(sub)

    ours = ("kap.", "intake.", "scheduling.", "sessions.", "integration.")
    return {form for form in below(BaseForm) if form.__module__.startswith(ours)}


def test_no_form_takes_a_file():
    """There are no uploads. Whoever adds one answers in this file for type, size, name and how it is served."""
    found = all_forms()
    assert len(found) > 40
    assert [
        (form.__name__, name)
        for form in found
        for name, field in form.base_fields.items()
        if isinstance(field, forms.FileField)
    ] == []


def test_a_file_that_is_sent_all_the_same_goes_nowhere(boxes):
    """It stays outside the form, and nothing of it is kept in the database or on the disk."""
    media, writing = conf.VAR_DIR / "media", 0
    for target in boxes:
        evil = SimpleUploadedFile("../../evil.svg", b"<svg onload=__ran(1)>evil</svg>", "image/svg+xml")
        before = attempts()
        with undone():
            answer = target.browser.post(target.path, dict(target.honest) | {"file": evil, "photo": evil})
            assert answer.status_code < 500, target.id
            touched = {name for name, n in attempts().items() if n != before.get(name, 0)} - BESIDE
            with connection.cursor() as cursor:
                for table in touched:
                    cursor.execute(f"SELECT count(*) FROM \"{table}\" t WHERE t::text LIKE '%evil.svg%'")
                    assert cursor.fetchone()[0] == 0, (target.id, table)
        writing += bool(touched)
        if writing == 5:
            break
    assert writing == 5
    assert not media.exists() or not list(media.rglob("*"))


# ---------------------------------------------------------------- the checks can fail


def test_a_refusal_that_leaves_a_row_behind_is_noticed(ground, monkeypatch, boxes):  # noqa: F811
    from django.http import HttpResponse

    from kap.people.models import Contact

    target = next(one for one in boxes if one.line.name == "people:contact_new")

    def careless(self, request):
        Contact.objects.filter(pk=ground.own.things["iris.contact"]).update(name="half")
        return HttpResponse("Something was wrong with the name.", status=422)

    monkeypatch.setattr("django.core.handlers.base.BaseHandler.get_response", careless)
    assert any("people_contact has changed" in fault for fault in Watch().faults(target, target.honest, "x"))
    monkeypatch.setattr(
        "django.core.handlers.base.BaseHandler.get_response",
        lambda self, request: HttpResponse("x" * 99, status=500),
    )
    assert any("status 500" in fault for fault in Watch().faults(target, target.honest, "x"))


def test_the_corpus_is_large_enough_and_says_no_word_twice():
    assert len(corpus.WORDS) >= 60
    assert len(set(corpus.ALL)) == len(corpus.ALL)
