"""A moved appointment keeps its people; a dose keeps its integration in the window; messages follow."""

from datetime import timedelta

import pytest

from kap.core.errors import Refused, Stale
from kap.outbox.models import Message
from scheduling import actions
from scheduling.models import Appointment
from scheduling.refusals import OutOfWindow
from tests.factories.people import ClientFactory, ContactFactory
from tests.factories.scheduling import AppointmentFactory, ServiceFactory, tomorrow

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def talk(clinic, desk):
    return actions.book(
        service=clinic.service("preparation"), client=ClientFactory(), starts_at=tomorrow(10, days=5), mode="in_person",
        location=clinic.location, staff=[(clinic.therapist, "therapist")], by=desk,
    )  # fmt: skip


@pytest.fixture
def dose(clinic, desk, course, ordered):
    return actions.book_dosing(course=course, plan=clinic.plan(), by=desk)


def test_moving_frees_the_old_time_and_takes_the_new(clinic, desk, talk):
    was = talk.starts_at
    moved = actions.move(appointment=talk, starts_at=was + HOUR / 2, by=desk)  # overlaps its own old time
    assert (moved.version, moved.ends_at - moved.starts_at) == (2, HOUR)
    assert {r.during.lower for r in moved.reservations.filter(live=True)} == {was + HOUR / 2}
    assert moved.reservations.filter(live=False).count() == 3
    assert moved.room == clinic.therapy


def test_the_old_reminders_are_dropped_and_new_ones_owed(desk, talk):
    actions.move(appointment=talk, starts_at=talk.starts_at + HOUR, by=desk)
    mine = Message.objects.filter(cause=f"appointment:{talk.pk}")
    assert {m.cause_version for m in mine.filter(state="owed")} == {2}
    assert {m.kind for m in mine.filter(state="owed")} >= {"appointment_moved", "appointment_24h"}
    assert mine.filter(state="dropped", cause_version=1, kind="appointment_24h").exists()


def test_a_taken_time_is_refused_and_nothing_changes(clinic, desk, talk):
    AppointmentFactory(
        location=clinic.location,
        people=[(clinic.therapist, "therapist")],
        starts_at=talk.starts_at + 2 * HOUR,
    )
    with pytest.raises(actions.Taken) as refused:
        actions.move(appointment=talk, starts_at=talk.starts_at + 2 * HOUR, by=desk)
    assert len(refused.value.times) == 3
    talk.refresh_from_db()
    assert talk.version == 1
    assert talk.reservations.filter(live=True).count() == 3


def test_two_people_move_at_once_and_the_second_is_told(desk, talk):
    actions.move(appointment=talk, starts_at=talk.starts_at + HOUR, version=1, by=desk)
    with pytest.raises(Stale, match="meanwhile"):
        actions.move(appointment=talk, starts_at=talk.starts_at + 2 * HOUR, version=1, by=desk)


def test_a_cancelled_appointment_is_not_moved(desk, talk):
    actions.cancel(appointment=talk, reason="clinic", by=desk)
    with pytest.raises(Stale):
        actions.move(appointment=talk, starts_at=talk.starts_at + HOUR, by=desk)


def test_a_dose_may_move_alone_while_its_integration_still_fits(desk, dose):
    after = dose.integration.starts_at  # 24.5 h after the end
    actions.move(appointment=dose, starts_at=dose.starts_at - 2 * HOUR, by=desk)
    assert dose.integration.starts_at == after


def test_a_dose_that_would_leave_its_window_demands_a_new_integration(desk, dose):
    later = dose.starts_at + HOUR
    with pytest.raises(OutOfWindow) as refused:
        actions.move(appointment=dose, starts_at=later, by=desk)
    ends = later + timedelta(minutes=150)
    proposals = [offer.starts_at for offer in refused.value.times]
    assert proposals
    assert all(ends + 24 * HOUR <= start <= ends + 48 * HOUR for start in proposals)
    moved = actions.move(appointment=dose, starts_at=later, integration_starts_at=proposals[0], by=desk)
    assert moved.starts_at == later
    assert Appointment.objects.get(dosing=dose).starts_at == proposals[0]
    assert Message.objects.filter(kind="appointment_moved").count() == 2


def test_both_or_neither_move(clinic, desk, dose):
    later = dose.starts_at + HOUR
    AppointmentFactory(
        location=clinic.location, people=[(clinic.therapist, "therapist")], starts_at=later + 28 * HOUR,
        service=ServiceFactory(code="preparation"),
    )  # fmt: skip
    with pytest.raises(actions.Taken):
        actions.move(appointment=dose, starts_at=later, integration_starts_at=later + 28 * HOUR, by=desk)
    dose.refresh_from_db()
    assert dose.version == dose.integration.version == 1


def test_an_integration_does_not_leave_the_window_of_its_dose(desk, dose):
    with pytest.raises(OutOfWindow):
        actions.move(appointment=dose.integration, starts_at=dose.ends_at + 50 * HOUR, by=desk)
    with pytest.raises(OutOfWindow):
        actions.move(appointment=dose.integration, starts_at=dose.ends_at + 50 * HOUR, late=True, by=desk)
    Appointment.objects.filter(pk=dose.pk).update(
        state="done", ended_at=dose.ends_at, ended_by="system:tests"
    )
    integration = Appointment.objects.get(dosing=dose)
    with pytest.raises(OutOfWindow):
        actions.move(appointment=integration, starts_at=dose.ends_at + 50 * HOUR, by=desk)
    late = actions.move(appointment=integration, starts_at=dose.ends_at + 50 * HOUR, late=True, by=desk)
    assert late.starts_at == dose.ends_at + 50 * HOUR


def test_a_moved_dose_asks_its_companion_again(desk, dose):
    sam = ContactFactory(client=dose.attendees.get().client)
    actions.name_companion(appointment=dose, contact=sam, by=desk)
    actions.confirm_companion(appointment=dose, by=sam)
    moved = actions.move(appointment=dose, starts_at=dose.starts_at - HOUR, by=desk)
    assert (moved.companion, moved.companion_confirmed_at) == (sam, None)
    asked = Message.objects.filter(kind="companion_confirm", state="owed").get()
    assert (asked.cause_version, asked.context["starts_at"]) == (2, moved.starts_at.isoformat())


def test_only_a_dose_takes_an_integration_along(desk, talk):
    with pytest.raises(Refused, match="Only a dosing session"):
        actions.move(
            appointment=talk, starts_at=talk.starts_at + HOUR, integration_starts_at=talk.ends_at, by=desk
        )
