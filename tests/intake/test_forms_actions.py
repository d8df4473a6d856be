"""Saving and sending the forms, and all that stands or falls with it."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from intake import actions, evidence, messages
from intake.actions import Conflict, content_of, save_page, send_forms
from intake.forms_dynamic import digest
from intake.models import Draft, Flag, Submission
from kap.core.errors import Refused
from kap.notes.models import Kind as NoteKind
from kap.notes.models import Note
from kap.outbox.models import Message, State
from kap.people.models import Contact
from kap.worklist.models import Item
from tests.factories.intake import IntakeFactory, answer_measures, answers, fill_in, sent
from tests.factories.pathway import move
from tests.factories.people import CredentialFactory, ProviderFactory, TeamMemberFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def course():
    return IntakeFactory()


def save(course, section, page, given, **more):
    return save_page(course=course, section=section, page=page, answers=given, by=course.client.user, **more)


def test_opening_the_intake_asks_both_questionnaires_and_owes_two_reminders(course):
    assert sorted(course.measure_requests.values_list("instrument", flat=True)) == ["gad7", "phq9"]
    assert Message.objects.filter(kind="intake_unfinished", state=State.OWED).count() == 2


def test_unfinished_answers_are_kept(course):
    draft = save(course, "details", "name", {"legal_name": "Hana"})
    assert draft.answers["legal_name"] == "Hana"
    assert draft.answers["email"] == "hana@mail.example"  # known from registering, not asked again
    assert draft.done_at is None


def test_only_questions_of_the_page_are_saved(course):
    draft = save(course, "goals", "hopes", {"hopes": "Rest", "needs": "elsewhere", "unknown": "x"})
    assert draft.answers == {"hopes": "Rest"}


def test_a_page_opened_before_another_window_saved_it_is_a_conflict(course):
    seen = digest({})
    save(course, "goals", "hopes", {"hopes": "Rest"}, seen=seen)
    with pytest.raises(Conflict) as conflict:
        save(course, "goals", "hopes", {"hopes": "Peace"}, seen=seen)
    assert conflict.value.theirs.answers == {"hopes": "Rest"}
    assert Draft.objects.get().answers == {"hopes": "Rest"}


def test_the_same_answers_twice_are_no_conflict_and_another_page_neither(course):
    seen = digest({})
    save(course, "goals", "hopes", {"hopes": "Rest"}, seen=seen)
    save(course, "goals", "hopes", {"hopes": "Rest"}, seen=seen)
    save(course, "goals", "support", {"needs": "Quiet"}, seen=seen)
    assert Draft.objects.get().answers == {"hopes": "Rest", "needs": "Quiet"}


def test_strangers_and_admins_save_nothing(course):
    for user in (
        UserFactory(roles=["client"]),
        UserFactory(roles=["admin"]),
        UserFactory(roles=["therapist"]),
    ):
        with pytest.raises(Refused):
            save_page(course=course, section="goals", page="hopes", answers={"hopes": "x"}, by=user)
    assert not Draft.objects.exists()


def test_a_therapist_of_the_care_team_may_write_for_the_client(course):
    therapist = TeamMemberFactory(client=course.client).user
    sent(course, by=therapist)
    assert Submission.objects.get().sent_by == therapist.audit_label


def test_a_plan_to_die_reaches_the_care_team_in_the_same_transaction(course):
    therapist = TeamMemberFactory(client=course.client).user
    save(course, "safety", "suicidal_thoughts", {"suicidal_thoughts": "yes"}, done=True)
    assert not Item.objects.exists()
    try:
        with transaction.atomic():
            save(course, "safety", "suicide_plan", {"suicide_plan": "yes"}, done=True)
            assert Item.objects.filter(kind="safety", client=course.client, urgency="now").count() == 1
            raise RuntimeError("the lights go out")
    except RuntimeError:
        pass
    assert not Item.objects.exists()
    assert "suicide_plan" not in Draft.objects.get(section="safety").answers
    save(course, "safety", "suicide_plan", {"suicide_plan": "yes"}, done=True)
    save(course, "safety", "suicide_plan", {"suicide_plan": "yes"}, done=True)
    assert Item.objects.count() == 1
    assert Message.objects.filter(kind="safety_alert", to_address=therapist.email).count() == 1


def test_while_she_is_still_typing_nobody_is_alarmed(course):
    save(course, "safety", "suicide_plan", {"suicide_plan": "yes"})
    assert not Item.objects.exists()


def test_sending_says_what_is_missing(course):
    fill_in(course, only=["details"])
    with pytest.raises(Refused) as refused:
        send_forms(course=course, by=course.client.user)
    assert "Finish “Medicines”." in refused.value.reasons
    assert "Answer “How you have been feeling”." in refused.value.reasons
    assert not Submission.objects.exists()


def test_sending_freezes_writes_the_record_and_flags(course):
    made = sent(course, answers(health={"high_blood_pressure": "yes", "blood_pressure_controlled": "no"}))
    client = course.client
    client.refresh_from_db()
    assert (client.state, client.zone, client.sex) == ("CA", "America/Los_Angeles", "female")
    assert client.contacts.get().is_emergency
    assert client.allergies.get().substance == "penicillin"
    assert (client.medicines.get().name, client.medicines.get().dose_amount) == ("sertraline", 50)
    assert made.flags.filter(level="hard").exists()
    content = content_of(made)
    assert content["answers"]["goals"] == {
        "seeking_help_for": ["depression"],
        "hopes": "To sleep through the night.",
    }
    assert content["shown"][0]["rows"][0] == {
        "question": "legal_name", "words": "Your full legal name", "answer": ["Hana Ito"],
    }  # fmt: skip
    assert not Message.objects.filter(kind="intake_unfinished", state=State.OWED).exists()


def test_sending_twice_makes_one_and_after_a_change_a_second(course):
    first = sent(course)
    assert send_forms(course=course, by=course.client.user) == first
    flags = Flag.objects.count()
    save(course, "goals", "hopes", {"hopes": "To sleep, and to laugh."})
    second = send_forms(course=course, by=course.client.user)
    assert (first.number, second.number) == (1, 2)
    assert Flag.objects.count() == flags + second.flags.count()
    assert content_of(first)["answers"]["goals"]["hopes"] == "To sleep through the night."


def test_an_emergency_contact_who_is_replaced_is_no_longer_called(course):
    sent(course)
    save(course, "emergency_contact", "person", {"name": "Aiko Ito", "relation": "sister"})
    send_forms(course=course, by=course.client.user)
    assert list(Contact.objects.filter(ended_at=None).values_list("name", flat=True)) == ["Aiko Ito"]


def test_a_failure_while_sending_leaves_nothing_behind(course, monkeypatch):
    fill_in(course)
    answer_measures(course)
    monkeypatch.setattr("intake.actions.forms.screen", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        send_forms(course=course, by=course.client.user)
    assert not Submission.objects.exists()
    assert not Contact.objects.exists()


def test_after_the_decision_the_forms_are_closed(course):
    sent(course)
    move(course, "medical")
    move(course, "preparation")
    with pytest.raises(Refused):
        save(course, "goals", "hopes", {"hopes": "More"})


def test_hidden_answers_are_not_sent(course):
    made = answers(safety={"suicidal_thoughts": "no", "suicide_plan": "yes"})
    content = content_of(sent(course, made))
    assert "suicide_plan" not in content["answers"]["safety"]
    assert not Item.objects.exists()


def test_the_frozen_bytes_carry_their_hash(course):
    import hashlib

    made = sent(course)
    body = bytes(made.content)
    assert hashlib.sha256(body).hexdigest() == made.sha256
    assert json.loads(body)["number"] == 1


def test_a_reminder_is_not_sent_once_the_forms_are(course):
    reminder = Message.objects.filter(kind="intake_unfinished").first()
    assert messages.still_stands(reminder) == ""
    sent(course)
    assert messages.still_stands(reminder) == "The forms are sent"


def test_a_reminder_is_not_sent_to_somebody_who_has_left(course):
    move(course, "deferred")
    assert messages.still_stands(Message.objects.filter(kind="intake_unfinished").first())


# --- evidence ---


def test_forms_count_as_sent_only_with_both_questionnaires(course):
    assert len(evidence.forms_sent(course)) == 3
    fill_in(course)
    assert {m.words for m in evidence.forms_sent(course)} >= {
        "PHQ-9 is not answered.",
        "GAD-7 is not answered.",
    }
    answer_measures(course)
    send_forms(course=course, by=course.client.user)
    assert not evidence.forms_sent(course)


def note(course, user):
    made = Note(client=course.client, course=course, kind=NoteKind.INTAKE, author=user, printed_name=user.name,
                content=b"x", sha256="2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
                signed_by=user)  # fmt: skip
    from kap.core import clock

    made.signed_at = clock.now()
    made.save()
    return made


def test_the_session_counts_only_if_signed_under_a_licence_in_force(course):
    provider = ProviderFactory(roles=["therapist"])
    assert "not signed" in evidence.intake_session_signed(course).words
    note(course, provider.user)
    assert "without a licence" in evidence.intake_session_signed(course).words
    CredentialFactory(provider=provider)
    assert evidence.intake_session_signed(course) is None


# --- registering ---


def test_registering_opens_record_course_and_forms_once():
    from tests.factories.core import ClinicFactory, ProtocolVersionFactory

    ClinicFactory()
    ProtocolVersionFactory()
    user = actions.open_client_account(name="Ana Lopez", email="ana@mail.example", by=actions.REGISTRATION)
    assert actions.open_client_account(name="Ana", email="ANA@mail.example", by=actions.REGISTRATION) is None
    course = actions.register(user=user, by=user)
    assert actions.register(user=user, by=user) == course
    assert (course.stage, course.client.legal_name, course.client.user) == ("intake", "Ana Lopez", user)
    assert course.privacy_acknowledged_at


def test_a_record_made_from_a_phone_call_becomes_hers():
    from tests.factories.core import ClinicFactory, ProtocolVersionFactory
    from tests.factories.people import ClientFactory

    ClinicFactory()
    ProtocolVersionFactory()
    waiting = ClientFactory(legal_name="Ana Lopez", email="ana@mail.example")
    user = actions.open_client_account(name="ana lopez", email="ana@mail.example", by=actions.REGISTRATION)
    assert actions.register(user=user, by=user).client == waiting


# --- two at once ---


@pytest.mark.django_db(transaction=True)
def test_eight_presses_at_once_send_once():
    course = IntakeFactory()
    fill_in(course)
    answer_measures(course)

    def press(_n):
        try:
            return send_forms(course=course, by=course.client.user).number
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(press, range(8)))
    assert numbers == [1] * 8
    assert Submission.objects.count() == 1
    assert Contact.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_windows_saving_one_new_page_lose_nothing_unsaid():
    course = IntakeFactory()
    seen = digest({})

    def save_one(n):
        try:
            save(course, "goals", "hopes", {"hopes": f"Hope {n}"}, seen=seen)
            return "saved"
        except Conflict:
            return "told"
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(save_one, range(8)))
    assert outcomes == ["saved"] + ["told"] * 7
