"""The intake rooms in the main menu: the prescriber's queue."""

from kap.accounts.permissions import Can
from kap.core.nav import NavItem, register

register(
    NavItem(
        "Medical",
        "clipboard2-pulse",
        "intake:queue",
        Can.EVALUATE,
        order=45,
        count="intake.queue.waiting_count",
    )
)
