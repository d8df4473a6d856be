"""No page asks the database more often, or grows without end, because there is more of what it shows.

Every address that can be opened is in LISTS or in SINGLE (tests/architecture/pages.py). Those of LISTS are asked in a
clinic with 10 and with 1,000 of everything: clients, staff, rooms, invitations, and for one client notes, documents,
appointments, answers, messages, doses, readings … (tests/architecture/ordinary_clinic.py says what). There must not
be more queries, and the answer must be at most three times as long, unless the line says why it shows everything it
has.
"""

from dataclasses import dataclass

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver

from tests.architecture.growing import Growing
from tests.architecture.ordinary_clinic import grow, ordinary_clinic
from tests.architecture.pages import LISTS, SINGLE, Look
from tests.conftest import empty_database

FEW, MANY = 10, 1000
MAY_GROW = 3  # times as long: full pages, links to further ones, numbers of more digits


# ---------------------------------------------------------------- the addresses


def routes(resolver=None, room="") -> dict[str, object]:
    """Name → view of everything that answers a GET."""
    found = {}
    for entry in (resolver or get_resolver()).url_patterns:
        if not isinstance(entry, URLPattern):
            found |= routes(entry, f"{entry.namespace}:" if entry.namespace else room)
        elif "GET" in methods(entry.callback):
            found[room + entry.name] = entry.callback
    return found


def methods(view) -> tuple:
    """What django.views.decorators.http lets through; a view without such a decorator takes everything."""
    while view is not None:
        for cell in view.__closure__ or ():
            kept = cell.cell_contents
            if isinstance(kept, list | tuple) and kept and set(kept) <= {"GET", "HEAD", "POST"}:
                return tuple(kept)
        view = getattr(view, "__wrapped__", None)
    return ("GET", "POST")


LISTED = {look.route for look in LISTS}


@pytest.mark.parametrize("name", sorted(routes()))
def test_every_page_is_a_list_or_says_why_not(name):
    assert name in LISTED or name in SINGLE, (
        f"{name}: say in LISTS how it is asked, or in SINGLE why it cannot grow"
    )


def test_the_table_names_only_pages_that_exist_and_each_in_one_half():
    assert not (LISTED | set(SINGLE)) - set(routes())
    assert not LISTED & set(SINGLE)


# ---------------------------------------------------------------- few and many


@dataclass(frozen=True)
class Answer:
    status: int
    queries: list[str]
    length: int
    body: str


class Desk:
    """Everybody signed in once; the first look of each fills what is kept per process and per session."""

    def __init__(self, clinic):
        self.clinic, self.browsers = clinic, {}

    def ask(self, look: Look, name: str) -> Answer:
        browser = self.browsers.get(name)
        if browser is None:
            browser = self.browsers[name] = Browser(headers=dict(look.headers))
            browser.force_login(getattr(self.clinic, name))
        connection.queries_log.clear()  # it keeps 9,000 and then counts no further
        with CaptureQueriesContext(connection) as asked:
            answer = browser.get(look.address(self.clinic), headers=dict(look.headers))
        body = answer.content.decode(errors="replace") if look.cards[1] else ""
        return Answer(answer.status_code, [q["sql"] for q in asked], len(answer.content), body)

    def warm(self) -> None:
        for look in LISTS:
            for name in look.by.split():
                if name not in self.browsers:
                    self.ask(look, name)

    def ask_all(self, looks) -> dict[tuple[Look, str], Answer]:
        return {(look, name): self.ask(look, name) for look in looks for name in look.by.split()}


@pytest.fixture(scope="module")
def answers(django_db_setup, django_db_blocker):
    """Each page of LISTS as each of its people saw it: with few rows and with many."""
    with django_db_blocker.unblock(), override_settings(DEMO=True):  # the mailbox is of the demonstration
        try:
            clinic = ordinary_clinic()
            desk = Desk(clinic)
            with Growing() as growing:
                grow(clinic, growing)
                growing.to(FEW)
                desk.warm()
                few = desk.ask_all(LISTS)
                growing.to(MANY)
                many = desk.ask_all(LISTS)
            yield {seen: (few[seen], many[seen]) for seen in few}
        finally:
            empty_database()


def seen_by(look: Look, answers):
    return [(name, *answers[look, name]) for name in look.by.split()]


@pytest.mark.parametrize("look", LISTS, ids=lambda look: look.words)
def test_as_many_queries_for_a_thousand_as_for_ten(look, answers):
    for name, few, many in seen_by(look, answers):
        assert (few.status, many.status) == (200, 200), name
        assert 0 < len(many.queries) <= len(few.queries), "\n".join([name, *sorted(more(few, many))])


def more(few: Answer, many: Answer) -> set[str]:
    """The statements that were new, for the message."""
    return {sql[:300] for sql in set(many.queries) - set(few.queries)}


@pytest.mark.parametrize("look", [look for look in LISTS if not look.whole], ids=lambda look: look.words)
def test_a_long_list_has_pages(look, answers):
    for name, few, many in seen_by(look, answers):
        assert many.length <= MAY_GROW * few.length, name


@pytest.mark.parametrize("look", [look for look in LISTS if look.cards[1]], ids=lambda look: look.words)
def test_a_board_draws_no_more_than_can_be_looked_at(look, answers):
    what, at_most = look.cards
    for name, few, many in seen_by(look, answers):
        assert 0 < few.body.count(what) <= many.body.count(what) <= at_most, name
