from kap.accounts.permissions import Can
from kap.core.nav import NavItem, register

register(NavItem("Messages", "envelope", "outbox:list", Can.SEE_OUTBOX, 70))
