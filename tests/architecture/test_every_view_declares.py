"""Default deny: every address says who may use it, and asks who is there before anything else."""

import re
import uuid

import pytest
from django.urls import URLPattern, get_resolver
from django.urls.resolvers import RoutePattern

from kap.accounts.permissions import Can


def views(resolver=None, prefix="/"):
    for entry in (resolver or get_resolver()).url_patterns:
        address = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield address, entry
        else:
            yield from views(entry, address)


ALL = list(views())
CLOSED = [(address, entry) for address, entry in ALL if not hasattr(entry.callback, "public_because")]


SAMPLES = {"uuid": str(uuid.UUID(int=1)), "int": "1", "str": "x", "slug": "x", "path": "x"}


def sample(address: str, entry) -> str:
    """The address with something of the right shape in each gap; a kind of our own takes its first choice."""
    converters = entry.pattern.converters if isinstance(entry.pattern, RoutePattern) else {}

    def fill(gap):
        kind, _, name = gap[1].rpartition(":")
        return SAMPLES.get(kind or "str") or converters[name].regex.split("|")[0].strip("(?:)")

    return re.sub(r"<([^>]+)>", fill, address)


@pytest.mark.parametrize(("address", "entry"), ALL, ids=[address for address, _ in ALL])
def test_every_view_says_who_may_use_it(address, entry):
    view = entry.callback
    assert hasattr(view, "requires"), f"{address}: add @requires(Can.…) or @public('why')"
    if view.requires:
        assert all(isinstance(can, Can) for can in view.requires)
    else:
        assert getattr(view, "public_because", "").strip(), f"{address}: say on what grounds it is public"


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "entry"), CLOSED, ids=[address for address, _ in CLOSED])
def test_nobody_comes_in_without_signing_in(client, address, entry):
    """GET and POST: to the door, or (where the method is refused first) nowhere at all."""
    path = sample(address, entry)
    for answer in (client.get(path), client.post(path, {"once": "", "next": "/"})):
        if answer.status_code == 405:
            continue
        assert answer.status_code == 302, path
        assert answer["Location"].startswith("/sign-in/"), path
