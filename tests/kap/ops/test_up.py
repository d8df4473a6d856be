"""`make run` from the operator's side: it comes up, says what is wrong, and leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
import redis

from kap.ops.readiness import database_answers, redis_answers, wait_until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def test_comes_up_answers_and_ends_without_a_trace(sandbox):
    process = sandbox.up()
    sandbox.wait_for("KAP is ready")
    assert f"KAP is ready: {sandbox.url}" in sandbox.said()
    assert urllib.request.urlopen(sandbox.url + "/healthz").read() == b"alive"
    # The application never holds the login of the owner.
    assert urllib.request.urlopen(sandbox.url + "/owner").read() == b"unknown"

    code, words = sandbox.run(PORT="8999")
    assert code == 1
    assert "already running" in words
    assert sandbox.url in words

    manage = subprocess.run(
        [sys.executable, "manage.py", "showmigrations"], cwd=sandbox.root, env=sandbox.env(), capture_output=True,
        text=True,
    )  # fmt: skip
    assert "[X] 0001_initial" in manage.stdout, manage.stderr

    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert sandbox.said().rstrip().endswith("Stopped.")
    assert sandbox.nothing_left(), sandbox.left_behind()

    # A second start finds the data; Ctrl-C in a terminal is SIGINT.
    process = sandbox.up()
    sandbox.wait_for("KAP is ready", seconds=10)
    assert "new data folder" not in sandbox.said()
    assert "Static files" not in sandbox.said()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert sandbox.nothing_left(), sandbox.left_behind()


@pytest.mark.parametrize("words", ["Embedded PostgreSQL", "Valkey", "Database tables", "Static files"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_during_set_up_ends_cleanly(sandbox, words, number):
    process = sandbox.up()
    sandbox.wait_for(words)
    time.sleep(0.1)
    process.send_signal(number)
    assert process.wait(30) == 0
    assert "Traceback" not in sandbox.said()
    assert sandbox.nothing_left(), sandbox.left_behind()


def test_nothing_outlives_a_killed_start_and_the_next_one_comes_up(sandbox):
    process = sandbox.up()
    sandbox.wait_for("KAP is ready")
    process.kill()
    process.wait()
    assert sandbox.nothing_left(15), sandbox.left_behind()
    sandbox.up()
    sandbox.wait_for("KAP is ready")


def test_a_web_server_that_dies_is_started_again(sandbox):
    sandbox.up()
    sandbox.wait_for("KAP is ready")
    with pytest.raises(OSError):
        urllib.request.urlopen(sandbox.url + "/die", timeout=5)
    sandbox.wait_for("web ended by itself")

    def answers():
        try:
            return urllib.request.urlopen(sandbox.url + "/healthz", timeout=2).read() == b"alive"
        except OSError:
            return False

    assert wait_until(answers, seconds=20)


def test_an_embedded_server_that_dies_is_started_again_at_its_place(sandbox):
    sandbox.up()
    sandbox.wait_for("KAP is ready")
    told = json.loads((sandbox.root / "var" / "run" / "running.json").read_text())["env"]
    postgres = int((sandbox.root / "var" / "postgres" / "postmaster.pid").read_text().split()[0])
    valkey = redis.Redis.from_url(told["REDIS_URL"]).info()["process_id"]
    for pid, name in ((postgres, "database"), (valkey, "redis")):
        os.kill(pid, signal.SIGKILL)
        sandbox.wait_for(f"The embedded {name} server had ended; it runs again")
    assert database_answers(told["DATABASE_URL"]) == ""
    assert redis_answers(told["REDIS_URL"]) == ""


def test_a_web_server_that_cannot_live_ends_the_run_with_its_last_words(sandbox):
    (sandbox.root / "kap" / "wsgi.py").write_text("raise RuntimeError('the sky is falling')")
    process = sandbox.up()
    assert process.wait(60) == 1
    assert "web ended 4 times in a row" in sandbox.said()
    assert "the sky is falling" in sandbox.said()
    assert sandbox.nothing_left()


def test_a_busy_port_is_named_with_a_way_out(sandbox):
    with socket.socket() as other:
        other.bind(("127.0.0.1", sandbox.port))
        other.listen()
        code, words = sandbox.run()
    assert code == 1
    assert f"Port {sandbox.port} on 127.0.0.1 is busy" in words
    assert f"PORT={sandbox.port + 1} make run" in words


@pytest.mark.parametrize("port", ["", "http", "0", "70000"])
def test_a_port_that_is_no_port_is_refused(sandbox, port):
    code, words = sandbox.run(PORT=port)
    assert code == 1
    assert "PORT is" in words


def test_a_database_that_does_not_answer_is_named_without_its_password(sandbox):
    code, words = sandbox.run(DATABASE_URL="postgres://me:hidden@127.0.0.1:1/clinic")
    assert code == 1
    assert "DATABASE_URL (postgres://me@127.0.0.1:1/clinic) does not work" in words
    assert "Is the server running" in words
    assert "hidden" not in words
    assert "Traceback" not in words


def test_an_address_of_another_kind_of_database_is_refused(sandbox):
    code, words = sandbox.run(DATABASE_URL="mysql://me@127.0.0.1/clinic")
    assert code == 1
    assert "must start with postgres://" in words


def test_a_redis_that_does_not_answer_is_named_and_the_database_ends(sandbox):
    code, words = sandbox.run(REDIS_URL="redis://:hidden@127.0.0.1:1/0")
    assert code == 1
    assert "REDIS_URL (redis://127.0.0.1:1/0) does not work" in words
    assert "hidden" not in words
    assert sandbox.nothing_left()


def test_a_failing_step_shows_its_own_words(sandbox):
    path = sandbox.root / "kap" / "settings.py"
    path.write_text(path.read_text() + "\nraise ValueError('no such setting')\n")
    code, words = sandbox.run()
    assert code == 1
    assert "Database tables failed" in words
    assert "no such setting" in words
    assert sandbox.nothing_left()
