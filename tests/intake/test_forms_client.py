"""The client's way through the forms, without JavaScript: what she reads, what is kept, what she is told."""

import re

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from intake import questions
from intake.models import Draft, Submission
from kap.accounts.models import User
from kap.audit.models import AccessLog
from kap.outbox.models import Message
from kap.people.models import Client
from kap.worklist.models import Item
from tests.factories.core import ClinicFactory, ProtocolVersionFactory
from tests.factories.intake import ANSWERS, IntakeFactory, answer_measures, answers, draft, fill_in, sent
from tests.factories.pathway import CourseFactory
from tests.factories.people import ClientFactory, UserFactory
from tests.intake.paper import Paper

pytestmark = pytest.mark.django_db


@pytest.fixture
def course():
    return IntakeFactory()


@pytest.fixture
def paper(client, course):
    client.force_login(course.client.user)
    return Paper(client)


def page(key, name):
    return reverse("intake:page", args=[key, name])


def typed(key: str, shown) -> dict:
    """The ordinary answers to the questions that a page shows."""
    fields = {}
    for question in questions.get(key).questions:
        value = ANSWERS[key].get(question.key)
        if value is None:
            continue
        if question.kind == questions.Kind.DATE3:
            fields |= {f"{question.key}_{part}": value[part] for part in ("month", "day", "year")}
        elif question.kind == questions.Kind.NUMBER_UNIT:
            fields |= {f"{question.key}_{part}": value[part] for part in ("amount", "unit")}
        elif question.kind == questions.Kind.REPEATING:
            fields |= {
                f"{question.key}-{n}-{part}": text
                for n, row in enumerate(value)
                for part, text in row.items()
            }
        else:
            fields[question.key] = value
    return {name: value for name, value in fields.items() if shown(name)}


def test_from_the_start_page_to_the_sent_forms_without_javascript(client):
    ClinicFactory()
    ProtocolVersionFactory()
    paper = Paper(client).open(reverse("intake:start"))
    assert "off-label" in paper.text
    paper.open(paper.links()["Start your forms"])
    paper.press(name="Hana Ito", email="hana@mail.example")
    assert paper.path == reverse("accounts:code")
    mail = Message.objects.get(kind="sign_in_code")
    paper.press(code=mail.context["code"])
    assert (paper.path, Client.objects.count()) == (reverse("intake:welcome"), 0)
    paper.press()
    assert (paper.path, paper.h1) == (reverse("intake:tasks"), "Your forms, Hana")
    assert Client.objects.get().courses.get().stage == "intake"
    for section in questions.SECTIONS:
        paper.open(paper.links()[str(section.title)])
        while paper.path != reverse("intake:tasks"):
            paper.press(**typed(section.key, paper.is_shown))
            assert paper.status == 200, (paper.path, paper.errors())
    assert "10 of 12 done" in paper.text
    answer_measures(Client.objects.get().courses.get())
    paper.open(reverse("intake:tasks"))
    assert "12 of 12 done" in paper.text
    paper.open(paper.links()["Check your answers"])
    assert "To sleep through the night." in paper.text
    paper.press()
    assert (paper.path, paper.h1) == (reverse("intake:sent"), "Your forms are sent")
    assert Submission.objects.get().number == 1


def test_registering_looks_the_same_for_every_address(client):
    UserFactory(roles=["therapist"], email="mara@alderhouse.example")
    for email in ("new@mail.example", "new@mail.example", "mara@alderhouse.example"):
        shown = Paper(client).open(reverse("intake:register")).press(name="Ana Lopez", email=email)
        assert shown.path == reverse("accounts:code")
    assert User.objects.filter(email="new@mail.example").count() == 1
    assert not Message.objects.filter(to_address="mara@alderhouse.example").exists()


def test_whoever_asked_before_with_another_name_does_not_name_her(client):
    """Anybody may type her address first. Her own asking counts; once she was in, nobody's does any more."""
    said = {"email": "ana@mail.example"}
    client.post(reverse("intake:register"), said | {"name": "Somebody’s Joke"})
    client.post(reverse("intake:register"), said | {"name": "Ana Lee"})
    user = User.objects.get(email="ana@mail.example")
    assert user.name == "Ana Lee"
    code = Message.objects.filter(kind="sign_in_code").latest("id").context["code"]
    client.post("/sign-in/code/", {"code": code})
    Browser().post(reverse("intake:register"), said | {"name": "Somebody’s Joke"})
    user.refresh_from_db()
    assert user.name == "Ana Lee"


@pytest.mark.parametrize("made", ["by the clinic", "of staff"])
def test_an_account_of_the_clinics_making_is_not_renamed_from_outside(client, made):
    user = UserFactory(roles=["therapist"]) if made == "of staff" else ClientFactory(with_user=True).user
    name = user.name
    client.post(reverse("intake:register"), {"email": user.email, "name": "Somebody’s Joke"})
    user.refresh_from_db()
    assert user.name == name


def test_registering_keeps_what_was_typed_and_says_how_to_mend_it(client):
    shown = Paper(client).open(reverse("intake:register")).press(name="", email="nowhere")
    assert shown.status == 422
    assert shown.errors() == {
        "id_name": "Enter your full name", "id_email": "Enter an email address like name@example.org",
    }  # fmt: skip
    assert shown.value("email") == "nowhere"


def test_before_the_privacy_notice_no_form_opens(client):
    ClinicFactory()
    course = CourseFactory(client=ClientFactory(with_user=True), privacy_acknowledged_at=None)
    client.force_login(course.client.user)
    paper = Paper(client).open(reverse("intake:tasks"))
    assert paper.path == reverse("intake:privacy", args=[course.pk])
    paper.press()
    course.refresh_from_db()
    assert (paper.path, course.stage) == (reverse("intake:tasks"), "intake")
    assert course.measure_requests.count() == 2


def test_the_task_list_says_what_is_left_and_why_something_cannot_start(paper, course):
    fill_in(course, only=["details"])
    draft(course, "goals", {"seeking_help_for": ["depression"]})
    paper.open(reverse("intake:tasks"))
    assert "1 of 12 done" in paper.text
    assert "1 of 2 questions answered" in paper.text
    assert "Opens when the rest is done" in paper.text
    assert "Check and send" not in paper.links()
    fill_in(course)
    paper.open(reverse("intake:tasks"))
    assert "Opens when this is done: How you have been feeling, Worry and stress" in paper.text


def test_details_known_from_registering_are_not_asked_again(paper):
    paper.open(page("details", "contact"))
    assert paper.value("email") == "hana@mail.example"


def test_missing_answers_are_named_in_words_and_lead_to_their_fields(paper):
    paper.open(page("details", "birth")).press(birth_date_month="13")
    assert paper.status == 422
    assert paper.page.xpath("//title")[0].text.startswith("Error:")
    assert paper.errors() == {
        "id_birth_date_0": "Enter your birth date, for example 3 8 1984",
        "id_sex_at_birth_0": "Choose the sex recorded at your birth, or “I prefer not to say”",
    }
    for target in paper.errors():
        assert paper.page.xpath(f"//*[@id='{target}']"), target
    assert paper.value("birth_date_month") == "13"
    assert Draft.objects.get(section="details").answers["birth_date"]["month"] == "13"


def test_every_error_of_every_page_holds_a_verb_and_leads_to_a_field(paper):
    verbs = re.compile(r"^(Enter|Choose|Add|Write|Check|Tell|Type|Shorten|Remove)\b")
    ClientFactory()
    for section in questions.SECTIONS:
        for name in questions.pages(section, {}, {}):
            paper.open(page(section.key, name)).press()
            for target, words in paper.errors().items():
                assert verbs.match(words), words
                assert paper.page.xpath(f"//*[@id='{target}']"), target


def test_an_answer_that_brings_up_more_is_followed_by_the_more(paper):
    paper.open(page("companion", "companion"))
    assert not paper.is_shown("name")
    paper.press(setting="clinic", who="now")
    assert paper.path == page("companion", "companion")
    assert (paper.status, paper.errors()) == (200, {})
    assert "Your answer brings up a little more to ask." in paper.text
    paper.press(name="Kim Lee", relation="friend", phone="951 555 0199", adult="yes")
    assert paper.path == reverse("intake:tasks")


def test_a_companion_may_be_added_later(paper):
    paper.open(page("companion", "companion")).press(setting="clinic", who="later")
    assert paper.path == reverse("intake:tasks")
    assert "You will add this person later" in paper.text


def test_cards_are_added_and_removed_by_buttons(paper):
    paper.open(page("medicines", "medicines")).press(takes="yes", grapefruit="no")
    paper.press(
        {"add": "list"}, list__0__name="sertraline", list__0__dose_unit="mg", list__0__how_often="daily"
    )
    assert paper.is_shown("list-1-name")
    paper.press(
        {"add": "list"}, list__1__name="lamotrigine", list__1__dose_unit="mg", list__1__how_often="twice"
    )
    paper.press({"remove": "list.0"})
    assert paper.value("list-0-name") == "lamotrigine"
    paper.press()
    assert paper.path == reverse("intake:tasks")
    assert [row["name"] for row in Draft.objects.get(section="medicines").answers["list"]] == ["lamotrigine"]


def test_a_card_that_lacks_something_leads_to_its_own_field(paper):
    paper.open(page("medicines", "medicines")).press(takes="yes", grapefruit="no")
    paper.press(list__0__dose_amount="50")
    assert paper.errors()["id_list-0-name"] == "Enter the name of the medicine, or what it is for"


def test_stop_here_keeps_half_an_answer(paper):
    paper.open(page("goals", "hopes")).press({"go": "stop"}, worries="Losing control")
    assert paper.path == reverse("intake:tasks")
    assert "Saved." in paper.text
    paper.open(reverse("intake:section", args=["goals"]))
    paper.open(page("goals", "hopes"))
    assert paper.value("worries") == "Losing control"
    assert re.search(r"Saved \d\d:\d\d", paper.text)


def test_a_section_opens_where_it_was_left(paper, course):
    draft(course, "goals", {"seeking_help_for": ["depression"]})
    assert paper.open(reverse("intake:section", args=["goals"])).path == page("goals", "hopes")


def test_pregnancy_is_not_asked_where_it_cannot_be(paper, course):
    fill_in(course, answers(details={"sex_at_birth": "male"}), only=["details"])
    paper.open(page("health", "body")).press(
        height_amount="70", height_unit="in", weight_amount="170", weight_unit="lb"
    )
    assert paper.path == page("health", "rest")


def test_the_safety_questions_come_one_by_one_with_their_reason(paper):
    paper.open(page("safety", "suicidal_thoughts"))
    assert "Question 1 of 6" in paper.text
    assert "Why we ask: Many people who come to us have such thoughts." in paper.text
    paper.press(suicidal_thoughts="no")
    assert paper.path == page("safety", "suicide_attempt")


def test_a_plan_to_die_shows_the_crisis_page_and_calls_a_clinician(paper, course):
    therapist = UserFactory(roles=["therapist"])
    paper.open(page("safety", "suicidal_thoughts")).press(suicidal_thoughts="yes")
    assert paper.path == page("safety", "suicide_plan")
    paper.press(suicide_plan="yes")
    assert (paper.path, paper.h1) == (reverse("intake:crisis"), "Are you safe right now?")
    assert {"Call 988", "Text 988", "I am safe, go on"} <= set(paper.links())
    assert Item.objects.get(kind="safety").client == course.client
    assert Message.objects.get(kind="safety_alert").to_address == therapist.email  # nobody has taken her yet
    paper.open(paper.links()["I am safe, go on"])
    assert paper.path == page("safety", "suicide_attempt")


def test_change_comes_back_to_the_check_page(paper, course):
    fill_in(course)
    answer_measures(course)
    paper.open(reverse("intake:check"))
    paper.open(paper.links()["Change Hopes"]).press(hopes="Rest")
    assert paper.path == reverse("intake:check")
    assert "Rest" in paper.text
    paper.open(paper.links()["Change Thoughts of suicide"]).press(suicidal_thoughts="yes")
    assert paper.path == page(
        "safety", "suicide_plan"
    )  # what the change brought up is asked before going back
    paper.press(suicide_plan="no")
    assert paper.path == reverse("intake:check")


def test_the_check_page_marks_what_is_missing_and_does_not_offer_to_send(paper, course):
    fill_in(course, only=["goals"])
    paper.open(reverse("intake:check"))
    assert "Not everything is answered yet." in paper.text
    assert "Send forms" not in paper.text
    assert "Go on with “Your details”" in paper.links()
    shown = paper.browser.post(reverse("intake:send"))
    assert shown.status_code == 422
    assert not Submission.objects.exists()


def test_send_pressed_twice_sends_once(paper, course):
    fill_in(course)
    answer_measures(course)
    paper.open(reverse("intake:check"))
    fields = paper.fields()
    for _press in range(2):
        answer = paper.browser.post(reverse("intake:send"), fields)
        assert answer["Location"] == reverse("intake:sent")
    assert Submission.objects.count() == 1


def test_after_sending_a_change_asks_to_be_sent_again(paper, course):
    sent(course)
    paper.open(reverse("intake:check"))
    assert "Nothing has changed since." in paper.text
    paper.open(paper.links()["Change Hopes"]).press(hopes="Rest")
    assert "You have changed something since you sent your forms." in paper.text
    paper.press()
    assert Submission.objects.count() == 2


# --- who sees what ---


def test_another_client_sees_her_own_forms_only(client, course):
    fill_in(course)
    other = IntakeFactory(client__legal_name="Ana Lopez", client__email="ana@mail.example")
    client.force_login(other.client.user)
    shown = Paper(client).open(page("goals", "hopes"))
    assert not shown.value("hopes")
    assert client.get(reverse("intake:privacy", args=[course.pk])).status_code == 404


@pytest.mark.parametrize("name", ["tasks", "check", "sent", "crisis"])
def test_forms_need_a_signed_in_client(client, name):
    assert reverse("accounts:sign_in") in client.get(reverse(f"intake:{name}"))["Location"]
    client.force_login(UserFactory(roles=["admin"]))
    assert client.get(reverse(f"intake:{name}")).status_code == 403


def test_opening_the_forms_is_logged(paper, course):
    paper.open(page("goals", "hopes"))
    assert AccessLog.objects.filter(client_id=course.client_id, kind="forms").exists()


def test_the_forms_are_never_cached(paper):
    assert "no-store" in paper.open(page("goals", "hopes")).response["Cache-Control"]


def test_unknown_sections_and_pages_are_not_found(paper):
    assert paper.open(page("goals", "nowhere")).status == 404
    assert paper.open(reverse("intake:section", args=["nowhere"])).status == 404


def test_the_number_of_queries_does_not_grow_with_the_answers(paper, course, django_assert_max_num_queries):
    with django_assert_max_num_queries(26):
        paper.open(reverse("intake:tasks"))
    fill_in(course)
    with django_assert_max_num_queries(26):
        paper.open(reverse("intake:tasks"))
        assert timezone.get_current_timezone_name()
    with django_assert_max_num_queries(26):
        paper.open(reverse("intake:check"))
    with django_assert_max_num_queries(20):
        paper.open(page("goals", "hopes"))
