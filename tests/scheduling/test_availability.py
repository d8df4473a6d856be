"""Free times from the database: right at the edges, and asked as often for a thousand appointments as for ten."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from scheduling import availability
from scheduling.availability import Seat, Wish, find, find_pairs, suitable_rooms
from scheduling.models import Appointment, Reservation, Resource
from tests.factories.people import ClientFactory, ProviderFactory
from tests.factories.scheduling import LA, AppointmentFactory, ShiftFactory, at_wall, tomorrow, works

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def wish(clinic, code="preparation", people=None, mode="in_person", client=None):
    service = clinic.service(code)
    people = people or [(clinic.therapist, "therapist")]
    rooms = suitable_rooms(clinic.location, service) if mode == "in_person" else []
    return Wish(service, clinic.location, mode, (Seat(tuple(people)),), tuple(rooms), client)


def starts(found):
    return [offer.starts_at for offer in found]


def test_a_booking_blocks_its_time_and_the_buffers_on_both_sides(clinic):
    AppointmentFactory(
        location=clinic.location,
        people=[(clinic.therapist, "therapist")],
        starts_at=tomorrow(12),
        mode="video",
    )
    found = starts(find(wish(clinic, mode="video"), start=tomorrow(8), end=tomorrow(20)))
    # An hour and ten minutes of writing up end before 12:00 only if she starts at 10:45. Rows made by hand carry no buffer.
    assert tomorrow(10, 45) in found
    assert tomorrow(11) not in found
    assert tomorrow(12, 45) not in found
    assert tomorrow(13) in found


def test_in_person_needs_her_there_and_a_room(clinic):
    AppointmentFactory(location=clinic.location, room=clinic.therapy, starts_at=tomorrow(10), people=[])
    found = starts(find(wish(clinic), start=tomorrow(8), end=tomorrow(20)))
    assert tomorrow(10) not in found
    assert tomorrow(10) in starts(find(wish(clinic, mode="video"), start=tomorrow(8), end=tomorrow(20)))


def test_a_shift_elsewhere_counts_for_video_only(clinic):
    other = ProviderFactory(credentialed=True)
    ShiftFactory(provider=other, weekday=tomorrow(10).astimezone(LA).weekday())
    people = [(other, "therapist")]
    assert find(wish(clinic, people=people), start=tomorrow(8), end=tomorrow(20)) == []
    assert find(wish(clinic, people=people, mode="video"), start=tomorrow(8), end=tomorrow(20))


def test_anyone_who_is_free_and_licensed_fills_the_seat(clinic):
    lapsed = ProviderFactory()  # no licence at all
    works(lapsed, clinic.location)
    AppointmentFactory(
        location=clinic.location,
        people=[(clinic.therapist, "therapist")],
        starts_at=tomorrow(10),
        mode="video",
    )
    people = [(clinic.therapist, "therapist"), (lapsed, "therapist")]
    found = find(wish(clinic, people=people, mode="video"), start=tomorrow(8), end=tomorrow(20))
    assert tomorrow(10) not in starts(found)
    assert {offer.staff for offer in found} == {((clinic.therapist, "therapist"),)}


def test_the_clients_own_time_counts(clinic):
    client = ClientFactory()
    AppointmentFactory(
        client=client, people=[], starts_at=tomorrow(10), mode="phone", location=clinic.location
    )
    found = starts(find(wish(clinic, client=client), start=tomorrow(8), end=tomorrow(20)))
    assert tomorrow(9, 30) not in found
    assert tomorrow(9) in found


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2027, 3, 14), 9), (date(2027, 11, 7), 11)], ids=["spring forward", "fall back"]
)
def test_a_shift_keeps_its_wall_clock_when_the_clocks_change(clinic, day, hours):
    night = ProviderFactory(credentialed=True)
    ShiftFactory(
        provider=night,
        location=clinic.location,
        weekday=6,
        starts=time(0),
        ends=time(10),
        from_date=date(2027, 1, 1),
    )
    night.credentials.update(expires_on=date(2029, 1, 1))
    known = availability.load(
        start=at_wall(day, 0), end=at_wall(day + timedelta(days=1), 0), providers=[night]
    )
    (shift,) = known.hours(night.pk)
    assert shift.length == hours * HOUR
    assert shift.end.astimezone(LA).hour == 10


def test_pairs_count_elapsed_hours_across_the_change_of_clocks(clinic, at):
    at(datetime(2027, 3, 1, tzinfo=ZoneInfo("UTC")))
    for provider in (clinic.therapist, clinic.prescriber):
        provider.credentials.update(expires_on=date(2029, 1, 1))
    saturday = date(2027, 3, 13)
    found = find_pairs(
        wish(clinic, "dosing"), wish(clinic, "integration"), window=(24, 48),
        start=at_wall(saturday, 8), end=at_wall(saturday, 20),
    )  # fmt: skip
    assert found
    for pair in found:
        ends = pair.starts_at + timedelta(minutes=150)
        for after in (pair.integration, *pair.others):
            assert 24 * HOUR <= after.starts_at - ends <= 48 * HOUR


def test_a_friday_without_weekend_hours_says_which_days_fit(clinic, at):
    at(datetime(2026, 11, 16, 6, tzinfo=ZoneInfo("UTC")))  # Sunday evening in the clinic
    therapist = ProviderFactory(credentialed=True)
    works(therapist, clinic.location, days=range(5), starts=time(9), ends=time(17))
    people = [(therapist, "therapist")]
    found = find_pairs(
        wish(clinic, "dosing", people), wish(clinic, "integration", people), window=(24, 48),
        start=at_wall(date(2026, 11, 16), 0), end=at_wall(date(2026, 11, 22), 0),
    )  # fmt: skip
    days = availability.days_of(found, LA)
    assert date(2026, 11, 20) not in days, "Friday: its window is the weekend"
    assert days[:3] == [date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18)]


def fill(clinic, count):
    """Quarter hours of the therapist and a room, one after another, written in bulk."""
    resources = [
        Resource.objects.get_or_create(**k)[0]
        for k in ({"provider": clinic.therapist}, {"room": clinic.therapy})
    ]
    first = tomorrow(8, days=2)
    made = Appointment.objects.bulk_create(
        Appointment(
            service=clinic.service("preparation"), location=clinic.location, room=clinic.therapy, mode="in_person",
            starts_at=first + n * timedelta(minutes=15), ends_at=first + (n + 1) * timedelta(minutes=15), booked_by="x",
        )
        for n in range(count)
    )  # fmt: skip
    Reservation.objects.bulk_create(
        Reservation(resource=r, appointment=a, during=availability.span(a.starts_at, a.ends_at))
        for a in made
        for r in resources
    )


@pytest.mark.parametrize("search", ["one", "pairs"])
def test_as_many_queries_for_a_thousand_appointments_as_for_ten(clinic, search):
    people = [(clinic.therapist, "therapist")]
    more = [ProviderFactory(credentialed=True) for _n in range(5)]
    asked = {}
    for count, team in ((10, people), (1000, people + [(p, "therapist") for p in more])):
        Reservation.objects.all().delete()
        fill(clinic, count)
        if count == 1000:
            for provider in more:
                works(provider, clinic.location, days=[0])
        start, end = tomorrow(0, days=1), tomorrow(0, days=15)
        with CaptureQueriesContext(connection) as queries:
            if search == "one":
                find(wish_of(clinic, team), start=start, end=end)
            else:
                dose, after = wish_of(clinic, team, "dosing"), wish_of(clinic, team, "integration")
                find_pairs(dose, after, window=(24, 48), start=start, end=end)
        asked[count] = len([q for q in queries if "SELECT" in q["sql"]])
    assert asked[10] == asked[1000] <= 12, asked


def wish_of(clinic, team, code="preparation"):
    return wish(clinic, code, team)
