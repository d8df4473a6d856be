from kap.accounts.permissions import Can
from kap.core.nav import NavItem, register

register(
    NavItem("Pool", "inbox", "pathway:pool", Can.SEE_POOL, order=55, count="kap.pathway.views.pool.waiting")
)
