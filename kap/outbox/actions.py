"""Owing a message, and taking back what is no longer true."""

from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action, audit_label
from kap.core.errors import Stale
from kap.outbox import catalogue, nudge
from kap.outbox.models import Channel, Message, State

NO_ADDRESS = "There is no email address on record."


@action("outbox.owe")
def owe(
    *, key: str, kind: str, send_at, to_address: str, to_name: str = "", client=None, contact=None, channel="email",
    context=None, cause: str = "", cause_version: int = 0, expires_at=None, by,
) -> Message:  # fmt: skip
    """Write a message into the outbox, in the caller's transaction.

    Owed once per key: a second call returns the first row.

    `send_at` is an aware instant. `context` may hold only what the kind's `uses` names (kap.outbox.catalogue);
    instants as ISO strings. Without an address the row is kept as dropped, so that the page shows whom nobody
    can reach. Raises KeyError for an unknown kind.
    """
    facts = _facts(
        kind=kind, send_at=send_at, to_address=to_address, to_name=to_name, client=client, contact=contact,
        channel=channel, context=context, cause=cause, cause_version=cause_version, expires_at=expires_at, by=by,
    )  # fmt: skip
    message, made = Message.objects.get_or_create(key=key, defaults=facts)
    if made:
        _nudge_if_due([message])
    return message


@action("outbox.owe_all")
def owe_all(*, messages: list[dict], by) -> list[Message]:
    """Several at once: each as `owe` takes it, without `by`. Returns those that were not owed already."""
    known = set(
        Message.objects.filter(key__in=[one["key"] for one in messages]).values_list("key", flat=True)
    )
    fresh = [
        Message(
            key=one["key"], **_facts(by=by, **{name: value for name, value in one.items() if name != "key"})
        )
        for one in messages
        if one["key"] not in known
    ]
    Message.objects.bulk_create(fresh, ignore_conflicts=True)  # owed by another at this moment: owed once
    _nudge_if_due(fresh)
    return fresh


def _facts(
    *, kind, send_at, to_address, to_name="", client=None, contact=None, channel="email", context=None, cause="",
    cause_version=0, expires_at=None, by,
) -> dict:  # fmt: skip
    """The columns of a message, besides its key."""
    described = catalogue.get(kind)
    if channel != Channel.EMAIL:
        raise ValueError(
            "Only email can be sent. A second channel needs its own way out in kap.outbox.channels."
        )
    if expires_at is None and described.late_after is not None:
        expires_at = send_at + described.late_after
    reachable = bool(to_address.strip())
    return {
        "kind": kind, "send_at": send_at, "to_address": to_address.strip(), "to_name": to_name, "client": client,
        "contact": contact, "channel": channel, "context": context or {}, "cause": cause,
        "cause_version": cause_version, "expires_at": expires_at, "owed_by": audit_label(by),
        "state": State.OWED if reachable else State.DROPPED, "ended_at": None if reachable else clock.now(),
        "why": "" if reachable else NO_ADDRESS,
    }  # fmt: skip


def _nudge_if_due(messages) -> None:
    now = clock.now()
    if any(one.state == State.OWED and one.send_at <= now for one in messages):
        nudge.after_commit(nudge.dispatch)


@action("outbox.drop")
def drop(*, cause: str, why: str, by) -> int:
    """Take back everything still owed for a cause (cancelled, moved, done already). Returns how many."""
    if not cause:
        raise ValueError("drop() needs a cause.")
    return (
        Message.objects.owed()
        .filter(cause=cause)
        .update(state=State.DROPPED, ended_at=clock.now(), why=why[:200], lease_until=None, lease_token=None)
    )


@action("outbox.retry")
def retry(*, message, by) -> Message:
    """A person has mended the cause of a failure: try again from now on, with eight fresh tries."""
    require(by, Can.SEE_OUTBOX)
    message = Message.objects.select_for_update().get(pk=message.pk)
    if message.state != State.FAILED:
        raise Stale(f"This message is {message.get_state_display().lower()} already.")
    now = clock.now()
    late_after = catalogue.get(message.kind).late_after
    message.state, message.ended_at, message.why, message.attempts = State.OWED, None, "", 0
    message.send_at = now
    message.expires_at = now + late_after if late_after else None
    message.save(update_fields=["state", "ended_at", "why", "attempts", "send_at", "expires_at"])
    nudge.after_commit(nudge.dispatch)
    return message
