"""`make run`: servers, roles, migrations, demo clinic, static files; then web, worker and beat until Ctrl-C.

Ctrl-C or SIGTERM ends everything in order, whenever it comes; a second one hurries. A child that dies is
started again with growing pauses; one that keeps dying ends the run with its last words.
"""

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path

from kap.ops import bootstrap, commands, readiness
from kap.ops.bootstrap import Trouble
from kap.ops.bootstrap import run as step
from kap.ops.environment import ROOT, Alone, Servers, SetupError, prepare
from kap.ops.processes import end, spawn
from kap.ops.services import ServiceError

MANAGE = [sys.executable, str(ROOT / "manage.py")]
DEMO_COMMAND = ROOT / "kap" / "demo" / "management" / "commands" / "demo.py"
PATIENCE = 90  # seconds until the first page must answer
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  # nosec B104 # compared with, not bound to
GIVE_UP = 4  # deaths in a row, none of them after a life of a minute


class Stopped(BaseException):
    """Somebody asked us to end."""


def say(text: str) -> None:
    with contextlib.suppress(OSError):
        print(text, flush=True)


# ---------------------------------------------------------------- children


class Child:
    """One of web, worker, beat: its command, its log lines on our screen, its deaths."""

    COLOURS = {"web": "36", "worker": "33", "beat": "35"}

    def __init__(self, name: str, argv: list[str]) -> None:
        self.name, self.argv = name, argv
        # The application never holds the owner's login.
        self.env = {key: value for key, value in os.environ.items() if key != "DATABASE_OWNER_URL"}
        self.process: subprocess.Popen | None = None
        self.deaths = 0
        self.born = 0.0
        self.again_at = 0.0
        self.last_words: deque[str] = deque(maxlen=15)

    def start(self) -> None:
        self.born = time.monotonic()
        self.process = spawn(self.argv, env=self.env, cwd=ROOT, stdout=subprocess.PIPE)
        threading.Thread(target=self._pump, args=(self.process.stdout,), daemon=True).start()

    def _pump(self, lines) -> None:
        prefix = f"{self.name:<7}|"
        if sys.stdout.isatty():
            prefix = f"\033[{self.COLOURS.get(self.name, '0')}m{prefix}\033[0m"
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            if not text:
                continue
            self.last_words.append(text)
            say(f"{prefix} {text}")

    def look_after(self) -> None:
        """Start it again if it died and its pause is over. Raises Trouble where that is hopeless."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            code, self.process = self.process.returncode, None
            self.deaths = 1 if now - self.born > 60 else self.deaths + 1
            if self.deaths >= GIVE_UP:
                words = "\n".join("  " + line for line in self.last_words)
                raise Trouble(f"{self.name} ended {GIVE_UP} times in a row. It said last:\n{words}")
            pause = min(30, 2 ** (self.deaths - 1))
            self.again_at = now + pause
            say(f"{self.name} ended by itself (code {code}); starting it again in {pause} s")
        if self.process is None and now >= self.again_at:
            self.start()


def end_all(children: list[Child], seconds: float) -> None:
    """Ask all of them at once, then wait for each; what does not end is killed."""
    alive = [child.process for child in children if child.process is not None]
    for process in alive:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
    until = time.monotonic() + seconds
    for process in alive:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, until - time.monotonic()))
        end(process, wait=0.1)


# ---------------------------------------------------------------- steps


def wanted_port() -> int:
    text = os.environ.setdefault("PORT", "8000")
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Trouble(f"PORT is {text!r}; it must be a number from 1 to 65535.")
    if int(text) < 1024 and os.geteuid() != 0:
        raise Trouble(f"Port {text} is for root alone. Choose one above 1023, for instance PORT=8000.")
    if not readiness.port_is_free(int(text), bind()):
        raise Trouble(
            f"Port {text} on {bind()} is busy or cannot be used: another program listens there. End it, or choose "
            f"another port: PORT={int(text) + 1} make run"
        )
    return int(text)


def bind() -> str:
    return os.environ.get("KAP_BIND", "127.0.0.1")


def host() -> str:
    """An address that reaches us from this machine."""
    return bind() if bind() not in EVERYWHERE else "127.0.0.1"


def migrate() -> None:
    env = {**os.environ, "KAP_AS_OWNER": "1"}
    step("Database tables", [*MANAGE, "migrate", "--no-input", "-v", "1"], env=env)
    if not ask("SELECT to_regclass('public.kap_cache') IS NOT NULL"):
        step("Cache table", [*MANAGE, "createcachetable"], env=env)


def ask(question: str) -> bool:
    """A yes-or-no question in SQL, as the application: this room imports no app."""
    import psycopg2

    connection = psycopg2.connect(readiness.dsn(os.environ["DATABASE_URL"]))
    try:
        with connection.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchone()[0]
    finally:
        connection.close()


def has_clinic() -> bool:
    there = ask("SELECT to_regclass('public.core_clinic') IS NOT NULL")
    return there and ask("SELECT EXISTS (SELECT 1 FROM core_clinic)")


def demo_clinic() -> None:
    if os.environ["KAP_MODE"] != "demo" or not DEMO_COMMAND.exists() or has_clinic():
        return
    step("Demo clinic (once; about a minute)", [*MANAGE, "demo"])


class FrontEnd:
    """npm packages, icons and fonts: made while the database is made, since both want time and not each other."""

    def __init__(self, var: Path) -> None:
        self.log = var / "log" / "front-end.log"
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> "FrontEnd":
        if (ROOT / "package-lock.json").exists():
            with self.log.open("wb") as log:
                self.process = spawn([sys.executable, "-m", "kap.ops.assets"], cwd=ROOT, stdout=log)
        return self

    def finish(self) -> None:
        """Wait for it, with a word where that takes long. Raises Trouble with what it said."""
        if self.process is None:
            return
        start = time.monotonic()
        while self.process.poll() is None:
            if time.monotonic() - start > 1:
                say("Front-end files …")
                self.process.wait()
                say(f"  done in {time.monotonic() - start:.1f} s")
            time.sleep(0.02)
        if self.process.returncode:
            words = self.log.read_text(errors="replace").strip().splitlines()[-12:]
            raise Trouble("Front-end files failed:\n" + "\n".join("  " + line for line in words))

    def __exit__(self, *_) -> None:
        end(self.process, wait=5)


def static_files(var: Path) -> None:
    """collectstatic, but only when a source file or a package changed."""
    stamp, now = var / "static.stamp", _static_sum(var)
    if stamp.exists() and stamp.read_text() == now and (var / "static" / "staticfiles.json").exists():
        return
    step("Static files", [*MANAGE, "collectstatic", "--no-input", "-v", "0"])
    stamp.write_text(now)


def _static_sum(var: Path) -> str:
    digest = hashlib.sha256((ROOT / "kap" / "ops" / "lock-run.txt").read_bytes())
    bases = [ROOT / "static", *sorted(ROOT.glob("*/static")), *sorted(ROOT.glob("kap/*/static"))]
    for base in [base for base in bases if base != var / "static"]:
        for path in sorted(base.rglob("*")):
            stat = path.stat()
            digest.update(f"{path}:{stat.st_size}:{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def logins() -> None:
    if os.environ["KAP_MODE"] == "demo" and DEMO_COMMAND.exists():
        done = subprocess.run(
            [*MANAGE, "demo", "--logins"], capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        if not done.returncode:
            say(done.stdout.rstrip())


# ---------------------------------------------------------------- the run


def run() -> None:
    var = prepare()
    bootstrap.LOG = var / "log" / "setup.log"  # two clinics of one checkout do not share it
    with Alone(var) as alone:
        port = wanted_port()
        address = os.environ.get("SITE_URL") or f"http://{host()}:{port}"
        alone.tell(address=address)
        with FrontEnd(var) as front_end, Servers(var, say=say) as servers:
            if servers.postgres and os.environ["KAP_MODE"] == "production":
                say(
                    "  An embedded database is good for trying; for real records set DATABASE_URL (docs/operations.md)."
                )
            migrate()
            demo_clinic()
            front_end.finish()
            static_files(var)
            names = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
            alone.tell(address=address, env={name: os.environ[name] for name in names})
            serve(var, port, address, servers)


def serve(var: Path, port: int, address: str, servers: Servers) -> None:
    children = [
        Child("web", commands.web(port, bind=bind())),
        Child("worker", commands.worker()),
        Child("beat", commands.beat(str(var / "run" / "beat-schedule"))),
    ]
    try:
        for child in children:
            child.start()
        _until_first_page(children, port)
        logins()
        say(f"\nKAP is ready: {address}\nCtrl-C ends it; the data stays.\n")
        while True:
            time.sleep(0.3)
            if mended := servers.mend():
                say(f"The embedded {mended} server had ended; it runs again")
            for child in children:
                child.look_after()
    finally:
        say("Ending …")
        end_all(children, 15)


def _until_first_page(children: list[Child], port: int) -> None:
    until = time.monotonic() + PATIENCE
    while readiness.http_answers(f"http://{host()}:{port}/healthz", 1) is None:
        for child in children:
            child.look_after()
        if time.monotonic() > until:
            raise Trouble(f"The web server did not answer within {PATIENCE} s. Its lines above say why.")
        time.sleep(0.1)


def _stop(number, _frame) -> None:
    # The second time: do not wait for anybody.
    signal.signal(signal.SIGINT, _hurry)
    signal.signal(signal.SIGTERM, _hurry)
    raise Stopped


def _hurry(number, _frame) -> None:
    say("Hurrying …")
    for child in _children_of_ours():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _children_of_ours() -> list[int]:
    """Our children except the servers, which need their moment to close the files."""
    found = []
    with contextlib.suppress(OSError):
        for pid in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split():
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            if not any(word in command for word in (b"bin/postgres", b"valkey")):
                found.append(int(pid))
    return found


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    started = time.monotonic()
    try:
        run()
    except Stopped:
        say("Stopped." if time.monotonic() - started > 1 else "Stopped before it began.")
        return 0
    except (Trouble, SetupError, ServiceError) as problem:
        say(f"\n{problem}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
