"""A clinic that is broken on purpose: own PostgreSQL (durable) and Valkey, gunicorn, worker, beat, an SMTP server.

Everything is killed with SIGKILL and brought back, the servers by the same code that `make run` uses. Kills are
plain: children, too, and no warning. The page cache outlives them, so this is no power cut.
"""

import contextlib
import email
import http.client
import logging
import os
import random
import re
import shutil
import signal
import time
import uuid
from collections import Counter, defaultdict
from pathlib import Path
from urllib.parse import urlencode

import pytest
import redis
from aiosmtpd.controller import Controller
from django.db import connections
from django.test import Client as Http

from kap.ops import roles
from kap.ops.environment import Servers
from kap.ops.readiness import free_port
from kap.ops.services import Postgres, Valkey, temporary_folder
from kap.ops.snapshot import TEMPLATE, start_from_snapshot
from kap.ops.stack import Stack, collect_static


class Postbox:
    """The SMTP server and its ledger: what it has accepted, by Message-ID, and when. `refuse` makes it say no."""

    def __init__(self) -> None:
        self.accepted: dict[str, list[float]] = defaultdict(list)
        self.refuse = False
        self.refused = 0

    async def handle_DATA(self, server, session, envelope):
        if self.refuse:
            self.refused += 1
            return "451 Not now"
        message_id = email.message_from_bytes(envelope.content)["Message-ID"]
        self.accepted[message_id].append(time.time())
        return "250 Kept"


class Broken:
    """The clinic under fire. Call from the main thread: the kernel ties children to the thread that made them."""

    def __init__(
        self, folder: Path, *, seed: int, env: dict[str, str], web: int = 2, worker: int = 2
    ) -> None:
        self.dice = random.Random(seed)
        self.kills: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()  # by themselves
        self.postbox = Postbox()
        self.smtp = Controller(self.postbox, hostname="127.0.0.1", port=free_port())
        self.servers = _servers(folder)
        owner = self.servers.postgres.url
        app = roles.ensure_app_role(owner, var=folder, may_reset=True)
        self.owner_url, self.database_url = (url.rpartition("/")[0] + "/" + TEMPLATE for url in (owner, app))
        self.redis_url = self.servers.valkey.url
        self.stack = Stack(
            folder / "stack",
            {
                "DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url, "KAP_MODE": "test", "LOG_LEVEL": "WARNING",
                "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(self.smtp.port), **env,
            },
            web=web, worker=worker,
        )  # fmt: skip

    def up(self) -> None:
        self.stack.folder.mkdir(parents=True, exist_ok=True)
        collect_static(self.stack.env)
        logging.getLogger("mail.log").setLevel(logging.WARNING)  # each line of each mail
        self.smtp.start()
        for name in ("web", "worker", "beat"):
            self.stack.start(name)
        self.stack.wait("web", "worker", "beat", seconds=120)

    def kill(self, name: str) -> None:
        self.kills[name] += 1
        if name in ("web", "worker", "beat"):
            self.stack.kill(name)
            return
        server = self.servers.postgres if name == "database" else self.servers.valkey
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(10)

    def mend(self, name: str) -> None:
        if name in ("web", "worker", "beat"):
            self.stack.start(name)
        else:
            while self.servers.mend():
                pass

    def look_after(self) -> None:
        """Start again what ended by itself: Celery's worker does when Redis dies while it acknowledges a task."""
        for name in ("web", "worker", "beat"):
            if not self.stack.running(name):
                self.ended[name] += 1
                self.mend(name)

    def hit(self, name: str, *, down: float) -> None:
        """Kill it, and bring it back after so many seconds."""
        self.kill(name)
        time.sleep(down)
        self.mend(name)

    def flush_redis(self) -> None:
        redis.Redis.from_url(self.redis_url).flushall()

    def end(self) -> None:
        connections.close_all()
        self.stack.end()
        with contextlib.suppress(Exception):
            self.smtp.stop()
        self.servers.stop()


def _servers(folder: Path) -> Servers:
    """A migrated database on a server that keeps what it has committed; the tests' own server does not."""
    made = start_from_snapshot(folder / "pg", var=folder)
    made.stop()
    servers = Servers(folder)
    servers.postgres = Postgres(folder / "pg", password=made.password)
    servers.valkey = Valkey(folder / "valkey", password=uuid.uuid4().hex)
    try:
        servers.postgres.start()
        servers.valkey.start()
    except BaseException:
        servers.stop()
        raise
    return servers


@pytest.fixture
def broken(django_db_blocker):
    """broken(seed=1, env={…}) → a clinic that is up; this process's own queries go to its database meanwhile."""
    settings = connections["default"].settings_dict
    before = {key: settings[key] for key in ("HOST", "PORT", "NAME", "USER", "PASSWORD")}
    folder, made = temporary_folder("kap-drill-"), []

    def make(*, seed: int, env: dict[str, str] | None = None, **sizes) -> Broken:
        clinic = Broken(folder, seed=seed, env=env or {}, **sizes)
        made.append(clinic)
        login, _at, place = clinic.database_url.removeprefix("postgres://").rpartition("@")
        user, _colon, password = login.partition(":")
        connections.close_all()
        settings.update(
            HOST="127.0.0.1", PORT=place.partition(":")[2].partition("/")[0], NAME=TEMPLATE, USER=user, PASSWORD=password
        )  # fmt: skip
        return clinic

    with django_db_blocker.unblock():
        try:
            yield make
        finally:
            for clinic in made:
                clinic.end()
            connections.close_all()
            settings.update(before)
            shutil.rmtree(folder, ignore_errors=True)


class Person:
    """Somebody at a browser who tries again when the page does not come."""

    def __init__(self, user, port: int) -> None:
        browser = Http()
        browser.force_login(user)
        self.session, self.port = browser.cookies["kap_session"].value, port
        self.failures: Counter[str] = Counter()

    def ask(self, method: str, path: str, body: dict | None = None) -> tuple[int, str, str]:
        """(status, Location, page); status 0 when nobody answered."""
        token = "t" * 32
        headers = {
            "Cookie": f"kap_session={self.session}; kap_csrf={token}", "X-CSRFToken": token,
            "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=90)
        try:
            wire.request(method, path, urlencode(body or {}), headers)
            response = wire.getresponse()
            answer = response.status, response.getheader("Location") or "", response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            answer = 0, "", type(error).__name__
        finally:
            wire.close()
        if answer[0] not in (200, 302):
            self.failures[str(answer[0])] += 1
        return answer


def counts_on(page: str) -> dict[str, int]:
    """What the tabs of the outbox page say."""
    found = re.findall(r'href="\?tab=(\w+)"[^>]*>\s*\w+\s*(?:<span class="count">([\d,]+)</span>)?', page)
    return {state: int((number or "0").replace(",", "")) for state, number in found}
