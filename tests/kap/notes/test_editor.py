"""The editor: nothing typed is lost, whatever happens; signed means locked; colleagues read, strangers do not."""

import json

import pytest
from django.urls import reverse

from kap.audit.models import AccessLog
from kap.notes import actions
from kap.notes.models import Note
from tests.factories import notes as make
from tests.factories.people import UserFactory
from tests.kap.notes.urls import SESSION

pytestmark = pytest.mark.urls("tests.kap.notes.urls")
AUTOSAVE = {"HTTP_X_AUTOSAVE": "1"}


@pytest.fixture
def here(client, course, mara):
    client.force_login(mara)
    return reverse("test_note", args=[course.pk, "integration"])


def test_looking_writes_nothing_and_is_logged(client, here, course):
    text = client.get(here).content.decode()
    assert "What the client tells" in text
    assert not Note.objects.exists()
    assert AccessLog.objects.filter(kind="note", client_id=course.client_id).exists()


def test_the_first_autosave_begins_the_draft_and_each_gives_the_next_version(client, here, mara):
    first = client.post(here, {"version": "0", "narrative": "She"}, **AUTOSAVE)
    assert first.status_code == 200
    body = json.loads(first.content)
    assert set(body) == {"saved_at", "version"}
    second = client.post(here, {"version": body["version"], "narrative": "She flew"}, **AUTOSAVE)
    assert json.loads(second.content)["version"] == 2
    assert Note.objects.get().body == {"narrative": "She flew"}
    assert "She flew" in client.get(here).content.decode()


def test_two_windows_the_second_is_told_and_shown_the_other_text(client, here):
    client.post(here, {"version": "0", "narrative": "first window"}, **AUTOSAVE)
    answer = client.post(here, {"version": "0", "narrative": "second window"}, **AUTOSAVE)
    body = json.loads(answer.content)
    assert answer.status_code == 409
    assert "first window" in body["theirs"]
    assert "another window" in body["conflict"]
    without_script = client.post(here, {"version": "0", "narrative": "second window"})
    text = without_script.content.decode()
    assert without_script.status_code == 409
    assert "first window" in text
    assert ">second window</textarea>" in text.replace("\n", "")
    assert 'name="version" value="1"' in text
    assert client.post(here, {"version": "1", "narrative": "both"}).status_code == 302
    assert Note.objects.get().body == {"narrative": "both"}


def test_signing_with_gaps_marks_each_and_keeps_the_typing(client, here, mara):
    answer = client.post(
        here, {"version": "0", "narrative": "She flew", "act": "sign", "printed_name": mara.name}
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "There is a problem" in text
    assert "Mood since: choose one" in text
    assert "She flew" in text
    assert Note.objects.get().signed_at is None  # and what was typed is a draft by now


def test_another_persons_name_does_not_sign(client, here, mara):
    data = {**make.full_body("integration"), "version": "0", "act": "sign", "printed_name": "Somebody"}
    answer = client.post(here, data)
    assert answer.status_code == 422
    assert f"Type your name as we have it: {mara.name}" in answer.content.decode()


def test_signed_is_read_only_for_all_and_takes_addenda(client, here, course, mara):
    data = {**make.full_body("integration"), "version": "0", "act": "sign", "printed_name": mara.name}
    assert client.post(here, data).status_code == 302
    text = client.get(here).content.decode()
    assert "<textarea" in text  # of the addendum
    assert 'name="narrative"' not in text
    assert Note.objects.get().sha256 in text
    assert client.post(here, {"version": "1", "narrative": "x"}, **AUTOSAVE).status_code == 409
    late = client.post(here, {"version": "1", "narrative": "typed too late"})
    assert late.status_code == 409
    assert "typed too late" in late.content.decode()
    assert client.post(here, {"act": "addend", "text": "", "printed_name": mara.name}).status_code == 422
    client.post(here, {"act": "addend", "text": "She called: headache gone.", "printed_name": mara.name})
    colleague = make.author_for(course, roles=["monitor"])
    client.force_login(colleague)
    text = client.get(here).content.decode()
    assert "headache gone" in text
    assert "Add an addendum" not in text


def test_a_colleague_sees_that_somebody_writes_but_not_what(client, here, course, mara):
    make.draft(course, "integration", mara, about=SESSION)
    client.force_login(make.author_for(course))
    text = client.get(here).content.decode()
    assert f"{mara.name} is writing this note" in text
    assert "as it was." not in text


def test_strangers_get_404(client, here):
    client.force_login(UserFactory(roles=["therapist"]))
    assert client.get(here).status_code == 404
    assert client.post(here, {"version": "0", "narrative": "x"}, **AUTOSAVE).status_code == 404


def test_the_apps_own_signing_is_used_and_its_refusal_is_shown(rf, course, mara, client, here, monkeypatch):
    from kap.core.errors import Refused

    def refuse(*, note, printed_name, by):
        raise Refused("The window is not open yet.")

    monkeypatch.setattr(actions, "sign", refuse)
    data = {**make.full_body("integration"), "version": "0", "act": "sign", "printed_name": mara.name}
    answer = client.post(here, data)
    assert answer.status_code == 422
    assert "The window is not open yet." in answer.content.decode()
