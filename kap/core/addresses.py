"""From where somebody asks."""

from django.conf import settings


def client_address(request) -> str | None:
    """The address that the server saw; proxies are trusted only where settings say how many there are."""
    hops = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = [
        part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()
    ]
    if hops and len(forwarded) >= hops:
        return forwarded[-hops]
    return request.META.get("REMOTE_ADDR") or None
