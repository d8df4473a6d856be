"""The drill: back up a clinic that works, restore into an empty server, and find everything there and working.

`make backup` and `make restore` as they are typed; only the servers are of the test.
"""

import contextlib
import http.cookiejar
import os
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

import psycopg2
import pytest
from django.db import connections
from django.test import override_settings

from kap.audit import seal as seal_of_audit
from kap.demo import build
from kap.documents import rendering, seal
from kap.documents.models import Document, DocumentPdf, RenderJob
from kap.documents.verify import verify
from kap.notes.psychotherapy import actions as own_notes
from kap.ops.environment import ROOT, Servers
from kap.ops.readiness import dsn
from kap.ops.stack import collect_static, stack
from tests.factories import documents, notes
from tests.factories.dosing import GO, dosed, read, ready_to_dose
from tests.factories.intake import sent
from tests.factories.measures import answered
from tests.factories.pathway import CourseFactory
from tests.factories.people import PASSWORD, ClientFactory, TeamMemberFactory, UserFactory

SECRETS = ("SECRET_KEY", "FIELD_KEYS")
WORDS = "What she dreamed is nobody's business."


def ask(url: str, statement: str) -> list[tuple]:
    connection = psycopg2.connect(dsn(url))
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()
    finally:
        connection.close()


def everything(url: str) -> dict:
    """Of each table how many rows there are and the checksum over all of them; and what guards them."""
    tables = [name for (name,) in ask(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    found = {}
    for table in sorted(tables):
        whole = f"SELECT count(*), md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM \"{table}\" t"
        found[table] = ask(url, whole)[0]
    found["numbers"] = sorted(ask(url, "SELECT sequencename, last_value FROM pg_sequences"))
    found["triggers"] = sorted(
        ask(url, "SELECT tgrelid::regclass::text, tgname, tgenabled::text, md5(pg_get_triggerdef(oid)) FROM pg_trigger"
                 " WHERE NOT tgisinternal")
    )  # fmt: skip
    found["constraints"] = sorted(
        ask(url, "SELECT conrelid::regclass::text, conname, contype::text, convalidated FROM pg_constraint"
                 " WHERE connamespace = 'public'::regnamespace AND conrelid <> 0")
    )  # fmt: skip
    found["rights"] = sorted(
        ask(url, "SELECT table_name, column_name, privilege_type FROM information_schema.column_privileges"
                 " WHERE grantee = 'kap_app'")
    )  # fmt: skip
    return found


def changes(one, other) -> list:
    """What only one of the two has."""
    return [one, other] if isinstance(one, tuple) else sorted(set(one) ^ set(other))


def make_clinic():
    """A dosed client, one with forms and answers, and one with signed consents, whom we return."""
    scene = ready_to_dose()
    dosed(scene)
    read(scene, **GO)
    notes.signed(scene.course)
    answered(scene.course)
    sent()
    course = CourseFactory(client=ClientFactory(with_user=True))
    for kind, route in (("telehealth_consent", ""), ("privacy_notice", ""), ("kap_consent", "iv")):
        documents.signed(course, kind=kind, route=route, setting="in_clinic" if route else "")
    return course.client


def make_demonstration():
    build.build(say=lambda text: None)
    return Document.objects.filter(course__isnull=False).latest("frozen_at").client


def reader_of(client):
    """A therapist of hers whose password we know, with a psychotherapy note, which is encrypted."""
    mara = UserFactory(roles=["therapist"], name="Mara Quinn")
    TeamMemberFactory(client=client, user=mara)
    return mara, own_notes.keep(client=client, note_id=uuid.uuid4(), words=WORDS, revision=0, by=mara)


def typed(command: str, file: Path, env: dict) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "kap.ops.backup", command, str(file)], cwd=ROOT, env=env, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Browser:
    def __init__(self, url: str) -> None:
        self.url = url
        self.wire = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )

    def get(self, path: str, **form) -> bytes:
        data = urllib.parse.urlencode(form).encode() if form else None
        with self.wire.open(self.url + path, data, timeout=60) as answer:
            self.at = urllib.parse.urlsplit(answer.url).path
            return answer.read()

    def sign_in(self, email: str, password: str) -> None:
        page = self.get("/sign-in/staff/").decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page).group(1)
        self.get("/sign-in/staff/", csrfmiddlewaretoken=token, email=email, password=password)


def drill(broken, monkeypatch, fill) -> None:
    clinic = broken(seed=1)
    old = clinic.owner_url
    client = fill()
    who, note = reader_of(client)
    while RenderJob.objects.filter(done_at=None).exists():
        assert rendering.render_owed()
    document = Document.objects.filter(client=client, pdf__isnull=False).first()
    pdf = bytes(document.pdf.body)
    root = sealed().root
    connections.close_all()
    before = everything(old)
    assert sum(value[0] for value in before.values() if isinstance(value, tuple)) > 300, (
        "a clinic with content"
    )

    var, file = clinic.stack.folder.parent / "new", clinic.stack.folder.parent / "kap.dump"
    seal_folder = seal.folder()
    env = {
        **os.environ,
        "DATABASE_OWNER_URL": old,
        "DATABASE_URL": clinic.database_url,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    typed("backup", file, env)
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", *SECRETS, "KAP_TEST_TEMPLATE"):
        env.pop(name, None)
        monkeypatch.setenv(name, os.environ.get(name, ""))
        monkeypatch.delenv(name)
    words = typed("restore", file, {**env, "KAP_VAR_DIR": str(var)})
    assert "Restored" in words

    with Servers(var) as servers:
        after = everything(servers.postgres.url)
        assert after.keys() == before.keys()
        assert {
            name: changes(before[name], after[name]) for name in before if before[name] != after[name]
        } == {}
        for name in SECRETS:
            monkeypatch.setenv(name, (var / "secrets" / name.lower()).read_text().strip())
        monkeypatch.setenv("KAP_VAR_DIR", str(var))
        collect_static(clinic.stack.env)
        (var / "static").symlink_to(Path(clinic.stack.env["KAP_VAR_DIR"]) / "static")
        running = stack(
            os.environ["DATABASE_URL"], os.environ["REDIS_URL"], folder=var / "stack", names=("web",),
            env={"KAP_CLOCK_FILE": str(seal_folder.parent / "clock")},
        )  # fmt: skip
        with running as restored:
            it_works(restored.url, who, client, note, document, pdf)
        the_audit_holds(servers.postgres.url, root)
    assert (var / "seal" / "seal.key").read_bytes() == (seal_folder / "seal.key").read_bytes()
    with override_settings(VAR_DIR=var):  # every document, against the restored certificate
        for one in Document.objects.filter(pdf__isnull=False).prefetch_related("signatures"):
            assert all(line.good for line in verify(one)), one
    assert not seal.check(bytes(DocumentPdf.objects.first().body)[:-1] + b"x").good


def it_works(url: str, who, client, note, document, pdf: bytes) -> None:
    """She signs in with her password, reads, and opens the sealed PDF and the note that nobody else can read."""
    browser = Browser(url)
    with pytest.raises(urllib.error.HTTPError):
        browser.sign_in(who.email, "not her password")
    browser.sign_in(who.email, PASSWORD)
    assert not browser.at.startswith("/sign-in"), browser.at
    page = browser.get(f"/documents/{document.pk}?check=1").decode()
    assert document.sha256 in page
    assert "Unchanged since sealing" in page
    assert browser.get(f"/documents/{document.pk}/pdf") == pdf
    assert WORDS.replace("'", "&#x27;") in browser.get(f"/clients/{client.pk}/own-notes/{note.pk}/").decode()


def sealed():
    """What was written so far, hashed and chained."""
    done = seal_of_audit.seal()
    assert done is not None
    assert done.rows > 100
    return done


def managed(*line: str) -> tuple[int, str]:
    """`manage.py …` on the restored server, as its owner."""
    done = subprocess.run(
        [sys.executable, "manage.py", *line], cwd=ROOT, env={**os.environ, "KAP_AS_OWNER": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def the_audit_holds(url: str, root: str) -> None:
    """Seals of before verify on the new server, what was read there since is chained to them, and a change is found."""
    code, words = managed("verify_audit", "--anchor", root)
    assert (code, "Nothing wrong was found." in words) == (0, True), words
    assert managed("shell", "-c", "from kap.audit.seal import seal; assert seal().rows")[0] == 0
    code, words = managed("verify_audit", "--anchor", root)
    assert code == 0, words
    change = (
        "SET session_replication_role = replica; UPDATE audit_accesslog SET actor = 'user:nobody'"
        " WHERE kept_id = (SELECT min(kept_id) FROM audit_accesslog); RESET session_replication_role;"
        " SELECT 1"
    )
    with (
        contextlib.closing(psycopg2.connect(dsn(url))) as connection,
        connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(change)
    code, words = managed("verify_audit")
    assert code == 1
    assert re.search(r"WRONG +rows: audit_accesslog.*were changed or changed places", words), words


def test_a_clinic_comes_back_whole_on_an_empty_server(broken, monkeypatch):
    drill(broken, monkeypatch, make_clinic)


@pytest.mark.sweep
def test_the_demonstration_comes_back_whole_on_an_empty_server(broken, monkeypatch):
    drill(broken, monkeypatch, make_demonstration)
