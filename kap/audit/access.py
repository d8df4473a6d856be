"""Writing the log of reads. If the row cannot be written, the page is not shown."""

from collections.abc import Iterable

from kap.audit.models import AccessLog


def client_address(request) -> str | None:
    """The address that the server saw; proxies are trusted only where settings say how many there are."""
    from django.conf import settings

    hops = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = [
        part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()
    ]
    if hops and len(forwarded) >= hops:
        return forwarded[-hops]
    return request.META.get("REMOTE_ADDR") or None


def opened(request, kind: str, *, client=None, thing=None, purpose: str = "care") -> None:
    """Call before rendering anything clinical. `kind` says what: chart, document, flowsheet, export."""
    opened_many(request, kind, [client], thing=thing, purpose=purpose)


def opened_many(request, kind: str, clients: Iterable, *, thing=None, purpose: str = "care") -> None:
    """One row per client of a clinical list, in one insert."""
    actor = getattr(request.user, "audit_label", "") or getattr(request, "link_actor_label", "anonymous")
    AccessLog.objects.bulk_create(
        AccessLog(
            actor=actor,
            client_id=getattr(client, "pk", client),
            kind=kind,
            object_id=str(getattr(thing, "pk", thing) or "")[:64],
            purpose=purpose,
            address=client_address(request),
            request_id=getattr(request, "id", ""),
        )
        for client in clients
    )
