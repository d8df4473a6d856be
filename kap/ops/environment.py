"""What a process of ours finds in its environment: defaults, secrets that were generated once, the servers.

Order: what is set in the environment, then `.env` at the top of the checkout, then the defaults here.
"""

import base64
import contextlib
import fcntl
import json
import os
import re
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from kap.ops import readiness, roles
from kap.ops.services import OWNER, Postgres, ServiceError, Valkey, folder_for, kept_secret

ROOT = Path(__file__).resolve().parents[2]


class SetupError(Exception):
    """The environment cannot be used as it is. The text says what is wrong and what to do."""


class AlreadyRunning(SetupError):
    """Another `make run` holds this checkout's var/."""


def var_dir() -> Path:
    return Path(os.environ.get("KAP_VAR_DIR") or ROOT / "var").resolve()


def prepare() -> Path:
    """Fill in what is missing, and return the folder of all state."""
    _read_dotenv(ROOT / ".env")
    var = var_dir()
    os.environ["KAP_VAR_DIR"] = str(var)
    os.environ.setdefault("KAP_MODE", "demo")
    try:
        var.mkdir(parents=True, exist_ok=True)
        (var / "log").mkdir(exist_ok=True)
        (var / "run").mkdir(exist_ok=True)
        if not os.environ.get("SECRET_KEY") and os.environ["KAP_MODE"] != "production":
            os.environ["SECRET_KEY"] = kept_secret(var / "secrets" / "secret_key", 64)
        if not os.environ.get("FIELD_KEYS") and os.environ["KAP_MODE"] != "production":
            os.environ["FIELD_KEYS"] = _kept_field_keys(var / "secrets" / "field_keys")
    except PermissionError as error:
        raise SetupError(
            f"{error.filename} may not be written. Was KAP started here by another user? "
            "Start as that user, or set KAP_VAR_DIR to a folder of your own."
        ) from error
    return var


def _kept_field_keys(path: Path) -> str:
    """The keys of the encrypted columns, made once. Of two first starts one wins, and both use its key.

    A file that is there but empty is an accident, and a new key would not open what the old one closed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        handle, fresh = tempfile.mkstemp(prefix="field_keys-", dir=path.parent)  # readable by us alone
        with os.fdopen(handle, "w") as file:
            file.write(f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
        os.unlink(fresh)
    found = ",".join(path.read_text().split())
    if not found:
        raise SetupError(
            f"{path} is empty. It held the keys of the encrypted columns: put it back from its copy, or remove it if "
            "nothing was ever written with them."
        )
    return found


def read_dotenv() -> None:
    """What `.env` says, before anything is made."""
    _read_dotenv(ROOT / ".env")


def _read_dotenv(path: Path) -> None:
    """NAME=value lines. What the environment says already wins."""
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = re.fullmatch(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*", line)
        if not found:
            raise SetupError(f"{path}, line {number}: {line.strip()!r} is not NAME=value.")
        name, value = found.groups()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        os.environ.setdefault(name, value)


class Alone:
    """One start per var/ folder. The lock goes with the process, however it ends."""

    def __init__(self, var: Path) -> None:
        self.path = var / "run" / "lock"
        self.note = var / "run" / "running.json"

    def __enter__(self) -> "Alone":
        self.file = self.path.open("a+")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.file.close()
            raise AlreadyRunning(_running_words(self.note)) from None
        self.note.unlink(missing_ok=True)
        return self

    def tell(self, **facts) -> None:
        """Leave word for `manage.py`: the addresses of the servers, readable by us alone."""
        handle = os.open(self.note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump({"pid": os.getpid(), **facts}, file)

    def __exit__(self, *_) -> None:
        self.note.unlink(missing_ok=True)
        self.file.close()


def _running_words(note: Path) -> str:
    facts = running(note.parents[1])
    where = f" at {facts['address']}" if facts.get("address") else ""
    number = f" (process {facts['pid']})" if facts.get("pid") else ""
    return (
        f"KAP is already running or starting in this checkout{where}{number}. Use that one, or end it first "
        "with Ctrl-C. A second clinic beside it needs a state folder of its own: "
        "KAP_VAR_DIR=/some/folder PORT=8001 make run"
    )


def running(var: Path) -> dict:
    """What the running start told, or nothing."""
    with contextlib.suppress(OSError, ValueError):
        facts = json.loads((var / "run" / "running.json").read_text())
        os.kill(facts["pid"], 0)
        return facts
    return {}


class Servers:
    """The database and the Redis of this installation: the given ones, checked, or embedded ones, started.

    Use as a context manager; embedded ones stop at the end. Raises SetupError with words for a person.
    """

    def __init__(
        self, var: Path, *, say: Callable[[str], object] = lambda text: None, redis: bool = True
    ) -> None:
        self.var, self.say, self.with_redis = var, say, redis
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None

    def __enter__(self) -> "Servers":
        try:
            self._database()
            if self.with_redis:
                self._redis()
        except (ServiceError, roles.RoleError) as error:
            self.stop()
            raise SetupError(str(error)) from error
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def stop(self) -> None:
        for server in (self.valkey, self.postgres):
            if server is not None:
                server.stop()

    def _database(self) -> None:
        app, owner = os.environ.get("DATABASE_URL"), os.environ.get("DATABASE_OWNER_URL")
        if not app and not owner:
            self._embedded_database()
            return
        owner_name = "DATABASE_OWNER_URL" if owner else "DATABASE_URL"
        self.say(f"Database {readiness.shown(owner or app)}")
        roles.check_owner(owner or app, name=owner_name)
        if app and owner:
            roles.check_pair(app, owner)
            return
        os.environ["DATABASE_OWNER_URL"] = owner or app
        os.environ["DATABASE_URL"] = roles.ensure_app_role(owner or app, var=self.var)

    def _embedded_database(self) -> None:
        folder = folder_for("postgres", self.var)
        first = not (folder / "PG_VERSION").exists()
        self.say("Embedded PostgreSQL" + (", new data folder" if first else ""))
        self.postgres = Postgres(folder, password=kept_secret(self.var / "secrets" / OWNER))
        os.environ["DATABASE_OWNER_URL"] = self.postgres.start()
        os.environ["DATABASE_URL"] = roles.ensure_app_role(self.postgres.url, var=self.var, may_reset=True)

    def _redis(self) -> None:
        if given := os.environ.get("REDIS_URL"):
            self.say(f"Redis {readiness.shown(given)}")
            if problem := readiness.redis_answers(given):
                raise SetupError(
                    f"REDIS_URL ({readiness.shown(given)}) does not work:\n  {problem}\n"
                    "Is the server running, are host, port and password right? Without REDIS_URL an embedded "
                    "server is used."
                )
            return
        self.say("Embedded Redis-protocol server (Valkey)")
        folder = folder_for("valkey", self.var)
        self.valkey = Valkey(folder, password=kept_secret(self.var / "secrets" / "valkey"))
        os.environ["REDIS_URL"] = self.valkey.start()

    def mend(self) -> str | None:
        """Start an embedded server that died again, at its old port. Returns its name, or None."""
        for name, server in (("database", self.postgres), ("redis", self.valkey)):
            if server is not None and server.process is not None and server.process.poll() is not None:
                port = server.port
                server.stop()  # what is left of its group
                server.start()
                if server.port != port:
                    raise SetupError(
                        f"The embedded {name} server died, and its port {port} was taken meanwhile."
                    )
                return name
        return None
