"""Two care teams who do not know each other, with one of everything that an address or a form can name.

    ground = build()                       # inside a transaction; nothing is committed
    ground.own.args("iris", "contact")     # the ids of that object for an address
    ground.visitors["therapist"].get(path) # a browser, signed in

`own` is the side whose team the first of each role is on; `other` is its twin, for those who are elsewhere.
"""

from base64 import urlsafe_b64encode
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.template import Template
from django.test import Client as Browser
from django.test.utils import _TestState

from kap.accounts.models import Invitation, SignIn
from kap.accounts.second.models import Factor, FactorReset
from kap.core import clock
from kap.core.actions import System
from kap.core.models import ProtocolVersion
from kap.documents import actions as documents
from kap.measures.models import Request
from kap.outbox.models import Message
from kap.people.models import BreakGlass, TeamMember
from kap.worklist.models import Item
from scheduling.models import Shift, TimeOff
from scheduling.tokens import token_for
from sessions import actions as dosing
from tests.factories import documents as papers
from tests.factories import integration as afterwards
from tests.factories import measures, medical, notes
from tests.factories.dosing import GO, dosed, opened, read, ready_to_dose
from tests.factories.intake import IntakeFactory, fill_in
from tests.factories.pathway import CourseFactory
from tests.factories.people import (
    ClientFactory,
    ContactFactory,
    CredentialFactory,
    TeamMemberFactory,
    UserFactory,
)
from tests.factories.scheduling import AppointmentFactory, works

TESTS = System("tests")
AGO = timedelta(days=3)


class Side:
    """One care team, its clients and their things. `things`: word → the value that stands in an address."""

    def __init__(self, tag: str):
        self.tag, self.things, self.clients = tag, {}, {}

    def keep(self, **things) -> None:
        self.things |= {word: getattr(thing, "pk", thing) for word, thing in things.items()}

    def args(self, *words: str) -> list:
        """Words of the table; `=plan` stands for itself, `june` for the client, `june.course` for her course."""
        return [word[1:] if word.startswith("=") else self.things[word] for word in words]

    def client_of(self, words) -> str:
        """Which client an object belongs to: the part before the dot."""
        return words[0].partition(".")[0] if words else "iris"


def side(tag: str) -> Side:
    """Iris is back home after a dose, June has one right now, Rita's session is open, Dora may be let in;
    Hana is at the medical evaluation, Noor at her forms, Vera at follow-up, Dora's twin Ella was deferred."""
    s = Side(tag)
    s.at = clock.now()
    clock.move_to(s.at - AGO)
    iris = afterwards.dosed_and_home(name=f"Iris {tag}")
    clock.move_to(s.at)
    s.iris, s.therapist, s.prescriber, s.monitor = iris, iris.therapist, iris.prescriber, iris.monitor
    s.colleague = UserFactory(roles=["therapist"], name=f"Colleague {tag}")
    _of_iris(s, iris)
    _of_the_room(s, iris)
    _of_the_medical_side(s)
    _of_the_forms(s)
    _of_the_pathway(s)
    _of_the_clinic(s, iris)
    return s


def _belongs(s: Side, word: str, client, course=None) -> None:
    """She gets an account and a team; her ids are kept under her name."""
    if client.user is None:
        client.user = UserFactory(
            roles=["client"], name=client.legal_name, email=f"{word}.{s.tag}@mail.example"
        )
        client.save()
    s.clients[word] = client
    for user in (s.therapist, s.colleague, s.prescriber, s.monitor):
        if not TeamMember.objects.filter(client=client, user=user).exists():
            TeamMemberFactory(client=client, user=user)
    s.keep(**{word: client, f"{word}.course": course} if course else {word: client})


def _of_iris(s: Side, iris) -> None:
    client, course = iris.course.client, iris.course
    _belongs(s, "iris", client, course)
    afterwards.drafted(iris)
    asked = measures.asked(course, "gad7", occasion="after_dose", about=uuid4())
    visit = AppointmentFactory(
        service__code="check_in", mode="video", location=iris.location, starts_at=s.at + timedelta(days=1),
        ends_at=s.at + timedelta(days=1, minutes=20), client=client, course=course,
        people=[(iris.therapist_provider, "therapist")],
    )  # fmt: skip
    message = Message.objects.create(
        key=f"{s.tag} failed", kind="appointment_24h", to_address=client.email, send_at=s.at, owed_by="system:tests",
        context={"starts_at": s.at.isoformat()}, client=client, state="failed", ended_at=s.at, why="refused",
    )  # fmt: skip
    s.keep(**{
        "iris.contact": ContactFactory(client=client), "iris.note": notes.signed(course, "progress", s.therapist),
        "iris.member": client.team.get(user=s.colleague), "iris.document": papers.signed(course),
        "iris.record": papers.record(course), "iris.to_sign": papers.asked(
            course, kind="kap_consent", route="sl", setting="in_clinic"
        ),
        "iris.measure": asked, "iris.visit": visit, "iris.message": message, "iris.dosing": iris.session,
        "iris.integration": iris.integration_session,
        "iris.item": Item.objects.create(
            key=f"{s.tag} event", kind="adverse_event", urgency="now", title="Look", client=client
        ),
    })  # fmt: skip
    _psychotherapy(s, client)


def _psychotherapy(s: Side, client) -> None:
    from kap.notes.psychotherapy import actions

    row = actions.keep(client=client, note_id=uuid4(), words="Only hers to read.", revision=0, by=s.therapist)
    s.keep(**{"iris.own_note": row})


def _of_the_room(s: Side, iris) -> None:
    """June: medicine given, one row of each kind. Rita: open, not started. Dora: today, not opened."""
    june = ready_to_dose(team=iris, name=f"June {s.tag}")
    _belongs(s, "june", june.client, june.course)
    dosed(june)
    s.june = june
    event = dosing.record_event(
        session=june.session,
        code="nausea",
        grade=1,
        relatedness="probable",
        action="none",
        outcome="ongoing",
        by=june.monitor,
    )
    s.keep(**{
        "june.session": june.session, "june.vitals": read(june, **GO), "june.event": event,
        "june.observation": dosing.observe(session=june.session, words="Calm.", by=june.monitor),
        "june.dose": june.session.administrations.get(),
    })  # fmt: skip
    s.rita, s.dora = (ready_to_dose(team=iris, name=f"{name} {s.tag}") for name in ("Rita", "Dora"))
    for word, scene in (("rita", s.rita), ("dora", s.dora)):
        _belongs(s, word, scene.client, scene.course)
    s.keep(**{"rita.session": opened(s.rita), "dora.appointment": s.dora.appointment})
    s.keep(**{"dora.link": token_for(s.dora.appointment), "dora.companion": s.dora.companion})
    ill = ready_to_dose(team=iris, name=f"Wilma {s.tag}", setting="remote")
    _belongs(s, "wilma", ill.client, ill.course)
    agreement = papers.asked(ill.course, kind="chaperone_agreement")
    documents.sign_request(
        request=agreement, printed_name=ill.companion.name, initials=papers.initials_for(agreement.template),
        by=ill.companion,
    )  # fmt: skip
    s.keep(**{"wilma.link": token_for(ill.appointment), "wilma.session": opened(ill)})
    papers.asked(ill.course, kind="chaperone_agreement")


def _of_the_medical_side(s: Side) -> None:
    """Hana: decided, ordered, planned, and the next evaluation and order begun. Lena: plan not signed."""
    for word in ("hana", "lena"):
        case = medical.medical_case(
            client__legal_name=f"{word.title()} {s.tag}", client__email=f"{word}.{s.tag}@mail.example"
        )
        _belongs(s, word, case.client, case.course)
        case.prescriber, case.therapist = s.iris.prescriber_provider, s.iris.therapist_provider
        setattr(s, word, case)
    from intake import actions

    order = medical.ordered
    medical.evaluated(s.hana)
    s.keep(**{
        "hana.diagnosis": medical.diagnosed(s.hana), "hana.order": order(s.hana), "hana.plan": medical.planned(s.hana),
        "hana.evaluation": medical.drafted(s.hana),
        "hana.draft_order": actions.draft_order(
            course=s.hana.course, values=medical.order_values(), by=s.prescriber
        ),
        "lena.plan": actions.start_plan(course=s.lena.course, by=s.therapist),
    })  # fmt: skip


def _of_the_forms(s: Side) -> None:
    noor = IntakeFactory(client__legal_name=f"Noor {s.tag}", client__email=f"noor.{s.tag}@mail.example")
    _belongs(s, "noor", noor.client, noor)
    fill_in(noor, only=("details",))
    s.keep(**{"noor.measure": Request.objects.filter(course=noor).first()})


def _of_the_pathway(s: Side) -> None:
    for word, stage in (
        ("vera", "follow_up"),
        ("ella", "deferred"),
        ("olga", "completed"),
        ("nele", "enquiry"),
    ):
        course = CourseFactory(stage=stage, client__legal_name=f"{word.title()} {s.tag}")
        _belongs(s, word, course.client, course)
    broken = ClientFactory(legal_name=f"Berta {s.tag}")
    emergency = BreakGlass.objects.create(
        client=broken, user=s.therapist, reason="danger", words="She called and was not herself.", opened_at=s.at,
        until=s.at + BreakGlass.LIMIT,
    )  # fmt: skip
    s.keep(**{"broken": broken, "broken.emergency": emergency})
    pool = CourseFactory(stage="intake", client__legal_name=f"Pola {s.tag}")
    s.clients["pola"] = pool.client
    s.keep(**{"pola": pool.client, "pola.course": pool})


def _of_the_clinic(s: Side, iris) -> None:
    """What is nobody's record: hours, places, staff, numbers."""
    mara = iris.therapist_provider
    works(mara, iris.location, days=[0])
    who = UserFactory(roles=["monitor"], name=f"Leaving {s.tag}")
    off = UserFactory(roles=["monitor"], name=f"Left {s.tag}", is_active=False)
    s.invitation_token = f"invitation-{s.tag}"
    invitation = Invitation.objects.create(
        email=f"new.{s.tag}@alderhouse.example", name="New", roles=["monitor"], invited_by=who,
        token_hash=sha256(s.invitation_token.encode()).hexdigest(), expires_at=s.at + timedelta(days=3),
    )  # fmt: skip
    device = SignIn.objects.create(
        user=s.therapist, session_key=signed_in(s.therapist).session.session_key, ip="127.0.0.1", user_agent="Firefox",
        created_at=s.at, last_seen_at=s.at,
    )  # fmt: skip
    s.keep(
        sign_in=device, provider=mara,
        credential=CredentialFactory(provider=mara, state="NV"), location=iris.location, room=iris.room,
        shift=Shift.objects.filter(provider=mara).first(), person=who, left=off, invitation=invitation,
        off=TimeOff.objects.create(
            provider=mara, starts_at=s.at + timedelta(days=40), ends_at=s.at + timedelta(days=41)
        ),
        service=iris.appointment.service, version=ProtocolVersion.objects.latest(),
        invitation_token=s.invitation_token, uid=urlsafe_b64encode(str(who.pk).encode()).decode().rstrip("="),
        reset_token=default_token_generator.make_token(who),
        factor=Factor.objects.create(user=s.therapist, type=Factor.Type.TOTP, data={}),
        reset=FactorReset.objects.create(
            user=who, reason="The telephone was lost in a lake.", asked_by=UserFactory(roles=["admin"], name=f"Asker {s.tag}")
        ),
    )  # fmt: skip


# ---------------------------------------------------------------- those who come

# word → (attribute of the side, which side). The client is whoever the object belongs to.
STAFF = {
    "therapist": ("therapist", "own"), "colleague": ("colleague", "own"), "prescriber": ("prescriber", "own"),
    "monitor": ("monitor", "own"), "therapist elsewhere": ("therapist", "other"),
    "prescriber elsewhere": ("prescriber", "other"), "monitor elsewhere": ("monitor", "other"),
}  # fmt: skip


def signed_in(user) -> Browser:
    browser = Browser(raise_request_exception=False)
    browser.force_login(user)
    return browser


def build() -> SimpleNamespace:
    """Everything, and everybody signed in. The clock ends where it was."""
    own, other = side("Own"), side("Other")
    clock.reset()
    ground = SimpleNamespace(own=own, other=other, users={})
    for word, (who, where) in STAFF.items():
        ground.users[word] = getattr(getattr(ground, where), who)
    ground.admin = UserFactory(roles=["admin"], name="Kit Admin")
    ground.users["admin"] = ground.admin
    ground.users["second admin"] = UserFactory(roles=["admin"], name="Ulla Admin")
    ground.users["staff without a role"] = UserFactory(roles=[], name="No Role")
    ground.visitors = {word: signed_in(user) for word, user in ground.users.items()}
    ground.visitors["anonymous"] = Browser(raise_request_exception=False)
    ground.visitors["companion"] = Browser(raise_request_exception=False)
    ground.visitors["companion"].get(f"/companion/{own.things['dora.link']}/")
    _disabled(ground)
    _entering_for_noor(ground)
    ground.clients = {
        where: {
            word: signed_in(client.user)
            for word, client in getattr(ground, where).clients.items()
            if client.user
        }
        for where in ("own", "other")
    }
    return ground


def _entering_for_noor(ground) -> None:
    """They said that Noor asked for help with her forms; the one elsewhere still carries it from another browser."""
    noor = str(ground.own.things["noor.course"])
    for who in ("therapist", "colleague", "therapist elsewhere", "admin"):
        session = ground.visitors[who].session
        session["kap_on_behalf"] = [noor]
        session.save()


def _disabled(ground) -> None:
    """She was on the team and signed in when her account was withdrawn; her browser still has its cookie."""
    user = UserFactory(roles=["therapist", "prescriber", "admin"], name="Gone Away")
    for word, client in ground.own.clients.items():
        if word != "pola":
            TeamMemberFactory(client=client, user=user)
    ground.visitors["disabled"] = signed_in(user)
    user.is_active = False
    user.save()


@contextmanager
def plain_rendering():
    """Without the copy of every context that the test client keeps for each page: a third of the time."""
    watched = Template._render
    Template._render = getattr(_TestState.saved_data, "template_render", watched)
    try:
        yield
    finally:
        Template._render = watched


@contextmanager
def standing():
    """The ground in a transaction that is thrown away."""
    outer = transaction.atomic()
    outer.__enter__()
    try:
        with plain_rendering():
            yield build()
    finally:
        transaction.set_rollback(True)
        outer.__exit__(None, None, None)


@pytest.fixture(scope="module")
def ground(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), standing() as made:
        yield made
