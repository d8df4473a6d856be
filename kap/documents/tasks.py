from celery import shared_task

from kap.documents import rendering


@shared_task
def render_owed() -> None:
    rendering.render_owed()
