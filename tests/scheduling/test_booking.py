"""What may be booked, and that it is booked whole or not at all."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from kap.core.errors import Refused
from kap.outbox.models import Message
from kap.pathway.gates import GateClosed
from scheduling import actions
from scheduling.models import Appointment, Reservation, Resource
from tests.factories.pathway import CourseFactory
from tests.factories.people import ClientFactory, ProviderFactory, UserFactory
from tests.factories.scheduling import RoomFactory, tomorrow, works

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def book(clinic, by, **more):
    given = dict(
        service=clinic.service("preparation"), client=more.pop("client", None) or ClientFactory(),
        starts_at=tomorrow(10), location=clinic.location, mode="in_person", staff=[(clinic.therapist, "therapist")], by=by,
    )  # fmt: skip
    return actions.book(**{**given, **more})


def test_a_booking_reserves_client_provider_and_room_with_buffers_behind_the_last_two(clinic, desk):
    made = book(clinic, desk)
    taken = {r.resource_id: r.during for r in made.reservations.all()}
    resource = Resource.objects.get(provider=clinic.therapist)
    assert taken[resource.pk].upper == made.ends_at + timedelta(minutes=clinic.therapist.buffer_minutes)
    client = Resource.objects.get(client=made.attendees.get().client)
    assert taken[client.pk].upper == made.ends_at
    assert Resource.objects.get(room=made.room).pk in taken
    assert len(taken) == 3
    assert made.room == clinic.therapy, "the dosing room is not taken for a talk"


def test_a_taken_time_is_refused_with_the_three_nearest(clinic, desk):
    book(clinic, desk)
    with pytest.raises(actions.Taken) as refused:
        book(clinic, desk)
    starts = [offer.starts_at for offer in refused.value.times]
    # An hour and its buffer of ten minutes: 8:45 would run into the first booking, 11:15 is the first after it.
    assert starts == [tomorrow(8, 30), tomorrow(8, 45), tomorrow(11, 15)]
    assert Appointment.objects.count() == 1


def test_the_client_cannot_be_in_two_places(clinic, desk):
    client = ClientFactory()
    other = ProviderFactory(credentialed=True)
    works(other, clinic.location)
    RoomFactory(location=clinic.location)
    book(clinic, desk, client=client)
    with pytest.raises(actions.Taken, match=client.name):
        book(clinic, desk, client=client, staff=[(other, "therapist")], starts_at=tomorrow(10, 30))


def test_video_needs_no_room(clinic, desk):
    assert book(clinic, desk, mode="video").room is None


def test_an_expired_licence_makes_a_provider_unbookable_that_day(clinic, desk):
    licence = clinic.therapist.credentials.get()
    licence.expires_on = tomorrow(10).date() - timedelta(days=1)
    licence.save()
    with pytest.raises(Refused, match="licence"):
        book(clinic, desk)
    assert not Appointment.objects.exists()


def test_by_video_the_licence_of_the_clients_state_counts(clinic, desk):
    with pytest.raises(Refused, match="NV"):
        book(clinic, desk, mode="video", client=ClientFactory(state="NV"))
    assert book(clinic, desk, client=ClientFactory(state="NV")), "in the clinic, the clinic's state counts"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"mode": "phone"}, "not held"),
        ({"staff": []}, "needs a therapist"),
        ({"starts_at": tomorrow(10, days=-2)}, "passed"),
        ({"starts_at": tomorrow(22)}, "does not work"),
    ],
)
def test_what_cannot_be_is_said_in_words(clinic, desk, change, words):
    with pytest.raises(Refused, match=words):
        book(clinic, desk, **change)


def test_somebody_on_leave_is_not_booked(clinic, desk):
    actions.add_time_off(provider=clinic.therapist, starts_at=tomorrow(9), ends_at=tomorrow(12), by=desk)
    with pytest.raises(Refused, match="away"):
        book(clinic, desk)


def test_a_room_of_another_house_or_kind_is_refused(clinic, desk):
    with pytest.raises(Refused, match="therapy room"):
        book(clinic, desk, room=clinic.dosing_room)
    with pytest.raises(Refused, match="this location"):
        book(clinic, desk, room=RoomFactory())


def test_a_monitor_or_a_client_may_not_book(clinic):
    for role in ("monitor", "client"):
        with pytest.raises(PermissionDenied):
            book(clinic, UserFactory(roles=[role]))


def test_who_is_booked_joins_the_care_team(clinic, desk):
    made = book(clinic, desk)
    member = made.attendees.get().client.team.get()
    assert (member.user, member.role, member.until) == (clinic.therapist.user, "therapist", None)


def test_dose_and_integration_are_booked_as_one(clinic, desk, course, ordered):
    dose = actions.book_dosing(course=course, plan=clinic.plan(), by=desk)
    assert dose.room == clinic.dosing_room
    assert dose.integration.dosing == dose
    assert dose.integration.starts_at - dose.ends_at == timedelta(hours=24, minutes=30)
    on_call = dose.staff.get(on_call=True)
    assert on_call.provider == clinic.prescriber
    assert not Reservation.objects.filter(resource__provider=clinic.prescriber).exists(), (
        "on call is not reserved"
    )
    assert set(course.client.team.values_list("role", flat=True)) == {"therapist", "prescriber"}


def test_a_monitor_sees_the_chart_until_the_day_after(clinic, desk, course, ordered):
    plan = clinic.plan(staff=((clinic.therapist, "therapist"), (clinic.monitor, "monitor")))
    dose = actions.book_dosing(course=course, plan=plan, by=desk)
    assert course.client.team.get(role="monitor").until == dose.ends_at + timedelta(days=1)


@pytest.mark.parametrize("hours", [None, 26, 51])
def test_no_dose_without_an_integration_in_its_window(clinic, desk, course, ordered, hours):
    start = tomorrow(10, days=3)
    plan = clinic.plan(start, integration_starts_at=start + hours * HOUR if hours else None)
    with pytest.raises(Refused) as refused:
        actions.book_dosing(course=course, plan=plan, by=desk)
    if hours:
        assert isinstance(refused.value, GateClosed)
        assert [step.key for step in refused.value.steps] == ["integration_in_window"]
    assert not Appointment.objects.exists()
    assert not Reservation.objects.exists()


def test_when_the_integration_is_taken_nothing_is_booked(clinic, desk, course, ordered):
    plan = clinic.plan()
    book(clinic, desk, starts_at=plan.integration_starts_at)
    with pytest.raises(actions.Taken) as refused:
        actions.book_dosing(course=course, plan=plan, by=desk)
    assert Appointment.objects.filter(service__code="dosing").count() == 0
    pairs = refused.value.times
    assert len(pairs) == 3
    for pair in pairs:
        after = pair.integration.starts_at - pair.starts_at - timedelta(minutes=150)
        assert 24 * HOUR <= after <= 48 * HOUR


def test_a_dose_needs_a_prescriber_on_site_or_on_call(clinic, desk, course, ordered):
    with pytest.raises(Refused, match="prescriber"):
        actions.book_dosing(course=course, plan=clinic.plan(on_call=()), by=desk)


def test_dosing_cannot_be_booked_before_preparation(clinic, desk, ordered):
    with pytest.raises(GateClosed, match="intake"):
        actions.book_dosing(course=CourseFactory(stage="intake"), plan=clinic.plan(), by=desk)
    with pytest.raises(Refused, match="together with its integration"):
        book(clinic, desk, service=clinic.service("dosing"))


def test_a_lone_integration_is_tied_to_the_dose_that_lacks_one(clinic, desk, course, ordered):
    dose = actions.book_dosing(course=course, plan=clinic.plan(), by=desk)
    actions.cancel(appointment=dose.integration, reason="client", by=desk)
    again = book(
        clinic, desk, client=course.client, course=course, service=clinic.service("integration"),
        starts_at=dose.ends_at + 25 * HOUR,
    )  # fmt: skip
    assert again.dosing == dose
    assert dose.integration == again


def test_the_clients_messages_are_owed_in_the_same_transaction(clinic, desk):
    made = book(clinic, desk, starts_at=tomorrow(10, days=5))
    owed = {m.kind: m for m in Message.objects.filter(cause=f"appointment:{made.pk}")}
    assert set(owed) == {"appointment_booked", "appointment_72h", "appointment_24h", "appointment_2h"}
    assert owed["appointment_24h"].send_at == made.starts_at - timedelta(hours=24)
    assert owed["appointment_24h"].context["zone"] == "America/Los_Angeles"
    assert "Preparation" not in str(owed["appointment_24h"].context), "no clinical word leaves the house"
    try:
        with transaction.atomic():
            book(clinic, desk, starts_at=tomorrow(15, days=5))
            raise RuntimeError
    except RuntimeError:
        pass
    assert Message.objects.count() == 4, "nothing booked, nothing owed"


def test_getting_ready_is_sent_before_a_dose_only(clinic, desk, course, ordered):
    actions.book_dosing(course=course, plan=clinic.plan(), by=desk)
    kinds = list(Message.objects.filter(kind__startswith="pre_dose").values_list("kind", flat=True))
    assert sorted(kinds) == ["pre_dose_12h", "pre_dose_48h"]


def test_reminders_whose_time_has_passed_are_not_owed(clinic, desk):
    made = book(clinic, desk, starts_at=tomorrow(14), mode="video")
    assert not Message.objects.filter(cause=f"appointment:{made.pk}", kind="appointment_72h").exists()


def test_postgresql_itself_refuses_an_overlap(clinic, desk):
    made = book(clinic, desk)
    other = book(clinic, desk, starts_at=tomorrow(14))
    resource = Resource.objects.get(provider=clinic.therapist)
    with pytest.raises(IntegrityError, match="nothing_reserved_twice_at_once"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO scheduling_reservation (resource_id, appointment_id, during, live)"
            " VALUES (%s, %s, tstzrange(%s, %s), true)",
            [resource.pk, other.pk, made.starts_at + timedelta(minutes=59), made.ends_at + HOUR],
        )
