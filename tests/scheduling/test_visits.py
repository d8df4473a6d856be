"""What becomes of a booked time."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from kap.core.actions import System
from kap.core.errors import Refused, Stale
from kap.outbox.models import Message
from kap.worklist.models import Item
from scheduling import actions
from scheduling.follow import recheck_integration, release_future
from scheduling.messages import still_stands
from scheduling.models import Appointment, Reservation
from tests.factories.people import ClientFactory, ContactFactory, UserFactory
from tests.factories.scheduling import AppointmentFactory, tomorrow

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def dose(clinic, desk, course, ordered):
    return actions.book_dosing(course=course, plan=clinic.plan(), by=desk)


def talk(clinic, desk, **more):
    given = dict(
        service=clinic.service("preparation"), client=ClientFactory(), starts_at=tomorrow(10, days=5), mode="video",
        location=clinic.location, staff=[(clinic.therapist, "therapist")], by=desk,
    )  # fmt: skip
    return actions.book(**{**given, **more})


def test_cancelling_keeps_the_row_frees_the_time_and_drops_the_messages(clinic, desk):
    made = talk(clinic, desk)
    cancelled = actions.cancel(appointment=made, reason="client", by=desk)
    assert (cancelled.state, cancelled.cancel_reason, cancelled.cancelled_by) == (
        "cancelled",
        "client",
        f"user:{desk.pk}",
    )
    assert not Reservation.objects.filter(live=True).exists()
    assert list(Message.objects.filter(state="owed").values_list("kind", flat=True)) == [
        "appointment_cancelled"
    ]
    assert talk(clinic, desk).pk != made.pk
    with pytest.raises(Stale):
        actions.cancel(appointment=made, reason="client", by=desk)


def test_within_the_services_notice_a_clients_cancellation_is_late(clinic, desk, at):
    made = talk(clinic, desk)
    at(made.starts_at - 23 * HOUR)
    assert actions.cancel(appointment=made, reason="client", by=desk).cancel_reason == "late"
    other = talk(clinic, desk, starts_at=made.starts_at)
    assert actions.cancel(appointment=other, reason="clinic", by=desk).cancel_reason == "clinic"


def test_cancelling_a_dose_cancels_its_integration(desk, dose):
    integration = dose.integration
    actions.cancel(appointment=dose, reason="client", by=desk)
    integration.refresh_from_db()
    assert integration.state == "cancelled"
    assert not Item.objects.filter(kind="integration_unbooked").exists()


def test_a_dose_left_without_integration_is_raised_and_closed_when_it_is_booked_again(
    clinic, desk, dose, course
):
    actions.cancel(appointment=dose.integration, reason="client", by=desk)
    item = Item.objects.open().get(kind="integration_unbooked")
    told = Message.objects.filter(kind="integration_unbooked", state="owed")
    assert clinic.therapist.user.email in told.values_list("to_address", flat=True)
    assert still_stands(told.first()) == ""
    talk(
        clinic, desk, service=clinic.service("integration"), client=course.client, course=course,
        starts_at=dose.ends_at + 25 * HOUR,
    )  # fmt: skip
    item.refresh_from_db()
    assert item.acknowledged_at
    assert still_stands(told.first()) == "It is booked."


def test_reasons_and_rights_are_asked(clinic, desk):
    made = talk(clinic, desk)
    with pytest.raises(Refused, match="why"):
        actions.cancel(appointment=made, reason="because", by=desk)
    with pytest.raises(PermissionDenied):
        actions.cancel(appointment=made, reason="client", by=clinic.monitor.user)
    with pytest.raises(PermissionDenied):
        actions.arrive(appointment=made, by=UserFactory(roles=["client"]))


def test_arrival_belongs_to_the_day(clinic, desk, at):
    made = talk(clinic, desk)
    with pytest.raises(Refused, match="on the day"):
        actions.arrive(appointment=made, by=desk)
    at(made.starts_at - HOUR)
    assert actions.arrive(appointment=made, by=clinic.monitor.user).state == "arrived"
    with pytest.raises(Stale, match="arrived"):
        actions.arrive(appointment=made, by=desk)


def test_nobody_has_failed_to_come_before_it_began(clinic, desk, at):
    made = talk(clinic, desk)
    with pytest.raises(Refused, match="not begun"):
        actions.no_show(appointment=made, by=desk)
    at(made.starts_at + HOUR / 2)
    assert actions.no_show(appointment=made, by=desk).state == "no_show"
    assert not Message.objects.filter(cause=f"appointment:{made.pk}", state="owed").exists()


def test_a_dose_that_did_not_happen_gives_its_integration_back(desk, dose, at):
    at(dose.starts_at + HOUR)
    actions.no_show(appointment=dose, by=desk)
    assert Appointment.objects.get(dosing=dose).cancel_reason == "not_dosed"


def test_finishing_twice_is_one_end(clinic, desk, at):
    made = talk(clinic, desk)
    at(made.ends_at)
    first = actions.finish(appointment=made, by=desk).ended_at
    at(made.ends_at + HOUR)
    assert actions.finish(appointment=made, by=desk).ended_at == first


def test_an_exit_releases_what_is_booked_and_tells_the_client(clinic, desk, dose, course):
    past = AppointmentFactory(course=course, location=clinic.location, starts_at=tomorrow(10, days=-3))
    assert release_future(course=course, by=desk) == 1
    assert set(course.attends.values_list("appointment__state", flat=True)) == {"cancelled", "booked"}
    past.refresh_from_db()
    assert past.state == "booked"
    assert Message.objects.filter(kind="appointment_cancelled", state="owed").count() == 2


class Session:
    def __init__(self, dose, course, ended_at):
        self.appointment, self.course, self.ended_at = dose, course, ended_at


def test_a_session_that_ends_later_than_planned_raises_its_integration(desk, dose, course):
    planned = Session(dose, course, dose.ends_at)
    assert recheck_integration(session=planned, by=desk) is None
    late = Session(dose, course, dose.ends_at + HOUR)  # the integration is 23.5 h after that
    item = recheck_integration(session=late, by=desk)
    assert item.kind == "reschedule"
    assert str(dose.integration.pk) in item.link
    assert recheck_integration(session=planned, by=desk) is None
    item.refresh_from_db()
    assert item.closed_by_rule


def test_a_due_reminder_is_asked_again(clinic, desk):
    made = talk(clinic, desk)
    reminder = Message.objects.get(kind="appointment_24h")
    assert still_stands(reminder) == ""
    Appointment.objects.filter(pk=made.pk).update(version=2)
    assert "moved" in still_stands(reminder)
    Appointment.objects.filter(pk=made.pk).update(
        state="cancelled", cancelled_at=made.booked_at, cancelled_by="x", cancel_reason="clinic"
    )
    assert "cancelled" in still_stands(reminder)


# --- companions


def test_the_companion_is_asked_at_once_and_once_more(desk, dose):
    sam = ContactFactory(client=dose.attendees.get().client, name="Sam Lee")
    actions.name_companion(appointment=dose, contact=sam, by=desk)
    asked, chase = Message.objects.filter(cause=f"companion:{dose.pk}").order_by("send_at")
    assert (asked.kind, chase.kind) == ("companion_confirm", "companion_chase")
    assert chase.send_at < dose.starts_at
    assert chase.context["client_first_name"] == dose.attendees.get().client.first_name
    assert still_stands(chase) == ""
    actions.confirm_companion(appointment=dose, by=sam)
    chase.refresh_from_db()
    assert chase.state == "dropped"
    assert "confirmed" in still_stands(chase)


def test_another_companion_makes_the_first_ones_questions_void(desk, dose):
    client = dose.attendees.get().client
    sam, kim = ContactFactory(client=client), ContactFactory(client=client)
    actions.name_companion(appointment=dose, contact=sam, by=desk)
    actions.name_companion(appointment=dose, contact=kim, by=desk)
    assert set(
        Message.objects.filter(state="owed", kind__startswith="companion").values_list("contact", flat=True)
    ) == {kim.pk}
    with pytest.raises(Refused, match="out of date"):
        actions.confirm_companion(appointment=dose, by=sam)


def test_only_a_contact_of_the_client_in_the_right_part(clinic, desk, dose):
    with pytest.raises(Refused, match="own contacts"):
        actions.name_companion(appointment=dose, contact=ContactFactory(), by=desk)
    sam = ContactFactory(client=dose.attendees.get().client)
    with pytest.raises(Refused, match="driver"):
        actions.name_companion(appointment=dose, contact=sam, role="chaperone", by=desk)
    with pytest.raises(Refused, match="Only a dosing"):
        actions.name_companion(appointment=dose.integration, contact=sam, by=desk)
    with pytest.raises(Refused, match="Nobody is named"):
        actions.confirm_companion(appointment=dose, by=desk)


def test_a_companion_who_cannot_come_is_raised_each_time(desk, dose):
    client = dose.attendees.get().client
    for name in ("Sam", "Kim"):
        contact = ContactFactory(client=client, name=name)
        actions.name_companion(appointment=dose, contact=contact, by=desk)
        actions.decline_companion(appointment=dose, by=contact)
        item = Item.objects.open().get(kind="companion_missing")
        assert name in item.detail
        actions.name_companion(appointment=dose, contact=contact, by=desk)
        actions.confirm_companion(appointment=dose, by=desk)
        assert not Item.objects.open().filter(kind="companion_missing").exists()


def test_the_watch_raises_a_missing_companion_two_days_ahead_and_once(desk, dose, at):
    from scheduling.watch import run

    run(by=System("watch"))
    assert not Item.objects.exists()
    at(dose.starts_at - 47 * HOUR)
    run(by=System("watch"))
    item = Item.objects.get(kind="companion_missing")
    item.acknowledged_at, item.acknowledged_by = dose.starts_at, desk
    item.save()
    run(by=System("watch"))
    assert Item.objects.count() == 1
