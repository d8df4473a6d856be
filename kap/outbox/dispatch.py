"""Sending what is due: claim under a lease, ask the cause again, send, record.

1. claim: a batch of due rows gets a lease and a token, with SKIP LOCKED, and commits. Two dispatchers never
   hold one row; a worker killed afterwards loses only its lease, and another takes the row when that ends.
2. each row is asked again: expired, no longer true, no longer wanted? Then it is dropped, with why.
3. it is sent, and recorded as sent only if the token is still ours. Email has no "exactly once": a crash
   between sending and recording repeats it, at most once per crash, under the same Message-ID. A database that
   is away for a moment repeats nothing: the worker waits for it before it goes on.
"""

import logging
import time
import uuid
from datetime import timedelta

from django.db import InterfaceError, OperationalError, connection
from django.urls import reverse
from django.utils.module_loading import import_string

from kap.accounts.permissions import Role
from kap.core import clock
from kap.core.actions import System, action
from kap.outbox import catalogue, channels, nudge
from kap.outbox.models import Message, State
from kap.outbox.render import rendered
from kap.worklist.actions import Kind, Urgency, raise_item

log = logging.getLogger(__name__)
DISPATCH = System("dispatch")
BATCH = 20
LEASE = timedelta(seconds=60)
HOLD_AFTER = timedelta(seconds=20)  # a slow mail server: the lease is renewed before the next mail goes out
RUN_SECONDS = 60  # one run; well inside the task's time limit, which would end it in the middle of a mail
WAIT_SECONDS = 40  # for a database that went away after the mail had left; shorter than the lease
TRIES = 8
FIRST_PAUSE = timedelta(seconds=30)  # doubled after each try: about an hour until it is given up


def dispatch(limit: int = 500) -> int:
    """Send what is due, in batches, for a minute at most. Returns how many rows it dealt with.

    What is left over then is given back and asked for anew at once, by this worker or another.
    """
    done, until = 0, time.monotonic() + RUN_SECONDS
    while batch := claim(limit=BATCH, by=DISPATCH):
        for number, message in enumerate(batch):
            if time.monotonic() > until:
                give_back(messages=batch[number:], by=DISPATCH)
                nudge.dispatch()
                return done
            deal_with(message)
            done += 1
        if done >= limit:
            nudge.dispatch()
            break
    return done


@action("outbox.claim")
def claim(*, limit: int, by) -> list[Message]:
    """Take up to `limit` due rows under a lease of a minute. Commits, so that no lock is held while sending."""
    now, token = clock.now(), uuid.uuid4()
    due = Message.objects.due(now).order_by("send_at", "id").select_for_update(skip_locked=True)
    taken = list(due.values_list("pk", flat=True)[:limit])
    if not taken:
        return []
    Message.objects.filter(pk__in=taken).update(lease_until=now + LEASE, lease_token=token)
    return list(
        Message.objects.filter(pk__in=taken).select_related("client", "contact").order_by("send_at", "id")
    )


def deal_with(message: Message) -> None:
    """Drop, send or put off one claimed row. Nothing that goes wrong with one keeps the others waiting."""
    try:
        if why := why_not(message):
            end(message=message, state=State.DROPPED, why=why, by=DISPATCH)
            return
        if clock.now() > message.lease_until - LEASE + HOLD_AFTER and not hold(message=message, by=DISPATCH):
            return  # the lease has ended: the row is another worker's by now
        channels.send(message, rendered(message))
    except Exception as error:
        log.warning("Message %s (%s) was not sent: %s", message.pk, message.kind, type(error).__name__)
        put_off(message=message, error=f"{type(error).__name__}: {error}", by=DISPATCH)
        return
    if not recorded(message):
        log.warning("Message %s was sent, but its lease had ended meanwhile.", message.pk)


def recorded(message: Message) -> bool:
    """Write down that it has left. Waits for a lost database, since forgetting would send it a second time."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return end(message=message, state=State.SENT, why="", by=DISPATCH)
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > until:
                raise
            connection.close_if_unusable_or_obsolete()
            time.sleep(0.5)


@action("outbox.hold")
def hold(*, message, by) -> bool:
    """Another minute for a row that is still ours."""
    message.lease_until = clock.now() + LEASE
    mine = Message.objects.owed().filter(pk=message.pk, lease_token=message.lease_token)
    return bool(mine.update(lease_until=message.lease_until))


@action("outbox.give_back")
def give_back(*, messages, by) -> None:
    """Rows that were claimed and not begun: free for the next run."""
    for message in messages:
        mine = Message.objects.owed().filter(pk=message.pk, lease_token=message.lease_token)
        mine.update(lease_until=None, lease_token=None)


def why_not(message: Message) -> str:
    """Why it must not be sent any more; "" when it still should."""
    kind = catalogue.get(message.kind)
    if message.expires_at and message.expires_at <= clock.now():
        return "Too late to be of use"
    if message.client and not message.contact_id and not kind.always and not message.client.email_ok:
        return "The client wants no email"
    return import_string(kind.recheck)(message) if kind.recheck and message.cause else ""


@action("outbox.end")
def end(*, message, state: str, why: str, by) -> bool:
    """Record how it ended, if the lease is still ours. Secrets in the context are wiped."""
    secret = catalogue.get(message.kind).secret
    kept = {key: value for key, value in message.context.items() if key not in secret}
    return bool(
        Message.objects.owed()
        .filter(pk=message.pk, lease_token=message.lease_token)
        .update(
            state=state, why=why[:200], ended_at=clock.now(), lease_until=None, lease_token=None, context=kept,
            attempts=message.attempts + (state == State.SENT), last_error="",
        )
    )  # fmt: skip


@action("outbox.put_off")
def put_off(*, message, error: str, by) -> None:
    """A try has failed: the row waits under a longer lease; after eight tries a person is told."""
    attempts = message.attempts + 1
    mine = Message.objects.owed().filter(pk=message.pk, lease_token=message.lease_token)
    if attempts < TRIES:
        pause = FIRST_PAUSE * 2 ** (attempts - 1)
        mine.update(
            attempts=attempts,
            last_error=error[:300],
            lease_until=clock.now() + pause,
            lease_token=uuid.uuid4(),
        )
    elif mine.update(
        attempts=attempts, last_error=error[:300], state=State.FAILED, why=f"Not delivered after {TRIES} tries",
        ended_at=clock.now(), lease_until=None, lease_token=None,
    ):  # fmt: skip
        raise_item(
            key=f"message_failed:{message.pk}:{int(clock.now().timestamp())}", kind=Kind.MESSAGE_FAILED,
            urgency=Urgency.TODAY, title=f"Message not delivered: {catalogue.get(message.kind).words}",
            detail=f"To {message.to_name or message.to_address}. Check the address, then send it again.",
            link=reverse("outbox:message", args=[message.pk]), link_words="Open the message", for_role=Role.ADMIN, by=by,
        )  # fmt: skip
