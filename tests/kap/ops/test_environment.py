"""Where a start finds its settings, and that two starts do not meet in one folder."""

import os

import pytest

from kap.ops import environment, readiness
from kap.ops.environment import Alone, AlreadyRunning, SetupError, prepare, running
from kap.ops.templates import comment_over_lines


def test_a_bare_start_is_a_demo_with_a_secret_that_stays(clean_environment, tmp_path):
    assert prepare() == tmp_path / "var"
    assert os.environ["KAP_MODE"] == "demo"
    secret = os.environ["SECRET_KEY"]
    assert len(secret) > 50
    clean_environment.delenv("SECRET_KEY")
    prepare()
    assert os.environ["SECRET_KEY"] == secret


def test_production_gets_no_secret_made_up(clean_environment):
    clean_environment.setenv("KAP_MODE", "production")
    prepare()
    assert "SECRET_KEY" not in os.environ
    assert "FIELD_KEYS" not in os.environ


def test_field_keys_are_made_once_and_never_anew(clean_environment, tmp_path):
    prepare()
    made, file = os.environ["FIELD_KEYS"], tmp_path / "var" / "secrets" / "field_keys"
    assert made.startswith("k1:")
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.glob("field_keys*")] == ["field_keys"]
    clean_environment.delenv("FIELD_KEYS")
    prepare()
    assert os.environ["FIELD_KEYS"] == made
    clean_environment.delenv("FIELD_KEYS")
    file.write_text("\n")  # a new key would not open what the lost one closed
    with pytest.raises(SetupError, match="put it back"):
        prepare()
    assert "FIELD_KEYS" not in os.environ


def test_the_environment_wins_over_the_file(clean_environment, tmp_path):
    (tmp_path / ".env").write_text("# words\n\nPORT=9001\nexport SITE_URL = 'https://a.example'\nEMPTY=\n")
    clean_environment.setenv("PORT", "9002")
    clean_environment.delenv("SITE_URL", raising=False)
    clean_environment.delenv("EMPTY", raising=False)
    prepare()
    assert (os.environ["PORT"], os.environ["SITE_URL"], os.environ["EMPTY"]) == (
        "9002",
        "https://a.example",
        "",
    )
    for name in ("SITE_URL", "EMPTY", "SECRET_KEY", "FIELD_KEYS", "KAP_MODE"):
        os.environ.pop(name)


def test_a_broken_line_of_the_file_is_named(clean_environment, tmp_path):
    (tmp_path / ".env").write_text("PORT=1\nnot a line\n")
    with pytest.raises(SetupError, match="line 2: 'not a line'"):
        prepare()


def test_a_second_start_in_one_folder_is_told_where_the_first_is(clean_environment, tmp_path):
    var = prepare()
    with Alone(var) as alone:
        alone.tell(address="http://127.0.0.1:9", env={"REDIS_URL": "redis://x"})
        assert running(var)["env"] == {"REDIS_URL": "redis://x"}
        assert (var / "run" / "running.json").stat().st_mode & 0o777 == 0o600
        with pytest.raises(AlreadyRunning, match=r"http://127\.0\.0\.1:9"), Alone(var):
            pass
        assert running(var), "the refused one must not take the note away"
    assert running(var) == {}
    with Alone(var):
        pass


def test_a_note_of_a_dead_start_counts_for_nothing(clean_environment):
    var = prepare()
    (var / "run" / "running.json").write_text('{"pid": 999999999, "env": {}}')
    assert running(var) == {}
    (var / "run" / "running.json").write_text("half a no")
    assert running(var) == {}


def test_passwords_are_not_shown():
    assert (
        readiness.shown("postgres://me:se%40cret@db.example:5433/kap") == "postgres://me@db.example:5433/kap"
    )
    assert readiness.shown("redis://:secret@127.0.0.1/0") == "redis://127.0.0.1/0"


def test_a_port_is_free_until_somebody_listens():
    import socket

    port = readiness.free_port()
    assert readiness.port_is_free(port)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", port))
        sock.listen()
        assert not readiness.port_is_free(port)
        assert readiness.answers("127.0.0.1", port)
    assert readiness.http_answers(f"http://127.0.0.1:{port}/", 0.5) is None


def test_a_comment_over_two_lines_is_found():
    assert comment_over_lines("a\n{# one line #}\n{# two\nlines #}").startswith("line 3")
    assert comment_over_lines("{# a #} {# b #}") == ""


def test_the_root_of_the_checkout_is_right():
    assert (environment.Path(environment.__file__).resolve().parents[2] / "manage.py").exists()
