"""What is sealed opens only with its key and in its place, and nothing shows a key or the words."""

import base64
import os
import pickle
import subprocess
import sys
import traceback
import uuid

import pytest

from kap.core import vault
from kap.core.keyring import Keys, NoKeys, read_keys
from kap.core.vault import Unreadable
from kap.ops.environment import ROOT

PURPOSE, ROW = "notes_x|body", uuid.uuid4()
WORDS = "Canary of the vault: — ü 🜁"


def a_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
def two_keys(settings):
    settings.FIELD_KEYS = read_keys(f"k2:{a_key()},k1:{a_key()}")
    return settings


def test_what_is_sealed_opens_again_and_never_looks_the_same_twice(two_keys):
    first, second = vault.seal(PURPOSE, ROW, WORDS), vault.seal(PURPOSE, ROW, WORDS)
    assert first != second, "a nonce was used twice"
    assert vault.unseal(PURPOSE, ROW, first) == vault.unseal(PURPOSE, str(ROW).upper(), second) == WORDS
    assert first.startswith("kv1.k2.")
    assert vault.key_of(first) == "k2"
    assert vault.is_sealed(first)
    assert vault.unseal(PURPOSE, ROW, vault.seal(PURPOSE, ROW, "")) == ""


def test_the_older_key_still_opens_and_a_missing_one_is_named(two_keys):
    keys = two_keys.FIELD_KEYS
    two_keys.FIELD_KEYS = Keys({"k1": keys["k1"]})
    old = vault.seal(PURPOSE, ROW, WORDS)
    two_keys.FIELD_KEYS = keys
    assert vault.unseal(PURPOSE, ROW, old) == WORDS
    two_keys.FIELD_KEYS = Keys({"k2": keys["k2"]})
    with pytest.raises(Unreadable, match="key k1 is not configured"):
        vault.unseal(PURPOSE, ROW, old)


def test_another_key_under_the_same_name_does_not_open(two_keys):
    sealed = vault.seal(PURPOSE, ROW, WORDS)
    two_keys.FIELD_KEYS = read_keys(f"k2:{a_key()}")
    with pytest.raises(Unreadable):
        vault.unseal(PURPOSE, ROW, sealed)


@pytest.mark.parametrize(
    "purpose, row", [(PURPOSE, uuid.uuid4()), ("notes_x|title", ROW), ("notes_y|body", ROW)]
)
def test_moved_to_another_row_column_or_table_it_does_not_open(two_keys, purpose, row):
    sealed = vault.seal(PURPOSE, ROW, WORDS)
    with pytest.raises(Unreadable):
        vault.unseal(purpose, row, sealed)


def test_each_changed_character_is_noticed(two_keys):
    sealed = vault.seal(PURPOSE, ROW, "words")
    for place in range(len(sealed)):
        other = "A" if sealed[place] != "A" else "B"
        changed = sealed[:place] + other + sealed[place + 1 :]
        if place == len(sealed) - 1 and _bytes(changed) == _bytes(sealed):
            continue  # the last character of base64 may hold bits that mean nothing
        with pytest.raises(Unreadable):
            vault.unseal(PURPOSE, ROW, changed)


def _bytes(sealed: str) -> bytes:
    return base64.urlsafe_b64decode(sealed.split(".")[2] + "==")


def test_the_name_of_the_key_cannot_be_exchanged(settings):
    same = os.urandom(32)
    settings.FIELD_KEYS = Keys({"k1": same, "k2": same})
    sealed = vault.seal(PURPOSE, ROW, WORDS)
    with pytest.raises(Unreadable):
        vault.unseal(PURPOSE, ROW, sealed.replace("kv1.k1.", "kv1.k2."))


@pytest.mark.parametrize(
    "value", ["", "plain words", "kv1.k2.short", "kv2.k2." + "A" * 60, None, "kv1.k2." + "A" * 61]
)
def test_what_is_not_a_sealed_value_is_refused_in_words(two_keys, value):
    with pytest.raises(Unreadable, match="cannot be opened"):
        vault.unseal(PURPOSE, ROW, value)


def test_without_a_key_or_an_id_nothing_is_sealed(settings):
    with pytest.raises(ValueError, match="row's id"):
        vault.seal(PURPOSE, None, WORDS)
    settings.FIELD_KEYS = read_keys("")
    with pytest.raises(NoKeys, match="FIELD_KEYS"):
        vault.seal(PURPOSE, ROW, WORDS)


@pytest.mark.parametrize(
    "written, problem",
    [
        ("k1", "not id:base64"),
        ("K 1:" + "A" * 44, "not id:base64"),
        ("k1:***", "not base64"),
        ("k1:" + base64.b64encode(b"x" * 16).decode(), "16 bytes"),
        (f"k1:{'A' * 43},k1:{'B' * 43}", "twice"),
        (f"k1:{'A' * 43},k2:{'A' * 43}", "same key"),
    ],
)
def test_a_setting_that_cannot_be_right_is_refused_without_showing_it(written, problem):
    with pytest.raises(ValueError, match=problem) as caught:
        read_keys(written)
    assert "AAAA" not in str(caught.value)


def test_no_repr_settings_dump_or_traceback_shows_a_key_or_the_words(two_keys):
    written = a_key()
    keys = two_keys.FIELD_KEYS = read_keys(f"k9:{written}")
    raw = base64.b64decode(written)
    shown = f"{keys!r} {keys} {[keys]}"
    sealed = vault.seal(PURPOSE, ROW, WORDS)
    try:
        vault.unseal(PURPOSE, uuid.uuid4(), sealed)
    except Unreadable as error:
        shown += "".join(traceback.format_exception(error)) + repr(error) + str(error.reasons)
    assert "k9" in shown
    for secret in (written, written.rstrip("="), repr(raw), raw.hex(), "Canary"):
        assert secret not in shown
    with pytest.raises(TypeError):
        pickle.dumps(keys)


def test_production_does_not_start_without_field_keys():
    env = {
        **{k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LD_LIBRARY_PATH")},
        "KAP_MODE": "production", "SECRET_KEY": "s" * 60, "SITE_URL": "https://clinic.example",
        "ALLOWED_HOSTS": "clinic.example", "DATABASE_URL": "postgres://a@127.0.0.1:9/a",
        "REDIS_URL": "redis://127.0.0.1:9/0", "DJANGO_SETTINGS_MODULE": "kap.settings",
    }  # fmt: skip
    line = [sys.executable, "-c", "import django; django.setup()"]

    def start(**more):
        return subprocess.run(line, cwd=ROOT, env={**env, **more}, capture_output=True, text=True, timeout=60)

    assert "Set FIELD_KEYS" in start().stderr
    broken = start(FIELD_KEYS="k1:" + "Q" * 20).stderr
    assert "FIELD_KEYS cannot be read" in broken
    assert "QQQQ" not in broken
    assert start(FIELD_KEYS=f"k1:{a_key()}").returncode == 0
