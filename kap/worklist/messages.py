"""Asked before an alert is sent."""

from kap.worklist.models import Item


def still_stands(message) -> str:
    """Why the alert need not be sent any more; "" while nobody has acted. Cause: "worklist.item:<id>"."""
    item = Item.objects.filter(pk=message.cause.rpartition(":")[2]).first()
    return "Somebody has acted on it" if item is None or item.acknowledged_at else ""
