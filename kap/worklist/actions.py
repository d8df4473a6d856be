"""Raising, acknowledging and closing items."""

from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action
from kap.core.errors import Refused, Stale
from kap.worklist.models import Item, Kind, Urgency


@action("worklist.raise")
def raise_item(
    *, key: str, kind: str, urgency: str, title: str, client=None, detail="", link="", link_words="Open",
    due_at=None, for_role="", by,
) -> Item:  # fmt: skip
    """Once per key: raising again changes nothing, also when somebody has acted already."""
    item, _ = Item.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind, "urgency": urgency, "title": title[:200], "client": client, "detail": detail[:500],
            "link": link, "link_words": link_words, "due_at": due_at, "for_role": for_role,
        },
    )  # fmt: skip
    return item


@action("worklist.acknowledge")
def acknowledge(*, item, what_was_done: str, by) -> Item:
    """A person has acted. A safety alert needs a clinician and words for what was done (at least a sentence)."""
    require(by, Can.ACKNOWLEDGE_SAFETY if item.kind == Kind.SAFETY else Can.SEE_WORKLIST)
    item = Item.objects.select_for_update(of=("self",)).select_related("acknowledged_by").get(pk=item.pk)
    if item.acknowledged_at:
        who = item.acknowledged_by.name if item.acknowledged_by else "the system"
        raise Stale(f"{who} has answered this already.")
    if item.kind == Kind.SAFETY and len(what_was_done.strip()) < 10:
        raise Refused("Write what you did: whom you spoke to, what was agreed, what happens next.")
    item.acknowledged_at = clock.now()
    item.acknowledged_by = by
    item.what_was_done = what_was_done.strip()
    item.save(update_fields=["acknowledged_at", "acknowledged_by", "what_was_done"])
    return item


@action("worklist.close")
def close(*, key: str, by) -> int:
    """The cause is gone (note signed, companion confirmed). Safety alerts are never closed by a rule."""
    return (
        Item.objects.filter(key=key, acknowledged_at=None)
        .exclude(kind=Kind.SAFETY)
        .update(acknowledged_at=clock.now(), closed_by_rule=True)
    )


__all__ = ["Kind", "Urgency", "acknowledge", "close", "raise_item"]
