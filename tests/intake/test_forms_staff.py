"""The clinic's side: answers as sent, forms entered by phone, the intake session and the way on."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from intake.actions import save_page, send_forms
from intake.models import Submission
from kap.audit.models import AccessLog
from kap.notes.models import Note
from kap.worklist.models import Item
from tests.factories.core import ClinicFactory
from tests.factories.intake import IntakeFactory, answer_measures, answers, draft, fill_in, sent
from tests.factories.pathway import CourseFactory
from tests.factories.people import (
    ClientFactory,
    CredentialFactory,
    ProviderFactory,
    TeamMemberFactory,
    UserFactory,
)
from tests.intake.paper import Paper

pytestmark = pytest.mark.django_db

NOTE = {
    "presenting": "Low for two years.", "history": "Sertraline helped a little.", "risk_level": "No risk named",
    "risk": "Asked; no thoughts of death.", "formulation": "Grief that never moved.", "plan": "Medical evaluation.",
}  # fmt: skip


@pytest.fixture
def course():
    return IntakeFactory()


@pytest.fixture
def therapist(course):
    provider = ProviderFactory(roles=["therapist"])
    TeamMemberFactory(client=course.client, user=provider.user)
    return provider


@pytest.fixture
def paper(client, therapist):
    client.force_login(therapist.user)
    return Paper(client)


def forms(course):
    return reverse("intake:forms", args=[course.pk])


def test_before_sending_staff_see_how_far_the_client_is_and_not_a_word_of_it(paper, course):
    draft(course, "goals", {"hopes": "Something very private"})
    paper.open(forms(course))
    assert "0 of 10 done" in paper.text
    assert "Goals and hopes: begun" in paper.text
    assert "Something very private" not in paper.text


def test_after_sending_the_flags_stand_beside_their_answers(paper, course):
    sent(course, answers(health={"high_blood_pressure": "yes", "blood_pressure_controlled": "no"}))
    paper.open(forms(course))
    row = paper.page.get_element_by_id("a-health-blood_pressure_controlled")
    assert "Stops" in row.text_content()
    assert "PHQ-9 8" in paper.text
    assert AccessLog.objects.filter(client_id=course.client_id, kind="forms").exists()


def test_earlier_sendings_stay_readable(paper, course):
    first = sent(course)
    save_page(course=course, section="goals", page="hopes", answers={"hopes": "Rest"}, by=course.client.user)
    send_forms(course=course, by=course.client.user)
    assert "Rest" in paper.open(forms(course)).text
    shown = paper.browser.get(forms(course), {"number": first.number}).content.decode()
    assert "To sleep through the night." in shown


@pytest.mark.parametrize("name", ["forms", "session_note", "for_enter", "for_tasks", "for_check"])
def test_strangers_find_nothing(client, course, name):
    client.force_login(UserFactory(roles=["therapist"]))
    assert client.get(reverse(f"intake:{name}", args=[course.pk])).status_code == 404


@pytest.mark.parametrize("name", ["forms", "session_note", "for_tasks"])
def test_admins_and_clients_read_no_forms_here(client, course, name):
    for user in (UserFactory(roles=["admin"]), course.client.user):
        client.force_login(user)
        assert client.get(reverse(f"intake:{name}", args=[course.pk])).status_code in (403, 404)


# --- by phone ---


def test_drafts_open_to_staff_only_when_the_client_asks_for_it(paper, course):
    draft(course, "goals", {"hopes": "Private"})
    paper.open(reverse("intake:for_page", args=[course.pk, "goals", "hopes"]))
    assert paper.path == reverse("intake:for_enter", args=[course.pk])
    paper.press()
    assert paper.errors() == {"id_asked": "Tick this: answers before sending are the client’s own"}
    paper.press(asked="on")
    assert paper.path == reverse("intake:for_tasks", args=[course.pk])
    assert AccessLog.objects.filter(client_id=course.client_id, purpose="entered for the client").exists()


def test_a_phone_call_becomes_sent_forms(client):
    ClinicFactory()
    course = CourseFactory(
        client=ClientFactory(legal_name="Hana Ito", email=""), privacy_acknowledged_at=None
    )
    provider = ProviderFactory(roles=["therapist"], credentialed=True)
    TeamMemberFactory(client=course.client, user=provider.user)
    client.force_login(provider.user)
    paper = Paper(client).open(reverse("intake:privacy", args=[course.pk]))
    paper.press()
    assert paper.status == 422
    paper.press(read="on")
    assert paper.path == forms(course)
    course.refresh_from_db()
    assert course.stage == "intake"
    paper.open(paper.links()["Enter for the client"]).press(asked="on")
    paper.open(reverse("intake:for_page", args=[course.pk, "goals", "hopes"]))
    assert "Hana Ito" in paper.text
    paper.press(hopes="Rest")
    assert paper.path == reverse("intake:for_page", args=[course.pk, "goals", "support"])
    fill_in(course, by=provider.user)
    answer_measures(course, by=provider.user)
    paper.open(reverse("intake:for_check", args=[course.pk])).press()
    assert paper.path == forms(course)
    assert "The forms of Hana Ito are sent." in paper.text
    assert Submission.objects.get().sent_by == provider.user.audit_label
    course.client.refresh_from_db()
    assert course.client.email == "hana@mail.example"


def test_a_plan_told_on_the_phone_raises_the_same_alert(paper, course):
    paper.open(reverse("intake:for_enter", args=[course.pk])).press(asked="on")
    paper.open(reverse("intake:for_page", args=[course.pk, "safety", "suicidal_thoughts"])).press(
        suicidal_thoughts="yes"
    )
    paper.press(suicide_plan="yes")
    assert paper.path == reverse("intake:for_crisis", args=[course.pk])
    assert "Stay on the line." in paper.text
    assert Item.objects.get(kind="safety").client == course.client


def test_the_front_desk_may_record_the_notice_and_sees_nothing_more(client):
    ClinicFactory()
    course = CourseFactory(client=ClientFactory(), privacy_acknowledged_at=None)
    client.force_login(UserFactory(roles=["admin"]))
    paper = Paper(client).open(reverse("intake:privacy", args=[course.pk]))
    paper.press(read="on")
    course.refresh_from_db()
    assert course.stage == "intake"
    assert client.get(forms(course)).status_code == 403


# --- the session ---


def note_page(course):
    return reverse("intake:session_note", args=[course.pk])


def test_without_a_licence_in_force_the_note_is_kept_and_not_signed(paper, course, therapist):
    sent(course)
    paper.open(note_page(course)).press({"act": "sign"}, **NOTE, printed_name=therapist.user.name)
    assert paper.status == 422
    assert "Signing needs a professional licence in force" in paper.text
    note = Note.objects.get()
    assert (note.signed_at, note.body["plan"]) == (None, "Medical evaluation.")


def test_the_session_is_signed_beside_the_answers_and_the_course_goes_on(paper, course, therapist):
    CredentialFactory(provider=therapist)
    sent(course)
    paper.open(note_page(course))
    assert "To sleep through the night." in paper.text
    paper.press({"act": "sign"}, **NOTE, printed_name=therapist.user.name)
    assert Note.objects.get().signed_by == therapist.user
    assert "Send to medical evaluation" in paper.text
    paper.on("to-medical").press()
    course.refresh_from_db()
    assert course.stage == "medical"
    assert "is sent to the medical evaluation" in paper.text


def test_the_way_to_the_evaluation_says_what_is_missing(paper, course, therapist):
    CredentialFactory(provider=therapist)
    paper.open(note_page(course)).press({"act": "sign"}, **NOTE, printed_name=therapist.user.name)
    assert "The client has not sent the forms." in paper.text
    answer = paper.browser.post(
        reverse("intake:to_medical", args=[course.pk]),
        follow=True,
        headers={"Referer": f"http://testserver{note_page(course)}"},
    )
    assert "The client has not sent the forms." in answer.content.decode()
    course.refresh_from_db()
    assert course.stage == "intake"


MANY = (
    "aneurysm_or_bleed",
    "seizures",
    "glaucoma",
    "memory_problem",
    "porphyria",
    "sleep_apnea",
    "difficult_airway",
)


def test_the_number_of_queries_does_not_grow_with_the_flags(paper, course):
    def opened():
        with CaptureQueriesContext(connection) as seen:
            paper.open(forms(course))
        return len(seen)

    few = sent(course).flags.count()
    paper.open(forms(course))
    before = opened()
    save_page(
        course=course,
        section="health",
        page="head",
        answers=dict.fromkeys(MANY, "yes"),
        by=course.client.user,
    )
    for page in ("heart", "organs", "breathing"):
        save_page(
            course=course,
            section="health",
            page=page,
            answers=dict.fromkeys(MANY, "yes"),
            by=course.client.user,
        )
    assert send_forms(course=course, by=course.client.user).flags.count() > few + 5
    assert opened() <= before
