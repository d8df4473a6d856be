"""Telling the workers that something is due, without ever making a page wait for it.

The row is in the table already and beat sweeps it anyway; a nudge only makes it quicker. When Redis does
not answer, the next nudges are left out for a while.
"""

import logging
import time
from contextlib import contextmanager

from django.db import connection, transaction

log = logging.getLogger(__name__)
WAIT_SECONDS = 1  # the longest a page may hang on a dead Redis, and only once in REST_SECONDS
REST_SECONDS = 30
_resting_until = 0.0


def dispatch() -> None:
    send("kap.outbox.tasks.dispatch")


def after_commit(nudge) -> None:
    """Once per transaction, however many rows it owes."""
    if not any(entry[1] is nudge for entry in connection.run_on_commit):
        transaction.on_commit(nudge, robust=True)


def send(task: str) -> None:
    global _resting_until
    if time.monotonic() < _resting_until:
        return
    from celery import current_app

    limits = {"socket_connect_timeout": WAIT_SECONDS, "socket_timeout": WAIT_SECONDS, "max_retries": 0}
    try:
        with current_app.connection_for_write(
            connect_timeout=WAIT_SECONDS,
            transport_options={**current_app.conf.broker_transport_options, **limits},
        ) as channel:
            current_app.send_task(task, connection=channel, retry=False, ignore_result=True, expires=60)
    except Exception as error:  # whatever is wrong with the broker, the page goes on
        _resting_until = time.monotonic() + REST_SECONDS
        log.warning("The worker could not be told (%s); beat will find what is due.", type(error).__name__)


@contextmanager
def quiet():
    """Nobody is told here: the demonstration owes hundreds of messages of days long past, and settles them itself."""
    global _resting_until
    before, _resting_until = _resting_until, float("inf")
    try:
        yield
    finally:
        _resting_until = before
