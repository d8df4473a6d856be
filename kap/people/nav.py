from kap.accounts.permissions import Can
from kap.core.nav import NavItem, register

register(NavItem("Roster", "person-vcard", "people:roster", Can.MANAGE_ROSTER, order=110, section="Clinic"))
