"""Addresses in other rooms. A room that is not installed has no links: the page stands without them."""

from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse


def link(name: str, *args, **query) -> str:
    """The address, or "" where no such page is served."""
    try:
        address = reverse(name, args=args)
    except NoReverseMatch:
        return ""
    wanted = {key: value for key, value in query.items() if value not in (None, "")}
    return f"{address}?{urlencode(wanted)}" if wanted else address
