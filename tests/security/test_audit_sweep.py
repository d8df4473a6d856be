"""Nothing clinical is shown unless the opening was written down first; nothing is done without its history.

Every clinical text of the ground bears a mark of its client (tests/security/canaries.py), so that a page that shows
it is known by it. A field that nobody called clinical or plain fails, and so does a verb without a history.
"""

import pkgutil
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.apps import apps

from kap.audit import access, kept, trail
from kap.core import actions
from kap.core.history import Event
from tests.conftest import owner_connection
from tests.security.canaries import (
    CLINICAL,
    LINES,
    PLAIN,
    PLAIN_FIELDS,
    about_clients,
    ask,
    browsers,
    mark_of,
    planting,
    say_more,
    text_fields,
    unlogged,
    walk,
)
from tests.security.driven import drive, left_by_now, missing_of, one_context_each, plain
from tests.security.ground import standing
from tests.security.histories import QUIET, WITHOUT, leaves
from tests.security.matrix import PEOPLE
from tests.security.test_url_matrix import undone


@pytest.fixture(scope="module")
def marked_ground(django_db_setup, django_db_blocker):
    planted: set = set()
    with django_db_blocker.unblock(), one_context_each(), planting(planted), standing() as ground:
        for side in (ground.own, ground.other):
            for client in side.clients.values():
                say_more(client, ground.admin)
        ground.planted = planted
        ground.by_mark = {
            mark_of(client.pk): client.pk
            for side in (ground.own, ground.other)
            for client in side.clients.values()
        }
        yield ground


def test_every_text_about_a_client_is_named_as_clinical_or_not():
    unnamed = []
    for model in about_clients():
        label = model._meta.label
        names = {field.name for field in text_fields(model)}
        assert not CLINICAL.get(label, set()) - names, label
        if label not in PLAIN:
            unnamed += [
                f"{label}.{name}" for name in sorted(names - CLINICAL.get(label, set()) - PLAIN_FIELDS)
            ]
    assert unnamed == [], "say of each whether it is clinical (CLINICAL) or not (PLAIN_FIELDS)"


# ---------------------------------------------------------------- asking


@pytest.fixture(scope="module")
def walked(marked_ground, django_db_blocker):
    with django_db_blocker.unblock():
        return walk(marked_ground)


class TestOpenings:
    def test_the_marks_are_there_to_be_seen(self, marked_ground, walked):
        assert len(marked_ground.planted) >= 22, sorted(marked_ground.planted)
        assert len(walked[1]) >= 35, sorted(walked[1])

    def test_every_page_that_shows_something_clinical_was_written_down(self, walked):
        assert walked[0] == []

    @pytest.mark.sweep
    def test_also_for_everybody_else(self, marked_ground):
        everybody = set(PEOPLE["all"]) | {"client elsewhere"}
        problems, _, _ = walk(marked_ground, sorted(everybody))
        assert problems == []

    def test_a_page_that_forgot_it_is_found(self, marked_ground, monkeypatch):
        monkeypatch.setattr(access, "opened_many", lambda *args, **kwargs: None)
        found = [
            problem for line in LINES if line.name in ("desk:chart_tab", "people:medicines", "dosing:session")
            for word, browser in browsers(marked_ground, line, ("therapist",))
            for problem in unlogged(marked_ground, line, word, browser)
        ]  # fmt: skip
        assert len({one.partition(" as ")[0] for one in found}) >= 6, found


@contextmanager
def log_unwritable():
    """The application may not add to the log: what a full disk or a lost right looks like to it."""
    owner = owner_connection()
    with owner.cursor() as cursor:
        cursor.execute("REVOKE INSERT ON audit_accesslog FROM kap_app")
        try:
            yield
        finally:
            cursor.execute("GRANT INSERT ON audit_accesslog TO kap_app")
    owner.close()


def test_with_the_log_unwritable_every_clinical_page_is_refused(marked_ground, walked):
    wrong, pages = [], list(walked[2].values())
    assert len(pages) >= 60
    with log_unwritable():
        for line, word, browser in pages:
            status, marks, _ = ask(marked_ground, line, browser)
            if status != 503 or marks:
                wrong.append(f"{line.id} as {word}: {status}, {len(marks)} marks")
    assert wrong == []
    line, _, browser = pages[0]
    assert ask(marked_ground, line, browser)[0] == 200


def test_the_refusal_says_in_words_what_is_wrong(marked_ground):
    line = next(line for line in LINES if line.id == "desk:chart iris")
    browser = marked_ground.visitors["therapist"]
    with log_unwritable(), undone():
        answer = browser.get(f"/clients/{marked_ground.own.things['iris']}/")
    assert answer.status_code == 503
    assert "Every opening of a record is written down before it is shown" in answer.text
    assert answer["Cache-Control"] == "no-store"
    assert "Iris" not in answer.text
    assert line.get >= {"therapist"}


# ---------------------------------------------------------------- every action leaves its history


def every_verb() -> set[str]:
    """All of the product, whichever module they stand in."""
    for top in ("kap", "scheduling", "intake", "sessions", "integration"):
        package = import_module(top)
        for found in pkgutil.walk_packages(package.__path__, f"{top}."):
            if (
                ".migrations" not in found.name
                and ".sandbox" not in found.name
                and not found.name.startswith("kap.ops")
            ):
                import_module(found.name)
    return set(actions.registry)


class TestTheTables:
    def test_every_verb_is_in_exactly_one_of_them(self):
        verbs, leaving, quiet = every_verb(), set(leaves()), set(QUIET)
        assert verbs - leaving - quiet == set(), (
            "say in tests/security/histories.py what it leaves, or why nothing"
        )
        assert (leaving | quiet) - verbs == set(), "there is no such action any more"
        assert leaving & quiet == set()

    def test_every_table_keeps_its_history_or_says_why_not(self):
        tops = ("kap", "scheduling", "intake", "sessions", "integration")
        ours = [
            m for m in apps.get_models() if m.__module__.split(".")[0] in tops and not issubclass(m, Event)
        ]
        known = {one.of for one in kept.tables()}
        unnamed = [m._meta.label for m in ours if m not in known and m._meta.label not in WITHOUT]
        assert unnamed == []

    def test_what_an_action_leaves_stands_in_tables_that_are_kept(self):
        known = {plain(one.table) for one in kept.tables()}
        assert set().union(*leaves().values()) - known == set()


class TestTheRows:
    def test_what_was_done_left_what_the_table_says(self, marked_ground):
        with undone():
            drive(marked_ground.own)
            found = left_by_now()
        assert len(found) >= 55, sorted(found)
        assert missing_of(found) == []

    def test_a_row_without_an_actor_or_a_client_is_found(self):
        bare = trail.Entry(
            datetime.now(UTC), "people_clientevent", 1, "insert", "", "people.add_client", *[""] * 5
        )
        found = {"people.add_client": {"people_client": [bare]}, "people.add_contact": {}}
        assert missing_of(found) == [
            "people.add_client in people_client names nobody", "people.add_client in people_client names no client",
            "people.add_contact left nothing in people_contact",
        ]  # fmt: skip
