"""A safety alert shows how to reach the client also from forms that are not sent yet, and says where it has it from."""

import pytest
from django.urls import reverse

from intake.reach import digits, unsent
from kap.people.models import Client
from kap.worklist.models import Item
from tests.factories.core import ClinicFactory
from tests.factories.intake import IntakeFactory, answers, fill_in, sent
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def course():
    ClinicFactory()
    made = IntakeFactory()
    Client.objects.filter(pk=made.client_id).update(phone="")
    made.client.refresh_from_db()
    return made


def shown(client, course) -> str:
    item = Item.objects.create(key="x", kind="safety", urgency="now", title="Look", client=course.client)
    client.force_login(UserFactory(roles=["therapist"]))
    return " ".join(client.get(reverse("worklist:item", args=[item.pk])).text.split())


def test_numbers_of_forms_that_are_not_sent_stand_on_the_alert(client, course):
    fill_in(course, only=("details", "emergency_contact"))
    page = shown(client, course)
    assert "Phone: not in the record" in page
    assert '<a href="tel:9515550142">' in page or '<a href="tel:+19515550142">' in page
    assert "Emergency contact Kenji Ito, brother" in page
    assert "(from forms not sent yet; may hear only that we are worried)" in page


def test_a_way_that_is_not_safe_is_said_to_be_so(course):
    fill_in(course, answers(details={"safe_ways": ["email"]}), only=("details",))
    assert [way.note for way in unsent(course.client)] == ["not named as a safe way"]


def test_what_was_sent_stands_in_the_record_and_is_not_told_twice(client, course):
    sent(course)
    course.client.refresh_from_db()
    assert digits(course.client.phone) == "9515550142"
    assert unsent(course.client) == []
    page = shown(client, course)
    assert "not sent yet" not in page
    assert "5550142" in page


def test_nothing_begun_is_nothing_shown(client, course):
    assert unsent(course.client) == []
    assert "Phone: not in the record" in shown(client, course)


@pytest.mark.parametrize("text", ["+1 951 555 0142", "(951) 555-0142", "9515550142"])
def test_one_number_written_in_several_ways_is_one(text):
    assert digits(text) == "9515550142"
