"""The tests' database: made and migrated by the owner, used as kap_app, exactly as in a clinic."""

import os
import warnings
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg2
import pytest
from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from django.test.utils import setup_databases, teardown_databases

from kap.core import clock

KEEP = {"django_migrations", "django_content_type", "auth_permission"}


def _owner() -> dict:
    url = urlsplit(os.environ["DATABASE_OWNER_URL"])
    return {"USER": unquote(url.username or ""), "PASSWORD": unquote(url.password or "")}


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, django_db_modify_db_settings):
    connection = connections["default"]
    application = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD")}
    with django_db_blocker.unblock():
        connection.settings_dict.update(_owner())
        made = setup_databases(verbosity=0, interactive=False)
        connection.close()
        connection.settings_dict.update(application)
    yield
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict.update(_owner())
        _part_from(connection.settings_dict["NAME"])
        teardown_databases(made, verbosity=0)


def _part_from(database: str) -> None:
    """End sessions that a killed process of a journey left behind; they would keep the database from going."""
    with connections["default"]._nodb_cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
        )


def owner_connection():
    """A superuser's connection to the test database, for what kap_app may not do."""
    live = connections["default"].settings_dict
    owner = _owner()
    connection = psycopg2.connect(
        host=live["HOST"],
        port=live["PORT"],
        dbname=live["NAME"],
        user=owner["USER"],
        password=owner["PASSWORD"],
    )
    connection.autocommit = True
    return connection


def empty_database() -> None:
    """Remove all rows, history and signed ones included: with triggers asleep, which only a superuser may do."""
    live = connections["default"]
    with live.cursor() as cursor:
        tables = [t for t in live.introspection.table_names(cursor) if t not in KEEP]
    with owner_connection() as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(";".join(f'DELETE FROM "{table}"' for table in tables))
    connection.close()


def _teardown(self):
    empty_database()


TransactionTestCase._fixture_teardown = _teardown


LONG = (
    "test_pathway.py",
    "journeys",
    "url_matrix",
    "flat",
    "reliability",
    "demo",
    "hostile",
    "browser",
    "/ops/",
    "audit_sweep",
)


def pytest_collection_modifyitems(items):
    """The longest files first, so that two processes end together and none waits for a journey begun last."""

    def place(item) -> int:
        path = str(item.path)
        return next((n for n, part in enumerate(LONG) if part in path), len(LONG))

    items.sort(key=place)


@pytest.fixture(autouse=True)
def _a_live_connection():
    """Tests of faults break connections; whoever comes next begins with one that answers."""
    one = connections["default"]
    if one.connection is not None and not one.in_atomic_block and not one.is_usable():
        one.close()
        warnings.warn(
            f"The test before left a dead connection. The server's last words:\n{_last_words()}", stacklevel=1
        )


def _last_words() -> str:
    logs = Path(os.environ["KAP_VAR_DIR"]).parent.glob("**/*.log")
    return "\n".join(
        f"{log.name}: {line}" for log in logs for line in log.read_text(errors="replace").splitlines()[-12:]
    )


@pytest.fixture(autouse=True)
def _clock_in_step(tmp_path_factory):
    """Each test starts at real time; a moved clock never leaks into the next one."""
    yield
    if settings.CLOCK_FILE.exists():
        clock.reset()


@pytest.fixture
def at():
    """Move the clinic's clock: at(2026, 11, 19, 14, 0) is that instant in UTC."""

    def move(*parts):
        instant = parts[0] if isinstance(parts[0], datetime) else datetime(*parts, tzinfo=UTC)
        clock.move_to(instant)
        return instant

    return move
