"""What every page may use: the clinic, the demo flag, the theme, the menu, the zone on show."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from kap.core import clock, cookies, nav
from kap.core.models import Clinic

THEMES = ("light", "dark", "dim")
THEME, ROOM_THEME = "kap_theme", "kap_room_theme"  # cookies
ZONE_WORDS = {
    "America/Los_Angeles": "Pacific Time",
    "America/Denver": "Mountain Time",
    "America/Phoenix": "Arizona Time",
    "America/Chicago": "Central Time",
    "America/New_York": "Eastern Time",
    "America/Anchorage": "Alaska Time",
    "Pacific/Honolulu": "Hawaii Time",
}


@dataclass(frozen=True)
class Entry:
    label: str
    icon: str
    href: str
    current: bool
    count: int
    section: str
    tab: bool


def entries(request) -> list[Entry]:
    """The menu for this person. The longest matching address is the current entry."""
    user = request.user
    if not user.is_authenticated:
        return []
    found = []
    for item in nav.items:
        cans = (item.can,) if isinstance(item.can, str) else item.can
        if not any(user.may(can) for can in cans):
            continue
        try:
            found.append((item, reverse(item.url_name)))
        except NoReverseMatch:
            continue
    here = max((href for _, href in found if request.path.startswith(href)), key=len, default="")
    return [
        Entry(item.label, item.icon, href, href == here, item.counted(user), item.section, item.tab)
        for item, href in found
    ]


def zone_label() -> str:
    zone = timezone.get_current_timezone()
    short = clock.now().astimezone(zone).strftime("%Z")
    return f"{ZONE_WORDS.get(str(zone), str(zone).replace('_', ' '))} ({short})"


def clinic(request):
    theme, room_theme = (cookies.read(request, name) for name in (THEME, ROOM_THEME))
    menu = SimpleLazyObject(lambda: entries(request))
    return {
        "clinic": SimpleLazyObject(lambda: current_clinic(request)),
        "demo": settings.DEMO,
        "theme": theme if theme in THEMES else "",
        "room_theme": room_theme if room_theme in THEMES else "",
        "nav_items": menu,
        "nav_tabs": SimpleLazyObject(lambda: [entry for entry in menu if entry.tab][:4]),
        "zone_label": zone_label(),
    }


def current_clinic(request=None):
    """The clinic, asked once a request; None before the first set-up."""
    if request is None:
        return Clinic.objects.first()
    if not hasattr(request, "_kap_clinic"):
        request._kap_clinic = Clinic.objects.first()
    return request._kap_clinic
