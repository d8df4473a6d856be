"""The desk's entries of the main menu."""

from kap.accounts.permissions import Can
from kap.core.nav import NavItem, register

register(
    NavItem(label="Today", icon="sun", url_name="desk:today", can=Can.SEE_TODAY, order=10, tab=True),
    NavItem(label="Clients", icon="people", url_name="desk:clients", can=Can.SEE_CLIENT_LIST, order=30, tab=True),
    NavItem(label="Pipeline", icon="kanban", url_name="desk:pipeline", can=Can.OPEN_CHART, order=40),
    NavItem(label="Outcomes", icon="bar-chart-line", url_name="desk:reports", can=Can.SEE_REPORTS, order=80),
    NavItem(label="Audit", icon="journal-text", url_name="desk:audit", can=Can.SEE_AUDIT, order=115, section="Clinic"),
    NavItem(
        label="Settings", icon="gear", url_name="desk:settings",
        can=(Can.MANAGE_SETTINGS, Can.SIGN_PROTOCOL), order=120, section="Clinic",
    ),
)  # fmt: skip
