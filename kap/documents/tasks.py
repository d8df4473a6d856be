from celery import shared_task

from kap.documents import rendering
from kap.outbox import nudge


@shared_task
def render_owed() -> None:
    """A batch; when it was full, the next one is asked for at once."""
    if rendering.render_owed() == rendering.MOST:
        nudge.send("kap.documents.tasks.render_owed")
