"""Writing the log of reads. If the row cannot be written, the page is not shown."""

import logging
from collections.abc import Iterable

from django.db import DatabaseError, transaction

from kap.audit.models import AccessLog
from kap.core import actions
from kap.core.addresses import client_address

log = logging.getLogger(__name__)
EMERGENCY = "emergency"


class LogUnwritable(Exception):
    """The opening could not be written down, so nothing clinical may be shown (kap.audit.middleware answers 503)."""


def opened(request, kind: str, *, client=None, thing=None, purpose: str = "care") -> None:
    """Call before rendering anything clinical. `kind` says what: chart, document, flowsheet, export."""
    opened_many(request, kind, [client], thing=thing, purpose=purpose)


def opened_many(request, kind: str, clients: Iterable, *, thing=None, purpose: str = "care") -> None:
    """One row per client of a clinical list, in one insert. Raises LogUnwritable.

    A client whose record is open by emergency access alone is written with that purpose. The request remembers
    whose records it opened, for the banner.
    """
    actor = getattr(request.user, "audit_label", "") or getattr(request, "link_actor_label", "anonymous")
    keys = [getattr(client, "pk", client) for client in clients]
    emergencies = getattr(request, "emergencies", {}) if any(keys) and purpose == "care" else {}
    rows = [
        AccessLog(
            actor=actor,
            client_id=key,
            kind=kind,
            object_id=str(getattr(thing, "pk", thing) or "")[:64],
            purpose=EMERGENCY if key in emergencies else purpose,
            address=client_address(request),
            request_id=getattr(request, "id", ""),
        )
        for key in keys
    ]
    try:
        with transaction.atomic():
            AccessLog.objects.bulk_create(rows)
    except DatabaseError as error:
        raise LogUnwritable(f"{kind}: {type(error).__name__}") from error
    request.opened_clients = getattr(request, "opened_clients", set()) | {key for key in keys if key}


def opened_if_possible(request, kind: str, **more) -> None:
    """For a door that closes: it must close, above all when the log cannot be written. That goes to the server's log."""
    try:
        opened(request, kind, **more)
    except LogUnwritable as error:
        log.critical("This could not be written into the log of openings, and was done: %s.", error)


def noted(kind: str, *, by, thing) -> None:
    """Of an action whose change is in no history on purpose, such as a new password: that it was done, and by whom."""
    context = actions.request_context()
    AccessLog.objects.create(
        actor=actions.audit_label(by), kind=kind, object_id=str(thing.pk), purpose="account",
        address=context.get("address") or None, request_id=context.get("request", "")[:32],
    )  # fmt: skip


__all__ = [
    "EMERGENCY", "LogUnwritable", "client_address", "noted", "opened", "opened_if_possible", "opened_many",
]  # fmt: skip
