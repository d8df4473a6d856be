"""The real processes for journey and reliability tests: gunicorn, Celery worker, beat, on free ports.

    with stack(database_url, redis_url, web=8, env={"EMAIL_PORT": "2525"}) as clinic:
        browser.goto(clinic.url)
        clinic.kill("worker"); ...; clinic.start("worker")

Tables and data are the caller's: point `database_url` (as kap_app) at a database that is migrated.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from celery import Celery

from kap.ops import commands
from kap.ops.environment import ROOT
from kap.ops.processes import end, spawn
from kap.ops.readiness import free_port, http_answers


class StackError(Exception):
    """A process did not come up; the text holds the end of its log."""


class Stack:
    """The running processes. `url`, `port`, `logs[name]`, `pid(name)`; names are web, worker, beat."""

    def __init__(self, folder: Path, env: Mapping[str, str], *, web: int, worker: int) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {
            **{key: value for key, value in os.environ.items() if key not in ("DATABASE_OWNER_URL", "KAP_AS_OWNER")},
            "SITE_URL": self.url, "PORT": str(self.port), **env,
        }  # fmt: skip
        self.env.pop("PYTEST_XDIST_WORKER", None)
        self.processes: dict[str, subprocess.Popen] = {}
        self.logs = {name: folder / f"{name}.log" for name in ("web", "worker", "beat")}
        self.worker_name = f"worker-{self.port}@localhost"
        # Speaks to the worker alone; knows none of its tasks.
        self._celery = Celery("ops", broker=self.env["REDIS_URL"], set_as_current=False)
        self._lines = {
            "web": commands.web(self.port, workers=web),
            "worker": commands.worker(concurrency=worker, name=self.worker_name),
            "beat": commands.beat(str(folder / "beat-schedule")),
        }

    def pid(self, name: str) -> int:
        return self.processes[name].pid

    def running(self, name: str) -> bool:
        process = self.processes.get(name)
        return process is not None and process.poll() is None

    def log(self, name: str) -> str:
        return self.logs[name].read_text(errors="replace") if self.logs[name].exists() else ""

    def start(self, name: str) -> None:
        """Start one of them (again). Does not wait; see `wait`."""
        if self.running(name):
            return
        with self.logs[name].open("ab") as log:
            self.processes[name] = spawn(self._lines[name], cwd=ROOT, env=self.env, stdout=log)

    def stop(self, name: str, seconds: float = 15) -> None:
        """End it as an operator would: it may finish what it has in hand."""
        end(self.processes.pop(name, None), wait=seconds)

    def kill(self, name: str) -> None:
        """End it as a power cut would, with all its children."""
        if process := self.processes.pop(name, None):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            end(process, wait=5)

    def wait(self, *names: str, seconds: float = 60) -> None:
        """Until each of them is at work: web answers /healthz, the worker answers a ping, beat has started.

        Raises StackError.
        """
        until = time.monotonic() + seconds
        for name in names:
            while not self._at_work(name):
                if not self.running(name):
                    raise StackError(f"{name} ended while starting:\n{self._end_of_log(name)}")
                if time.monotonic() > until:
                    raise StackError(f"{name} was not ready within {seconds} s:\n{self._end_of_log(name)}")
                time.sleep(0.1)

    def _at_work(self, name: str) -> bool:
        if name == "web":
            return http_answers(self.url + "/healthz", 2) == 200
        if name == "worker":
            return bool(self._celery.control.ping(destination=[self.worker_name], timeout=0.5))
        return self.running(name) and any(self.folder.glob("beat-schedule*"))

    def _end_of_log(self, name: str) -> str:
        return "\n".join(self.log(name).splitlines()[-60:])

    def end(self) -> None:
        for name in ("beat", "web", "worker"):
            with contextlib.suppress(Exception):  # the others must end all the same
                self.stop(name, 5)


@contextlib.contextmanager
def stack(
    database_url: str,
    redis_url: str,
    *,
    folder: Path,
    web: int = 2,
    worker: int = 1,
    names: tuple[str, ...] = ("web", "worker", "beat"),
    env: Mapping[str, str] | None = None,
) -> Iterator[Stack]:
    """Start the processes, wait until they are at work, and surely end them.

    `folder` takes logs and beat's file. The mode is `test` unless `env` says otherwise; collectstatic has run
    into KAP_VAR_DIR before the first page is asked for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    given = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "KAP_MODE": "test", **(env or {})}
    clinic = Stack(folder, given, web=web, worker=worker)
    collect_static(clinic.env)
    try:
        for name in names:
            clinic.start(name)
        clinic.wait(*names)
        yield clinic
    finally:
        clinic.end()


def collect_static(env: Mapping[str, str]) -> None:
    """The web process serves files by their hashed names, so the list of them must be there. Once per folder."""
    if (Path(env["KAP_VAR_DIR"]) / "static" / "staticfiles.json").exists():
        return
    done = subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "-v", "0"],
        cwd=ROOT, env={**env, "KAP_MODE": "demo"}, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise StackError(f"collectstatic failed:\n{done.stdout}{done.stderr}")
