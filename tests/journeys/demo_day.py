"""The demonstration clinic through one day, with all that its pages need to have something to show.

    day = Day(url); day.reach("under the medicine"); day.args(words); day.cookies(who)

Morning: half past ten. Then with the second factor asked for, as in a real clinic; then Marcus sits in the dosing
room before his medicine; then he is under it. `Day.things` are the words of tests/journeys/every_page.py.
"""

import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

from django.contrib.auth.tokens import default_token_generator
from django.test import Client as Visitor
from django.test import override_settings

from intake import actions as intake
from integration.models import IntegrationSession
from kap.accounts import actions as accounts
from kap.accounts import idle, lock, typed
from kap.accounts.models import Invitation, SignInCode
from kap.accounts.second import actions as second
from kap.accounts.second import state
from kap.accounts.second.models import Factor
from kap.core import clock, vault
from kap.core.models import ProtocolVersion
from kap.demo import build, cast
from kap.demo import clinic as demo
from kap.demo.acts import booking, medical
from kap.demo.acts.dosing import Sitting
from kap.demo.world import Case
from kap.documents import actions as documents
from kap.documents.models import Document, SignatureRequest
from kap.measures import actions as measures
from kap.measures.models import Request
from kap.notes.psychotherapy import actions as own_notes
from kap.outbox.models import MailboxItem, Message
from kap.people import actions as people
from kap.people import break_glass
from kap.worklist.models import Item
from scheduling.models import Appointment, Shift
from scheduling.tokens import token_for
from sessions import actions as room
from sessions.models import Administration, DosingSession, Vitals
from tests.kap.accounts.second_steps import enrol

MORNING = "10:34"
SCENES = ("morning", "with a second factor", "before the medicine", "under the medicine")
NAMES = {person.name.split()[0].lower(): person.name for person in cast.CLIENTS}


class Day:
    def __init__(self, url: str):
        self.url, self.scene, self.things, self.visitors, self.undo = url, "", {}, {}, []
        self.asking = override_settings(DEMO=True, EMAIL_BACKEND="kap.outbox.mailbox.DemoMailbox")

    def begin(self) -> None:
        self.asking.enable()
        clock.move_to(demo.reload().at(0, MORNING))
        self.world = build.build(say=lambda text: None)
        self.users = dict(self.world.users)

    def end(self) -> None:
        self._ask_for_factor(False)
        self.asking.disable()
        clock.reset()

    # ---------------------------------------------------------------- when

    def reach(self, scene: str) -> None:
        """On to that scene, through those before it; and the clock stands there, whatever a test did to it."""
        while SCENES.index(scene) > (SCENES.index(self.scene) if self.scene else -1):
            self.scene = SCENES[SCENES.index(self.scene) + 1 if self.scene else 0]
            self._ask_for_factor(False)
            getattr(self, f"_{self.scene.replace(' ', '_')}")()
            self.instant = clock.now()  # what was just done lies behind
            self.visitors.clear()  # whoever sits at a screen signs in again: it is hours later
        assert scene == self.scene, f"{scene} is over."
        clock.move_to(self.instant)

    def _ask_for_factor(self, wanted: bool) -> None:
        if wanted:
            self.undo.append(override_settings(SECOND_FACTOR=True))
            self.undo[-1].enable()
        while not wanted and self.undo:
            self.undo.pop().disable()

    def _morning(self) -> None:
        self.instant = self.world.at(0, MORNING)
        clock.move_to(self.instant)
        self._clients()
        self._clinic()
        self._own_words()
        self._doors()

    def _with_a_second_factor(self) -> None:
        """The prescriber has an app and codes; a therapist has nothing yet; somebody lost her telephone."""
        self.instant += timedelta(minutes=10)
        clock.move_to(self.instant)
        osei, admin = self.users["osei"], self.users["admin"]
        enrol(osei)
        enrol(admin)
        enrol(self.users["tomas"])
        second.ask_reset(user=self.users["tomas"], reason="The telephone was lost in a lake.", by=admin)
        self._keep(factor=Factor.objects.of(osei).first())
        self._ask_for_factor(True)

    def _before_the_medicine(self) -> None:
        marcus = self._case("marcus")
        marcus.dose = self._dose(marcus)
        booking.confirm_companion(marcus)
        self.sitting = Sitting(marcus)
        self.sitting.open()
        self.instant = self.sitting.minute(4)
        clock.move_to(self.instant)
        self.sitting.read(0.0)
        self._keep(**{"marcus.session": self.sitting.session})

    def _under_the_medicine(self) -> None:
        self.sitting.check()
        self.sitting.start()
        self.sitting.chart(20)
        self.instant = self.sitting.minute(49)
        clock.move_to(self.instant)
        session, ana = DosingSession.objects.get(pk=self.sitting.session.pk), self.users["ana"]
        room.record_event(
            session=session, code="nausea", grade=1, relatedness="probable", action="none", outcome="ongoing", by=ana
        )  # fmt: skip
        self._keep(**{
            "marcus.vitals": Vitals.objects.filter(session=session).last(),
            "marcus.given": Administration.objects.get(session=session),
            "marcus.observed": room.observe(session=session, words="Calm, eyes closed.", by=ana),
        })  # fmt: skip

    # ---------------------------------------------------------------- what

    def _keep(self, **things) -> None:
        self.things |= {word: getattr(thing, "pk", thing) for word, thing in things.items()}

    def _case(self, first_name: str) -> Case:
        return Case.standing(self.world, NAMES[first_name])

    def _dose(self, case: Case) -> Appointment:
        coming = Appointment.objects.live().filter(attendees__client=case.client, service__code="dosing")
        return coming.filter(starts_at__gte=self.world.at(0, "00:00")).earliest("starts_at")

    def _clients(self) -> None:
        cases = {word: self._case(word) for word in NAMES}
        for word, case in cases.items():
            self.users.setdefault(word, case.user)
            self._keep(**{word: case.client, f"{word}.course": case.course})
        june, lee, mara = cases["june"], cases["lee"], self.users["mara"]
        june.dose = self._dose(june)
        dosed = DosingSession.objects.filter(course=june.course).latest("opened_at")
        self._keep(**{
            "june.dose": june.dose, "june.contact": june.companion, "june.done": dosed,
            "june.member": june.client.team.current().exclude(user=mara).first(),
            "june.integration": IntegrationSession.objects.get(dosing=dosed),
            "june.consent": Document.objects.get(course=june.course, kind="kap_consent"),
            "theo.integration": IntegrationSession.objects.unsigned().get(course=cases["theodore"].course),
            "hana.today": Appointment.objects.live().filter(attendees__client=cases["hana"].client).latest("starts_at"),
            "marcus.dose": self._dose(cases["marcus"]), "marcus.link": token_for(self._dose(cases["marcus"])),
            "miles.not_dosed": DosingSession.objects.filter(course=cases["miles"].course).latest("opened_at"),
            "dana.item": Item.objects.filter(client=cases["dana"].client, acknowledged_at=None).first(),
            "dana.answered": Request.objects.filter(course=cases["dana"].course).exclude(response=None).first(),
        })  # fmt: skip
        self._papers(june, lee, cases["graham"])
        self._questions(lee)

    def _papers(self, june: Case, lee: Case, graham: Case) -> None:
        self.papers = [*Document.objects.values_list("kind", flat=True).distinct().order_by()]
        for kind in self.papers:
            self.things[kind] = Document.objects.filter(kind=kind).latest("pk").pk
        mara = self.users["mara"]
        self._keep(**{
            "rendered": Document.objects.filter(kind="order").latest("pk"),
            "lee.to_sign": documents.ask_to_sign(course=lee.course, kind="telehealth_consent", by=mara),
            "june.draft_order": intake.draft_order(
                course=june.again(), values=medical.order_values(june, 1, 6), by=june.prescriber
            ),
        })  # fmt: skip
        dose = self._dose(graham)
        if not SignatureRequest.objects.open().filter(course=graham.course).exists():
            documents.ask_to_sign(course=graham.course, kind="chaperone_agreement", by=graham.therapist)
        self._keep(**{"graham.visit": dose, "graham.link": token_for(dose)})

    def _questions(self, lee: Case) -> None:
        asked = Request.objects.filter(course=lee.course, response=None, cancelled_at=None).first()
        answers = {str(number): 1 for number in range(1, 4)}
        self._keep(**{"lee.measure": measures.save_draft(request=asked, answers=answers, by=lee.user)})

    def _clinic(self) -> None:
        mara, admin = self.world.providers["mara"], self.users["admin"]
        riverside = self.world.locations["Riverside"]
        invited = accounts.invite(
            email="lou@alderhouse.test", name="Lou Farr", roles=["monitor"], by=admin
        )  # fmt: skip
        Invitation.objects.filter(pk=invited.pk).update(token_hash=sha256(b"a-known-invitation").hexdigest())
        self._keep(**{
            "mara.provider": mara, "mara.credential": mara.credentials.first(),
            "mara.shift": Shift.objects.filter(provider=mara).first(), "mara.user": self.users["mara"],
            "jonas.user": self.users["jonas"], "location": riverside, "room": riverside.rooms.first(),
            "service": self.world.services["dosing"], "protocol": ProtocolVersion.objects.latest(),
            "message": Message.objects.filter(state="sent").latest("pk"), "mail": MailboxItem.objects.latest("pk"),
            "invitation": invited, "invitation_token": "a-known-invitation",
            "uid": urlsafe_b64encode(str(self.users["jonas"].pk).encode()).decode().rstrip("="),
            "reset_token": default_token_generator.make_token(self.users["jonas"]),
        })  # fmt: skip

    def _own_words(self) -> None:
        june, mara, imani = self._case("june").client, self.users["mara"], self.users["imani"]
        notes = [
            own_notes.keep(client=june, note_id=uuid4(), words=words, revision=0, by=mara)
            for words in ("She spoke of her father for the first time.", "Not for the chart: my own doubts.")
        ]
        own_notes.lock(note=notes[1], by=mara)
        self._keep(**{"june.own_open": notes[0], "june.own_locked": notes[1]})
        opened = break_glass.break_glass(
            client=self._case("priya").client, reason="danger", by=imani,
            words="She called the practice and did not sound like herself; Mara is not here.",
        )  # fmt: skip
        self._keep(emergency=opened)

    def _doors(self) -> None:
        client = self._case("nadia")
        code = accounts.send_code(user=client.user, by=client.user)
        SignInCode.objects.filter(pk=code.pk).update(link_hash=sha256(b"a-known-link").hexdigest())
        self._keep(link="a-known-link")
        reader = accounts.open_account(
            email="reader@alderhouse.test", name="Robin Reader", roles=["therapist", "prescriber"],
            password=cast.PASSWORD, by=self.users["admin"],
        )  # fmt: skip
        self.users["reader"] = reader
        for client in {
            row.client for row in Document.objects.filter(pk__in=[self.things[kind] for kind in self.papers])
        }:
            people.join_team(client=client, user=reader, role="therapist", by=self.users["admin"])

    def args(self, words) -> list:
        return [word[1:] if word.startswith("=") else self.things[word] for word in words]

    # ---------------------------------------------------------------- who

    def cookies(self, who: str) -> list[dict]:
        """What her browser holds when she opens a page now."""
        if who == "-":
            return []
        if who not in self.visitors:
            self.visitors[who] = getattr(self, f"_as_{who}", lambda: self._signed_in(self.users[who]))()
        held = self.visitors[who].cookies
        return [
            {"name": name, "value": one.value, "url": self.url} for name, one in held.items() if one.value
        ]

    def _signed_in(self, user, **kept) -> Visitor:
        visitor = Visitor()
        visitor.force_login(user)
        return self._with(visitor, kept)

    def _with(self, visitor, kept) -> Visitor:
        session = visitor.session
        session.update(kept)
        session.save()
        return visitor

    def _as_entering(self) -> Visitor:
        """The therapist who said that Samuel asked for help with his forms."""
        return self._signed_in(self.users["mara"], kap_on_behalf=[str(self.things["samuel.course"])])

    def _as_asked(self) -> Visitor:
        visitor = Visitor()
        visitor.post("/sign-in/", {"email": self.users["june"].email})
        return visitor

    def _as_locked(self) -> Visitor:
        visitor = self._signed_in(self.users["mara"])
        session = visitor.session
        session[idle.BEGAN] = idle.seconds_now()
        session[lock.KEY] = {
            name: session.pop(name) for name in (lock.SESSION_KEY, lock.BACKEND_SESSION_KEY, lock.HASH_SESSION_KEY)
        }  # fmt: skip
        session.save()
        return visitor

    def _as_typed(self) -> Visitor:
        """Her sign-in ended while she wrote an observation without script; she has signed in again."""
        mara = self.users["mara"]
        text = {
            "path": "/enquiries/new/",
            "fields": [["name", ["Wanda Firth"]], ["words", ["Asked by phone."]]],
            "files": False,
        }
        sealed = vault.seal(typed.PLACE, str(mara.pk), json.dumps(text))
        return self._signed_in(mara, **{typed.KEY: {"owner": str(mara.pk), "sealed": sealed}})

    def _as_halfway(self) -> Visitor:
        visitor = Visitor()
        visitor.post("/sign-in/staff/", {"email": self.users["osei"].email, "password": cast.PASSWORD})
        return visitor

    def _as_bare(self) -> Visitor:
        return self._signed_in(self.users["jonas"], **{state.PROVED_AT: self.instant.timestamp()})

    def _as_proved(self) -> Visitor:
        osei = self.users["osei"]
        return self._signed_in(
            osei, **{state.THROUGH: str(osei.pk), state.PROVED_AT: self.instant.timestamp()}
        )

    def _as_unproved(self) -> Visitor:
        osei = self.users["osei"]
        return self._signed_in(osei, **{state.THROUGH: str(osei.pk)})
