"""What was saved comes back whole, and nothing is thrown away unasked."""

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
