"""A link to a page that nobody serves would silently be left out; so every name is looked up here."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.urls import get_resolver

ROOT = Path(__file__).resolve().parents[3]
NAMED = re.compile(r"""(?:\blink\(|\{%\s*url\s+|redirect\(|reverse\()\s*["']([a-z]+:[a-z_]+)["']""")
SOURCES = [*(ROOT / "kap/desk").rglob("*.py"), *(ROOT / "templates/desk").rglob("*.html")]
HOMES = {
    "dosing": "sessions",
    "desk": "kap.desk",
    "scheduling": "scheduling",
    "intake": "intake",
    "integration": "integration",
}


def names() -> list[str]:
    return sorted({name for path in SOURCES for name in NAMED.findall(path.read_text())})


@pytest.mark.parametrize("name", names())
def test_every_link_of_the_desk_leads_somewhere(name):
    room, page = name.split(":")
    if not find_spec(f"{HOMES.get(room, f'kap.{room}')}.urls"):
        pytest.skip(f"{room} serves no pages")
    prefix, resolver = get_resolver().namespace_dict[room]
    assert page in resolver.reverse_dict, f"{name}: no such page under /{prefix}"
