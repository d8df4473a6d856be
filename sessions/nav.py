"""The dosing rooms in the main menu."""

from kap.accounts.permissions import Can
from kap.core.nav import NavItem, register

register(NavItem("Dosing rooms", "moon-stars", "dosing:rooms", Can.CHART_VITALS, 60))
