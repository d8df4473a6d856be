"""A new key: all sealed rows come under it while the clinic writes, and nothing is called done that is not."""

import base64
import io
import os
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from kap.core import reseal, vault
from kap.core.keyring import Keys, read_keys
from kap.core.vault import Unreadable
from kap.notes.psychotherapy import actions
from kap.notes.psychotherapy.models import PsychotherapyNote
from tests.factories.notes import author_for
from tests.factories.pathway import CourseFactory
from tests.kap.notes.test_psychotherapy import keep

PLACE = reseal.Place(PsychotherapyNote, "body")


@pytest.fixture
def old_and_new(settings):
    """The old key is in use; `settings.FIELD_KEYS = both` brings the new one."""
    made = [base64.b64encode(os.urandom(32)).decode() for _ in range(2)]
    settings.FIELD_KEYS = read_keys(f"k1:{made[0]}")
    return settings, read_keys(f"k2:{made[1]},k1:{made[0]}")


def run(*args) -> str:
    out = io.StringIO()
    call_command("rotate_keys", *args, stdout=out)
    return out.getvalue()


def ids_of_keys() -> set:
    return {vault.key_of(body) for body in PsychotherapyNote.objects.values_list("body", flat=True)}


def test_every_sealed_column_is_found():
    assert PLACE in reseal.places()
    assert not any("Event" in place.label for place in reseal.places())


def test_rotation_seals_all_rows_anew_locked_ones_too_and_history_stays_still(old_and_new, course, mara):
    settings, both = old_and_new
    notes = [keep(course, mara, f"words {n}") for n in range(7)]
    actions.lock(note=notes[0], by=mara)
    told = PsychotherapyNote.history.rel.related_model.objects.count()
    settings.FIELD_KEYS = both
    with pytest.raises(CommandError, match="7 values are not under k2"):
        run("--check")
    text = run("--batch", "3")
    assert "7 values, 7 sealed anew, 0 left" in text
    assert "Done: everything is under k2" in text
    assert ids_of_keys() == {"k2"}
    settings.FIELD_KEYS = Keys({"k2": both["k2"]})  # the old key is gone for good
    assert {n.words() for n in PsychotherapyNote.objects.all()} == {f"words {n}" for n in range(7)}
    assert PsychotherapyNote.history.rel.related_model.objects.count() == told
    assert "0 sealed anew" in run()


def test_a_run_that_ends_half_way_goes_on_where_it_was(old_and_new, course, mara):
    settings, both = old_and_new
    for n in range(6):
        keep(course, mara, f"words {n}")
    settings.FIELD_KEYS = both

    def power_cut(count):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reseal.rotate(PLACE, batch=2, after_batch=power_cut)
    assert PLACE.behind().count() == 4
    assert "4 sealed anew" in run("--batch", "2")


def test_a_row_that_does_not_open_is_named_left_alone_and_the_command_fails(old_and_new, course, mara):
    settings, both = old_and_new
    good, bad = keep(course, mara, "good"), keep(course, mara, "bad")
    PsychotherapyNote.objects.filter(pk=bad.pk).update(body=good.body)  # somebody swapped ciphertexts
    settings.FIELD_KEYS = both
    out = io.StringIO()
    with pytest.raises(CommandError, match="Not done: 1 value is not under k2"):
        call_command("rotate_keys", stdout=out)
    assert str(bad.pk) in out.getvalue()
    assert PsychotherapyNote.objects.get(pk=bad.pk).body == good.body
    assert PsychotherapyNote.objects.get(pk=good.pk).words() == "good"


def test_without_the_old_key_nothing_is_lost_and_nothing_is_called_done(old_and_new, course, mara):
    settings, both = old_and_new
    note = keep(course, mara, "words")
    settings.FIELD_KEYS = Keys({"k2": both["k2"]})
    with pytest.raises(CommandError, match="Not done"):
        run()
    with pytest.raises(Unreadable, match="k1"):
        PsychotherapyNote.objects.get(pk=note.pk).words()
    settings.FIELD_KEYS = both
    assert "Done" in run()


@pytest.mark.django_db(transaction=True)
def test_what_is_typed_during_the_rotation_is_never_overwritten(old_and_new):
    """A writer saves each note again and again while keys change; in the end every last word is there."""
    settings, both = old_and_new
    course = CourseFactory(stage="preparation")
    mara = author_for(course)
    notes = [keep(course, mara, f"note {n}") for n in range(12)]
    settings.FIELD_KEYS = both
    began, stop, last, problems = threading.Event(), threading.Event(), {}, []

    def write():
        turn = 0
        try:
            while not stop.is_set() or turn == 0:
                turn += 1
                for note in notes:
                    words = f"turn {turn} of {note.pk}"
                    fresh = PsychotherapyNote.objects.get(pk=note.pk)
                    actions.keep(
                        client=course.client, note_id=note.pk, words=words, revision=fresh.revision, by=mara
                    )
                    last[note.pk] = words
                    began.set()
        except Exception as error:
            problems.append(error)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    began.wait(10)
    try:
        reseal.rotate(PLACE, batch=1)
    finally:
        stop.set()
        writer.join(20)
    assert problems == []
    assert {note.pk: PsychotherapyNote.objects.get(pk=note.pk).words() for note in notes} == last
    assert PLACE.behind().count() == 0
