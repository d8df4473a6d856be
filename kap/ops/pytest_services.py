"""pytest plugin, loaded with `-p` before pytest-django reads the settings: PostgreSQL and Redis for the tests.

The controller starts throw-away servers once (about 1 s); the workers of xdist inherit their addresses. Given
DATABASE_URL / REDIS_URL are used as they are. The servers end with the run, also after Ctrl-C, SIGTERM and, on
Linux, SIGKILL.

What tests find in the environment: DATABASE_OWNER_URL may create databases, DATABASE_URL connects as kap_app to
the same server, REDIS_URL has a database number of its own in each worker, KAP_MODE is `test`, and KAP_VAR_DIR
is a folder of this run.
"""

import atexit
import contextlib
import os
import secrets
import shutil
import signal
import sys
from pathlib import Path

import pytest

from kap.ops import roles
from kap.ops.environment import ROOT
from kap.ops.services import Valkey, temporary_folder
from kap.ops.snapshot import TEMPLATE, start_from_snapshot

_PREFIX = "kap-test-"
_stops: list = []
# Set by a person for a real installation; a test must not read them.
_FORGET = (
    "KAP_TEST_TEMPLATE", "KAP_TEST_REDIS_IS_OURS", "ALLOWED_HOSTS", "SITE_URL", "KAP_CLOCK_FILE", "KAP_AS_OWNER",
    "DATABASE_APP_ROLE", "EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD",
    "EMAIL_USE_TLS", "TRUSTED_PROXIES",
)  # fmt: skip


def _start() -> None:
    base = _folder()
    os.environ["KAP_VAR_DIR"] = str(base / "var")
    (base / "var").mkdir()
    os.environ["KAP_MODE"] = "test"
    os.environ["SECRET_KEY"] = "tests-" + secrets.token_urlsafe(48)
    os.environ["FIELD_KEYS"] = f"t1:{secrets.token_urlsafe(32)}"
    # Playwright's own event loop runs in the thread of the test.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    for name in _FORGET:
        os.environ.pop(name, None)

    owner = os.environ.get("DATABASE_OWNER_URL") or os.environ.get("DATABASE_URL")
    if not owner:
        server = start_from_snapshot(base / "pg", var=base / "var")
        _stops.append(server.stop)
        owner = server.url
        os.environ["KAP_TEST_TEMPLATE"] = TEMPLATE
        os.environ.pop("DATABASE_OWNER_URL", None)
        os.environ.pop("DATABASE_URL", None)
    else:
        given = "DATABASE_OWNER_URL" if os.environ.get("DATABASE_OWNER_URL") else "DATABASE_URL"
        roles.check_owner(owner, name=given)
    if os.environ.get("DATABASE_OWNER_URL") and os.environ.get("DATABASE_URL"):
        roles.check_pair(os.environ["DATABASE_URL"], owner)
    else:
        ours = bool(os.environ.get("KAP_TEST_TEMPLATE"))
        # On a given server kap_app's password must outlive this run.
        var = base / "var" if ours else ROOT / "var"
        os.environ["DATABASE_URL"] = roles.ensure_app_role(owner, var=var, may_reset=ours)
    os.environ["DATABASE_OWNER_URL"] = owner

    if not os.environ.get("REDIS_URL"):
        redis = Valkey(password=secrets.token_urlsafe(16))
        _stops.append(redis.stop)
        os.environ["REDIS_URL"] = redis.start()
        os.environ["KAP_TEST_REDIS_IS_OURS"] = "1"


def _folder() -> Path:
    """A folder of this run. What killed runs left behind is removed."""
    base = temporary_folder(f"{_PREFIX}{os.getpid()}-")
    _stops.append(lambda: shutil.rmtree(base, ignore_errors=True))
    for old in base.parent.glob(_PREFIX + "*"):
        pid = old.name.removeprefix(_PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):
            ours = pid.isdigit() and old.stat().st_uid == os.geteuid()
            if ours and sys.platform.startswith("linux") and not Path(f"/proc/{pid}").exists():
                shutil.rmtree(old, ignore_errors=True)
    return base


def _own_redis_database() -> None:
    """Each xdist worker gets a Redis database of its own, where the server is ours."""
    worker = os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw")
    if os.environ.get("KAP_TEST_REDIS_IS_OURS") and worker.isdigit():
        os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rpartition("/")[0] + f"/{1 + int(worker) % 63}"


def _stop() -> None:
    while _stops:
        with contextlib.suppress(Exception):  # one that fails must not keep the others alive
            _stops.pop()()


def _terminated(*_) -> None:
    """SIGTERM ends the run as Ctrl-C does: pytest unwinds, and the servers go."""
    raise KeyboardInterrupt


@pytest.hookimpl(trylast=True)
def pytest_configure(config) -> None:
    """Test databases are copies of the migrated one; Django then has nothing left to migrate."""
    if template := os.environ.get("KAP_TEST_TEMPLATE"):
        from django.conf import settings
        from django.db import connections

        if settings.configured:
            connections["default"].settings_dict["TEST"]["TEMPLATE"] = template


def pytest_unconfigure(config) -> None:
    _stop()


def _own_clock() -> None:
    """Each xdist worker moves a clock of its own; one that moved another's would make its tests fail."""
    worker = os.environ["PYTEST_XDIST_WORKER"]
    os.environ["KAP_CLOCK_FILE"] = str(Path(os.environ["KAP_VAR_DIR"]) / f"clock-{worker}")


if os.environ.get("PYTEST_XDIST_WORKER"):
    _own_redis_database()
    _own_clock()
elif not {"-h", "--help", "--version", "-V", "--markers", "--fixtures"} & set(sys.argv):
    atexit.register(_stop)
    signal.signal(signal.SIGTERM, _terminated)
    try:
        _start()
    except BaseException as problem:
        _stop()
        if isinstance(problem, Exception) and type(problem).__name__ in ("RoleError", "ServiceError"):
            sys.exit(f"The tests have no servers to run on.\n{problem}")
        raise
