"""Is the clinic able to work? Each check is a name, whether it is well, and words for the operator."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import redis
from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from kap.core.models import Heartbeat


@dataclass(frozen=True)
class Check:
    name: str
    well: bool
    words: str


def checks() -> list[Check]:
    found = [_database(), _redis()]
    if found[0].well:
        found += [_beat("worker"), _beat("beat"), import_string("kap.outbox.health.lag")()]
    return found


def _database() -> Check:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return Check("database", True, "answers")
    except Exception as error:
        return Check("database", False, f"does not answer: {type(error).__name__}")


def _redis() -> Check:
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1).ping()
        return Check("redis", True, "answers")
    except redis.RedisError as error:
        return Check(
            "redis", False, f"does not answer: {type(error).__name__}. Reminders wait in the database."
        )


def _beat(name: str) -> Check:
    """Older than four sweeps (at least a minute) means that nobody is sweeping."""
    row = Heartbeat.objects.filter(name=name).first()
    if row is None:
        return Check(name, False, "was never seen")
    age = datetime.now(UTC) - row.beat_at  # noqa: TID251 - real time, whatever the clinic's clock says
    limit = timedelta(seconds=max(60, 4 * settings.SWEEP_SECONDS))
    return Check(name, age < limit, f"seen {int(age.total_seconds())} s ago")
