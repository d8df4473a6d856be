"""A psychotherapy note is read by its author and by nobody else, in whatever way they try."""

import json
import re
import uuid

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern

from kap.accounts.permissions import Can
from kap.audit.models import AccessLog
from kap.core.errors import Refused, Stale
from kap.core.vault import Unreadable
from kap.notes.psychotherapy import actions
from kap.notes.psychotherapy.models import PsychotherapyNote
from tests.conftest import owner_connection
from tests.factories.notes import author_for
from tests.factories.people import TeamMemberFactory, UserFactory

CANARY = "Kranichfeder: Zaunkönigin dreamt of her mother"
AUTOSAVE = {"HTTP_X_AUTOSAVE": "1"}
History = PsychotherapyNote.history.rel.related_model


def keep(course, by, words=CANARY, note_id=None, revision=0):
    return actions.keep(
        client=course.client, note_id=note_id or uuid.uuid4(), words=words, revision=revision, by=by
    )


@pytest.fixture
def note(course, mara):
    return keep(course, mara)


@pytest.fixture
def page(note):
    return reverse("notes:psychotherapy", args=[note.client_id, note.pk])


# What the author does


def test_the_author_writes_reads_and_finds_it_on_her_list(client, course, mara):
    client.force_login(mara)
    new = reverse("notes:psychotherapy_new", args=[course.client_id])
    text = client.get(new).content.decode()
    assert not PsychotherapyNote.objects.exists(), "looking writes nothing"
    note_id = text.split('name="note" value="')[1].split('"')[0]
    answer = client.post(new, {"note": note_id, "version": "0", "words": CANARY}, follow=True)
    assert CANARY in answer.content.decode()
    note = PsychotherapyNote.objects.get()
    assert str(note.pk) == note_id
    assert CANARY in client.get(reverse("notes:psychotherapy_list", args=[course.client_id])).content.decode()
    assert "Your psychotherapy notes" in client.get(f"/clients/{course.client_id}/notes/").content.decode()
    assert AccessLog.objects.filter(kind="note", client_id=course.client_id, object_id=note_id).exists()


def test_autosaves_of_a_new_page_meet_in_one_note_and_raise_its_version(client, course, mara):
    client.force_login(mara)
    new, note_id = reverse("notes:psychotherapy_new", args=[course.client_id]), uuid.uuid4()
    data = {"note": note_id, "version": "0", "words": "She"}
    first = json.loads(client.post(new, data, **AUTOSAVE).content)
    assert set(first) == {"saved_at", "version"}
    data |= {"version": first["version"], "words": "She spoke"}
    assert json.loads(client.post(new, data, **AUTOSAVE).content)["version"] == 2
    assert PsychotherapyNote.objects.get().words() == "She spoke"


def test_two_windows_the_second_is_told_and_shown_both(client, page, mara, note):
    client.force_login(mara)
    client.post(page, {"version": "1", "words": "first window"}, **AUTOSAVE)
    answer = client.post(page, {"version": "1", "words": "second window"}, **AUTOSAVE)
    assert answer.status_code == 409
    assert json.loads(answer.content)["theirs"] == "first window"
    shown = client.post(page, {"version": "1", "words": "second window"})
    assert shown.status_code == 409
    assert "first window" in shown.content.decode()
    assert "second window</textarea>" in shown.content.decode()
    assert 'name="version" value="2"' in shown.content.decode()
    assert client.post(page, {"version": "2", "words": "both"}).status_code == 302
    note.refresh_from_db()
    assert note.words() == "both"


@pytest.mark.parametrize("words", ["", "   ", "x" * 20_001])
def test_what_cannot_be_kept_stays_on_the_page(client, page, mara, words):
    client.force_login(mara)
    answer = client.post(page, {"version": "1", "words": words})
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_locked_means_read_only_in_the_page_the_action_and_the_database(client, page, mara, note, course):
    client.force_login(mara)
    token = uuid.uuid4()
    assert client.post(page + "lock/", {"once": token}).status_code == 302
    text = client.get(page).content.decode()
    assert CANARY in text
    assert "<textarea" not in text
    answer = client.post(page, {"version": "1", "words": "afterwards"})
    assert answer.status_code == 409
    assert "afterwards" in answer.content.decode()
    for change in (
        lambda: keep(course, mara, "afterwards", note.pk, 1),
        lambda: actions.lock(note=note, by=mara),
        lambda: actions.discard(note=note, by=mara),
    ):
        with pytest.raises(Stale, match="locked"):
            change()
    rows = PsychotherapyNote.objects.filter(pk=note.pk)
    for column, value in (
        ("locked_at", None),
        ("revision", 9),
        ("body", note.body[:-1] + "A" + note.body[-1]),
    ):
        with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
            rows.update(**{column: value})
    with pytest.raises(DatabaseError, match="cannot be deleted"), transaction.atomic():
        rows.delete()


def test_a_note_thrown_away_is_gone_and_the_history_knows_when(client, page, mara, note):
    client.force_login(mara)
    assert client.post(page + "discard/", {"once": uuid.uuid4()}).status_code == 302
    assert not PsychotherapyNote.objects.exists()
    labels = list(History.objects.order_by("pgh_id").values_list("pgh_label", flat=True))
    assert labels == ["insert", "update", "delete"]


def test_a_note_thrown_away_is_nothing_the_verifier_wonders_about_a_locked_one_that_went_is(course, mara):
    from kap.audit import verify

    def gone() -> list:
        return [found for found in verify.newest_rows(verify.Count()) if "psychotherapy" in str(found)]

    actions.discard(note=keep(course, mara), by=mara)
    assert gone() == []
    locked = actions.lock(note=keep(course, mara), by=mara)
    History.objects.create(
        id=uuid.uuid4(), pgh_obj_id=uuid.uuid4(), pgh_label="update", client_id=locked.client_id, author=mara,
        locked_at=locked.locked_at,
    )  # fmt: skip
    assert len(gone()) == 1


# What the database keeps


def test_the_database_takes_no_plain_words_and_no_other_author(note, course):
    rows = PsychotherapyNote.objects.filter(pk=note.pk)
    for words in (CANARY, "kv1.k1.plain words", "kv1.t1.tooshort"):
        with pytest.raises(DatabaseError, match="psychotherapy_note_is_sealed"), transaction.atomic():
            rows.update(body=words)
    other = author_for(course)
    with pytest.raises(DatabaseError, match="stays with its author"), transaction.atomic():
        rows.update(author=other)
    with pytest.raises(DatabaseError, match="null value"), transaction.atomic():
        PsychotherapyNote.objects.create(client=course.client, author=None)


def test_two_notes_with_their_ciphertexts_swapped_do_not_open(course, mara):
    first, second = keep(course, mara, "first"), keep(course, mara, "second")
    PsychotherapyNote.objects.filter(pk=first.pk).update(body=second.body)
    first.refresh_from_db()
    with pytest.raises(Unreadable):
        first.words()


def test_a_note_that_does_not_open_says_so_on_list_and_page(client, course, mara):
    first, second = keep(course, mara, "first"), keep(course, mara, "second")
    PsychotherapyNote.objects.filter(pk=first.pk).update(body=second.body)
    client.force_login(mara)
    listed = client.get(reverse("notes:psychotherapy_list", args=[course.client_id]))
    assert "cannot be opened" in listed.content.decode()
    page = client.get(reverse("notes:psychotherapy", args=[course.client_id, first.pk]))
    assert page.status_code == 409
    assert "cannot be opened" in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_dump_of_all_tables_and_logs_holds_no_plain_word(caplog, capfd):
    """As COPY writes them, which is what a dump holds: every table, history, sessions and cache included."""
    from tests.factories.core import ClinicFactory
    from tests.factories.pathway import CourseFactory

    ClinicFactory()
    course = CourseFactory(stage="preparation")
    mara = author_for(course)
    browser = Browser()
    browser.force_login(mara)
    note = keep(course, mara)
    page = reverse("notes:psychotherapy", args=[course.client_id, note.pk])
    browser.post(page, {"version": "1", "words": CANARY + " again"}, **AUTOSAVE)
    browser.post(page, {"version": "0", "words": CANARY + " lost"})  # a conflict
    browser.post(page + "lock/", {"once": uuid.uuid4()})
    found, dump = set(), b""
    with owner_connection() as owner, owner.cursor() as cursor:
        tables = connection.introspection.table_names()
        for table in tables:
            out = _Sink()
            cursor.copy_expert(f'COPY "{table}" TO STDOUT', out)
            found |= {table} if str(note.pk).encode() in out.body else set()
            dump += out.body
    owner.close()
    assert {"notes_psychotherapynote", "notes_psychotherapynoteevent"} <= found, "the dump was read"
    shown = dump.decode("utf-8", "replace") + caplog.text + "".join(capfd.readouterr())
    for word in ("Kranich", "Zaunk", "dreamt"):
        assert word not in shown


class _Sink:
    def __init__(self):
        self.body = b""

    def write(self, chunk):
        self.body += chunk


# What everybody else gets


@pytest.fixture
def others(course):
    """Each kind of person who is near: on the team, of the house, and the client herself."""
    people = {role: author_for(course, (role,)) for role in ("therapist", "prescriber", "monitor")}
    people["admin"] = UserFactory(roles=["admin"])
    people["admin on the team"] = author_for(course, ("admin", "therapist"))
    people["therapist elsewhere"] = UserFactory(roles=["therapist"])
    people["client"] = course.client.user or UserFactory(roles=["client"])
    if course.client.user is None:
        course.client.user = people["client"]
        course.client.save(update_fields=["user"])
    return people


WHO = (
    "therapist", "prescriber", "monitor", "admin", "admin on the team", "therapist elsewhere", "client", "nobody",
)  # fmt: skip


@pytest.mark.parametrize("who", WHO)
def test_nobody_else_opens_changes_locks_or_discards_it(who, others, note, page):
    browser = Browser()
    if who != "nobody":
        browser.force_login(others[who])
    absent = reverse("notes:psychotherapy", args=[note.client_id, uuid.uuid4()])
    for method, way in (("get", ""), ("post", ""), ("post", "lock/"), ("post", "discard/")):
        data = {"version": "1", "words": "mine now"} if method == "post" else {}
        answer = getattr(browser, method)(page + way, data)
        assert answer.status_code in (302, 403, 404)
        like = getattr(browser, method)(absent + way, data)
        assert answer.status_code == like.status_code, "its existence shows"
        assert CANARY not in answer.content.decode()
    new = reverse("notes:psychotherapy_new", args=[note.client_id])
    assert browser.post(new, {"note": note.pk, "version": "1", "words": "x"}).status_code in (302, 403, 404)
    if who != "nobody":
        assert not PsychotherapyNote.objects.visible_to(others[who]).exists()
        if others[who].may(Can.KEEP_PSYCHOTHERAPY_NOTES):
            with pytest.raises(Refused):
                actions.keep(client=note.client, note_id=note.pk, words="x", revision=1, by=others[who])
    note.refresh_from_db()
    assert note.words() == CANARY
    assert note.revision == 1


def every_page():
    """All addresses of the product that take no id but a client's, a course's or a user's."""

    def walk(resolver, prefix="/"):
        for entry in resolver.url_patterns:
            address = prefix + str(entry.pattern)
            if isinstance(entry, URLPattern):
                yield address, entry
            else:
                yield from walk(entry, address)

    return list(walk(get_resolver()))


@pytest.mark.parametrize("who", WHO)
def test_no_page_report_search_export_or_error_shows_a_word_to_anybody_else(who, others, note, course):
    browser = Browser(raise_request_exception=False)
    if who != "nobody":
        browser.force_login(others[who])
    ids = {
        "client": course.client_id, "course": course.pk, "note": note.pk, "user": note.author_id, "pk": note.pk,
        "tab": "notes", "item": note.pk, "document": note.pk,
    }  # fmt: skip
    seen = 0
    for address, entry in every_page():
        gaps = set(entry.pattern.converters) if hasattr(entry.pattern, "converters") else set()
        parts = address
        for gap in gaps:
            kind = type(entry.pattern.converters[gap]).__name__
            value = ids.get(
                gap, note.pk if kind == "UUIDConverter" else "1" if kind == "IntConverter" else "x"
            )
            parts = _filled(parts, gap, str(value))
        if "<" in parts or "(?P" in parts or "sign-out" in parts or "sign_out" in parts:
            continue
        answer = browser.get(parts, {"q": "Zaunkönigin"})
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        text = body.decode("utf-8", "replace")
        assert "Kranichfeder" not in text, f"{who} reads it at {parts}"
        assert "dreamt" not in text, f"{who} reads it at {parts}"
        seen += 1
    assert seen > 60, "the pages were found"


def _filled(address: str, gap: str, value: str) -> str:
    return re.sub(rf"<(?:\w+:)?{gap}>", value, address)


def test_the_same_sweep_sees_the_words_as_their_author(course, mara, note):
    """The check above can fail: for the author, the same pages do show them."""
    browser = Browser()
    browser.force_login(mara)
    addresses = [
        reverse("notes:psychotherapy_list", args=[course.client_id]),
        reverse("notes:psychotherapy", args=[course.client_id, note.pk]),
    ]
    assert all("Kranichfeder" in browser.get(address).content.decode() for address in addresses)
    for tab in ("", "notes/", "timeline/", "documents/", "medical/", "access/"):
        assert "Kranichfeder" not in browser.get(f"/clients/{course.client_id}/{tab}").content.decode()


def test_whether_there_is_one_shows_to_nobody_else(others, course, mara):
    """The chart of a colleague, the client's portal and the list look the same before and after."""

    def looks() -> dict:
        seen = {}
        for who in ("therapist", "prescriber", "admin", "client"):
            browser = Browser()
            browser.force_login(others[who])
            for address in (f"/clients/{course.client_id}/", f"/clients/{course.client_id}/notes/",
                            f"/clients/{course.client_id}/timeline/", "/clients/", "/portal/",
                            f"/clients/{course.client_id}/own-notes/"):  # fmt: skip
                seen[who, address] = _stable(browser.get(address).content.decode())
        return seen

    looks()
    before = looks()
    keep(course, mara)
    after = looks()
    for place in before:
        assert after[place] == before[place], place


def _stable(text: str) -> str:
    """Without tokens and times, which differ each time."""
    text = re.sub(r'("X-CSRFToken": |name="(csrfmiddlewaretoken|once)" value=)"[^"]+"', "", text)
    return re.sub(r"[0-9T:.+-]{20,}|\d\d:\d\d(:\d\d)?", "", text)


def test_an_author_who_left_the_care_team_no_longer_opens_them(client, course, mara, note, page):
    from kap.people.actions import leave_team

    TeamMemberFactory(client=course.client, user=UserFactory(roles=["therapist"]))
    leave_team(member=course.client.team.get(user=mara), by=mara)
    client.force_login(mara)
    assert client.get(page).status_code == 404
    with pytest.raises(Refused):
        keep(course, mara, "later", note.pk, 1)


def test_a_note_cannot_be_moved_to_another_of_her_clients(client, course, mara, note):
    from tests.factories.pathway import CourseFactory

    other = CourseFactory(stage="preparation")
    TeamMemberFactory(client=other.client, user=mara)
    client.force_login(mara)
    new = reverse("notes:psychotherapy_new", args=[other.client_id])
    assert client.post(new, {"note": note.pk, "version": "1", "words": "x"}).status_code == 404
    moved = reverse("notes:psychotherapy", args=[other.client_id, note.pk])
    assert client.get(moved).status_code == 404
    with pytest.raises(Refused):
        keep(other, mara, "x", note.pk, 1)


def test_no_error_page_or_log_repeats_what_was_typed(course, mara, page, monkeypatch, caplog):
    def fails(*args, **kwargs):
        words = kwargs["words"]
        raise RuntimeError(f"broken while {len(words)} characters were kept")

    monkeypatch.setattr(actions, "keep", fails)
    browser = Browser(raise_request_exception=False)
    browser.force_login(mara)
    answer = browser.post(page, {"version": "1", "words": CANARY})
    assert answer.status_code == 500
    assert "Kranichfeder" not in answer.content.decode() + caplog.text
