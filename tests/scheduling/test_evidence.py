"""The calendar's lines of the gates."""

from datetime import timedelta

import pytest

from scheduling import actions, evidence
from tests.factories.people import ContactFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def dose(clinic, desk, course, ordered):
    return actions.book_dosing(course=course, plan=clinic.plan(), by=desk)


class Session:
    def __init__(self, appointment, ended_at=None):
        self.appointment, self.ended_at, self.pk = appointment, ended_at, None


def test_without_a_booked_dose_each_line_says_so_and_leads_to_booking(course):
    for line in (
        evidence.integration_in_window,
        evidence.providers_credentialed,
        evidence.companion_confirmed,
    ):
        missing = line(course)
        assert missing.words == "No dosing session is booked."
        assert str(course.client_id) in missing.link


@pytest.mark.parametrize(
    ("hours", "met"), [(26.4, False), (26.5, True), (50.5, True), (50.6, False), (None, False)]
)
def test_the_window_is_24_to_48_hours_after_the_planned_end(clinic, course, hours, met):
    plan = clinic.plan()
    plan.integration_starts_at = plan.starts_at + timedelta(hours=hours) if hours else None
    assert (evidence.integration_in_window(course, plan) is None) is met


def test_the_actual_end_counts_once_it_is_known(course, dose):
    assert evidence.integration_in_window(course) is None
    assert evidence.integration_in_window(course, dose) is None
    assert evidence.integration_in_window(course, Session(dose)) is None
    missing = evidence.integration_in_window(course, Session(dose, dose.ends_at + HOUR))
    assert "24 to 48 h" in missing.words
    assert str(dose.integration.pk) in missing.link


def test_a_licence_that_ends_before_the_day_is_named_with_its_holder(clinic, course, dose):
    assert evidence.providers_credentialed(course, dose) == []
    dea = clinic.prescriber.credentials.get(kind="dea")
    dea.expires_on = dose.starts_at.date() - timedelta(days=1)
    dea.save()
    (missing,) = evidence.providers_credentialed(course)
    assert clinic.prescriber.name in missing.words
    assert str(clinic.prescriber.pk) in missing.link
    assert evidence.providers_credentialed(course, clinic.plan())


def test_the_companion_must_be_named_confirmed_and_adult(course, dose, desk):
    assert "No driver" in str(evidence.companion_confirmed(course, dose).words)
    sam = ContactFactory(client=course.client, is_adult=False)
    dose = actions.name_companion(appointment=dose, contact=sam, by=desk)
    assert "not confirmed" in evidence.companion_confirmed(course, dose).words
    actions.confirm_companion(appointment=dose, by=sam)
    assert evidence.companion_confirmed(course) is None
    type(sam).objects.filter(pk=sam.pk).update(is_adult=False)
    assert "18 or older" in evidence.companion_confirmed(course).words
