"""Servers of their own and a tiny clinic in a folder of its own: starting and stopping is what is tested here."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from kap.ops import environment
from kap.ops.readiness import free_port
from kap.ops.services import Postgres

ROOT = Path(__file__).resolve().parents[3]


# The folder of this run: reachable for the servers' account, and removed at the end whatever happens.
BASE = Path(os.environ["KAP_VAR_DIR"]).parent


def new_folder() -> Path:
    made = Path(tempfile.mkdtemp(prefix="ops-", dir=BASE))
    made.chmod(0o711)
    return made


@pytest.fixture
def folder():
    """A folder that the account of the servers can reach; pytest's own are private."""
    base = new_folder()
    yield base
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture(scope="module")
def postgres():
    base = new_folder()
    server = Postgres(base / "pg", password=secrets.token_urlsafe(8), fast=True)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def clean_environment(monkeypatch, tmp_path):
    """As in a fresh shell, with a state folder of its own and no .env file."""
    for name in CLEAN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setenv("KAP_VAR_DIR", str(tmp_path / "var"))
    return monkeypatch


CLEAN = (
    "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "KAP_MODE", "KAP_VAR_DIR", "SECRET_KEY", "FIELD_KEYS", "PORT",
    "SITE_URL", "KAP_AS_OWNER", "KAP_CLOCK_FILE", "DJANGO_SETTINGS_MODULE", "KAP_TEST_REDIS_IS_OURS",
)  # fmt: skip

SETTINGS = """
import os
from pathlib import Path
import environ
env = environ.Env()
SECRET_KEY, VAR_DIR = env("SECRET_KEY"), Path(env("KAP_VAR_DIR"))
owner = env.bool("KAP_AS_OWNER", False)
DATABASES = {"default": env.db_url("DATABASE_OWNER_URL" if owner else "DATABASE_URL")}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.staticfiles"]
ROOT_URLCONF, ALLOWED_HOSTS, USE_TZ = "kap.urls", ["*"], True
STATIC_URL, STATIC_ROOT, STATICFILES_DIRS = "static/", VAR_DIR / "static", [Path(__file__).parents[1] / "static"]
STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
CELERY_BROKER_URL = env("REDIS_URL")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
"""
URLS = """
import os
from django.http import HttpResponse
from django.urls import path
def die(request):
    os.kill(os.getppid(), 9)
def owner(request):
    return HttpResponse(os.environ.get("DATABASE_OWNER_URL", "unknown"))
urlpatterns = [path("healthz", lambda r: HttpResponse("alive")), path("die", die), path("owner", owner)]
"""
WSGI = """
import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kap.settings")
application = get_wsgi_application()
"""
CELERY = """
import os
from celery import Celery
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kap.settings")
app = Celery("kap")
app.config_from_object("django.conf:settings", namespace="CELERY")
"""


class Sandbox:
    """Our own room of starting and stopping around an application of four small files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (root / "static").mkdir(parents=True)
        (root / "static" / "a.css").write_text("a{}")
        shutil.copytree(
            ROOT / "kap" / "ops", root / "kap" / "ops", ignore=shutil.ignore_patterns("__pycache__")
        )
        shutil.copy(ROOT / "manage.py", root)
        files = {"__init__": "", "settings": SETTINGS, "urls": URLS, "wsgi": WSGI, "celery": CELERY}
        for name, text in files.items():
            (root / "kap" / f"{name}.py").write_text(text)
        self.started: list[subprocess.Popen] = []

    def env(self, **more: str) -> dict[str, str]:
        base = {key: value for key, value in os.environ.items() if key not in CLEAN}
        return {**base, "PORT": str(self.port), "PYTHONDONTWRITEBYTECODE": "1", **more}

    def up(self, **more: str) -> subprocess.Popen:
        with (self.root / "out.log").open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "kap.ops.up"], cwd=self.root, env=self.env(**more), stdout=out,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, process_group=0,
            )  # fmt: skip
        self.started.append(process)
        return process

    def run(self, **more: str) -> tuple[int, str]:
        """For a start that should refuse: its exit code and all it said."""
        done = subprocess.run(
            [sys.executable, "-m", "kap.ops.up"], cwd=self.root, env=self.env(**more), capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def said(self) -> str:
        return (self.root / "out.log").read_text(errors="replace")

    def wait_for(self, words: str, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while words not in self.said():
            assert self.started[-1].poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            time.sleep(0.05)

    def left_behind(self) -> list[str]:
        """Processes that still run in our name, whoever their parent is."""
        marks = (str(self.root).encode(), f":{self.port}".encode())
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                command = (place / "cmdline").read_bytes()
                folder = os.readlink(place / "cwd")
            except OSError:
                continue
            if any(mark in command for mark in marks) or folder.startswith(str(self.root)):
                found.append(command.replace(b"\0", b" ").decode(errors="replace"))
        return found

    def nothing_left(self, seconds: float = 8) -> bool:
        until = time.monotonic() + seconds
        while self.left_behind() and time.monotonic() < until:
            time.sleep(0.1)
        return not self.left_behind()

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()


@pytest.fixture
def sandbox(folder):
    made = Sandbox(folder / "clinic")
    yield made
    made.end()
