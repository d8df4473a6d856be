"""The companion's link: it names the appointment, the contact and the appointment's version, and is signed.

A moved appointment or another companion makes it out of date by itself; nothing is stored.
"""

from dataclasses import dataclass

from django.core import signing
from django.urls import reverse

SALT = "scheduling.companion"


@dataclass(frozen=True)
class CompanionLink:
    appointment: str
    contact: str
    version: int


def token_for(appointment) -> str:
    body = {"a": str(appointment.pk), "c": str(appointment.companion_id), "v": appointment.version}
    return signing.dumps(body, salt=SALT, compress=True)


def path_for(appointment) -> str:
    return reverse("scheduling:companion", args=[token_for(appointment)])


def read(token: str) -> CompanionLink | None:
    """None for a link that is not ours or has lost a letter."""
    try:
        body = signing.loads(token, salt=SALT)
        return CompanionLink(body["a"], body["c"], int(body["v"]))
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return None
