"""Making the demonstration: all stories at once along one calendar, messages sent on the way. One transaction."""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection
from psycopg2 import sql

from kap.core import clock
from kap.core.actions import as_one
from kap.core.errors import Refused
from kap.core.models import Clinic
from kap.demo import cast, clinic
from kap.demo.stories import STORIES
from kap.demo.world import FOUNDED_DAYS_AGO, Case, World
from kap.outbox import dispatch, nudge, watch
from kap.outbox.models import Message, State

MAILBOX_DAYS = 4  # mail of these last days is kept as mail; what is older is recorded as sent
BATCH = 200
A_MOMENT = timedelta(seconds=25)  # from the time at which a message is due until the worker has it


def build(say: Callable[[str], None] = print, people=cast.CLIENTS) -> World:
    """Everything or nothing: a refusal in any story ends it and leaves the database empty. Raises StoryBroke."""
    world = clinic.reload()
    with nudge.quiet(), as_one():
        say(f"  {cast.CLINIC['name']}: people, rooms, hours, texts")
        with clock.at(world.at(-FOUNDED_DAYS_AGO)):
            clinic.found(world)
        _tell(world, people, say)
        with clock.at(world.now):
            watch.run()
        settle(world.now, world.now)
    return world


def _tell(world: World, people, say) -> None:
    """Always go on with the story whose next act comes first, as the days would have brought it."""
    waiting, going_on = [], 0
    for place, person in enumerate(people):
        story = STORIES[person.story](case := Case.of(world, person))
        heapq.heappush(waiting, (next(story), place, case, story))
    week = None
    while waiting:
        instant, place, case, story = heapq.heappop(waiting)
        if instant > world.now:
            going_on += 1
            continue
        if week != (week := world.offset(instant) // 7):
            say(f"  week of {world.day(week * 7):%-d %B}")
        settle(instant, world.now)
        if (further := _go_on(instant, case, story)) is not None:
            heapq.heappush(waiting, (max(further, instant + timedelta(seconds=30)), place, case, story))
    say(f"  {len(people)} clients, {going_on} with something still to come today")


def _go_on(instant: datetime, case: Case, story) -> datetime | None:
    with clock.at(instant):
        try:
            return next(story, None)
        except Refused as refusal:
            raise case.refused(refusal) from refusal


# ---------------------------------------------------------------- messages


def settle(until: datetime, now: datetime) -> None:
    """Deal with what was due by then, at its own time, by the dispatcher's own rules."""
    if not Message.objects.owed().filter(send_at__lte=until).exists():
        return
    while due := _claimed(until):
        for message in due:
            with clock.at(min(until, message.send_at + A_MOMENT)):
                if message.send_at > now - timedelta(days=MAILBOX_DAYS):
                    dispatch.deal_with(message)
                else:
                    _record(message)


def _claimed(until: datetime) -> list[Message]:
    with clock.at(until):
        return dispatch.claim(limit=BATCH, by=dispatch.DISPATCH)


def _record(message) -> None:
    """As if it had been sent then: asked again like every message, but not kept as mail."""
    why = dispatch.why_not(message)
    dispatch.end(message=message, state=State.DROPPED if why else State.SENT, why=why, by=dispatch.DISPATCH)


# ---------------------------------------------------------------- is it there, is it of today


def is_stale() -> bool:
    """Whether a demonstration is there that was made on another day."""
    there = Clinic.objects.first()
    if there is None:
        return False
    world = clinic.reload()
    return world.local(there.created_at).date() != world.day(-FOUNDED_DAYS_AGO)


def is_ours() -> bool:
    """Whether the clinic in the database is the demonstration, and not somebody's own."""
    there = Clinic.objects.first()
    return there is not None and there.name == cast.CLINIC["name"] and there.email == cast.CLINIC["email"]


KEEP = {"django_migrations", "django_content_type", "auth_permission"}


def wipe(owner) -> None:
    """Empty all tables, signed and history rows included: with triggers asleep, which only the owner may do.

    `owner`: an open connection as a role that may. The application's own role cannot, and must not.
    """
    with connection.cursor() as cursor:
        tables = [table for table in connection.introspection.table_names(cursor) if table not in KEEP]
    with owner.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for table in tables:
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        cursor.execute("SET session_replication_role = DEFAULT")
