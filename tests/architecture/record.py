"""A whole record, written row by row without the actions: what the database must guard is then tried on it."""

import hashlib
import json
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import uuid4

from intake.models import Evaluation, Order, Submission
from kap.accounts.models import User
from kap.core import clock, protocol
from kap.core.models import ProtocolVersion
from kap.documents.models import Document
from kap.notes.models import Note
from kap.pathway.models import Course, StageMove
from kap.people.models import Client, Contact, Provider
from scheduling.models import Appointment, Attendee, Location, Reservation, Resource, Room, Service
from sessions.models import Administration, DosingSession, Vitals

WAY = ("enquiry", "intake", "medical", "preparation", "dosing")


def frozen(text: str) -> dict:
    body = json.dumps({"text": text}).encode()
    return {"content": body, "sha256": hashlib.sha256(body).hexdigest()}


def person(name: str) -> User:
    return User.objects.create(email=f"{uuid4().hex}@example.test", name=name)


def client_with_course(version, number: int, stages=WAY):
    client = Client.objects.create(number=number, legal_name=f"Client {number}", added_by="system:test")
    course = Course.objects.create(client=client, protocol=version)
    came = ""
    for stage in stages:
        StageMove.objects.create(course=course, from_stage=came, to_stage=stage, by_label="system:test")
        came = stage
    course.refresh_from_db()
    return client, course


def evidence(client, course, doctor, *, now):
    submission = Submission.objects.create(
        course=course, number=1, questions_version="1", sent_by="system:test", **frozen("answers")
    )
    evaluation = Evaluation.objects.create(
        course=course, submission=submission, author=doctor, weight_kg=Decimal("70"), weight_measured_on=now.date(),
        decision="clear", valid_until=now.date() + timedelta(days=90), printed_name=doctor.name,
        decided_at=now - timedelta(days=3), decided_by=doctor, **frozen("evaluation"),
    )  # fmt: skip
    order = Order.objects.create(
        course=course, evaluation=evaluation, author=doctor, setting="in_clinic", route="im", dose_min_mg=30,
        dose_max_mg=60, booster_max_mg=30, session_max_mg=80, sessions=1, weight_kg=70, weight_measured_on=now.date(),
        start_systolic_max_mmhg=150, start_diastolic_max_mmhg=95, call_systolic_mmhg=160, call_diastolic_mmhg=100,
        call_spo2_below_percent=92, call_heart_rate_above_bpm=120, expires_on=now.date() + timedelta(days=60),
        signed_at=now - timedelta(days=2), signed_by=doctor, printed_name=doctor.name, **frozen("order"),
    )  # fmt: skip
    consent = Document.objects.create(
        client=client, course=course, kind="kap_consent", route="im", setting="in_clinic", title="Consent",
        html=b"<p>Consent</p>", valid_until=now + timedelta(days=300), **frozen("consent"),
    )  # fmt: skip
    preparation = Note.objects.create(
        client=client, course=course, kind="preparation", author=doctor, printed_name=doctor.name,
        signed_at=now - timedelta(days=1), signed_by=doctor, **frozen("preparation"),
    )  # fmt: skip
    companion = Contact.objects.create(
        client=client, name="Sam", relation="brother", phone="5550187", is_driver=True
    )
    return {
        "order": order,
        "evaluation": evaluation,
        "consent": consent,
        "preparation": preparation,
        "companion": companion,
    }


def appointment(client, course, *, service="dosing", starts=None, hours=2.5):
    location, _ = Location.objects.get_or_create(
        name="Riverside", defaults={"zone": "America/Los_Angeles", "state": "CA", "address": "1 Main Street"}
    )
    room, _ = Room.objects.get_or_create(location=location, name="Willow", defaults={"kind": "dosing"})
    kind, _ = Service.objects.get_or_create(code=service, defaults={"name": service, "minutes": 150})
    starts = starts or clock.now()
    made = Appointment.objects.create(
        service=kind, location=location, room=room, mode="in_person", starts_at=starts,
        ends_at=starts + timedelta(hours=hours), booked_by="system:test", route="im", setting="in_clinic",
    )  # fmt: skip
    Attendee.objects.create(appointment=made, client=client, course=course)
    return made


def whole_record(number: int = 1) -> SimpleNamespace:
    """One client with a started dosing session, one dose of 40 mg (of 80) and one reading."""
    now = clock.now()
    doctor, therapist = person("Dr. Kwame Osei"), person("Mara Quinn")
    version, _ = ProtocolVersion.objects.get_or_create(
        version="test",
        defaults={"body": protocol.default(), "reason": "test", "signed_at": now, "signed_by": doctor},
    )
    client, course = client_with_course(version, number)
    proof = evidence(client, course, doctor, now=now)
    booked = appointment(client, course, starts=now)
    session = DosingSession.objects.create(
        course=course, appointment=booked, number=1, route="im", setting="in_clinic", opened_by=therapist,
        opened_at=now - timedelta(minutes=30), started_at=now, started_by=therapist, second_person=doctor, **proof,
    )  # fmt: skip
    dose = Administration.objects.create(
        session=session, order=proof["order"], dose_mg=40, route="im", given_at=now, given_by=doctor.name,
        recorded_by=doctor, witness=therapist,
    )  # fmt: skip
    vitals = Vitals.objects.create(
        session=session, recorded_by=therapist, measured_at=now, phase="during", systolic_mmhg=128, diastolic_mmhg=80,
        entry_key=uuid4(),
    )  # fmt: skip
    return SimpleNamespace(
        now=now, doctor=doctor, therapist=therapist, version=version, client=client, course=course, session=session,
        appointment=booked, dose=dose, vitals=vitals, **proof,
    )  # fmt: skip


def resource(name="Mara Quinn") -> Resource:
    provider = Provider.objects.create(user=person(name), title="LMFT")
    return Resource.objects.create(provider=provider)


def reserve(what, where, start, hours=1.0) -> Reservation:
    return Reservation.objects.create(
        resource=what, appointment=where, during=(start, start + timedelta(hours=hours)), live=True
    )
