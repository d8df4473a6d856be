"""The tests' own database: made once per state of the migrations, and the same as a fresh migrate."""

import os

import pytest

from kap.ops import snapshot
from kap.ops.snapshot import _forget_old, fingerprint


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshot, "ROOT", tmp_path)
    path = tmp_path / "intake" / "migrations" / "0001_initial.py"
    path.parent.mkdir(parents=True)
    path.write_text("one")
    return tmp_path


def test_a_changed_migration_makes_another_database(checkout):
    before = fingerprint()
    assert fingerprint() == before
    (checkout / "intake" / "migrations" / "0001_initial.py").write_text("two")
    assert fingerprint() != before


@pytest.mark.parametrize(
    "name", ["kap/settings.py", "kap/core/grants.py", "kap/ops/lock-run.txt", "intake/migrations/0002.py"]
)
def test_so_do_grants_settings_and_packages(checkout, name):
    before = fingerprint()
    path = checkout / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("changed")
    assert fingerprint() != before


def test_what_has_no_bearing_on_the_tables_does_not(checkout):
    before = fingerprint()
    (checkout / "intake" / "views.py").write_text("changed")
    assert fingerprint() == before


def test_the_newest_two_are_kept(tmp_path):
    for age, name in enumerate(("tests-a", "tests-b", "tests-c")):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1000 + age, 1000 + age))
    _forget_old(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tests-b", "tests-c"]


@pytest.mark.django_db
def test_the_test_database_is_migrated_to_the_end():
    """A copy of an old snapshot would show here."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    if not os.environ.get("KAP_TEST_TEMPLATE"):
        pytest.skip("the tests run on a given server")
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
