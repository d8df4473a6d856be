from kap.accounts.permissions import Can
from kap.core.nav import NavItem, register

register(
    NavItem("Calendar", "calendar3", "scheduling:calendar", Can.SEE_CALENDAR, 20, tab=True),
    NavItem("Rooms", "door-open", "scheduling:places", Can.MANAGE_SETTINGS, 114, section="Clinic"),
    NavItem(
        "Kinds of appointment",
        "list-check",
        "scheduling:services",
        Can.MANAGE_SETTINGS,
        116,
        section="Clinic",
    ),
)
