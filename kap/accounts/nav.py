from kap.accounts.permissions import Can
from kap.core.nav import NavItem, register

register(NavItem("Staff", "person-badge", "accounts:staff", Can.INVITE_STAFF, order=115, section="Clinic"))
