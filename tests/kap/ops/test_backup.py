"""What was saved comes back whole, and nothing is thrown away unasked."""

import json
import subprocess
import sys

import psycopg2
import pytest

from kap.ops.environment import Servers
from kap.ops.readiness import dsn

TABLE = """
CREATE TABLE IF NOT EXISTS signed (word text);
INSERT INTO signed VALUES ('as it was signed');
CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'signed'; END $$;
CREATE OR REPLACE TRIGGER signed_stays BEFORE INSERT OR UPDATE OR DELETE ON signed EXECUTE FUNCTION refuse();
"""


@pytest.fixture
def clinic(sandbox, clean_environment):
    """The sandbox's embedded database: clinic(sql) runs it there and returns the rows."""
    var = sandbox.root / "var"
    clean_environment.setenv("KAP_VAR_DIR", str(var))

    def run(statement):
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
            clean_environment.delenv(name, raising=False)
        with Servers(var, redis=False) as servers:
            connection = psycopg2.connect(dsn(servers.postgres.url))
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                rows = cursor.fetchall() if cursor.description else None
            connection.close()
        return rows

    return run


def backup(sandbox, *args):
    done = subprocess.run(
        [sys.executable, "-m", "kap.ops.backup", *map(str, args)], cwd=sandbox.root, env=sandbox.env(),
        capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_a_back_up_comes_back_with_its_triggers(sandbox, clinic):
    file = sandbox.root / "kap.dump"
    clinic(TABLE)
    code, words = backup(sandbox, "backup", file)
    assert code == 0, words
    assert file.stat().st_mode & 0o777 == 0o600

    clinic("ALTER TABLE signed DISABLE TRIGGER ALL; DELETE FROM signed; CREATE TABLE later ()")
    code, words = backup(sandbox, "restore", file)
    assert code == 1
    assert "is not empty" in words
    assert clinic("SELECT count(*) FROM signed") == [(0,)], "a refusal changes nothing"

    code, words = backup(sandbox, "restore", file, "--replace")
    assert code == 0, words
    assert clinic("SELECT word FROM signed") == [("as it was signed",)]
    assert clinic("SELECT to_regclass('later')") == [(None,)]
    with pytest.raises(psycopg2.errors.RaiseException, match="signed"):
        clinic("DELETE FROM signed")


def test_a_back_up_never_overwrites_another(sandbox):
    (sandbox.root / "kap.dump").write_text("the only copy")
    code, words = backup(sandbox, "backup", sandbox.root / "kap.dump")
    assert code == 1
    assert "is there already" in words
    assert (sandbox.root / "kap.dump").read_text() == "the only copy"


def test_a_broken_file_leaves_no_half_restored_database(sandbox, clinic):
    (sandbox.root / "kap.dump").write_text("not a dump")
    code, words = backup(sandbox, "restore", sandbox.root / "kap.dump")
    assert code == 1
    assert "Restore into" in words
    assert "failed" in words
    assert clinic("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_a_running_clinic_is_not_restored_over(sandbox):
    sandbox.up()
    sandbox.wait_for("KAP is ready")
    file = sandbox.root / "kap.dump"
    code, words = backup(sandbox, "backup", file)
    assert code == 0, words
    code, words = backup(sandbox, "restore", file)
    assert code == 1
    assert "already running" in words


def test_the_seal_and_the_secrets_come_along_and_what_they_replace_is_set_aside(sandbox, clinic):
    file, var = sandbox.root / "kap.dump", sandbox.root / "var"
    clinic(TABLE)
    (var / "seal").mkdir()
    (var / "seal" / "seal.key").write_text("the clinic's key")
    code, words = backup(sandbox, "backup", file)
    assert code == 0, words
    keys = file.with_name("kap.dump.keys")
    assert keys.stat().st_mode & 0o777 == 0o600
    saved = (var / "secrets" / "field_keys").read_text().strip()
    assert json.loads(keys.read_text())["secrets"]["FIELD_KEYS"] == saved

    (var / "seal" / "seal.key").write_text("another clinic's key")
    (var / "secrets" / "field_keys").unlink()
    code, words = backup(sandbox, "restore", file)
    assert code == 1
    assert (var / "seal" / "seal.key").read_text() == "another clinic's key", "a refusal changes nothing"
    (var / "secrets" / "secret_key").write_text("somebody else's")
    code, words = backup(sandbox, "restore", file, "--replace")
    assert code == 0, words
    assert (var / "seal" / "seal.key").read_text() == "the clinic's key"
    assert (var / "seal" / "seal.key").stat().st_mode & 0o777 == 0o600
    assert [path.read_text() for path in (var / "seal").glob("seal.key.before-*")] == ["another clinic's key"]
    assert [path.read_text() for path in (var / "secrets").glob("secret_key.before-*")] == ["somebody else's"]
    assert saved in (var / "secrets" / "field_keys").read_text()


def test_a_back_up_passes_through_a_program_that_encrypts_and_back(sandbox, clinic):
    file, secret = sandbox.root / "kap.dump", sandbox.root / "pass"
    secret.write_text("correct horse battery staple")
    cipher = f"openssl enc -aes-256-ctr -pbkdf2 -pass file:{secret}"
    clinic(TABLE)
    code, words = backup(sandbox, "backup", file, "--through", cipher)
    assert code == 0, words
    for kept in (file, file.with_name("kap.dump.keys")):
        assert kept.read_bytes().startswith(b"Salted__")
    code, words = backup(sandbox, "restore", file, "--replace")
    assert code == 1
    assert "Was it encrypted?" in words
    code, words = backup(sandbox, "restore", file, "--replace", "--through", cipher + " -d")
    assert code == 0, words
    assert clinic("SELECT word FROM signed") == [("as it was signed",)]
    assert not list((sandbox.root / "var").glob("tmp*")), "nothing readable stays behind"


def test_a_program_that_cannot_encrypt_leaves_no_back_up(sandbox, clinic):
    clinic(TABLE)
    code, words = backup(sandbox, "backup", sandbox.root / "kap.dump", "--through", "openssl enc -nonsense")
    assert code == 1
    assert "failed" in words
    assert not list(sandbox.root.glob("kap.dump*"))


def test_a_changed_dump_is_noticed_before_anything_is_thrown_away(sandbox, clinic):
    file = sandbox.root / "kap.dump"
    clinic(TABLE)
    assert backup(sandbox, "backup", file)[0] == 0
    body = bytearray(file.read_bytes())
    body[-20] ^= 1
    file.write_bytes(body)
    code, words = backup(sandbox, "restore", file, "--replace")
    assert code == 1
    assert "changed, damaged or exchanged" in words
    assert clinic("SELECT word FROM signed") == [("as it was signed",)]


def test_a_server_without_the_keys_of_the_encrypted_columns_is_told_before_it_is_too_late(sandbox, clinic):
    file = sandbox.root / "kap.dump"
    clinic(TABLE)
    assert backup(sandbox, "backup", file)[0] == 0
    done = subprocess.run(
        [sys.executable, "-m", "kap.ops.backup", "restore", str(file), "--replace"], cwd=sandbox.root,
        env=sandbox.env(FIELD_KEYS="k1:" + "A" * 43), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "FIELD_KEYS lacks the back-up's k1" in done.stdout
    assert clinic("SELECT word FROM signed") == [("as it was signed",)]
