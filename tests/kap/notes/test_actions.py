"""Draft, sign, add: who may, what is kept, and what the database itself refuses."""

import json

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from kap.core.errors import Refused, Stale
from kap.documents.canonical import sha256
from kap.notes import actions, forms
from kap.notes.models import Kind, Note
from tests.factories import notes as make
from tests.factories.people import UserFactory

SESSION = "6b1f0d3e-8a4e-4e0e-9f0a-000000000001"


def test_beginning_twice_finds_the_open_draft(course, mara):
    first = actions.start(course=course, kind="progress", by=mara)
    assert actions.start(course=course, kind="progress", by=mara).pk == first.pk


def test_one_integration_note_per_dose_whoever_begins(course, mara):
    make.draft(course, "integration", mara, about=SESSION)
    with pytest.raises(Stale, match=mara.name):
        actions.start(course=course, kind="integration", about=SESSION, by=make.author_for(course))


def test_strangers_and_those_without_the_right_cannot_begin(course, mara):
    with pytest.raises(Refused, match="care team"):
        actions.start(course=course, kind="progress", by=UserFactory(roles=["therapist"]))
    with pytest.raises(PermissionDenied):
        actions.start(course=course, kind="integration", by=make.author_for(course, roles=["monitor"]))


def test_a_save_based_on_an_older_one_is_a_conflict_and_both_texts_are_kept(course, mara):
    note = actions.start(course=course, kind="progress", by=mara)
    actions.save_draft(note=note, body={"plan": "first window"}, revision=0, by=mara)
    with pytest.raises(actions.Conflict) as conflict:
        actions.save_draft(note=note, body={"plan": "second window"}, revision=0, by=mara)
    assert (conflict.value.mine, conflict.value.theirs) == (
        {"plan": "second window"},
        {"plan": "first window"},
    )
    saved = actions.save_draft(note=note, body={"plan": "both"}, revision=conflict.value.revision, by=mara)
    assert (saved.body, saved.revision) == ({"plan": "both"}, 2)


def test_saving_what_is_there_already_changes_nothing(course, mara):
    note = make.draft(course, by=mara)
    again = actions.save_draft(note=note, body=note.body, revision=0, by=mara)
    assert again.revision == note.revision


def test_only_the_author_changes_signs_or_throws_away_a_draft(course, mara):
    note, other = make.draft(course, by=mara), make.author_for(course)
    for act in (
        lambda: actions.save_draft(note=note, body={}, revision=1, by=other),
        lambda: actions.sign(note=note, printed_name=other.name, by=other),
        lambda: actions.discard_draft(note=note, by=other),
    ):
        with pytest.raises(Refused, match="Only the author"):
            act()
    actions.discard_draft(note=note, by=mara)
    assert not Note.objects.exists()


@pytest.mark.parametrize("kind", Kind.values)
def test_signing_says_everything_that_is_missing(course, mara, kind):
    note = make.draft(course, kind, mara, about=SESSION, body={})
    with pytest.raises(Refused) as refused:
        actions.sign(note=note, printed_name="", by=mara)
    needed = [s for s in forms.form(kind).sections if s.required]
    assert len(refused.value.reasons) == len(needed) + 1
    assert needed[0].title in refused.value.reasons[0]


@pytest.mark.parametrize("kind", Kind.values)
def test_signing_freezes_the_text_with_its_hash(course, mara, kind):
    note = make.signed(course, kind, mara, about=SESSION)
    content = json.loads(bytes(note.content))
    assert content["body"] == make.full_body(kind)
    assert content["form"] == forms.version(kind)
    assert note.sha256 == sha256(note.content)
    with pytest.raises(Stale, match="addendum"):
        actions.save_draft(note=note, body={}, revision=note.revision, by=mara)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE notes_note SET body = '{}'", "UPDATE notes_note SET signed_at = NULL, signed_by_id = NULL",
        "DELETE FROM notes_note", "TRUNCATE notes_note CASCADE", "UPDATE notes_addendum SET text = 'x'",
        "DELETE FROM notes_addendum",
    ],
)  # fmt: skip
def test_the_database_keeps_what_is_signed(course, mara, sql):
    note = make.signed(course, by=mara)
    actions.add_addendum(note=note, text="More.", printed_name=mara.name, by=mara)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_an_addendum_is_signed_by_whoever_adds_it(course, mara):
    note, other = make.signed(course, by=mara), make.author_for(course)
    with pytest.raises(Refused):
        actions.add_addendum(note=note, text="More.", printed_name=mara.name, by=other)
    added = actions.add_addendum(note=note, text=" More. ", printed_name=other.name, by=other)
    assert (added.text, added.added_by) == ("More.", other)
    with pytest.raises(Refused, match="draft"):
        actions.add_addendum(note=make.draft(course, by=other), text="x", printed_name=other.name, by=other)


def test_drafts_are_their_authors_signed_notes_the_teams(course, mara):
    draft, signed = make.draft(course, by=mara), make.signed(course, "preparation", mara)
    other = make.author_for(course)
    assert set(Note.objects.visible_to(mara)) == {draft, signed}
    assert set(Note.objects.visible_to(other)) == {signed}
    assert not Note.objects.visible_to(UserFactory(roles=["therapist"])).exists()
    assert not Note.objects.visible_to(UserFactory(roles=["admin"])).exists()


def test_only_known_sections_and_choices_are_kept():
    body = {
        "plan": " x\r\ny\x00 ",
        "other": "z",
        "mood": "Splendid",
        "tools": ["Journal", "Guns"],
        "risk_level": "",
    }
    assert forms.clean("integration", body) == {"plan": "x\ny", "tools": ["Journal"]}


def test_a_draft_a_day_old_waits_on_the_list_until_it_is_signed(course, mara):
    from datetime import timedelta

    from kap.core import clock
    from kap.core.actions import System
    from kap.notes import watch
    from kap.worklist.models import Item

    note = make.draft(course, by=mara)
    watch.run(by=System("watch"))
    assert not Item.objects.exists()
    clock.advance(timedelta(hours=25))
    watch.run(by=System("watch"))
    item = Item.objects.visible_to(mara).get()
    actions.sign(note=note, printed_name=mara.name, by=mara)
    item.refresh_from_db()
    assert item.closed_by_rule
