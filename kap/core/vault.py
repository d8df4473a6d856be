"""The few columns that are encrypted: psychotherapy notes, private journals, second-factor secrets.

AES-256-GCM. A sealed value is text: `kv1.<key id>.<base64url of nonce, ciphertext and tag>`. It is bound to its
place: to what it is (`notes_psychotherapynote|body`) and to the id of its row, so that a value which is copied
into another row or column does not open. Sealed columns cannot be searched or sorted.

    class Diary(Base):
        body = SealedText()                          # holds the sealed value, "" when nothing was written
        # constraint: sealed("diary_body_is_sealed", "body")

    row.body = vault.seal("notes_diary|body", row.pk, words)       # or vault.write(row, "body", words)
    words = vault.unseal("notes_diary|body", row.pk, row.body)     # or vault.read(row, "body")

Keys: settings.FIELD_KEYS, the newest first; docs/operations.md says how they are made, changed and kept.
"""

import base64
import binascii
import os
import re
import uuid
from functools import lru_cache

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.views.decorators.debug import sensitive_variables

from kap.core.errors import Refused
from kap.core.keyring import KEY_ID, Keys, NoKeys, padded, read_keys

__all__ = ["NoKeys", "SealedText", "Unreadable", "is_sealed", "read", "seal", "sealed", "unseal", "write"]

VERSION = "kv1"
NONCE_BYTES = 12
SHAPE = rf"^{VERSION}\.{KEY_ID}\.[A-Za-z0-9_-]{{38,}}$"  # 38: nonce and tag around no words at all


class Unreadable(Refused):
    """A sealed value that does not open: its key is not here, it was altered, or it belongs to another row."""


def keys() -> Keys:
    """settings.FIELD_KEYS, read once. Raises ValueError when it cannot be read, which kap.core's start asks."""
    found = settings.FIELD_KEYS
    return found if isinstance(found, Keys) else _read_once(found)


@lru_cache(maxsize=2)
def _read_once(text: str) -> Keys:
    return read_keys(text)


def prefix(key_id: str) -> str:
    """What every value under this key begins with."""
    return f"{VERSION}.{key_id}."


@sensitive_variables()
def seal(purpose: str, row, text: str) -> str:
    """Encrypt under the newest key. `purpose`: `table|column`. `row`: the row or its id, known before it is written."""
    held = keys()
    key_id, nonce = held.newest, os.urandom(NONCE_BYTES)
    closed = _cipher(held[key_id]).encrypt(nonce, text.encode("utf-8"), _place(purpose, row, key_id))
    return prefix(key_id) + base64.urlsafe_b64encode(nonce + closed).decode("ascii").rstrip("=")


@sensitive_variables()
def unseal(purpose: str, row, value: str) -> str:
    """The words. Raises Unreadable: its key is not here, altered, or moved from another row or column."""
    from cryptography.exceptions import InvalidTag

    if not is_sealed(value):
        raise Unreadable("This text cannot be opened: it is not in the form in which it is kept.")
    _, key_id, body = value.split(".")
    held = keys()
    if key_id not in held:
        raise Unreadable(
            f"This text cannot be opened: its key {key_id} is not configured. Ask who runs the server to add it."
        )
    try:
        raw = base64.b64decode(padded(body), altchars=b"-_", validate=True)
        opened = _cipher(held[key_id]).decrypt(
            raw[:NONCE_BYTES], raw[NONCE_BYTES:], _place(purpose, row, key_id)
        )
    except (InvalidTag, binascii.Error, ValueError):
        raise Unreadable(
            "This text cannot be opened: it was altered, comes from another place, or its key is another one."
        ) from None
    return opened.decode("utf-8")


def is_sealed(value) -> bool:
    """Whether it has the form of a sealed value; says nothing of whether it opens."""
    return isinstance(value, str) and re.fullmatch(SHAPE.strip("^$"), value) is not None


def key_of(value: str) -> str:
    """The id of the key that a sealed value is under."""
    return value.split(".", 2)[1] if is_sealed(value) else ""


def _cipher(key: bytes):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _place(purpose: str, row, key_id: str) -> bytes:
    """What a value is bound to. The key's id is in it, too: it stands outside of what is encrypted."""
    place = str(getattr(row, "pk", row) or "")
    if not purpose or not place:
        raise ValueError("A sealed value needs its purpose and its row's id.")
    return "\x1f".join((VERSION, key_id, purpose, _plain_id(place))).encode("utf-8")


def _plain_id(place: str) -> str:
    """One form of writing for a uuid, whichever form it came in."""
    try:
        return str(uuid.UUID(place))
    except ValueError:
        return place


class SealedText(models.TextField):
    """A column that holds a sealed value, or "". It never opens by itself: `vault.read` and `vault.write` do.

    It is in no form, and a search for words in it finds nothing. Leave it out of the history, and let the
    database refuse plain words with `sealed(...)`. `manage.py rotate_keys` finds every such column.
    """

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("default", "")
        kwargs.setdefault("blank", True)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    @property
    def purpose(self) -> str:
        return f"{self.model._meta.db_table}|{self.column}"

    def formfield(self, **kwargs):
        return None


def sealed(name: str, field: str) -> models.CheckConstraint:
    """For Meta.constraints: the column holds a sealed value or nothing, never plain words."""
    return models.CheckConstraint(name=name, condition=Q(**{field: ""}) | Q(**{f"{field}__regex": SHAPE}))


@sensitive_variables()
def write(row, field: str, text: str) -> None:
    """Put words into a SealedText column of an instance; its id must be known. Saving is the caller's."""
    purpose = row._meta.get_field(field).purpose
    setattr(row, field, seal(purpose, row.pk, text) if text else "")


@sensitive_variables()
def read(row, field: str) -> str:
    """The words of a SealedText column. Raises Unreadable."""
    value = getattr(row, field)
    return unseal(row._meta.get_field(field).purpose, row.pk, value) if value else ""
