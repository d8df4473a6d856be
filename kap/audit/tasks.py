"""What beat starts."""

from celery import shared_task

from kap.audit import seal as sealer


@shared_task
def seal() -> None:
    sealer.seal()
