"""How often somebody may try. Kept in the database's cache, so that limits survive a lost Redis.

A try is counted before it is made, under a lock, so that a hundred tries at once are not all let through.
"""

import hashlib
import ipaddress
from dataclasses import dataclass

from django.core.cache import cache
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kap.core import clock


@dataclass(frozen=True)
class Limit:
    """At most `tries` within `seconds`, for one account, address or link."""

    name: str
    tries: int
    seconds: int


PASSWORD_ACCOUNT = Limit("password", 5, 5 * 60)
PASSWORD_ADDRESS = Limit("password-address", 20, 5 * 60)
MAIL_ACCOUNT = Limit("mail", 5, 15 * 60)
MAIL_ADDRESS = Limit("mail-address", 20, 15 * 60)
CODE_ACCOUNT = Limit("code", 10, 60 * 60)  # typed in the browser that asked: says nothing about the mailbox
CODE_ADDRESS = Limit("code-address", 40, 15 * 60)
PIN = Limit("pin", 5, 5 * 60)
# Wrong ones: at five in five minutes, all of four digits were tried in a week.
PIN_DAY = Limit("pin-day", 20, 24 * 60 * 60)


def spend(limit: Limit, who: str) -> int:
    """Count one try. 0 when it may be made, else the seconds until the next one may."""
    key, now = _key(limit, who), clock.now().timestamp()
    with transaction.atomic():
        _lock(key)
        stamps = _live(limit, cache.get(key, []), now)
        if len(stamps) >= limit.tries:
            return max(1, int(stamps[0] + limit.seconds - now) + 1)
        cache.set(key, [*stamps, now], limit.seconds)
    return 0


def give_back(limit: Limit, who: str) -> None:
    """The last try was a good one: it does not count."""
    key, now = _key(limit, who), clock.now().timestamp()
    with transaction.atomic():
        _lock(key)
        stamps = _live(limit, cache.get(key, []), now)
        cache.set(key, stamps[:-1], limit.seconds)


def forget(limit: Limit, who: str) -> None:
    cache.delete(_key(limit, who))


def spend_all(*wanted: tuple[Limit, str]) -> int:
    """The longest wait of several limits, each counted."""
    return max(spend(limit, who) for limit, who in wanted)


def wait_words(seconds: int) -> str:
    if seconds < 60:
        return ngettext(
            "Too many tries. Wait %(n)s second, then try again.",
            "Too many tries. Wait %(n)s seconds, then try again.",
            seconds,
        ) % {"n": seconds}
    minutes = -(-seconds // 60)
    return ngettext(
        "Too many tries. Wait %(n)s minute, then try again.",
        "Too many tries. Wait %(n)s minutes, then try again.",
        minutes,
    ) % {"n": minutes}


def address_of(request) -> str:
    """For counting. Of IPv6 the network: whoever has one address there has 2^64, and would never reach a limit."""
    from kap.audit.access import client_address

    said = client_address(request) or ""
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return said or _("unknown")
    if address.version == 4 or address.ipv4_mapped:
        return str(getattr(address, "ipv4_mapped", None) or address)
    return str(ipaddress.ip_network((address.packed[:8] + bytes(8), 64)))


def _key(limit: Limit, who: str) -> str:
    return f"limit:{limit.name}:{hashlib.sha256(who.strip().lower().encode()).hexdigest()[:32]}"


def _live(limit: Limit, stamps, now: float) -> list[float]:
    return [stamp for stamp in stamps if 0 <= now - stamp < limit.seconds]


def _lock(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
