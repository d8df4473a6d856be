"""Working hours: nobody works in two places at once, and what a change touches is shown before it is saved."""

from datetime import date, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from kap.core.errors import Refused, Stale
from scheduling import actions
from tests.factories.people import ProviderFactory
from tests.factories.scheduling import LA, AppointmentFactory, LocationFactory, tomorrow

pytestmark = pytest.mark.django_db


def add(provider, location, by, **more):
    given = dict(weekday=0, starts=time(9), ends=time(12), from_date=date(2026, 1, 5))
    return actions.add_shift(provider=provider, location=location, by=by, **{**given, **more})


def test_two_shifts_of_one_person_do_not_overlap(desk):
    provider, here, there = ProviderFactory(), LocationFactory(), LocationFactory()
    first = add(provider, here, desk, to_date=date(2026, 6, 29))
    with pytest.raises(Refused, match=here.name):
        add(provider, there, desk, starts=time(11), ends=time(15))
    assert add(provider, there, desk, starts=time(12), ends=time(15)), "touching is not overlapping"
    assert add(provider, there, desk, from_date=date(2026, 7, 6)), "after the first has ended"
    assert first.to_date == date(2026, 6, 29)


@pytest.mark.parametrize(
    ("change", "words"), [({"ends": time(9)}, "later"), ({"to_date": date(2026, 1, 1)}, "before the first")]
)
def test_a_shift_in_the_wrong_order_is_refused(desk, change, words):
    with pytest.raises(Refused, match=words):
        add(ProviderFactory(), LocationFactory(), desk, **change)


def test_only_the_roster_manager_changes_hours(clinic):
    with pytest.raises(PermissionDenied):
        add(clinic.therapist, clinic.location, clinic.therapist.user)


def test_ending_a_shift_shows_the_appointments_in_it(clinic, desk):
    people = [(clinic.therapist, "therapist")]
    booked = AppointmentFactory(location=clinic.location, people=people, starts_at=tomorrow(10, days=8))
    day = booked.starts_at.astimezone(LA).date()
    shift = clinic.therapist.shifts.get(weekday=day.weekday())
    with pytest.raises(actions.Touches) as refused:
        actions.end_shift(shift=shift, last_day=day - timedelta(days=1), by=desk)
    assert refused.value.appointments == [booked]
    shift.refresh_from_db()
    assert shift.to_date is None
    other = clinic.therapist.shifts.exclude(weekday=day.weekday()).first()
    assert actions.end_shift(shift=other, last_day=day, by=desk).to_date == day
    assert actions.end_shift(shift=shift, last_day=day - timedelta(days=1), keep=True, by=desk)
    with pytest.raises(Stale):
        actions.end_shift(shift=shift, last_day=day, by=desk)


def test_time_off_shows_what_lies_in_it_and_can_be_taken_back(clinic, desk):
    booked = AppointmentFactory(location=clinic.location, people=[(clinic.therapist, "therapist")])
    span = {"starts_at": tomorrow(0), "ends_at": tomorrow(0, days=2)}
    with pytest.raises(actions.Touches) as refused:
        actions.add_time_off(provider=clinic.therapist, **span, by=desk)
    assert refused.value.appointments == [booked]
    off = actions.add_time_off(provider=clinic.therapist, **span, keep=True, by=desk)
    actions.cancel_time_off(time_off=off, by=desk)
    with pytest.raises(Stale):
        actions.cancel_time_off(time_off=off, by=desk)


def test_places_are_closed_only_when_nothing_is_booked_there(clinic, desk):
    booked = AppointmentFactory(location=clinic.location, room=clinic.therapy)
    for close, thing in (
        (actions.close_room, {"room": clinic.therapy}),
        (actions.close_location, {"location": clinic.location}),
    ):
        with pytest.raises(Refused, match="1 booked appointment"):
            close(**thing, by=desk)
    actions.cancel(appointment=booked, reason="clinic", by=desk)
    assert actions.close_room(room=clinic.therapy, by=desk).closed_at
    with pytest.raises(Stale):
        actions.close_room(room=clinic.therapy, by=desk)


def test_a_location_with_appointments_keeps_its_time_zone(clinic, desk):
    AppointmentFactory(location=clinic.location)
    given = {"name": clinic.location.name, "state": "CA", "address": "Elsewhere"}
    with pytest.raises(Refused, match="new location"):
        actions.save_location(location=clinic.location, zone="America/Denver", **given, by=desk)
    assert (
        actions.save_location(location=clinic.location, zone=clinic.location.zone, **given, by=desk).address
        == "Elsewhere"
    )
