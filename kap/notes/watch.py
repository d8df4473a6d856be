"""Drafts that nobody signed."""

from datetime import timedelta

from kap.core import clock
from kap.notes.models import Note
from kap.worklist.actions import Kind, Urgency, raise_item

LATE = timedelta(hours=24)  # after the session; a house rule of ours, no clinical limit


def run(*, by) -> None:
    """A draft of a session a day ago is on the care team's list until it is signed or thrown away."""
    drafts = Note.objects.filter(signed_at=None, created_at__lt=clock.now() - LATE).exclude(body={})
    for note in drafts.select_related("client", "author"):
        raise_item(
            key=f"unsigned_note:{note.pk}", kind=Kind.UNSIGNED_NOTE, urgency=Urgency.TODAY, client=note.client,
            title=f"{note.get_kind_display()} note not signed", detail=f"Draft of {note.author.name}.",
            link=f"/clients/{note.client_id}", link_words="Open the chart", by=by,
        )  # fmt: skip
