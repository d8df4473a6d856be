"""Keeping one's own psychotherapy notes. The words go in and are sealed at once; no message repeats them."""

from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from kap.accounts.permissions import Can, require
from kap.core import clock, vault
from kap.core.actions import action
from kap.core.errors import Refused, Stale
from kap.notes.psychotherapy.models import PsychotherapyNote
from kap.people import break_glass
from kap.people.models import Client

NOT_BY_EMERGENCY = "You are here by emergency access. It opens the chart; psychotherapy notes stay closed, to be read or written."


class Conflict(Stale):
    """It was changed in another window: `theirs` are the words kept there. Nothing is lost."""

    def __init__(self, theirs: str, revision: int):
        self.theirs, self.revision = theirs, revision
        super().__init__("This note was changed in another window. Both texts are below: nothing is lost.")


@action("psychotherapy.keep")
@sensitive_variables()
def keep(*, client, note_id, words: str, revision: int, by) -> PsychotherapyNote:
    """Begin the note of that id, or change it. `revision`: the one the page was opened with, 0 for a new one.

    Raises Refused (not hers to write), Stale (locked), Conflict (changed elsewhere since).
    """
    must_care(client, by)
    note = _locked_row(note_id) or _begun(client, note_id, by)
    _must_be_open(note, client, by)
    kept = note.words()
    if kept == words:
        return note
    if revision != note.revision:
        raise Conflict(kept, note.revision)
    vault.write(note, "body", words)
    note.revision, note.saved_at = note.revision + 1, clock.now()
    note.save(update_fields=["body", "revision", "saved_at"])
    return note


@action("psychotherapy.lock")
def lock(*, note, by) -> PsychotherapyNote:
    """From now on it only stands there to be read by its author."""
    row = _locked_row(note.pk)
    must_care(note.client, by)
    _must_be_open(row, note.client, by)
    if not row.body:
        raise Refused("Write something before you lock the note.")
    row.locked_at = clock.now()
    row.save(update_fields=["locked_at"])
    return row


@action("psychotherapy.discard")
def discard(*, note, by) -> None:
    """The author throws away a note that is not locked. The history keeps that there was one, not its words."""
    row = _locked_row(note.pk)
    must_care(note.client, by)
    _must_be_open(row, note.client, by)
    row.delete()


def must_care(client, by) -> None:
    """For every page and every write here: of the care team, and not by emergency access. Raises Refused."""
    require(by, Can.KEEP_PSYCHOTHERAPY_NOTES)
    if Client.objects.cared_for_by(by).filter(pk=client.pk).exists():
        return
    by_emergency = break_glass.only_by_emergency(client, by)
    raise Refused(NOT_BY_EMERGENCY if by_emergency else "You are not on this client's care team.")


def _locked_row(note_id) -> PsychotherapyNote | None:
    return PsychotherapyNote.objects.select_for_update().filter(pk=note_id).first()


def _begun(client, note_id, by) -> PsychotherapyNote:
    try:
        with transaction.atomic():
            return PsychotherapyNote.objects.create(pk=note_id, client=client, author=by)
    except IntegrityError:  # two windows or two clicks began it at the same moment
        return _locked_row(note_id)


def _must_be_open(note, client, by) -> None:
    """Another author's note, or that of another client, is as if it were not there."""
    if note is None or note.author_id != by.pk or note.client_id != client.pk:
        raise Refused("This note is not here. Open your notes of this client and begin a new one.")
    if note.locked_at:
        raise Stale("This note is locked and cannot be changed. Write a new one.")
