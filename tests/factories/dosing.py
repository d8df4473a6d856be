"""A client who may be dosed, and the way through the room, step by step.

scene = ready_to_dose()                  # every paper of the gate "enter": appointment of today, integration, companion
opened(scene)                            # the session, by the action
checked(scene)                           # every line, baseline, safety screen, second person
started(scene); dosed(scene, mg=100)     # running, with one dose
scene.session, scene.client, scene.course, scene.order, scene.appointment, scene.therapist (User), …
"""

import hashlib
import json
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import uuid4

from django.contrib.auth.hashers import make_password

from intake.models import Evaluation, Order, TelemedicineBasis
from kap.core import clock
from kap.documents.models import Document, Signature
from kap.notes.models import Note
from kap.people.models import Contact
from scheduling.models import Appointment
from sessions import actions, checklists, facts
from sessions.models import Administration, DosingSession, Vitals
from tests.factories.core import ClinicFactory
from tests.factories.pathway import CourseFactory
from tests.factories.people import ProviderFactory, TeamMemberFactory
from tests.factories.scheduling import AppointmentFactory, LocationFactory, RoomFactory, ServiceFactory

PIN = "7294"
PREPARED = {
    "covered": ["What to expect: course of the session, effects, coming back"],
    "intention": "To meet what I have been avoiding.",
    "expectations": "Hopes for some lightness; knows it is uncertain.",
    "grounding": "Slow breath; her sister's voice; feet on the floor.",
    "touch": "A hand on the shoulder when asked. Open palm means stop.",
    "logistics": "Sister drives. Evening at home.",
    "safety_plan": "Call the clinic, then 988.",
}
_pin = {}


def frozen(content: dict) -> dict:
    body = json.dumps(content).encode()
    return {"content": body, "sha256": hashlib.sha256(body).hexdigest()}


def _pin_hash() -> str:
    if "pin" not in _pin:
        _pin["pin"] = make_password(PIN)
    return _pin["pin"]


def staff(name: str, role: str, title: str):
    provider = ProviderFactory(
        roles=[role], credentialed=True, title=title, user__name=name, user__pin=_pin_hash()
    )
    return provider


def signed_order(course, evaluation, prescriber, **values) -> Order:
    today = clock.now().date()
    given = dict(
        setting="in_clinic", route="sl", strength="100 mg lozenge", dose_min_mg=100, dose_max_mg=150, booster_max_mg=50,
        session_max_mg=200, sessions=6, weight_kg=70, weight_measured_on=today, start_systolic_max_mmhg=150,
        start_diastolic_max_mmhg=95, call_systolic_mmhg=150, call_diastolic_mmhg=95, call_spo2_below_percent=92,
        call_heart_rate_above_bpm=120, expires_on=today + timedelta(days=60),
    )  # fmt: skip
    given |= values
    if given["route"] == "iv":
        given.setdefault("infusion_minutes", 40)
    return Order.objects.create(
        course=course, evaluation=evaluation, author=prescriber, signed_at=clock.now() - timedelta(days=2),
        signed_by=prescriber, printed_name=prescriber.name, **frozen({"order": str(uuid4())}), **given,
    )  # fmt: skip


def signed_document(course, kind: str, *, route="", setting="", signer="system:tests", **values) -> Document:
    made = Document.objects.create(
        client=course.client, course=course, kind=kind, route=route, setting=setting, title=kind, html=b"<p>Text</p>",
        frozen_at=clock.now() - timedelta(days=3), **frozen({"kind": kind}), **values,
    )  # fmt: skip
    Signature.objects.create(
        document=made, signer=signer, printed_name=course.client.legal_name, capacity="client",
        meaning="consents", sha256=made.sha256,
    )  # fmt: skip
    return made


def evaluated(course, prescriber, **values) -> Evaluation:
    now = clock.now()
    given = dict(
        patient_state="CA", systolic_mmhg=124, diastolic_mmhg=78, heart_rate_bpm=70, weight_kg=Decimal("70"),
        height_cm=Decimal("170"), weight_measured_on=now.date(), decision="clear",
        valid_until=now.date() + timedelta(days=90),
    )  # fmt: skip
    return Evaluation.objects.create(
        course=course, author=prescriber, printed_name=prescriber.name, decided_at=now - timedelta(days=3),
        decided_by=prescriber, **frozen({"evaluation": str(uuid4())}), **(given | values),
    )  # fmt: skip


def signed_preparation(course, therapist, **body) -> Note:
    return Note.objects.create(
        client=course.client, course=course, kind="preparation", author=therapist, body=PREPARED | body,
        printed_name=therapist.name, signed_at=clock.now() - timedelta(days=1), signed_by=therapist,
        held_at=clock.now() - timedelta(days=1), **frozen({"body": PREPARED | body}),
    )  # fmt: skip


def ready_to_dose(
    *, route="sl", setting="in_clinic", stage="preparation", name="June Ashworth", team=None, prepared=True, **order
):  # fmt: skip
    """A course with every evidence of the gate "enter", and its dosing appointment beginning now. `team`: the scene
    whose people and place are shared. Other keywords go to the order."""
    ClinicFactory()
    remote = setting == "remote"
    scene = SimpleNamespace(route=route, setting=setting)
    _place_and_people(scene, team)
    scene.course = CourseFactory(stage=stage, setting=setting, client__legal_name=name, planned_sessions=6)
    scene.client = scene.course.client
    for user in (scene.therapist, scene.prescriber, scene.monitor):
        TeamMemberFactory(client=scene.client, user=user)
    scene.evaluation = evaluated(scene.course, scene.prescriber)
    scene.order = signed_order(
        scene.course, scene.evaluation, scene.prescriber, route=route, setting=setting, **order
    )
    scene.consent = signed_document(scene.course, "kap_consent", route=route, setting=setting)
    if remote:
        signed_document(scene.course, "telehealth_consent")
        TelemedicineBasis.objects.create(
            client=scene.client, basis="in_person", valid_from=clock.now().date() - timedelta(days=30),
            source="Visit", recorded_by="system:tests",
        )  # fmt: skip
    scene.preparation = signed_preparation(scene.course, scene.therapist) if prepared else None
    scene.companion = Contact.objects.create(
        client=scene.client, name="Rosa Ashworth", relation="Sister", phone="3105550188", is_adult=True,
        is_driver=not remote, is_chaperone=remote,
    )  # fmt: skip
    if remote:
        signed_document(scene.course, "chaperone_agreement", signer=scene.companion.audit_label)
    scene.appointment = dosing_appointment(scene)
    scene.integration = integration_appointment(scene)
    return scene


def _place_and_people(scene, team) -> None:
    shared = ("location", "room", "therapist_provider", "prescriber_provider", "monitor_provider")
    if team is not None:
        for thing in shared:
            setattr(scene, thing, getattr(team, thing))
    else:
        scene.location = LocationFactory()
        scene.room = RoomFactory(location=scene.location, name="Willow", kind="dosing")
        scene.therapist_provider = staff("Mara Quinn", "therapist", "LMFT")
        scene.prescriber_provider = staff("Dr. Kwame Osei", "prescriber", "MD")
        scene.monitor_provider = staff("Ana Ruiz", "monitor", "RN")
    scene.therapist, scene.prescriber = scene.therapist_provider.user, scene.prescriber_provider.user
    scene.monitor = scene.monitor_provider.user


def dosing_appointment(scene, **values) -> Appointment:
    """Begins now, for two and a half hours; the room is taken only where nobody else has it."""
    now = clock.now()
    remote = scene.setting == "remote"
    given = dict(
        service=ServiceFactory(code="dosing"), location=scene.location, mode="video" if remote else "in_person",
        room=None if remote else _free_room(scene),
        starts_at=now, ends_at=now + timedelta(minutes=150), course=scene.course, route=scene.route,
        setting=scene.setting, companion=scene.companion, companion_role="chaperone" if remote else "driver",
        companion_confirmed_at=now, companion_confirmed_by="system:tests",
    )  # fmt: skip
    made = AppointmentFactory(**(given | values))
    for provider, role, on_call in (
        (scene.monitor_provider, "monitor", False), (scene.therapist_provider, "therapist", False),
        (scene.prescriber_provider, "prescriber", True),
    ):  # fmt: skip
        made.staff.create(provider=provider, role=role, on_call=on_call)
    return made


def _free_room(scene):
    """Willow, or another where Willow is taken."""
    if not scene.room.appointments.exists():
        return scene.room
    return RoomFactory(location=scene.location, kind="dosing", name=f"Willow {uuid4().hex[:4]}")


def integration_appointment(scene) -> Appointment:
    """27 hours after the planned end: inside 24 to 48."""
    starts = scene.appointment.ends_at + timedelta(hours=27)
    return AppointmentFactory(
        service=ServiceFactory(code="integration"), location=scene.location, starts_at=starts,
        ends_at=starts + timedelta(minutes=60), course=scene.course, dosing=scene.appointment,
    )  # fmt: skip


# ---- through the room

GO = {
    "systolic_mmhg": 128, "diastolic_mmhg": 80, "heart_rate_bpm": 74, "spo2_percent": 98, "respiratory_rate_bpm": 14,
    "temperature_c": Decimal("36.8"), "moaas": 5,
}  # fmt: skip
FIT = {
    "aldrete": dict.fromkeys(("activity", "respiration", "circulation", "consciousness", "oxygen"), 2),
    "padss": dict.fromkeys(("vitals", "ambulation", "nausea", "pain", "bleeding"), 2),
    "moaas": 5, "oriented": True, "steady_gait": True, "new_suicidal_thoughts": False, "mood_reviewed": True,
    "companion_took_charge": True, "instructions_given": True, "integration_time_told": True,
}  # fmt: skip
PLACE = {
    "address": "77 Ocean Avenue, Apt 4, Long Beach", "state": "CA", "callback": "310 555 0144, Rosa 310 555 0188",
    "emergency_number": "562 555 0911", "nearest_ed": "St. Mary, Long Beach", "lozenges_before": 6,
    "disconnect_plan": "Call June, then Rosa, then the emergency number after 10 minutes.", "photo_id_seen": True,
}  # fmt: skip


def opened(scene, by=None) -> DosingSession:
    scene.session = actions.open_session(appointment=scene.appointment, by=by or scene.monitor)
    return scene.session


def read(scene, by=None, **values) -> Vitals:
    """One reading by the action; `at=` minutes before now, `confirm=` odd values."""
    at = clock.now() - timedelta(minutes=values.pop("ago", 0))
    confirmed = values.pop("odd_confirmed", False)
    return actions.record_vitals(
        session=scene.session, entry_key=uuid4(), values=values, measured_at=at, odd_confirmed=confirmed,
        by=by or scene.monitor,
    )  # fmt: skip


def answer_all(scene, but=()) -> None:
    for line in checklists.pre_dose_lines(facts.setting_code(scene.setting)):
        if line.code in but:
            continue
        by = scene.therapist if "therapist" in line.roles else scene.monitor
        detail = "None for a month" if line.code == "benzodiazepine" else ""
        actions.answer_line(session=scene.session, line=line.code, answer="fine", detail=detail, by=by)


def screened(scene, **yes) -> None:
    answers = {"1": 0, "2": 0, "3": None, "4": None, "5": None, "6": 0, "6a": None} | yes
    actions.screen_safety(session=scene.session, answers=answers, by=scene.therapist)


def checked(scene) -> DosingSession:
    if not hasattr(scene, "session"):
        opened(scene)
    if scene.setting == "remote":
        actions.record_remote(session=scene.session, by=scene.monitor, **PLACE)
    answer_all(scene)
    read(scene, **GO)
    screened(scene)
    if scene.setting != "remote":
        actions.stand_by(session=scene.session, person=scene.therapist, pin=PIN, by=scene.monitor)
    scene.session.refresh_from_db()
    return scene.session


def started(scene, by=None) -> DosingSession:
    if not hasattr(scene, "session"):
        checked(scene)
    scene.session = actions.start(session=scene.session, by=by or scene.monitor)
    return scene.session


def dosed(scene, mg=150, ago=0, **values) -> Administration:
    """`ago`: minutes before now; needs the session to have been started by then."""
    if not hasattr(scene, "session") or scene.session.started_at is None:
        started(scene)
    given = {"witness": scene.therapist, "pin": PIN} | values
    dose = actions.give(
        session=scene.session,
        dose_mg=Decimal(mg),
        given_at=clock.now() - timedelta(minutes=ago),
        by=scene.monitor,
        **given,
    )
    scene.session.refresh_from_db()
    return dose
