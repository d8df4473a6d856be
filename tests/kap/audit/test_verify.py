"""What verify_audit finds: one test per class of change, made as superuser with triggers asleep."""

import io
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from kap.audit import rights, seal, verify
from kap.audit.models import AccessLog, Seal
from kap.core.actions import System
from kap.people import actions as people
from kap.people.models import Client
from tests.conftest import owner_connection
from tests.factories.documents import signed

pytestmark = pytest.mark.django_db(transaction=True)
TESTS = System("tests")
HISTORY = "people_clientevent"


@contextmanager
def superuser(asleep=True):
    """Somebody with full power over the database, triggers asleep."""
    live = owner_connection()
    with live.cursor() as cursor:
        if asleep:
            cursor.execute("SET session_replication_role = replica")
        yield cursor
    live.close()


@pytest.fixture
def clinic():
    """Thirty clients, each changed once, and as many openings of charts; sealed."""
    made = [people.add_client(legal_name=f"Robin Cole{n}", by=TESTS) for n in range(30)]
    for client in made:
        people.update_client(client=client, phone="3105550100", by=TESTS)
        AccessLog.objects.create(actor="user:x", client_id=client.pk, kind="chart")
    assert seal.seal().rows >= 90
    return made


def found(anchor=""):
    return [one for one in verify.check(verify.Count(), anchor) if not one.remark]


def words(anchor=""):
    return "\n".join(map(str, found(anchor)))


def test_what_is_whole_is_found_whole(clinic):
    out = io.StringIO()
    call_command("verify_audit", stdout=out)
    assert "Nothing wrong was found." in out.getvalue()
    count = verify.Count()
    list(verify.check(count))
    assert count.rows >= 90
    assert count.live >= 30


def test_the_second_seal_takes_only_what_is_new(clinic):
    assert seal.seal().rows == 0
    people.update_client(client=clinic[0], phone="3105550111", by=TESTS)
    assert seal.seal().rows == 1
    assert found() == []


@pytest.mark.parametrize("table,key", [(HISTORY, "pgh_id"), ("audit_accesslog", "kept_id")])
class TestSealedRows:
    def test_a_changed_row_is_found_to_its_batch(self, clinic, table, key):
        column = "phone" if table == HISTORY else "kind"
        with superuser() as cursor:
            cursor.execute(
                f"UPDATE {table} SET {column} = 'x' WHERE {key} = (SELECT min({key}) + 3 FROM {table})"
            )
            assert cursor.rowcount == 1
        assert f"rows: {table}, numbers 1 to " in words()
        assert "were changed or changed places" in words()

    def test_a_removed_row_is_found(self, clinic, table, key):
        with superuser() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE {key} = (SELECT min({key}) + 3 FROM {table})")
        assert "1 of" in words()
        assert "rows were removed" in words()

    def test_an_added_row_is_found(self, clinic, table, key):
        """Under a number that a transaction drew and gave back."""
        with superuser() as cursor:
            cursor.execute(f"CREATE TEMP TABLE forged AS SELECT * FROM {table} LIMIT 1")
            cursor.execute(f"SELECT max({key}) FROM {table}")
            free = cursor.fetchone()[0] + 1
            cursor.execute(f"SELECT nextval(pg_get_serial_sequence('{table}', 'pgh_id'))" if table == HISTORY
                           else "SELECT nextval('audit_kept_id_seq')")  # fmt: skip
            people.update_client(client=clinic[1], phone="3105550122", by=TESTS)
            AccessLog.objects.create(actor="user:x", kind="chart")
            seal.seal()
            assert found() == []
            cursor.execute(f"UPDATE forged SET {key} = {free}")
            if table != HISTORY:
                cursor.execute("UPDATE forged SET id = 0")
            cursor.execute(f"INSERT INTO {table} SELECT * FROM forged")
        assert "1 rows were added to" in words()

    def test_two_rows_that_changed_places_are_found(self, clinic, table, key):
        with superuser() as cursor:
            cursor.execute(f"SELECT min({key}) FROM {table}")
            first = cursor.fetchone()[0]
            for old, new in ((first, 900_001), (first + 1, first), (900_001, first + 1)):
                cursor.execute(f"UPDATE {table} SET {key} = {new} WHERE {key} = {old}")
        assert "changed places" in words()

    def test_a_cut_tail_is_found(self, clinic, table, key):
        with superuser() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE {key} > (SELECT max({key}) - 5 FROM {table})")
        assert "5 of" in words()


class TestTheChain:
    def test_a_seal_that_was_made_to_fit_breaks_the_chain(self, clinic):
        with superuser() as cursor:
            cursor.execute(
                "UPDATE audit_seal SET digest = repeat('a', 64) WHERE id = (SELECT min(id) FROM audit_seal)"
            )
        assert "does not follow from the one before it" in words()

    def test_a_seal_taken_out_of_the_middle_is_found(self, clinic):
        people.update_client(client=clinic[0], phone="3105550111", by=TESTS)
        seal.seal()
        with superuser() as cursor:
            cursor.execute("DELETE FROM audit_seal WHERE id = (SELECT min(id) FROM audit_seal)")
        assert "does not follow" in words()

    def test_a_chain_made_anew_is_found_by_a_root_noted_elsewhere(self, clinic):
        noted = verify.newest_root()
        assert found(noted) == []
        with superuser() as cursor:
            cursor.execute("UPDATE people_clientevent SET phone = 'x' WHERE pgh_label = 'insert'")
            cursor.execute("DELETE FROM audit_seal")
        seal.seal()
        assert found() == []  # on its own, the new chain is whole: the honest limit
        assert "made anew or cut" in words(noted)

    def test_the_end_of_the_chain_cut_off_is_remarked(self, clinic):
        noted = verify.newest_root()
        with superuser() as cursor:
            cursor.execute("DELETE FROM audit_seal WHERE id = (SELECT max(id) FROM audit_seal)")
        assert "made anew or cut" in words(noted)
        assert any(one.where == "its end" for one in verify.check(verify.Count()))


class TestLiveRows:
    def test_a_row_changed_past_its_history_is_found(self, clinic):
        with superuser() as cursor:
            cursor.execute(
                "UPDATE people_client SET legal_name = 'Somebody Else' WHERE id = %s", [str(clinic[3].pk)]
            )
        assert f"people_client {clinic[3].pk}: is not what its newest history row says" in words()

    def test_a_removed_row_is_found(self, clinic):
        with superuser() as cursor:
            cursor.execute("DELETE FROM people_client WHERE id = %s", [str(clinic[3].pk)])
        assert "is in the history and was removed" in words()

    def test_a_row_added_without_history_is_found(self, clinic):
        with superuser() as cursor:
            cursor.execute("CREATE TEMP TABLE forged AS SELECT * FROM people_client LIMIT 1")
            cursor.execute("UPDATE forged SET id = gen_random_uuid(), number = 9999")
            cursor.execute("INSERT INTO people_client SELECT * FROM forged")
        assert "is not in the history" in words()

    def test_a_row_changed_with_triggers_awake_names_nobody(self, clinic):
        with superuser(asleep=False) as cursor:
            cursor.execute(
                "UPDATE people_client SET legal_name = 'Somebody Else' WHERE id = %s", [str(clinic[3].pk)]
            )
        remarks = [str(one) for one in verify.check(verify.Count()) if one.remark]
        assert any("1 rows were written by no action" in one for one in remarks)


class TestGuards:
    def lines(self):
        return "\n".join(map(str, rights.check()))

    def test_all_is_in_place(self):
        assert self.lines() == ""

    def test_a_right_too_many_is_found(self):
        with superuser() as cursor:
            cursor.execute("GRANT UPDATE, TRUNCATE ON audit_accesslog TO kap_app")
            try:
                assert "grants: audit_accesslog: kap_app may UPDATE here" in self.lines()
                assert "grants: audit_accesslog: kap_app may TRUNCATE here" in self.lines()
                cursor.execute("REVOKE UPDATE, TRUNCATE ON audit_accesslog FROM kap_app")
                cursor.execute("GRANT UPDATE (kind) ON audit_accesslog TO kap_app")
                assert "may UPDATE here" in self.lines()
            finally:
                cursor.execute("REVOKE UPDATE, TRUNCATE ON audit_accesslog FROM kap_app")
                cursor.execute("REVOKE UPDATE (kind) ON audit_accesslog FROM kap_app")
        assert self.lines() == ""

    @pytest.mark.parametrize(
        "statement,back,says",
        [
            ("ALTER TABLE people_client DISABLE TRIGGER ALL", "ALTER TABLE people_client ENABLE TRIGGER ALL", "is disabled"),
            ("ALTER TABLE people_clientevent DISABLE TRIGGER history_no_truncate",
             "ALTER TABLE people_clientevent ENABLE TRIGGER history_no_truncate", "history_no_truncate is disabled"),
            ("ALTER TABLE audit_accesslog ALTER kept_id DROP DEFAULT",
             "ALTER TABLE audit_accesslog ALTER kept_id SET DEFAULT nextval('audit_kept_id_seq')", "no longer filled"),
            ("CREATE TABLE strays (id int); ALTER TABLE strays OWNER TO kap_app", "DROP TABLE strays", "owns strays"),
            ("ALTER ROLE kap_app BYPASSRLS", "ALTER ROLE kap_app NOBYPASSRLS", "passes by row rules"),
        ],
    )  # fmt: skip
    def test_a_guard_taken_away_is_found(self, statement, back, says):
        with superuser() as cursor:
            cursor.execute(statement)
            try:
                assert says in self.lines()
            finally:
                cursor.execute(back)
        assert self.lines() == ""

    def test_a_trigger_that_does_nothing_any_more_is_found(self):
        with superuser() as cursor:
            cursor.execute("SELECT p.proname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
                           " WHERE t.tgrelid = 'audit_accesslog'::regclass AND t.tgname LIKE '%is_kept%'")  # fmt: skip
            name, body = cursor.fetchone()
            make = "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $kap${}$kap$"
            cursor.execute(make.format(name, "BEGIN RETURN NEW; END;"))
            try:
                assert "does something else than it should" in self.lines()
            finally:
                cursor.execute(make.format(name, body))
        assert self.lines() == ""

    def test_a_trigger_that_never_fires_is_found(self):
        with superuser() as cursor:
            cursor.execute("SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger"
                           " WHERE tgrelid = 'people_client'::regclass AND tgname LIKE '%update_update%'")  # fmt: skip
            name, definition = cursor.fetchone()
            narrowed = definition.replace("WHEN (", "WHEN (old.number < 0 AND ")
            cursor.execute(narrowed.replace("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER"))
            try:
                assert f"triggers: people_client: {name} fires at other times" in self.lines()
            finally:
                cursor.execute(definition.replace("CREATE TRIGGER", "CREATE OR REPLACE TRIGGER"))
        assert self.lines() == ""

    def test_a_trigger_taken_away_is_found(self):
        with superuser() as cursor:
            cursor.execute("SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger"
                           " WHERE tgrelid = 'people_client'::regclass AND tgname LIKE '%update_update%'")  # fmt: skip
            name, definition = cursor.fetchone()
            cursor.execute(f"DROP TRIGGER {name} ON people_client")
            try:
                assert f"triggers: people_client: {name} is gone" in self.lines()
            finally:
                cursor.execute(definition)
        assert self.lines() == ""

    def test_history_refuses_to_be_truncated_even_by_its_owner(self, clinic):
        with superuser(asleep=False) as cursor, pytest.raises(Exception, match="cannot be truncated"):
            cursor.execute("TRUNCATE people_clientevent")
        assert Client.history.rel.related_model.objects.exists()


def test_the_command_fails_with_a_readable_list(clinic):
    with superuser() as cursor:
        cursor.execute("DELETE FROM audit_accesslog WHERE id = (SELECT min(id) FROM audit_accesslog)")
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 findings"):
        call_command("verify_audit", stdout=out)
    assert "WRONG   rows: audit_accesslog, numbers 1 to" in out.getvalue()


def test_a_hash_that_no_longer_fits_is_found(clinic):
    document = signed()
    seal.seal()
    with superuser() as cursor:
        cursor.execute("UPDATE documents_document SET content = 'other' WHERE id = %s", [str(document.pk)])
    assert f"documents_document {document.pk}: is not what was signed" in words()


def test_rows_of_a_running_transaction_wait(clinic):
    """A number drawn by a transaction that still runs is not passed over."""
    with superuser(asleep=False) as other:
        other.execute("BEGIN")
        other.execute("INSERT INTO audit_accesslog (at, actor, kind, object_id, purpose, request_id)"
                      " VALUES (now(), 'user:slow', 'chart', '', 'care', '')")  # fmt: skip
        AccessLog.objects.create(actor="user:quick", kind="chart")
        assert seal.seal(wait=0.2) is None
        other.execute("COMMIT")
    assert seal.seal().rows == 2
    assert found() == []


def test_a_column_added_later_leaves_old_seals_whole(clinic):
    with superuser() as cursor:
        cursor.execute("ALTER TABLE people_clientevent ADD COLUMN later text DEFAULT 'x'")
        try:
            assert found() == []
            people.update_client(client=clinic[0], phone="3105550111", by=TESTS)
            seal.seal()
            assert found() == []
            assert "later" in Seal.objects.filter(table=HISTORY).order_by("-id").first().columns.split()
        finally:
            cursor.execute("ALTER TABLE people_clientevent DROP COLUMN later")
    assert any("are gone (a migration?)" in one.words for one in verify.check(verify.Count()))


def test_only_one_sealer_at_a_time(clinic):
    with superuser() as cursor:
        cursor.execute("BEGIN; SELECT pg_advisory_xact_lock(hashtext('kap.audit.seal'))")
        AccessLog.objects.create(actor="user:x", kind="chart")
        # the holder of the lock has no transaction id, so it is the lock alone that holds this one off
        assert seal.seal() is None
        cursor.execute("ROLLBACK")
    assert seal.seal().rows == 1


def test_large_tables_are_sealed_in_batches(monkeypatch):
    monkeypatch.setattr(seal, "BATCH", 10)
    monkeypatch.setattr(seal, "AT_ONCE", 40)
    monkeypatch.setattr(verify, "PART", 30)
    AccessLog.objects.bulk_create(AccessLog(actor=f"user:{n}", kind="chart") for n in range(95))
    done = seal.seal()
    assert (done.rows, done.batches) == (95, 10)
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(kept_id) FROM audit_accesslog")
        first = cursor.fetchone()[0]
    with superuser() as cursor:
        cursor.execute("UPDATE audit_accesslog SET actor = 'user:other' WHERE kept_id = %s", [first + 57])
    (only,) = found()
    assert f"numbers {first + 50} to {first + 59}" in only.where
