"""One of everything that a list can show, made by factories and actions; and what of it there can be many of.

Four clients: June in a dosing session right now; Iris back home, with a history; Hana at the medical evaluation;
Noor with her forms. Five people of the clinic look: therapist, prescriber, monitor, admin, and Iris or Noor herself.
"""

from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

from django.apps import apps

from integration.models import IntegrationSession
from kap.accounts import actions as accounts
from kap.accounts.models import Invitation
from kap.accounts.second.models import FactorReset
from kap.audit.models import AccessLog
from kap.core import clock
from kap.core.actions import System
from kap.core.models import ProtocolVersion
from kap.notes.models import Addendum
from kap.notes.psychotherapy import actions as own_notes
from kap.outbox.models import MailboxItem, Message
from kap.pathway.models import StageMove
from kap.people.models import TeamMember
from kap.worklist.models import Item
from scheduling.models import Appointment, StaffOn, TimeOff
from sessions import actions as dosing
from tests.architecture.growing import hers
from tests.factories import documents as papers
from tests.factories import intake as forms
from tests.factories import integration as afterwards
from tests.factories import measures, medical, notes
from tests.factories.dosing import GO, dosed, read, ready_to_dose
from tests.factories.pathway import CourseFactory
from tests.factories.people import (
    AllergyFactory,
    ContactFactory,
    CredentialFactory,
    MedicineFactory,
    ProviderFactory,
    TeamMemberFactory,
    UserFactory,
)
from tests.factories.scheduling import AppointmentFactory, LocationFactory, RoomFactory, works

TESTS = System("tests")
AGO = timedelta(days=3)


def ordinary_clinic() -> SimpleNamespace:
    """The people who look and the things looked at. The clock is left where it was."""
    now = clock.now()
    clock.move_to(now - AGO)
    iris = afterwards.dosed_and_home(name="Iris Back-Home")
    clock.move_to(now)
    c = SimpleNamespace(iris=iris, at=now)
    c.therapist, c.prescriber, c.monitor = iris.therapist, iris.prescriber, iris.monitor
    c.admin = UserFactory(roles=["admin"], name="Kit Lane")
    works(iris.therapist_provider, iris.location)
    _history(c)
    c.june = _dosing(c)
    c.hana = _medical(c)
    c.noor = forms.IntakeFactory(client__legal_name="Noor Forms", client__email="noor@mail.example")
    TeamMemberFactory(client=c.noor.client, user=c.therapist)
    c.allergy = AllergyFactory(client=c.noor.client)
    c.medicine = MedicineFactory(client=c.noor.client)
    c.deferred = CourseFactory(stage="deferred")
    TeamMemberFactory(client=c.deferred.client, user=c.therapist)
    c.later = ready_to_dose(team=iris, name="Rose Later").appointment
    c.pool = [CourseFactory(stage=stage).client for stage in ("intake", "medical")]
    _desk(c)
    c.noor_user = c.noor.client.user
    c.pool_course = c.pool[0].courses.get()
    c.invitation, c.shift = Invitation.objects.get(), iris.therapist_provider.shifts.first()
    c.credential = iris.therapist_provider.credentials.filter(ended_at=None).first()
    c.member = TeamMember.objects.get(client=c.client, user=c.monitor)
    c.item, c.message = Item.objects.get(key="iris now"), Message.objects.get(key="failed")
    return c


def _history(c) -> None:
    """What one client gathers over the years."""
    iris = c.iris
    client = c.client = iris.course.client
    client.user = UserFactory(roles=["client"], name=client.legal_name, email="iris@mail.example")
    client.save()
    c.client_user = client.user
    afterwards.drafted(iris)
    course, by = iris.course, c.therapist
    c.note = notes.signed(course, "progress", by)
    c.draft = notes.draft(course, "progress", by)
    c.addendum = Addendum.objects.create(note=c.note, text="Later.", printed_name=by.name, added_by=by)
    c.document = papers.signed(course)
    c.plain_document = papers.record(course)
    c.to_sign = papers.asked(course, kind="kap_consent", route="sl", setting="in_clinic")
    c.response = measures.answered(course, occasion="after_dose", about=uuid4())
    c.asked_measure = measures.asked(course, "gad7", occasion="after_dose", about=uuid4())
    tomorrow = c.at + timedelta(days=1)
    c.visit = AppointmentFactory(
        service__code="check_in", mode="video", location=iris.location, starts_at=tomorrow,
        ends_at=tomorrow + timedelta(minutes=20), client=client, course=course,
        people=[(iris.therapist_provider, "therapist")],
    )  # fmt: skip
    c.contact = ContactFactory(client=client)
    c.own_note = own_notes.keep(client=client, note_id=uuid4(), words="A thought of mine.", revision=0, by=by)
    c.past_member = TeamMemberFactory(
        client=client, user=UserFactory(roles=["therapist"]), since=c.at - AGO, until=c.at - AGO / 2
    )
    c.old_course = CourseFactory(stage="completed")  # of somebody else: its copies are hers
    for person in (c.therapist, c.client_user):
        AccessLog.objects.create(actor=person.audit_label, client_id=client.pk, kind="chart")
    for state in ("owed", "sent", "dropped", "failed"):
        ended = None if state == "owed" else c.at
        Message.objects.create(
            key=f"{state}", kind="appointment_24h", to_address="iris@mail.example", send_at=c.at, owed_by="system:tests",
            context={"starts_at": tomorrow.isoformat()}, client=client, state=state, ended_at=ended, why="x" if ended else "",
        )  # fmt: skip
    for urgency in ("now", "today", "soon"):
        Item.objects.create(
            key=f"iris {urgency}", kind="adverse_event", urgency=urgency, title="Look", client=client
        )
    Item.objects.create(
        key="iris done", kind="adverse_event", urgency="soon", title="Seen", client=client, acknowledged_at=c.at,
        acknowledged_by=by, what_was_done="Called her at noon.",
    )  # fmt: skip


def _dosing(c):
    """A session with medicine given, and one of each row of its flowsheet."""
    june = ready_to_dose(team=c.iris, name="June Ashworth")
    dosed(june)
    june.reading = read(june, **GO)
    struck = read(june, **GO)
    dosing.strike(target=struck, reason="Wrong arm, measured again.", by=june.monitor)
    june.struck = struck
    june.observation = dosing.observe(session=june.session, words="Calm, eyes closed.", by=june.monitor)
    june.event = dosing.record_event(
        session=june.session,
        code="nausea",
        grade=1,
        relatedness="probable",
        action="none",
        outcome="ongoing",
        by=june.monitor,
    )
    return june


def _medical(c):
    case = medical.medical_case(client__legal_name="Hana Ito", client__email="hana2@mail.example")
    for user in (c.therapist, c.prescriber):
        TeamMemberFactory(client=case.client, user=user)
    medical.evaluated(case)
    medical.diagnosed(case)
    medical.ordered(case)
    medical.planned(case)
    medical.drafted(case)
    return case


def _desk(c) -> None:
    """What belongs to the clinic and to nobody's record."""
    c.colleague = ProviderFactory(roles=["therapist"], credentialed=True, user__name="Robin Colleague")
    works(c.colleague, c.iris.location, days=[0])
    c.waiting_user = UserFactory(roles=["monitor"], name="Not on the roster")
    c.ended_credential = CredentialFactory(
        provider=c.iris.therapist_provider, state="NV", ended_at=c.at, ended_by="system:tests"
    )
    c.off = TimeOff.objects.create(
        provider=c.iris.therapist_provider,
        starts_at=c.at + timedelta(days=40),
        ends_at=c.at + timedelta(days=41),
    )
    accounts.invite(email="new@alderhouse.example", name="New Person", roles=["therapist"], by=c.admin)
    c.other_house = LocationFactory(name="Other house")
    RoomFactory(location=c.other_house)
    for person in (c.colleague.user, c.waiting_user):
        FactorReset.objects.create(
            user=person, reason="Lost the phone, seen at the desk.", asked_by=c.therapist
        )
    FactorReset.objects.update_or_create(
        user=c.waiting_user, defaults={"dropped_at": c.at, "dropped_by": c.admin, "asked_by": c.therapist}
    )
    c.mail = MailboxItem.objects.create(
        to_address="a@b.example", subject="Hello", body="Hello", html="<p>Hello</p>"
    )
    Item.objects.create(
        key="desk", kind="credential_expiring", urgency="soon", title="Licence of Mara ends", for_role="admin"
    )


# ---------------------------------------------------------------- what there can be many of


def grow(c, growing) -> None:
    """Clients with all they have; then each list of one client; then each list of the clinic."""
    for client in (c.client, c.june.client, c.hana.client, c.noor.client, *c.pool):
        growing.of(hers(client))
    _much_of_iris(c, growing)
    _much_of_a_session(c.june, growing)
    _much_of_a_case(c.hana, growing)
    _much_of_the_clinic(c, growing)
    _much_of_the_past(growing)


def _keys(rows) -> list:
    return list(rows.order_by().values_list("pk", flat=True))


def _much_of_iris(c, growing) -> None:
    client, course, session = c.client, c.iris.course, c.iris.session
    for one in (
        c.note, c.draft, c.own_note, c.addendum, c.plain_document, c.contact, c.past_member,
        *AccessLog.objects.filter(client_id=client.pk), *Message.objects.filter(client=client),
        *Item.objects.filter(client=client), *StageMove.objects.filter(course=course),
    ):  # fmt: skip
        growing.of({one._meta.label: [one.pk]})
    growing.of({"documents.Document": [c.document.pk], "documents.Signature": _keys(c.document.signatures)})
    growing.of({"documents.Template": [c.to_sign.template_id], "documents.SignatureRequest": [c.to_sign.pk]})
    a_day_on = {"authored_at": "s.authored_at - n * interval '1 day'"}
    growing.of({"measures.Response": [c.response.pk]}, {"measures.Response": a_day_on})
    # Asked once per occasion, so each about another dose.
    growing.of(
        {"measures.Request": [c.asked_measure.pk]},
        {"measures.Request": {"about": "md5(s.about::text || tag)::uuid"}},
    )
    for pk, sign in ((c.visit.pk, "+"), (c.iris.integration.pk, "-")):
        moved = {column: f"s.{column} {sign} n * interval '1 day'" for column in ("starts_at", "ends_at")}
        growing.of(_appointment(pk), {"scheduling.Appointment": moved | {"dosing_id": "NULL::uuid"}})
    growing.of(
        {"pathway.Course": [c.old_course.pk], "pathway.StageMove": _keys(c.old_course.moves)},
        {"pathway.Course": {"number": "100 + n", "client_id": f"'{client.pk}'::uuid"}},
    )
    mine = {"dosing.DosingSession": [session.pk], "scheduling.Appointment": [session.appointment_id]}
    for label, rows in hers(c.client).items():
        if label.startswith("dosing.") and label != "dosing.DosingSession":
            mine[label] = rows
    mine |= _appointment(session.appointment_id)
    mine["integration.IntegrationSession"] = _keys(IntegrationSession.objects.filter(dosing=session))
    growing.of(
        mine,
        {
            "dosing.DosingSession": {"number": "s.number + n"},
            "integration.IntegrationSession": {"appointment_id": "NULL::uuid", "note_id": "NULL::uuid"},
        },
    )


def _appointment(pk) -> dict[str, list]:
    return {
        "scheduling.Appointment": [pk],
        "scheduling.Attendee": _keys(Appointment.objects.get(pk=pk).attendees),
        "scheduling.StaffOn": _keys(StaffOn.objects.filter(appointment=pk)),
    }


def _much_of_a_session(june, growing) -> None:
    session = june.session
    for rows in (
        session.predoseanswers,
        session.administrations,
        session.observations,
        session.adverseevents,
    ):
        growing.of({rows.model._meta.label: _keys(rows)[:1]})
    growing.of({"dosing.Vitals": [june.reading.pk]})
    growing.of({"dosing.Vitals": [june.struck.pk], "dosing.Strike": [june.struck.strike.pk]})


def _much_of_a_case(case, growing) -> None:
    course = case.course
    ended = {"ended_at": "s.created_at", "ended_by": "'system:tests'"}
    growing.of({"intake.Diagnosis": _keys(course.diagnoses)}, {"intake.Diagnosis": ended})
    submission = course.submissions.get()
    growing.of(
        {"intake.Submission": [submission.pk], "intake.Flag": _keys(submission.flags)},
        {"intake.Submission": {"number": "s.number + n", "sent_at": "s.sent_at - n * interval '1 day'"}},
    )
    growing.of({"intake.Evaluation": _keys(course.evaluations.exclude(decided_at=None))})
    ended = ended | {"ended_at": "s.signed_at"}
    growing.of({"intake.Order": _keys(course.orders.all())}, {"intake.Order": ended})
    plan = course.plans.get()
    growing.of(
        {"intake.Plan": [plan.pk], "documents.Document": [plan.document_id]},
        {"intake.Plan": {"superseded_at": "s.signed_at"}},
    )


def _much_of_the_clinic(c, growing) -> None:
    """Staff and their papers, rooms, versions, and what stands in no record."""
    for user in (c.colleague.user, c.waiting_user):
        rows = {"accounts.User": [user.pk], "accounts.RoleGrant": _keys(user.grants)} | _provider(user)
        growing.of(rows | {"accounts.FactorReset": _keys(user.factor_resets)})
    mara = c.iris.therapist_provider
    for one in (*mara.credentials.all(), c.off, *Invitation.objects.all(), c.mail):
        growing.of({one._meta.label: [one.pk]})
    past = {"scheduling.Shift": {"to_date": "s.from_date + 1"}}
    growing.of({"scheduling.Shift": [c.shift.pk]}, past)
    # Never cut on any page, so these are many only where nobody else looks; each is four fields of a form.
    for one in (c.allergy, c.medicine):
        growing.of({one._meta.label: [one.pk]}, at_most=100)
    growing.of({"core.ProtocolVersion": _keys(ProtocolVersion.objects.all())})
    growing.of({"worklist.Item": _keys(Item.objects.filter(client=None))})
    growing.of({"scheduling.Room": [c.iris.room.pk]})
    growing.of({"scheduling.Location": [c.other_house.pk], "scheduling.Room": _keys(c.other_house.rooms)})


def _much_of_the_past(growing) -> None:
    """Of every history table, what was written last: copies are made with triggers asleep, which write none."""
    for model in apps.get_models():
        if hasattr(model, "pgh_tracked_model"):
            growing.of(
                {model._meta.label: list(model.objects.order_by("-pgh_id").values_list("pk", flat=True)[:1])}
            )


def _provider(user) -> dict[str, list]:
    provider = getattr(user, "provider", None)
    if provider is None:
        return {}
    return {
        "people.Provider": [provider.pk], "people.Credential": _keys(provider.credentials),
        "scheduling.Shift": _keys(provider.shifts),
    }  # fmt: skip
