"""What beat and the nudges start. No arguments: the tables say what is owed."""

from celery import shared_task

from kap.outbox import dispatch as sender
from kap.outbox import watch as rules


@shared_task
def dispatch() -> None:
    sender.dispatch()


@shared_task
def watch() -> None:
    rules.run()
