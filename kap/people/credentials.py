"""Which credential covers what, and what a provider lacks on a day. Used by the roster, scheduling and intake.

A credential counts from the day it was issued through the day it expires, in the location's zone; never a day
longer, and nobody may override that (design.md §3).

    therapist   a professional licence in the state
    prescriber  a professional licence and a DEA registration in the state
    monitor     a BLS certificate
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from kap.accounts.permissions import Role
from kap.core import credentials as rules
from kap.people.models import Credential

Kind = Credential.Kind


@dataclass(frozen=True)
class Need:
    """Any one of `kinds` meets it; `by_state`: it must be of the state where the client is treated."""

    words: str
    kinds: tuple[str, ...]
    by_state: bool


LICENCE = Need("professional licence", (Kind.LICENCE,), True)
DEA = Need("DEA registration", (Kind.DEA,), True)
LIFE_SUPPORT = Need("BLS certificate", (Kind.BLS,), False)

NEEDS: dict[str, tuple[Need, ...]] = {
    Role.THERAPIST: (LICENCE,),
    Role.PRESCRIBER: (LICENCE, DEA),
    Role.MONITOR: (LIFE_SUPPORT,),
}
BLOCKS = {
    Role.THERAPIST: "No sessions as therapist",
    Role.PRESCRIBER: "No evaluations, orders or dosing as prescriber",
    Role.MONITOR: "No monitoring of dosing",
}


def live(provider) -> list[Credential]:
    """Her credentials that nobody has ended; one query, or none where they were prefetched."""
    return [c for c in provider.credentials.all() if c.ended_at is None]


def in_force(provider, kinds: Iterable[str], day: date, state: str | None = None) -> list[Credential]:
    """Her credentials of these kinds that hold on the day; `state` leaves out those of other states."""
    wanted = set(kinds)
    return [
        c
        for c in live(provider)
        if c.kind in wanted
        and c.issued_on <= day <= c.expires_on
        and (state is None or not c.state or c.state == state)
    ]


def missing(provider, role: str, day: date, state: str) -> list[str]:
    """What keeps her from working in this role, on this day, in this state. Empty: nothing.

    Sentences for whoever books or signs: "Mara Quinn: professional licence in CA expired on 3 August 2026."
    """
    return [
        f"{provider.name}: {_why(provider, need, day, state)}"
        for need in NEEDS[role]
        if not in_force(provider, need.kinds, day, state if need.by_state else None)
    ]


def _why(provider, need: Need, day: date, state: str) -> str:
    where = f" in {state}" if need.by_state else ""
    held = [c for c in live(provider) if c.kind in need.kinds and (not need.by_state or c.state == state)]
    past = [c.expires_on for c in held if c.expires_on < day]
    later = [c.issued_on for c in held if c.issued_on > day]
    if later:
        return f"{need.words}{where} holds only from {min(later):%-d %B %Y}."
    if past:
        return f"{need.words}{where} expired on {max(past):%-d %B %Y}."
    return f"no {need.words}{where} on record."


def newest(provider) -> list[Credential]:
    """One per kind and state, the one that lasts longest: a renewed one is no longer a worry."""
    best: dict[tuple[str, str], Credential] = {}
    for credential in live(provider):
        key = (credential.kind, credential.state)
        if key not in best or credential.expires_on > best[key].expires_on:
            best[key] = credential
    return sorted(best.values(), key=lambda c: c.expires_on)


@dataclass(frozen=True)
class Chip:
    """How near the end of one credential is, and, by role, what stops when it ends."""

    credential: Credential
    words: str
    tone: str
    blocks: dict[str, str]
    ended: bool = False


def chip(credential: Credential, roles: Iterable[str], day: date, warn_days: Iterable[int]) -> Chip:
    """Tone "danger" when ended or within the last step of the ladder, "warn" within the first, "ok" before."""
    step = rules.warning_step(credential.expires_on, day, warn_days)
    left = rules.days_left(credential.expires_on, day)
    stops = blocks(credential, roles)
    if step is None:
        return Chip(credential, f"until {credential.expires_on:%-d %b %Y}", "ok", stops)
    if left < 0:
        return Chip(credential, f"expired {credential.expires_on:%-d %b %Y}", "danger", stops, ended=True)
    words = "last day today" if left == 0 else "1 day left" if left == 1 else f"{left} days left"
    return Chip(credential, words, "danger" if step == min(warn_days) else "warn", stops)


def blocks(credential: Credential, roles: Iterable[str]) -> dict[str, str]:
    """Role -> what cannot be booked or signed without it, in words."""
    where = f" in {credential.state}" if credential.state else ""
    return {
        role: f"{BLOCKS[role]}{where}"
        for role in NEEDS
        if role in roles and any(credential.kind in need.kinds for need in NEEDS[role])
    }


def gaps(provider, roles: Iterable[str], day: date) -> dict[str, str]:
    """Role -> what it needs and she holds in no state at all on this day."""
    found = {}
    for role in NEEDS:
        lacking = [need.words for need in NEEDS[role] if not in_force(provider, need.kinds, day)]
        if role in roles and lacking:
            found[role] = f"{BLOCKS[role]}: no {' and no '.join(lacking)} in force"
    return found


def states(provider, roles: Iterable[str], day: date) -> list[str]:
    """Where she may work today in at least one of her roles, by state code."""
    held = {c.state for c in live(provider) if c.state}
    found = [
        state
        for state in sorted(held)
        if any(role in NEEDS and not missing(provider, role, day, state) for role in roles)
    ]
    free = [role for role in NEEDS if role in roles and not any(need.by_state for need in NEEDS[role])]
    if any(not missing(provider, role, day, "") for role in free):
        found.append("any state as monitor" if found else "Any state")
    return found
