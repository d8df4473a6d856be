"""A thousand clients in a few statements: courses walk to their stage by one move each, from the start."""

from datetime import timedelta
from uuid import uuid4

from kap.core import clock
from kap.pathway.models import Course, StageMove
from kap.people.models import Client, TeamMember
from kap.worklist.models import Item
from scheduling.models import Appointment, Attendee
from tests.factories.core import ProtocolVersionFactory
from tests.factories.pathway import way_to
from tests.kap.desk import scene

STAGES = ("enquiry", "intake", "medical", "preparation", "integration", "follow_up")


def many_more(user, number: int) -> None:
    """Clients of hers with a course, an item of the work list and an appointment next week each."""
    version, where, now = ProtocolVersionFactory(), scene.place(), clock.now()
    clients = Client.objects.bulk_create(
        Client(
            number=50_000 + n, legal_name=f"Robin Many{n:04d}", phone=f"213{n:07d}", added_by="system:tests"
        )
        for n in range(number)
    )
    TeamMember.objects.bulk_create(
        TeamMember(client=client, user=user, role="therapist", joined_by="system:tests") for client in clients
    )
    courses = Course.objects.bulk_create(
        Course(client=client, number=1, protocol=version, privacy_acknowledged_at=now) for client in clients
    )
    for step in range(7):
        moves = []
        for index, course in enumerate(courses):
            way = ["", *way_to(STAGES[index % 6])]
            if step + 1 < len(way):
                moves.append(
                    StageMove(
                        course=course, from_stage=way[step], to_stage=way[step + 1], by_label="system:tests"
                    )
                )
        StageMove.objects.bulk_create(moves)
    starts = now + timedelta(days=7)
    booked = Appointment.objects.bulk_create(
        Appointment(
            service=scene.service("check_in"), location=where.location, mode="phone", starts_at=starts,
            ends_at=starts + timedelta(minutes=20), booked_by="system:tests",
        )
        for _ in clients
    )  # fmt: skip
    Attendee.objects.bulk_create(
        Attendee(appointment=one, client=course.client, course=course)
        for one, course in zip(booked, courses, strict=True)
    )
    Item.objects.bulk_create(
        Item(key=str(uuid4()), client=client, kind="measure_overdue", urgency="soon", title="Late")
        for client in clients
    )
