from kap.accounts.permissions import Can
from kap.core.nav import NavItem, register
from kap.worklist.models import Item


def open_count(user) -> int:
    """One query, on every page: what waits for this person."""
    return Item.objects.open().visible_to(user).count()


register(
    NavItem(
        "Tasks",
        "check2-square",
        "worklist:list",
        Can.SEE_WORKLIST,
        50,
        tab=True,
        count="kap.worklist.nav.open_count",
    )
)
