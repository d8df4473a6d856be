"""The keys of the encrypted columns, read from one setting. Pure."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping

KEY_BYTES = 32
KEY_ID = r"[a-z0-9][a-z0-9_-]{0,15}"


class NoKeys(Exception):
    """Nothing can be sealed or opened, because no key is configured."""


class Keys(Mapping[str, bytes]):
    """Key id to key, the newest first. Shows how many there are, never what they are."""

    def __init__(self, pairs):
        self._keys = dict(pairs)

    def __getitem__(self, key_id: str) -> bytes:
        return self._keys[key_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"<field keys: {', '.join(self._keys) or 'none'}>"

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        raise TypeError("Field keys are not copied out of the process.")

    @property
    def newest(self) -> str:
        if not self._keys:
            raise NoKeys("No field key is configured. Set FIELD_KEYS; docs/operations.md explains it.")
        return next(iter(self._keys))


def read_keys(text: str) -> Keys:
    """`k2:base64,k1:base64`, the newest first. Raises ValueError, which names the key but never shows it."""
    pairs: dict[str, bytes] = {}
    for number, part in enumerate((p.strip() for p in text.split(",") if p.strip()), 1):
        key_id, _, written = part.partition(":")
        if not re.fullmatch(KEY_ID, key_id) or not written:
            raise ValueError(
                f"Entry {number} is not id:base64, with an id of small letters and digits such as k1."
            )
        if key_id in pairs:
            raise ValueError(f"The key {key_id} is named twice.")
        pairs[key_id] = _key_bytes(key_id, written)
    if len(set(pairs.values())) != len(pairs):
        raise ValueError("Two ids have the same key. A new id needs a new key.")
    return Keys(pairs)


def _key_bytes(key_id: str, written: str) -> bytes:
    try:
        raw = base64.b64decode(
            padded(written), altchars=b"-_" if set(written) & set("-_") else None, validate=True
        )
    except (binascii.Error, ValueError):
        raise ValueError(f"The key {key_id} is not base64.") from None
    if len(raw) != KEY_BYTES:
        raise ValueError(f"The key {key_id} has {len(raw)} bytes; it needs {KEY_BYTES}.")
    return raw


def padded(text: str) -> str:
    """base64 with its padding, whether it was written with it or without."""
    text = text.rstrip("=")
    return text + "=" * (-len(text) % 4)
