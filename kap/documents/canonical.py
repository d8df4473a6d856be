"""Canonical bytes: the one form of a content over which its hash is made.

JSON with sorted keys, no spare spaces, UTF-8, NFC text; numbers with a fraction are strings, so that no reader
rounds them; instants are UTC ISO strings. The same content gives the same bytes on every machine.
"""

import hashlib
import json
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils.functional import Promise


def canonical(content) -> bytes:
    """Raises TypeError for floats and for whatever has no one true form."""
    return json.dumps(_plain(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8"
    )


def sha256(body: bytes) -> str:
    return hashlib.sha256(bytes(body)).hexdigest()


def _plain(value):
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str | Promise):
        return unicodedata.normalize("NFC", str(value))
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return _scalar(value)


def _scalar(value) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("A frozen instant needs its zone.")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds())} s"
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(
        f"{type(value).__name__} has no canonical form; hand in text, whole numbers, Decimals or dates."
    )
