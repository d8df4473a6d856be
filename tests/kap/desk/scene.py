"""A clinic's Thursday, written row by row: the people of the mock-ups, with a past and a tomorrow."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import uuid4
from zoneinfo import ZoneInfo

from intake.models import Diagnosis, Evaluation, Order, Submission
from integration.models import IntegrationSession
from kap.core import clock
from kap.documents.models import Document, Signature, Template
from kap.measures.models import Request, Response
from kap.notes.models import Note
from kap.outbox.models import Message
from kap.worklist.models import Item
from scheduling.models import (
    Appointment,
    Attendee,
    Location,
    Reservation,
    Resource,
    Room,
    Service,
    Shift,
    StaffOn,
)
from sessions.models import Administration, Discharge, DosingSession, Vitals
from tests.architecture.record import frozen
from tests.factories.core import ClinicFactory
from tests.factories.pathway import CourseFactory, move
from tests.factories.people import (
    AllergyFactory,
    ClientFactory,
    ContactFactory,
    CredentialFactory,
    MedicineFactory,
    ProviderFactory,
    TeamMemberFactory,
    UserFactory,
)
from tests.factories.scheduling import SERVICES as WAYS

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 19, 10, 34, tzinfo=ZONE)
SERVICES = {
    "intake": ("Intake session", 80), "evaluation": ("Medical evaluation", 45), "preparation": ("Preparation", 60),
    "dosing": ("Dosing", 150), "integration": ("Integration", 60), "check_in": ("Check-in call", 20),
    "follow_up": ("Follow-up", 50),
}  # fmt: skip


def at(month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZONE)


def place() -> SimpleNamespace:
    location, _ = Location.objects.get_or_create(
        name="Venice",
        defaults={"zone": "America/Los_Angeles", "state": "CA", "address": "12 Alder Street, Los Angeles"},
    )
    willow, _ = Room.objects.get_or_create(location=location, name="Willow room", defaults={"kind": "dosing"})
    room, _ = Room.objects.get_or_create(location=location, name="Room 2", defaults={"kind": "therapy"})
    return SimpleNamespace(location=location, willow=willow, room=room)


def service(code: str) -> Service:
    name, minutes = SERVICES[code]
    roles, modes, kind = WAYS[code][2:]
    given = {"name": name, "minutes": minutes, "roles": roles, "modes": modes, "room_kind": kind}
    return Service.objects.get_or_create(code=code, defaults=given)[0]


def book(
    client, course, code, starts, *, staff=(), on_call=(), mode="in_person", minutes=None, **more
) -> Appointment:
    where, kind = place(), service(code)
    room = None if mode != "in_person" else (where.willow if code == "dosing" else where.room)
    if code == "dosing":
        more = {"route": "sl", "setting": "in_clinic"} | more
    made = Appointment.objects.create(
        service=kind, location=where.location, room=room, mode=mode, starts_at=starts,
        ends_at=starts + timedelta(minutes=minutes or kind.minutes), booked_by="system:tests", **more,
    )  # fmt: skip
    Attendee.objects.create(appointment=made, client=client, course=course)
    for provider in (*staff, *on_call):
        role = next(iter(provider.user.roles))
        StaffOn.objects.create(appointment=made, provider=provider, role=role, on_call=provider in on_call)
        if provider not in on_call:
            Reservation.objects.create(
                resource=provider.resource, appointment=made, during=(made.starts_at, made.ends_at), live=True
            )
    return made


def staff() -> SimpleNamespace:
    """Mara the therapist, Dr. Osei the prescriber, Ana the sitter, Kit who runs the desk."""
    ClinicFactory()
    mara = ProviderFactory(user__name="Mara Quinn", roles=("therapist",), title="LMFT", credentialed=True)
    osei = ProviderFactory(user__name="Dr. Kwame Osei", roles=("prescriber",), title="MD", credentialed=True)
    ana = ProviderFactory(user__name="Ana Ruiz", roles=("monitor",), title="RN", credentialed=True)
    kit = UserFactory(name="Kit Lane", roles=["admin"])
    where = place()
    for weekday in range(5):
        Shift.objects.create(
            provider=mara,
            location=where.location,
            weekday=weekday,
            starts="09:00",
            ends="19:00",
            from_date=date(2026, 1, 1),
        )
    for provider in (mara, osei, ana):
        Resource.objects.create(provider=provider)
    return SimpleNamespace(mara=mara, osei=osei, ana=ana, kit=kit, where=where)


def client_of(team, name, stage="intake", **more):
    client = ClientFactory(legal_name=name, **more)
    for provider in team:
        TeamMemberFactory(client=client, user=provider.user)
    return client, CourseFactory(client=client, stage=stage)


def signed_note(client, course, kind, author, when, body=None, **more) -> Note:
    return Note.objects.create(
        client=client, course=course, kind=kind, author=author, printed_name=author.name, signed_at=when, signed_by=author,
        held_at=when, body=body or {}, **more, **frozen(f"{kind} {when}"),
    )  # fmt: skip


def cleared(client, course, who, *, since) -> SimpleNamespace:
    """Evaluation, order, consent, preparation and driver, all in force from `since`."""
    doctor = who.osei.user
    submission = Submission.objects.create(
        course=course,
        number=1,
        questions_version="1",
        sent_by="system:tests",
        sent_at=since,
        **frozen("answers"),
    )
    evaluation = Evaluation.objects.create(
        course=course, submission=submission, author=doctor, weight_kg=Decimal("70"), weight_measured_on=since.date(),
        systolic_mmhg=128, diastolic_mmhg=82, decision="clear", valid_until=since.date() + timedelta(days=90),
        printed_name=doctor.name, decided_at=since, decided_by=doctor, **frozen("evaluation"),
    )  # fmt: skip
    order = Order.objects.create(
        course=course, evaluation=evaluation, author=doctor, setting="in_clinic", route="sl", strength="100 mg lozenge",
        dose_min_mg=100, dose_max_mg=150, session_max_mg=150, sessions=6, weight_kg=70, weight_measured_on=since.date(),
        start_systolic_max_mmhg=150, start_diastolic_max_mmhg=95, call_systolic_mmhg=160, call_diastolic_mmhg=100,
        call_spo2_below_percent=92, call_heart_rate_above_bpm=120, expires_on=since.date() + timedelta(days=90),
        signed_at=since, signed_by=doctor, printed_name=doctor.name, **frozen("order"),
    )  # fmt: skip
    template, _ = Template.objects.get_or_create(
        kind="kap_consent", route="sl", setting="in_clinic", version=4,
        defaults={"title": "KAP treatment", "sections": [], "published_by": "system:tests"},
    )  # fmt: skip
    consent = Document.objects.create(
        client=client, course=course, kind="kap_consent", route="sl", setting="in_clinic", title="KAP treatment",
        template=template, html=b"<p>Consent</p>", frozen_at=since, valid_until=since + timedelta(days=365),
        **frozen("consent"),
    )  # fmt: skip
    Signature.objects.create(
        document=consent, signer="system:tests", printed_name=client.legal_name, capacity="client", meaning="consents",
        signed_at=since, sha256=consent.sha256,
    )  # fmt: skip
    Diagnosis.objects.create(course=course, code="F33.2", words="Major depressive disorder, recurrent, severe",
                             is_principal=True, made_by=doctor, made_at=since)  # fmt: skip
    preparation = signed_note(client, course, "preparation", who.mara.user, since, {"intention": "To rest."})
    driver = ContactFactory(
        client=client, name="Sam Ashworth", relation="brother", phone="3105550187", is_emergency=True
    )
    return SimpleNamespace(
        order=order, evaluation=evaluation, consent=consent, preparation=preparation, companion=driver
    )


def dose(client, course, who, papers, number, when, mg, *, hours_after=None) -> DosingSession:
    """One session from opening to discharge, with its integration; held after so many hours, or not yet."""
    booked = book(
        client, course, "dosing", when, staff=(who.mara, who.ana), state="done", ended_at=when, ended_by="t"
    )
    end = when + timedelta(hours=2, minutes=30)
    session = DosingSession.objects.create(
        course=course, appointment=booked, number=number, route="sl", setting="in_clinic", opened_at=when,
        opened_by=who.mara.user, started_at=when, started_by=who.mara.user, second_person=who.ana.user, **vars(papers),
    )  # fmt: skip
    Administration.objects.create(
        session=session, order=papers.order, dose_mg=mg, route="sl", given_at=when, given_by="Ana Ruiz",
        recorded_by=who.ana.user, witness=who.mara.user, recorded_at=when,
    )  # fmt: skip
    Vitals.objects.create(
        session=session, recorded_by=who.ana.user, recorded_at=when, measured_at=when, phase="during", systolic_mmhg=144,
        diastolic_mmhg=90, entry_key=uuid4(),
    )  # fmt: skip
    DosingSession.objects.filter(pk=session.pk).update(
        first_dose_at=when, ended_at=end, ended_by=who.mara.user, outcome="discharged"
    )
    Discharge.objects.create(
        session=session, outcome="discharged", criteria={}, companion=papers.companion, companion_took_charge=True,
        left_at=end, printed_name="Mara Quinn", signed_by=who.mara.user, signed_at=end,
    )  # fmt: skip
    follow = {"opens_at": end + timedelta(hours=24), "closes_at": end + timedelta(hours=48)}
    if hours_after is not None:
        held = end + timedelta(hours=hours_after)
        note = signed_note(
            client, course, "integration", who.mara.user, held, {"narrative": "Water."}, about=session.pk
        )
        follow |= {
            "note": note, "held_at": held, "signed_at": held, "hours_after": Decimal(str(hours_after)),
            "timing": "in_window" if 24 <= hours_after <= 48 else "late",
        }  # fmt: skip
    session.refresh_from_db()
    IntegrationSession.objects.create(course=course, dosing=session, **follow)
    return session


def score(client, course, code, total, when, occasion="after_dose", band="moderate") -> Response:
    return Response.objects.create(
        client=client, course=course, instrument=code, version="1", occasion=occasion, answers={}, total=total, band=band,
        complete=True, authored_at=when, answered_by="system:tests",
    )  # fmt: skip


SCORES = (
    (at(10, 2), 19, 14), (at(10, 21), 18, 14), (at(10, 26), 12, 10), (at(11, 4), 14, 11), (at(11, 11), 10, 9),
    (at(11, 18, 8), 8, 7),
)  # fmt: skip


def june(who) -> SimpleNamespace:
    """June: two doses with their integrations, the third tomorrow; scores that fall."""
    with clock.at(at(10, 2)):
        client, course = client_of(
            (who.mara, who.osei), "June Ashworth", "preparation", chosen_name="", pronouns="she/her", phone="3105550142",
            allergies_checked_on=date(2026, 10, 8), medicines_checked_on=date(2026, 10, 8), with_user=True,
        )  # fmt: skip
        AllergyFactory(client=client, substance="penicillin", reaction="hives")
        MedicineFactory(client=client, name="sertraline", dose_amount=100, how_often="every morning")
        MedicineFactory(client=client, name="LORazepam", dose_amount=Decimal("0.5"), how_often="if needed",
                        hold_words="none within 24 h before dosing")  # fmt: skip
        MedicineFactory(client=client, name="lisinopril", dose_amount=10, how_often="every morning")
    papers = cleared(client, course, who, since=at(10, 8))
    type(course).objects.filter(pk=course.pk).update(planned_sessions=6)
    course.refresh_from_db()
    for number, when, mg, hours in ((1, at(10, 23, 13), 100, 26), (2, at(11, 6, 13), 150, 41)):
        move(course, "dosing", at=when)
        session = dose(client, course, who, papers, number, when, mg, hours_after=hours)
        move(course, "integration", at=when + timedelta(hours=3))
    for when, phq, gad in SCORES:
        score(client, course, "phq9", phq, when, band="mild" if phq < 10 else "moderate")
        score(client, course, "gad7", gad, when, band="mild" if gad < 10 else "moderate")
    tomorrow = book(client, course, "dosing", at(11, 20, 13), staff=(who.mara, who.ana), on_call=(who.osei,))
    book(client, course, "integration", at(11, 21, 17), staff=(who.mara,), dosing=tomorrow)
    Message.objects.create(
        key=f"m-{client.pk}", client=client, to_name=client.name, to_address=client.email, kind="appointment_72h",
        owed_by="system:tests", send_at=at(11, 17), state="sent", ended_at=at(11, 17, 13),
    )  # fmt: skip
    return SimpleNamespace(client=client, course=course, papers=papers, session=session, tomorrow=tomorrow)


def thursday() -> SimpleNamespace:
    """The whole day of the mock-up, as Mara, Dr. Osei, Ana and Kit see it. Move the clock to NOW before."""
    who = staff()
    who.june = june(who)
    june_client, june_course = who.june.client, who.june.course
    theo, theo_course = client_of((who.mara, who.osei), "Theo Kask", "preparation")
    papers = cleared(theo, theo_course, who, since=at(10, 10))
    theo_course.planned_sessions = 6
    theo_course.save(update_fields=["planned_sessions"])
    move(theo_course, "dosing", at=at(11, 17, 13))
    session = dose(theo, theo_course, who, papers, 1, at(11, 17, 13), 100)
    move(theo_course, "integration", at=at(11, 17, 16))
    held = book(theo, theo_course, "integration", at(11, 19, 9), staff=(who.mara,), state="done", minutes=50,
                dosing=session.appointment, ended_at=at(11, 19, 9, 50), ended_by="t")  # fmt: skip
    draft = Note.objects.create(client=theo, course=theo_course, kind="integration", author=who.mara.user, about=session.pk,
                                held_at=at(11, 19, 9), body={"narrative": "She"}, saved_at=at(11, 19, 9, 52))  # fmt: skip
    IntegrationSession.objects.filter(dosing=session).update(appointment=held, note=draft)
    book(june_client, june_course, "preparation", at(11, 19, 10, 30), staff=(who.mara,), mode="video", state="arrived",
         arrived_at=at(11, 19, 10, 25), arrived_by=who.mara.user, minutes=50)  # fmt: skip
    marcus, marcus_course = client_of((who.mara, who.osei), "Marcus Bell", "preparation")
    cleared(marcus, marcus_course, who, since=at(10, 12))
    marcus_course.planned_sessions = 6
    marcus_course.save(update_fields=["planned_sessions"])
    who.dosing = book(
        marcus, marcus_course, "dosing", at(11, 19, 13), staff=(who.mara, who.ana), on_call=(who.osei,)
    )
    hana, hana_course = client_of((who.mara,), "Hana Lindqvist", "intake")
    book(hana, hana_course, "intake", at(11, 19, 16, 30), staff=(who.mara,))
    priya, priya_course = client_of((who.mara, who.osei), "Priya Shah", "medical")
    book(priya, priya_course, "check_in", at(11, 19, 18), staff=(who.mara,), mode="phone")
    dana, _ = client_of((who.mara,), "Dana Reyes", "intake")
    Item.objects.create(
        key="safety", client=dana, kind="safety", urgency="now", title="Safety answer on PHQ-9", raised_at=at(11, 19, 7, 42),
        detail="Item 9 “Several days”. She was shown 988 and your clinic line.",
    )  # fmt: skip
    Request.objects.create(
        client=marcus, course=marcus_course, instrument="gad7", occasion="pre_dose", due_at=at(11, 19, 12)
    )
    Request.objects.create(
        client=theo, course=theo_course, instrument="phq9", occasion="after_dose", due_at=at(11, 16)
    )
    for name, stage in (("Lee Warren", "enquiry"), ("Ola Berg", "medical"), ("Sana Iqbal", "follow_up")):
        client_of((who.mara,), name, stage)
    ClientFactory.create_batch(0)
    CourseFactory(stage="enquiry")
    CredentialFactory(provider=who.ana, kind="acls", expires_on=date(2026, 12, 3))
    return who
