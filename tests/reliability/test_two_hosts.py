"""Two hosts, each with web, worker and beat and files of its own, on one database and one Redis, PgBouncer between.

docs/operations.md, "Several hosts", says what is set for that.
"""

import logging
import os
import shutil
import uuid
from collections import Counter
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings
from django.db import connections

from kap.core import clock
from kap.documents import seal
from kap.documents.models import DocumentPdf, SignatureRequest
from kap.documents.verify import verify
from kap.ops.processes import end, spawn
from kap.ops.readiness import dsn, free_port, wait_until
from kap.ops.services import server_account
from kap.ops.stack import Stack, collect_static
from kap.outbox.channels import message_id
from kap.outbox.models import Message, State
from tests.factories.core import ClinicFactory
from tests.factories.documents import asked, initials_for
from tests.factories.people import UserFactory
from tests.reliability.drill import Broken, Person

MESSAGES = 120
TIMEOUTS = {"lock_timeout": "8s", "statement_timeout": "20s", "idle_in_transaction_session_timeout": "1min"}


class PgBouncer:
    """As docs/operations.md says, with a pool that is smaller than the number of processes."""

    def __init__(self, folder: Path, database_url: str, mode: str) -> None:
        login, _at, place = database_url.removeprefix("postgres://").rpartition("@")
        user, _colon, password = login.partition(":")
        host, _slash, name = place.partition("/")
        self.port = free_port()
        self.url = f"postgres://{login}@127.0.0.1:{self.port}/{name}"
        folder.mkdir()
        (folder / "users.txt").write_text(f'"{user}" "{password}"\n')
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\n{name} = host=127.0.0.1 port={host.partition(':')[2]}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = scram-sha-256\nauth_file = {folder}/users.txt\n"
            f"pool_mode = {mode}\ndefault_pool_size = {4 if mode == 'transaction' else 40}\nmax_client_conn = 200\n"
            "ignore_startup_parameters = options,extra_float_digits\n"
        )
        account = server_account()
        if account:
            for path in (folder, *folder.iterdir()):
                os.chown(path, account["user"], account["group"])
        self.process = spawn(
            [shutil.which("pgbouncer"), str(folder / "pgbouncer.ini")], run_as=account,
            stdout=(folder.parent / "pgbouncer.log").open("ab"),
        )  # fmt: skip

    def answers(self) -> bool:
        try:
            psycopg2.connect(dsn(self.url)).close()
        except psycopg2.Error:
            return False
        return True


@pytest.fixture(params=["straight", "transaction", "session"])
def hosts(request, broken):
    """(clinic, the two hosts). The second has a folder of its own, with the seal that was copied to it."""
    clinic = broken(seed=3, env={"KAP_SWEEP_SECONDS": "1"})
    folder, bouncer = clinic.stack.folder.parent, None
    url = clinic.database_url
    if request.param != "straight":
        if not shutil.which("pgbouncer"):
            pytest.skip("PgBouncer is not installed on this machine")
        with psycopg2.connect(dsn(clinic.owner_url)) as owner, owner.cursor() as cursor:
            for name, value in TIMEOUTS.items():
                cursor.execute(f"ALTER ROLE kap_app SET {name} = '{value}'")
        bouncer = PgBouncer(folder / "pgbouncer", url, request.param)
        url = bouncer.url
        assert wait_until(bouncer.answers, seconds=10), (folder / "pgbouncer.log").read_text()
    seal.own_key()
    two = [host(clinic, folder / name, url) for name in ("one", "two")]
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    clinic.smtp.start()
    try:
        for each in two:
            for name in ("web", "worker", "beat"):
                each.start(name)
        for each in two:
            each.wait("web", "worker", "beat", seconds=120)
        yield clinic, two, url
    finally:
        for each in two:
            each.end()
        end(bouncer.process if bouncer else None)


def host(clinic: Broken, folder: Path, url: str) -> Stack:
    var = folder / "var"
    shutil.copytree(seal.folder(), var / "seal")
    collect_static(clinic.stack.env)
    (var / "static").symlink_to(Path(clinic.stack.env["KAP_VAR_DIR"]) / "static")
    env = {
        **clinic.stack.env, "DATABASE_URL": url, "KAP_VAR_DIR": str(var), "KAP_CLOCK_FILE": str(settings.CLOCK_FILE),
        "SITE_URL": "http://127.0.0.1",
    }  # fmt: skip
    made = Stack(folder, env, web=2, worker=2)
    made.env["PORT"] = str(made.port)
    return made


@pytest.mark.sweep
def test_two_hosts_are_one_clinic(hosts):
    clinic, (one, two), url = hosts
    ClinicFactory()
    request = asked()
    admin = UserFactory(roles=["admin"])
    here, there = Person(admin, one.port), Person(admin, two.port)
    the_timeouts_hold(url)

    # one session on both hosts, and its end
    there.session = here.session
    assert here.ask("GET", "/messages/")[0] == there.ask("GET", "/messages/")[0] == 200
    assert there.ask("POST", "/sign-out/")[0] == 302
    assert here.ask("GET", "/messages/")[0] == 302

    # one limit for both
    assert 429 in tries(one.port) or 429 in tries(two.port)
    assert tries(two.port)[0] == 429, "what was tried on one host counts on the other"

    # signed on the second, sealed by either, true on both
    sign(request, two.port)
    assert wait_until(lambda: DocumentPdf.objects.exists(), seconds=30, pause=0.3)
    document = SignatureRequest.objects.get().document
    assert all(line.good for line in verify(document))
    event = SignatureRequest.history.field.model.objects.get(document_id=document.pk)
    assert event.pgh_context["verb"] == "documents.sign_request"
    assert event.pgh_context["actor"] == request.client.user.audit_label

    # two beats and two workers: each message once
    due = {message_id(row) for row in owe_many()}
    assert wait_until(lambda: not Message.objects.filter(state=State.OWED).exists(), seconds=60, pause=0.5)
    times = Counter(len(clinic.postbox.accepted[key]) for key in due)
    print({"sent once": times[1], "more often": len(due) - times[1]})
    assert times == {1: MESSAGES}
    assert not [name for each in (one, two) for name in each.logs if "Traceback" in each.log(name)]


def the_timeouts_hold(url: str) -> None:
    options = connections["default"].settings_dict["OPTIONS"]["options"]
    seen = psycopg2.connect(dsn(url), options=options)
    with seen, seen.cursor() as cursor:
        for name, value in TIMEOUTS.items():
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone() == (value,), name
    seen.close()


def tries(port: int) -> list[int]:
    """Six wrong passwords for one account."""
    stranger = Person(UserFactory(), port)
    stranger.session = ""
    body = {"email": "somebody@alderhouse.example", "password": "not the right password"}
    return [stranger.ask("POST", "/sign-in/staff/", body)[0] for _n in range(6)]


def sign(request, port: int) -> None:
    body = {f"initials_{key}": "JA" for key in initials_for(request.template)}
    body |= {"printed_name": request.client.legal_name, "once": str(uuid.uuid4())}
    status, to, page = Person(request.client.user, port).ask("POST", f"/documents/sign/{request.pk}", body)
    assert status == 302, page[-2000:]
    assert to.startswith("/documents/")


def owe_many() -> list[Message]:
    now = clock.now()
    return Message.objects.bulk_create(
        Message(
            key=f"two hosts {n}", kind="document_copy", to_address=f"person{n}@mail.example", owed_by="system:tests",
            send_at=now + timedelta(milliseconds=40 * n), context={"path": "/documents/x"},
        )
        for n in range(MESSAGES)
    )  # fmt: skip
