"""`make bench`: how the daily pages and acts grow between 10 and 1,000 appointments. No time is asserted: it prints
milliseconds, their ratio and the queries; the queries alone must not grow."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kap.documents import actions as documents
from kap.pathway import gates
from kap.people.models import Client
from scheduling import actions, availability
from scheduling.models import Appointment, Attendee, Mode, StaffOn
from tests.factories import documents as papers
from tests.factories.core import ClinicFactory
from tests.factories.dosing import ready_to_dose
from tests.factories.pathway import CourseFactory
from tests.factories.people import ClientFactory, TeamMemberFactory
from tests.factories.scheduling import ServiceFactory, tomorrow, working_clinic

pytestmark = [pytest.mark.bench, pytest.mark.django_db]
FEW, MANY, TIMES = 10, 1000, 5


def fill(clinic, number: int) -> None:
    """So many appointments of the therapist, each of a client of hers, over twelve weeks; half of them this week."""
    service, user = ServiceFactory(code="check_in"), clinic.therapist.user
    clients = ClientFactory.create_batch(number)
    for client in clients:
        TeamMemberFactory(client=client, user=user, role="therapist")
    rows = [
        Appointment(
            service=service, location=clinic.location, mode=Mode.PHONE, booked_by="system:bench",
            starts_at=(at := tomorrow(7, days=(place % 7 if place % 2 else 7 + place % 77) - 1) + timedelta(seconds=place)),
            ends_at=at + timedelta(minutes=20),
        )
        for place in range(number)
    ]  # fmt: skip
    Appointment.objects.bulk_create(rows)
    Attendee.objects.bulk_create(
        [Attendee(appointment=row, client=client) for row, client in zip(rows, clients, strict=True)]
    )
    StaffOn.objects.bulk_create(
        [StaffOn(appointment=row, provider=clinic.therapist, role="therapist") for row in rows]
    )


def free_times(clinic):
    service = ServiceFactory(code="preparation")
    wish = availability.Wish(
        service,
        clinic.location,
        Mode.VIDEO,
        (availability.Seat(((clinic.therapist, "therapist"),)),),
        (),
        None,
        (),
    )
    start = tomorrow(0, days=1)
    return availability.find(wish, start=start, end=start + timedelta(days=14))


def book(clinic):
    offer = free_times(clinic)[0]
    return actions.book(
        service=ServiceFactory(code="preparation"), client=ClientFactory(), starts_at=offer.starts_at,
        location=clinic.location, mode=Mode.VIDEO, staff=offer.staff, by=clinic.therapist.user,
    )  # fmt: skip


def sign():
    wanted = papers.asked(CourseFactory(client=ClientFactory(with_user=True)))
    return documents.sign_request(
        request=wanted, printed_name=wanted.client.legal_name, initials=papers.initials_for(wanted.template),
        by=wanted.client.user,
    )  # fmt: skip


def measured(act) -> tuple[float, int]:
    """(milliseconds of the quickest of some, queries of the last), caches warm."""
    act()
    best = float("inf")
    for _ in range(TIMES):
        start = time.perf_counter()
        act()
        best = min(best, time.perf_counter() - start)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        act()
    return best * 1000, len(seen)


def test_daily_work_does_not_ask_more_with_a_thousand_rows(client):
    ClinicFactory()
    clinic = working_clinic()
    scene = ready_to_dose()
    client.force_login(clinic.therapist.user)

    def page(name):
        answer = client.get(reverse(name))
        assert answer.status_code == 200
        return answer

    acts = {
        "Today board": lambda: page("desk:today"),
        "Calendar, a week": lambda: page("scheduling:calendar"),
        "Clients": lambda: page("desk:clients"),
        "Free times, two weeks": lambda: free_times(clinic),
        "Booking": lambda: book(clinic),
        "Gate to dosing": lambda: gates.ask("enter_dosing", scene.course, scene.appointment),
        "Signing a consent": sign,
    }
    fill(clinic, FEW)
    few = {name: measured(act) for name, act in acts.items()}
    fill(clinic, MANY - FEW)
    assert Client.objects.count() >= MANY
    many = {name: measured(act) for name, act in acts.items()}
    print(f"\n{'':24}{FEW:>9} rows{MANY:>9} rows   ratio   queries")
    for name in acts:
        (before, asked), (after, asks) = few[name], many[name]
        print(f"{name:24}{before:10.1f} ms{after:10.1f} ms{after / before:8.1f}{asked:6} → {asks}")
    grown = {name: (few[name][1], asks) for name, (_ms, asks) in many.items() if asks > few[name][1]}
    assert grown == {}
