"""Secrets that travel by email, and the hashes that we keep of them."""

import hashlib
import secrets

from django.utils.crypto import constant_time_compare, salted_hmac

CODE_DIGITS = 6


def new_token() -> str:
    return secrets.token_urlsafe(32)


def new_code() -> str:
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def token_hash(token: str) -> str:
    """256 random bits need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def code_hash(code: str, about: str) -> str:
    """Keyed with the secret key: six digits alone would be found by trying them all."""
    return salted_hmac("kap.accounts.code", f"{about}:{code}", algorithm="sha256").hexdigest()


def same(one: str, other: str) -> bool:
    return constant_time_compare(one, other)
