"""Drafts, signatures and addenda. A signed note is only ever added to."""

from django.db import IntegrityError, transaction

from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action, constraint_name
from kap.core.errors import Refused, Stale
from kap.documents.canonical import canonical, sha256
from kap.documents.names import name_problem
from kap.notes import forms
from kap.notes.models import Addendum, Kind, Note
from kap.people.models import Client
from kap.worklist.actions import close

SIGNS = {
    Kind.INTAKE: Can.SIGN_INTAKE_SESSION,
    Kind.PREPARATION: Can.SIGN_PREPARATION,
    Kind.INTEGRATION: Can.SIGN_INTEGRATION,
    Kind.PROGRESS: Can.CHART_VITALS,  # every clinician
}


class Conflict(Stale):
    """The draft changed elsewhere since this page was opened. Both texts are kept: `mine` and `theirs`."""

    def __init__(self, mine: dict, theirs: dict, revision: int):
        self.mine, self.theirs, self.revision = mine, theirs, revision
        super().__init__("This note was changed in another window. Both texts are below: nothing is lost.")


@action("notes.start")
def start(*, course, kind: str, about=None, held_at=None, by) -> Note:
    """This author's open draft for that session, or a new one. Raises Refused when another has begun or signed it."""
    _may_write(course.client_id, kind, by)
    about = getattr(about, "pk", about)
    found = Note.objects.filter(course=course, kind=kind, about=about)
    if draft := found.filter(author=by, signed_at=None).first():
        return draft
    if about is not None and (other := found.select_related("author").first()):
        raise Stale(
            f"{other.author.name} has {'signed' if other.signed_at else 'begun'} the note for this session. "
            + ("Add to it with an addendum." if other.signed_at else "Speak with the author.")
        )
    try:
        with transaction.atomic():
            return Note.objects.create(
                client_id=course.client_id, course=course, kind=kind, about=about, author=by, held_at=held_at
            )
    except IntegrityError as error:
        if constraint_name(error) == "one_integration_note_per_dose":
            raise Stale("Somebody else has just begun the note for this session.") from error
        raise


def _may_write(client_id, kind: str, by) -> None:
    require(by, SIGNS[Kind(kind)])
    if not Client.objects.visible_to(by).filter(pk=client_id).exists():
        raise Refused("You are not on this client's care team.")


def _open_draft(note, by) -> Note:
    note = (
        Note.objects.select_for_update(of=("self",))
        .select_related("author", "client", "course")
        .get(pk=note.pk)
    )
    if note.signed_at:
        raise Stale(f"This note was signed by {note.printed_name}. Add to it with an addendum.")
    if note.author_id != by.pk:
        raise Refused(f"This is a draft of {note.author.name}. Only the author can change or sign it.")
    return note


@action("notes.save_draft")
def save_draft(*, note, body: dict, revision: int, by) -> Note:
    """Keep the typing. `revision` is the one the page was opened with.

    Raises Conflict, with both texts, when the draft was saved elsewhere in between; Stale when it is signed.
    """
    note = _open_draft(note, by)
    body = forms.clean(note.kind, body)
    if body == note.body:
        return note
    if revision != note.revision:
        raise Conflict(body, note.body, note.revision)
    note.body, note.revision, note.saved_at = body, note.revision + 1, clock.now()
    note.save(update_fields=["body", "revision", "saved_at"])
    return note


@action("notes.sign")
def sign(*, note, printed_name: str, held_at=None, by) -> Note:
    """Freeze the draft under the author's typed name. Raises Refused (what is missing), Stale (signed already)."""
    note = _open_draft(note, by)
    _may_write(note.client_id, note.kind, by)
    reasons = forms.missing(note.kind, note.body)
    if problem := name_problem(printed_name, by):
        reasons.append(problem)
    if reasons:
        raise Refused(reasons)
    note.signed_at, note.signed_by, note.printed_name = clock.now(), by, " ".join(printed_name.split())
    note.held_at = held_at or note.held_at or note.signed_at
    note.content = canonical(
        {
            "note": note.pk, "kind": note.kind, "client": note.client_id, "course": note.course_id, "about": note.about,
            "held_at": note.held_at, "author": by.pk, "printed_name": note.printed_name, "signed_at": note.signed_at,
            "form": forms.version(note.kind), "body": note.body,
        }
    )  # fmt: skip
    note.sha256 = sha256(note.content)
    note.save()
    close(key=f"unsigned_note:{note.pk}", by=by)
    return note


@action("notes.add_addendum")
def add_addendum(*, note, text: str, printed_name: str, by) -> Addendum:
    """Words under a signed note, by anyone on the care team who may write such notes."""
    if note.signed_at is None:
        raise Refused("This note is still a draft. Change it directly.")
    _may_write(note.client_id, note.kind, by)
    if not text.strip():
        raise Refused("Write what you want to add.")
    if problem := name_problem(printed_name, by):
        raise Refused(problem)
    return Addendum.objects.create(
        note=note,
        text=text.strip(),
        printed_name=" ".join(printed_name.split()),
        added_by=by,
        added_at=clock.now(),
    )


@action("notes.discard_draft")
def discard_draft(*, note, by) -> None:
    """The author throws away a draft begun by mistake. Only drafts can go; the database keeps the signed."""
    _open_draft(note, by).delete()
