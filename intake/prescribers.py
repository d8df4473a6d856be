"""Whether a person may prescribe for a client in a state on a day: her licence there, and her DEA registration.

Never overridden (clinical.md §7): an expired credential is mended on the roster, or another prescriber signs.
"""

from datetime import date

from kap.accounts.permissions import Role
from kap.people import credentials


def licence_gaps(user, state: str, day: date) -> list[str]:
    """Words for the missing licence in that state; empty when she holds one in force."""
    return _missing(user, Role.THERAPIST, state, day)  # a therapist needs the licence and nothing else


def prescribing_gaps(user, state: str, day: date) -> list[str]:
    """All that keeps her from signing an order there on that day: licence and DEA registration."""
    return _missing(user, Role.PRESCRIBER, state, day)


def _missing(user, role, state, day):
    provider = getattr(user, "provider", None)
    if provider is None:
        return [f"{user.name} is not on the roster with a licence."]
    if not state:
        return ["It is not known in which state the client is treated."]
    return credentials.missing(provider, role, day, state)


def licensed_states(user, day: date) -> set[str]:
    """Where she may prescribe, for the queue."""
    provider = getattr(user, "provider", None)
    return set(credentials.states(provider, [Role.PRESCRIBER], day)) if provider else set()
