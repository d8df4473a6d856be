"""From where somebody asks, and where to go on."""

from django.conf import settings
from django.utils.http import url_has_allowed_host_and_scheme


def client_address(request) -> str | None:
    """The address that the server saw; proxies are trusted only where settings say how many there are."""
    hops = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = [
        part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()
    ]
    if hops and len(forwarded) >= hops:
        return forwarded[-hops]
    return request.META.get("REMOTE_ADDR") or None


def inside(wanted: str) -> str:
    """A path of this site, or "". It begins with a slash: `redirect` looks up anything else as the name of a page."""
    fine = wanted.startswith("/") and len(wanted) <= 300 and url_has_allowed_host_and_scheme(wanted, None)
    return wanted if fine else ""
