"""The worker and its timetable. Tasks carry no arguments worth losing: the tables say what is owed."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kap.settings")

app = Celery("kap")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def timetable(sender, **kwargs):
    """Intervals, not clock times: a beat that was down has nothing to catch up."""
    from django.conf import settings

    every = settings.SWEEP_SECONDS
    schedule = {
        "heartbeat": ("kap.core.tasks.heartbeat", min(every, 15.0)),
        "dispatch": ("kap.outbox.tasks.dispatch", every),
        "render": ("kap.documents.tasks.render_owed", every),
        "seal": ("kap.audit.tasks.seal", max(every, 60.0) if every >= 30 else every * 5),
        "watch": ("kap.outbox.tasks.watch", max(every, 60.0) if every >= 30 else every * 5),
    }
    sender.conf.beat_schedule = {
        name: {"task": task, "schedule": seconds, "options": {"expires": max(seconds, 5)}}
        for name, (task, seconds) in schedule.items()
    }
