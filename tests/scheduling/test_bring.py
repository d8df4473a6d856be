"""The client names her companion herself, from her own appointments."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from kap.core.actions import System
from kap.outbox.models import Message
from kap.people.models import Contact
from scheduling import actions
from tests.factories.core import ClinicFactory
from tests.factories.pathway import CourseFactory
from tests.factories.people import ClientFactory, ContactFactory, UserFactory
from tests.factories.scheduling import AppointmentFactory, tomorrow

GIVEN = {
    "name": "Robin Friend", "relation": "friend", "phone": "951 555 0123", "email": "robin@mail.test", "is_adult": "on",
}  # fmt: skip


@pytest.fixture
def dose(db):
    ClinicFactory()
    user = UserFactory(roles=["client"])
    course = CourseFactory(stage="preparation", client=ClientFactory(user=user))
    return AppointmentFactory(
        service__code="dosing", client=course.client, course=course, starts_at=tomorrow(10, days=5), route="sl",
        setting="in_clinic",
    )  # fmt: skip


def page(dose):
    return reverse("scheduling:bring", args=[dose.pk])


def mine(client, dose):
    client.force_login(dose.attendees.get().client.user)
    return client


def test_she_names_somebody_who_is_asked_at_once(client, dose):
    browser = mine(client, dose)
    assert page(dose) in browser.get(reverse("scheduling:mine")).content.decode()
    assert page(dose) in browser.get(reverse("desk:portal")).content.decode()
    form = browser.get(page(dose))
    assert "Who will take you home?" in form.content.decode()
    assert browser.post(page(dose), GIVEN).url == reverse("scheduling:mine")
    dose.refresh_from_db()
    assert (dose.companion.name, dose.companion_role, dose.companion_confirmed_at) == (
        "Robin Friend",
        "driver",
        None,
    )
    assert (dose.companion.is_driver, dose.companion.is_adult) == (True, True)
    assert Message.objects.filter(kind="companion_confirm", to_address="robin@mail.test").count() == 1


@pytest.mark.parametrize(
    ("gone", "value", "words"),
    [
        ("is_adult", "", "It must be an adult"),
        ("phone", "555", "the whole number"),
        ("name", "", "required"),
    ],
)
def test_what_is_wrong_is_said_and_the_typing_stays(client, dose, gone, value, words):
    answer = mine(client, dose).post(page(dose), GIVEN | {gone: value})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert words in text
    assert 'value="friend"' in text
    assert not Contact.objects.filter(name="Robin Friend").exists()


def test_nobody_names_a_companion_for_somebody_else(client, dose):
    client.force_login(UserFactory(roles=["client"]))
    assert client.get(page(dose)).status_code == 404
    assert client.post(page(dose), GIVEN).status_code == 404
    stranger = UserFactory(roles=["client"])
    contact = ContactFactory(client=dose.attendees.get().client)
    with pytest.raises(PermissionDenied):
        actions.name_companion(appointment=dose, contact=contact, by=stranger)
    details = {name: value for name, value in GIVEN.items() if name != "is_adult"}
    with pytest.raises(PermissionDenied):
        actions.bring_companion(
            appointment=dose, client=contact.client, is_adult=True, by=stranger, **details
        )
    assert actions.name_companion(appointment=dose, contact=contact, by=System("test")).companion == contact


def test_past_and_other_appointments_have_no_such_page(client, dose):
    browser = mine(client, dose)
    type(dose).objects.filter(pk=dose.pk).update(
        state="cancelled", cancel_reason="client", cancelled_at=dose.starts_at, cancelled_by="x"
    )
    assert browser.get(page(dose)).status_code == 404
