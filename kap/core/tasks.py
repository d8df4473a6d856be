"""Signs of life of worker and beat. The beat's is written by the task that only beat sends."""

from celery import shared_task
from django.db.models.functions import Now  # noqa: TID251 - signs of life use real time

from kap.core.models import Heartbeat


@shared_task
def heartbeat():
    for name in ("worker", "beat"):
        Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": Now()})
