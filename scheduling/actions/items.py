"""Worklist items that may come back: the key carries a number, since a key is raised only once."""

from kap.worklist import actions as worklist
from kap.worklist.models import Item


def raise_anew(prefix: str, *, by, **facts) -> Item:
    """Unless one stands open already."""
    standing = Item.objects.open().filter(key__startswith=f"{prefix}:").first()
    if standing is not None:
        return standing
    number = Item.objects.filter(key__startswith=f"{prefix}:").count() + 1
    return worklist.raise_item(key=f"{prefix}:{number}", by=by, **facts)


def close_all(prefix: str, *, by) -> None:
    for key in Item.objects.open().filter(key__startswith=f"{prefix}:").values_list("key", flat=True):
        worklist.close(key=key, by=by)
