"""Every address × method × visitor × own and absent object, held against the one table in tests/security/matrix.py.

Two teams stand side by side: what is her own to `therapist` is somebody else's to `therapist elsewhere`. A refusal must
look the same whether the thing exists or not, and must leave nothing behind.
"""

import re
from contextlib import contextmanager
from copy import deepcopy
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.urls import URLPattern, get_resolver, reverse

from kap.accounts.permissions import allowed
from tests.security.ground import ground  # noqa: F401 - a fixture
from tests.security.matrix import EVERYBODY, OUTSIDE, Line, lines


def addresses(resolver=None, namespace=""):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name}", entry
        else:
            yield from addresses(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)


LINES = lines()
OTHER_METHODS = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
# What a refused request may write: the session (messages, idle time) and the log of reads. Nothing of the clinic.
VIEWS = {name: entry.callback for name, entry in addresses()}
BESIDE = ("django_session", "usersessions_usersession", "audit_accesslog", "kap_cache")
KNOWS = {"therapist", "colleague", "prescriber", "monitor", "client", "admin", "second admin"}
REFUSED = {401, 403, 404, 405}


# ---------------------------------------------------------------- asking


@contextmanager
def undone():
    """What happens inside is taken back, also by a visit that is let in."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def visit(browser, method: str, path: str, payload=()):
    """One request, taken back; the browser keeps the cookies that it came with."""
    cookies = deepcopy(browser.cookies)
    body, headers = {}, {}
    for name, value in payload:
        body.setdefault(name, []).append(value)
    try:
        with undone():
            answer = (
                browser.generic(method, path)
                if method.isupper()
                else getattr(browser, method)(path, body, **headers)
            )
            answer.content  # noqa: B018 - rendered before it is taken back
            return answer
    finally:
        browser.cookies = cookies


def to_the_door(answer) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith("/sign-in/?next=")


def outcome(answer) -> str:
    """ "in", or how the visitor was kept out."""
    if to_the_door(answer):
        return "door"
    return str(answer.status_code) if answer.status_code in REFUSED else "in"


def written() -> int:
    """Rows that this transaction has tried to write so far, kept or taken back, but for those beside the clinic."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables "
            "WHERE relname <> ALL(%s)", [list(BESIDE)]
        )  # fmt: skip
        return cursor.fetchone()[0]


def visitors(ground, line: Line) -> dict:  # noqa: F811
    """Everybody, with the client whose record it is and her namesake of the other team."""
    whose = ground.own.client_of(line.words)
    whose = whose if whose in ground.clients["own"] else "iris"
    return ground.visitors | {
        "client": ground.clients["own"][whose], "client elsewhere": ground.clients["other"][whose]
    }  # fmt: skip


def absent(value):
    """Of the same kind and length, and of nothing."""
    if isinstance(value, UUID):
        return uuid4()
    if isinstance(value, int):
        return 2_000_000_000
    return value[:-6] + ("x" * 6 if value[-6:] != "x" * 6 else "y" * 6)


def path_of(line: Line, args) -> str:
    return reverse(line.name, args=args)


def absent_args(line: Line, args) -> list:
    return [absent(value) if n in line.gaps else value for n, value in enumerate(args)]


TOKEN = re.compile(rb'(name="csrfmiddlewaretoken" value="|nonce="|"X-CSRFToken": "|data-now=")[^"]+')


def said(answer, path: str, args) -> tuple:
    """Status, goal, length and words of an answer, without what differs by chance: tokens, and the id itself."""
    body, where = (
        answer.content.replace(path.encode(), b"PATH"),
        answer.get("Location", "").replace(path, "PATH"),
    )
    for value in map(str, args):
        if len(value) > 20:  # a number of few digits stands for other things, too
            body, where = body.replace(value.encode(), b"ID"), where.replace(value, "ID")
    return answer.status_code, where, len(body), TOKEN.sub(rb"\1", body)


# ---------------------------------------------------------------- the table is whole


def test_every_address_is_in_the_table_and_no_other():
    there, listed = {name for name, _ in addresses()}, {line.name for line in LINES}
    assert not there - listed, "Say in tests/security/matrix.py who may open these."
    assert not listed - there, "These addresses are gone: take their lines out of tests/security/matrix.py."
    assert len({line.id + str(line.payload) for line in LINES}) == len(LINES), "A line stands twice."


def test_each_gap_of_an_address_is_filled_in_the_table():
    known = {}
    for name, entry in addresses():
        known.setdefault(name, set()).add(len(entry.pattern.converters))
    wrong = [line.id for line in LINES if len(line.words) not in known.get(line.name, {len(line.words)})]
    assert not wrong


def test_no_view_is_free_of_the_protection_against_forged_posts():
    assert not [name for name, entry in addresses() if getattr(entry.callback, "csrf_exempt", False)]


# ---------------------------------------------------------------- the matrix


@pytest.mark.parametrize("line", LINES, ids=[line.id for line in LINES])
def test_the_table_holds(ground, line):  # noqa: F811
    found = [*wrong_in(ground, line, "get"), *wrong_in(ground, line, "post")]
    assert not found, "\n" + "\n".join(found)


def wrong_in(ground, line, method) -> list[str]:  # noqa: F811
    """What of one line does not hold, in words."""
    may, everybody, wrong = line.may(method), visitors(ground, line), []
    before = written()
    for who in sorted(
        everybody.keys() - may - {"second admin"}
    ):  # two of them mean something where one is let in
        wrong += _wrong_for(ground, line, method, who, everybody[who])
    if written() != before:
        wrong.append(f"{method}: somebody was refused, and yet something was written")
    for who in sorted(everybody.keys() & may):
        wrong += _wrong_for(ground, line, method, who, everybody[who])
    return wrong


def _wrong_for(ground, line, method, who, browser) -> list[str]:  # noqa: F811
    own, may, wrong = ground.own.args(*line.words), line.may(method), []
    payload = line.payload if method == "post" else ()
    answer = visit(browser, method, path_of(line, own), payload)
    got = outcome(answer)
    if answer.status_code >= 500 and line.name != "readyz":
        wrong.append(f"{method} {who}: {answer.status_code}")
    if (got == "in") != (who in may):
        wrong.append(f"{method} {who}: {got}, the table says {'in' if who in may else 'refused'}")
    if who in OUTSIDE and who not in may and got not in ("door", "404", "405"):
        wrong.append(f"{method} {who}: {got} instead of the sign-in page")
    if line.gaps and may != EVERYBODY and comes_near(ground, line, who, got):
        nowhere = absent_args(line, own)
        there = visit(browser, method, path_of(line, nowhere), payload)
        wrong += _telling(line, method, own, nowhere, [(who, got, answer, there)])
    return wrong


def comes_near(ground, line, who, got) -> bool:  # noqa: F811
    """Whoever is turned away for her role or the method has not come near the object: it is not asked for twice."""
    if got in ("door", "405"):
        return False
    if got == "403" and who in KNOWS:
        return False  # she sees that it is there and may not do this to it
    user = ground.users.get(who)
    return got != "403" or user is None or any(allowed(user, can) for can in VIEWS[line.name].requires)


def _telling(line, method, own, nowhere, answers) -> list[str]:
    """Those who are refused cannot tell what exists from what does not; those let in get 404 for what does not."""
    wrong = []
    for who, got, here, there in answers:
        if got == "in":
            if there.status_code != 404:
                wrong.append(f"{method} {who}: {there.status_code} for what does not exist")
        elif said(here, path_of(line, own), own) != said(there, path_of(line, nowhere), nowhere):
            wrong.append(f"{method} {who}: what exists is answered otherwise than what does not")
    return wrong


ONE_EACH = list({line.name: line for line in LINES}.values())


@pytest.mark.parametrize("line", ONE_EACH, ids=[line.name for line in ONE_EACH])
def test_no_page_has_another_method(ground, line):  # noqa: F811
    path, everybody = path_of(line, ground.own.args(*line.words)), visitors(ground, line)
    may = line.get | line.post
    who = next((one for one in ("prescriber", "therapist", "admin", "client") if one in may), "therapist")
    for method in OTHER_METHODS:
        assert visit(everybody[who], method, path).status_code == 405, f"{method} {who}"
    assert outcome(visit(everybody["anonymous"], "DELETE", path)) != "in"


# ---------------------------------------------------------------- the checks can fail


def test_writing_is_seen_even_when_it_is_taken_back(ground):  # noqa: F811
    before = written()
    line = next(line for line in LINES if line.name == "people:contact_end")
    answer = visit(ground.visitors["therapist"], "post", path_of(line, ground.own.args(*line.words)))
    assert answer.status_code == 302
    assert written() > before


def test_a_telling_answer_is_noticed():
    class Answer(dict):
        def __init__(self, status_code, content):
            super().__init__()
            self.status_code, self.content = status_code, content

    line = Line("people:client", ("iris",), frozenset(), frozenset())
    ids = [uuid4()], [uuid4()]
    same = Answer(404, b"no page ID"), Answer(404, b"no page ID")
    longer = Answer(404, b"no page of Ana"), Answer(404, b"no page ID")
    assert _telling(line, "get", *ids, [("monitor", "404", *same)]) == []
    assert _telling(line, "get", *ids, [("monitor", "404", *longer)])
    assert _telling(line, "get", *ids, [("monitor", "in", *same)]) == []
    assert _telling(line, "get", *ids, [("monitor", "in", Answer(200, b""), Answer(200, b""))])
