"""The integration pages: the note with its clock, the screen, the next step, the summary; who opens them."""

from datetime import timedelta

import pytest
from django.urls import reverse

from kap.audit.models import AccessLog
from kap.core import clock
from kap.notes.models import Note
from tests.factories.integration import (
    at_follow_up,
    dosed_and_home,
    drafted,
    final_answers,
    integrated,
    screened,
)
from tests.factories.notes import full_body
from tests.factories.people import ProviderFactory, UserFactory

pytestmark = pytest.mark.django_db
NO = {"q1": "0", "q2": "0", "q6": "0"}


@pytest.fixture
def scene():
    return dosed_and_home()


def url(name, scene):
    return reverse(f"integration:{name}", args=[scene.integration_session.pk])


def course_url(name, scene):
    return reverse(f"integration:{name}", args=[scene.course.pk])


def test_strangers_and_wrong_roles_see_nothing(scene, client):
    pages = [url("note", scene), course_url("summary", scene)]
    client.force_login(ProviderFactory(roles=["therapist"]).user)
    assert {client.get(page).status_code for page in pages} == {404}
    client.force_login(UserFactory(roles=["admin"]))
    assert {client.get(page).status_code for page in pages} == {403}
    client.force_login(scene.monitor)
    assert client.get(pages[0]).status_code == 200
    assert client.post(url("screen", scene), NO).status_code == 403
    assert client.post(course_url("follow_up", scene)).status_code == 403


def test_the_note_from_first_word_to_the_next_dose(scene, client):
    client.force_login(scene.therapist)
    clock.advance(timedelta(hours=28))
    client.force_login(scene.therapist)
    page = client.get(url("note", scene)).content.decode()
    assert "h since the dosing session ended." in page
    assert "150\xa0mg, lozenge" in page
    assert "To meet what I have been avoiding." in page
    assert "The C-SSRS has not been asked since the dose" in page
    assert "Last note: Preparation" in page
    assert AccessLog.objects.filter(kind="note", client_id=scene.client.pk).exists()

    typed = {**full_body("integration"), "version": "0"}
    saved = client.post(url("note", scene), typed, headers={"X-Autosave": "1"}).json()
    assert saved["version"] == 1
    typed |= {"version": "1", "act": "sign", "printed_name": scene.therapist.name}
    refused = client.post(url("note", scene), typed)
    assert refused.status_code == 422
    assert "Ask it on this page, then sign" in refused.content.decode()

    open_question = client.post(url("screen", scene), {"q1": "0"})
    assert open_question.status_code == 422
    assert client.post(url("screen", scene), NO).status_code == 302
    done = client.post(url("note", scene), typed, follow=True)
    body = done.content.decode()
    assert "In the window: " in body
    assert "Next: dosing 2 of 6" in body
    assert "Book dosing 2" in body
    assert "Add an addendum" in body
    scene.integration_session.refresh_from_db()
    assert scene.integration_session.timing == "in_window"


def test_the_time_of_the_session_is_corrected_on_the_page(scene, client):
    clock.advance(timedelta(hours=40))
    client.force_login(scene.therapist)
    assert client.post(url("held", scene), {"day": "", "time": "10:00"}, follow=True).status_code == 200
    client.post(url("held", scene), {"day": "2020-01-01", "time": "10:00"})
    scene.integration_session.refresh_from_db()
    assert scene.integration_session.held_at is None
    from zoneinfo import ZoneInfo

    from django.utils import timezone

    from intake.days import clinic_zone

    at = timezone.localtime(scene.session.ended_at + timedelta(hours=25), ZoneInfo(clinic_zone()))
    client.post(url("held", scene), {"day": at.date().isoformat(), "time": f"{at:%H:%M}"})
    scene.integration_session.refresh_from_db()
    assert scene.integration_session.held_at == at.replace(second=0, microsecond=0)


def test_a_colleagues_draft_is_not_read_and_a_late_one_says_so(scene, client):
    clock.advance(timedelta(hours=50))
    drafted(scene)
    colleague = ProviderFactory(roles=["therapist"]).user
    scene.client.team.create(user=colleague, role="therapist", joined_by="system:tests")
    client.force_login(colleague)
    page = client.get(url("note", scene)).content.decode()
    assert "is writing this note" in page
    assert "It has closed: hold the session as soon as you can." in page
    assert Note.objects.get(kind="integration").body["narrative"] not in page


def test_follow_up_summary_and_completion_on_the_pages(scene, client):
    client.force_login(scene.therapist)
    shut = client.post(course_url("follow_up", scene), follow=True).content.decode()
    assert "The integration of dosing 1 is not signed." in shut
    assert "The summary is written at follow-up" in client.get(course_url("summary", scene)).content.decode()
    clock.advance(timedelta(hours=26))
    integrated(scene)
    client.force_login(scene.therapist)
    page = client.post(course_url("follow_up", scene), follow=True).content.decode()
    assert "The final measures have been asked." in page
    assert "PHQ-9 at the end of treatment is not answered." in page

    too_short = client.post(
        course_url("summary", scene), {"words": "Good.", "printed_name": scene.therapist.name}
    )
    assert too_short.status_code == 422
    assert "few sentences" in too_short.content.decode()
    words = "She sleeps, works again and goes on with weekly therapy."
    client.post(course_url("summary", scene), {"words": words, "printed_name": scene.therapist.name})
    shut = client.post(course_url("complete", scene), follow=True).content.decode()
    assert "GAD-7 at the end of treatment is not answered." in shut
    final_answers(scene)
    page = client.get(course_url("summary", scene)).content.decode()
    assert "Response and remission" in page
    assert "Complete the course" in page
    done = client.post(course_url("complete", scene))
    assert done["Location"] == reverse("desk:chart", args=[scene.client.pk])
    scene.course.refresh_from_db()
    assert scene.course.stage == "completed"


def test_after_the_last_planned_dose_follow_up_is_the_one_next_step(scene, client):
    scene.course.planned_sessions = 1
    scene.course.save(update_fields=["planned_sessions"])
    clock.advance(timedelta(hours=26))
    screened(scene)
    drafted(scene)
    client.force_login(scene.therapist)
    integrated_page = client.get(url("note", scene)).content.decode()
    assert "Next:" not in integrated_page
    from integration import actions

    actions.sign(integration=scene.integration_session, printed_name=scene.therapist.name, by=scene.therapist)
    page = client.get(url("note", scene)).content.decode()
    assert "Next: follow-up" in page
    assert "Book dosing" not in page
    at_follow_up(scene)
    assert "Next: follow-up" not in client.get(url("note", scene)).content.decode()
