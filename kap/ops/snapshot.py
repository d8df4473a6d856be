"""A migrated database for the tests, kept from run to run: running all migrations takes most of a small test run.

The snapshot is the stopped server's data folder, named by a checksum of everything that it depends on. Django makes
its test databases from the template in it (TEST["TEMPLATE"]), and then finds nothing left to migrate.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from kap.ops import roles
from kap.ops.environment import ROOT
from kap.ops.services import Postgres, ServiceError, kept_secret

TEMPLATE = "kap_template"
APPS = ("kap", "scheduling", "intake", "sessions", "integration")
MATTERS = (
    "kap/settings.py", "kap/core/grants.py", "kap/audit/kept.py", "kap/ops/lock-run.txt", "kap/ops/snapshot.py",
    "kap/ops/roles.py", "kap/ops/services.py",
)  # fmt: skip
_KEEP = 2  # the newest; two branches in turn


def cache_folder() -> Path:
    return ROOT / "var" / "cache"


def fingerprint() -> str:
    """Changes whenever a fresh migrate could end in another database."""
    digest = hashlib.sha256()
    files = [
        path for app in APPS for path in (ROOT / app).rglob("migrations/*") if path.suffix in (".py", ".sql")
    ]
    files += [ROOT / name for name in MATTERS]
    for path in sorted(files):
        if path.exists():
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:20]


def start_from_snapshot(folder: Path, *, var: Path, say=print) -> Postgres:
    """A running fast server whose template database is migrated. Makes the snapshot where there is none.

    `folder` becomes the data folder, `var` takes kap_app's password. Raises ServiceError.
    """
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    cache.chmod(0o700)
    kept = cache / f"tests-{fingerprint()}"
    password = kept_secret(cache / "password")
    with _one_at_a_time(cache):
        if not (kept / "PG_VERSION").exists():
            _make(kept, folder, password, var, say)
            shutil.rmtree(folder, ignore_errors=True)
        os.utime(kept)
        _copy(kept, folder)
    server = Postgres(folder, password=password, fast=True)
    try:
        server.start()
        return server
    except BaseException:
        server.stop()
        raise


def _make(kept: Path, folder: Path, password: str, var: Path, say) -> None:
    say("Making the tests' database (once after each change of a migration) …", flush=True)
    start = time.monotonic()
    server = Postgres(folder, password=password, fast=True)
    try:
        owner = server.start()
        app = roles.ensure_app_role(owner, var=var, may_reset=True)
        _ask(owner, f"CREATE DATABASE {TEMPLATE}")
        url, app = (text.rpartition("/")[0] + "/" + TEMPLATE for text in (owner, app))
        env = {**os.environ, "DATABASE_URL": app, "DATABASE_OWNER_URL": url, "KAP_AS_OWNER": "1", "KAP_MODE": "test",
               "REDIS_URL": "redis://127.0.0.1:9/0"}  # fmt: skip
        for command in (["migrate", "--no-input", "-v", "0"], ["createcachetable"]):
            done = subprocess.run(
                [sys.executable, "manage.py", *command], cwd=ROOT, env=env, capture_output=True, text=True,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
            if done.returncode:
                raise ServiceError(f"`manage.py {command[0]}` failed:\n{done.stdout}{done.stderr}")
    finally:
        server.stop()
    unfinished = kept.with_name(kept.name + ".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(folder, unfinished)
    unfinished.rename(kept)
    say(f"  done in {time.monotonic() - start:.0f} s", flush=True)
    _forget_old(kept.parent)


def _copy(kept: Path, folder: Path) -> None:
    """The folder and all in it belong to the account that the server runs under."""
    shutil.copytree(kept, folder)
    account = Postgres(folder, password="").account  # nosec B106 # never started, only asked for its account
    if account:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account["user"], account["group"])
    folder.chmod(0o700)


def _forget_old(cache: Path) -> None:
    snapshots = sorted(cache.glob("tests-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in snapshots[_KEEP:]:
        shutil.rmtree(old, ignore_errors=True)


def _ask(url: str, statement: str) -> None:
    import psycopg2

    connection = psycopg2.connect(url.replace("postgres://", "postgresql://"))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


@contextlib.contextmanager
def _one_at_a_time(cache: Path):
    """Two test runs at once: the second waits and finds the work done."""
    with (cache / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
