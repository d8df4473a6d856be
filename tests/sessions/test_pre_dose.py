"""Before the medicine: the lines, the place at home, the release, the second person, the start."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from kap.core import clock
from kap.core.errors import Refused, Stale
from kap.documents.models import Withdrawal
from kap.measures.models import Response
from kap.pathway import actions as pathway
from kap.pathway import gates
from kap.pathway.gates import GateClosed
from kap.worklist.models import Item
from sessions import actions
from sessions.evidence import pre_dose_answered
from sessions.models import PreDoseAnswer, Release
from tests.factories.dosing import (
    GO,
    PIN,
    PLACE,
    answer_all,
    checked,
    opened,
    read,
    ready_to_dose,
    screened,
    started,
)

pytestmark = pytest.mark.django_db


def why_not(scene, by=None) -> str:
    with pytest.raises(GateClosed) as caught:
        actions.start(session=scene.session, by=by or scene.monitor)
    scene.session.refresh_from_db()
    assert scene.session.started_at is None
    return " ".join(caught.value.reasons)


# ---- lines


def test_a_line_is_answered_by_somebody_who_may():
    scene = ready_to_dose()
    opened(scene)
    with pytest.raises(Refused, match="a prescriber or a therapist"):
        actions.answer_line(session=scene.session, line="evaluation", answer="fine", by=scene.monitor)
    made = actions.answer_line(session=scene.session, line="evaluation", answer="fine", by=scene.therapist)
    assert (made.role, made.recorded_by) == ("therapist", scene.therapist)


@pytest.mark.parametrize(
    ("line", "answer", "detail", "words"),
    [
        ("benzodiazepine", "fine", "", "When was it taken"),
        ("identity", "not_applicable", "", "cannot be left out"),
        ("fasting", "problem", "", "what the problem is"),
        ("location", "fine", "x", "no such line"),
        ("identity", "perhaps", "", "choose one of the answers"),
    ],
)
def test_an_answer_that_says_nothing_is_refused(line, answer, detail, words):
    scene = ready_to_dose()
    opened(scene)
    with pytest.raises(Refused, match=words):
        actions.answer_line(
            session=scene.session, line=line, answer=answer, detail=detail, by=scene.therapist
        )
    assert not PreDoseAnswer.objects.exists()


def test_the_latest_answer_counts_and_the_earlier_one_stays():
    scene = ready_to_dose()
    checked(scene)
    actions.answer_line(
        session=scene.session, line="room", answer="problem", detail="Lamp broken", by=scene.monitor
    )
    assert "Room is ready" in why_not(scene)
    actions.answer_line(session=scene.session, line="room", answer="fine", by=scene.monitor)
    assert started(scene).started_at
    assert PreDoseAnswer.objects.filter(line="room").count() == 3


def test_the_intention_of_today_is_kept_with_the_session():
    scene = ready_to_dose()
    opened(scene)
    actions.answer_line(
        session=scene.session, line="preparation", answer="fine", detail="To grieve.", by=scene.therapist
    )
    scene.session.refresh_from_db()
    assert scene.session.intention == "To grieve."


# ---- the gate, line by line


@pytest.mark.parametrize("line", ["identity", "consent", "companion", "emergency_kit", "fasting"])
def test_one_open_line_keeps_the_medicine_back(line):
    scene = ready_to_dose()
    opened(scene)
    answer_all(scene, but=(line,))
    read(scene, **GO)
    screened(scene)
    actions.stand_by(session=scene.session, person=scene.therapist, pin=PIN, by=scene.monitor)
    assert "not answered" in why_not(scene)


def test_the_safety_screen_is_of_today():
    scene = ready_to_dose()
    opened(scene)
    answer_all(scene)
    read(scene, **GO)
    actions.stand_by(session=scene.session, person=scene.therapist, pin=PIN, by=scene.monitor)
    assert "not asked today" in why_not(scene)
    Response.objects.create(
        client=scene.client, course=scene.course, instrument="cssrs", version="1", occasion="pre_dose",
        answers={}, band="none", complete=True, authored_at=clock.now() - timedelta(days=1), answered_by="x",
    )  # fmt: skip
    assert "not asked today" in why_not(scene)
    screened(scene)
    assert started(scene).started_at


def test_an_open_question_is_not_no_risk():
    scene = ready_to_dose()
    opened(scene)
    with pytest.raises(Refused, match="Ask every question"):
        screened(scene, **{"2": 1})
    assert not Response.objects.exists()


def high(scene):
    screened(scene, **{"2": 1, "3": 1, "4": 1, "5": 0})


def test_high_risk_in_the_clinic_needs_a_prescribers_override():
    scene = ready_to_dose()
    opened(scene)
    answer_all(scene)
    read(scene, **GO)
    actions.stand_by(session=scene.session, person=scene.therapist, pin=PIN, by=scene.monitor)
    high(scene)
    assert "high risk" in why_not(scene)
    assert Item.objects.open().filter(kind="safety").exists()
    pathway.override(
        course=scene.course, gate="start_medicine", evidence="safety_screen_today", about=scene.session,
        reason="Seen in person, safety plan renewed, dose indicated.", printed_name=scene.prescriber.name,
        by=scene.prescriber,
    )  # fmt: skip
    assert started(scene).started_at


def test_high_risk_at_home_cannot_be_overridden():
    scene = ready_to_dose(setting="remote")
    opened(scene)
    high(scene)
    step = {s.key: s for s in gates.ask("start_medicine", scene.course, scene.session)}["safety_screen_today"]
    assert not step.met
    assert not step.overridable


# ---- vital signs before the dose, and the release


def test_without_vital_signs_nothing_starts():
    scene = ready_to_dose()
    opened(scene)
    answer_all(scene)
    screened(scene)
    actions.stand_by(session=scene.session, person=scene.therapist, pin=PIN, by=scene.monitor)
    assert "No vital signs before the dose" in why_not(scene)


def test_a_pressure_over_the_orders_limit_waits_for_the_prescriber():
    scene = ready_to_dose()
    checked(scene)
    read(scene, **{**GO, "systolic_mmhg": 156})
    assert "156" in why_not(scene)
    assert Item.objects.open().filter(kind="predose_held", for_role="prescriber").exists()
    with pytest.raises(PermissionDenied):
        actions.release(
            session=scene.session, reason="Looks fine to me today.", printed_name="x", by=scene.monitor
        )
    with pytest.raises(Refused, match="full sentence"):
        actions.release(
            session=scene.session, reason="ok", printed_name=scene.prescriber.name, by=scene.prescriber
        )
    with pytest.raises(Refused, match="Type your name"):
        actions.release(
            session=scene.session, reason="White coat; settles.", printed_name="Mara", by=scene.prescriber
        )
    made = actions.release(
        session=scene.session, reason="White coat; it settles lying down.", printed_name=scene.prescriber.name,
        by=scene.prescriber,
    )  # fmt: skip
    assert {f["code"] for f in made.findings} == {"systolic_mmhg_high", "systolic_mmhg_outside_order"}
    assert not Item.objects.open().filter(kind="predose_held").exists()
    assert started(scene).started_at


def test_a_release_does_not_cover_a_newer_reading():
    scene = ready_to_dose()
    checked(scene)
    read(scene, **{**GO, "systolic_mmhg": 156})
    actions.release(
        session=scene.session,
        reason="White coat; it settles.",
        printed_name=scene.prescriber.name,
        by=scene.prescriber,
    )
    read(scene, systolic_mmhg=166, diastolic_mmhg=92)
    assert "166" in why_not(scene)


def test_a_pressure_taken_again_alone_is_enough():
    """The other values of the first reading still hold; only the pressure was asked for again."""
    scene = ready_to_dose()
    checked(scene)
    read(scene, systolic_mmhg=152, diastolic_mmhg=84)
    assert "152" in why_not(scene)
    read(scene, systolic_mmhg=136, diastolic_mmhg=84)
    assert started(scene).started_at


def test_a_problem_that_may_be_released_waits_and_one_that_may_not_stops():
    scene = ready_to_dose()
    checked(scene)
    actions.answer_line(
        session=scene.session, line="fasting", answer="problem", detail="Toast 2 h ago", by=scene.monitor
    )
    actions.release(
        session=scene.session, reason="Small, light, low dose by mouth.", printed_name=scene.prescriber.name,
        by=scene.prescriber,
    )  # fmt: skip
    actions.answer_line(
        session=scene.session, line="pregnancy", answer="problem", detail="Test positive", by=scene.monitor
    )
    assert "pregnant" in why_not(scene)
    with pytest.raises(Stale, match="nothing to release"):
        actions.release(
            session=scene.session,
            reason="She insists on it.",
            printed_name=scene.prescriber.name,
            by=scene.prescriber,
        )
    assert Release.objects.count() == 1


# ---- two people


def test_one_person_alone_does_not_start():
    scene = ready_to_dose()
    opened(scene)
    answer_all(scene)
    read(scene, **GO)
    screened(scene)
    assert "second person" in why_not(scene)
    actions.stand_by(session=scene.session, person=scene.therapist, by=scene.therapist)  # her own sign-in
    with pytest.raises(Refused, match="You are down as the second person"):
        actions.start(session=scene.session, by=scene.therapist)
    assert started(scene).second_person == scene.therapist


def test_the_second_person_is_named_at_the_start_with_her_pin():
    scene = ready_to_dose()
    opened(scene)
    answer_all(scene)
    read(scene, **GO)
    screened(scene)
    with pytest.raises(Refused, match="not Mara Quinn's PIN"):
        actions.start(session=scene.session, second_person=scene.therapist, pin="0000", by=scene.monitor)
    session = actions.start(session=scene.session, second_person=scene.therapist, pin=PIN, by=scene.monitor)
    assert session.second_person == scene.therapist


def test_guessing_a_pin_ends_after_five_tries():
    scene = ready_to_dose()
    opened(scene)
    for guess in ("1111", "2222", "3333", "4444", "5555"):
        with pytest.raises(Refused, match="PIN"):
            actions.stand_by(session=scene.session, person=scene.therapist, pin=guess, by=scene.monitor)
    with pytest.raises(Refused, match="Too many tries"):
        actions.stand_by(session=scene.session, person=scene.therapist, pin=PIN, by=scene.monitor)


# ---- the start


def test_the_start_writes_down_every_paper():
    scene = ready_to_dose()
    session = started(scene)
    session.refresh_from_db()
    assert session.consent == scene.consent
    assert session.order == scene.order
    assert session.evaluation == scene.evaluation
    assert session.preparation == scene.preparation
    assert session.companion == scene.companion


def test_the_second_press_is_told():
    scene = ready_to_dose()
    started(scene)
    with pytest.raises(Stale, match="Ana Ruiz started the medicine at"):
        actions.start(session=scene.session, by=scene.prescriber)


def test_a_consent_withdrawn_in_the_room_stops_the_start():
    scene = ready_to_dose()
    checked(scene)
    Withdrawal.objects.create(document=scene.consent, printed_name=scene.client.legal_name, withdrawn_by="x")
    assert "not in force" in why_not(scene)


def test_the_database_refuses_what_python_missed():
    """The same start by hand, on a withdrawn consent: the trigger says which paper does not hold."""
    scene = ready_to_dose()
    session = started(scene)
    Withdrawal.objects.create(document=scene.consent, printed_name=scene.client.legal_name, withdrawn_by="x")
    with pytest.raises(IntegrityError, match="the consent is withdrawn"), transaction.atomic():
        type(session).objects.filter(pk=session.pk).update(started_at=clock.now() + timedelta(minutes=1))


def test_after_the_start_the_check_is_closed():
    scene = ready_to_dose()
    started(scene)
    with pytest.raises(Stale, match="check is closed"):
        actions.answer_line(session=scene.session, line="room", answer="fine", by=scene.monitor)


# ---- at home


def test_at_home_the_place_is_recorded_first():
    scene = ready_to_dose(setting="remote")
    opened(scene)
    with pytest.raises(Refused, match="record it under"):
        actions.answer_line(session=scene.session, line="disconnect", answer="fine", by=scene.monitor)
    with pytest.raises(Refused, match="every line of the place"):
        actions.record_remote(session=scene.session, by=scene.monitor, **{**PLACE, "nearest_ed": " "})
    with pytest.raises(Refused, match="photo ID"):
        actions.record_remote(session=scene.session, by=scene.monitor, **{**PLACE, "photo_id_seen": False})
    actions.record_remote(session=scene.session, by=scene.monitor, **PLACE)
    row = actions.answer_line(session=scene.session, line="location", answer="fine", by=scene.monitor)
    assert row.detail == "77 Ocean Avenue, Apt 4, Long Beach, CA"


def test_at_home_two_are_the_clinician_on_video_and_the_chaperone():
    scene = ready_to_dose(setting="remote")
    opened(scene)
    actions.record_remote(session=scene.session, by=scene.monitor, **PLACE)
    answer_all(scene, but=("video",))
    read(scene, **{**GO, "temperature_c": None})
    screened(scene)
    actions.answer_line(session=scene.session, line="vitals", answer="fine", by=scene.monitor)
    assert "on live video" in why_not(scene)
    actions.answer_line(session=scene.session, line="video", answer="fine", by=scene.therapist)
    why = why_not(scene)
    assert "Temperature is missing" in why
    assert "video" not in why
    read(scene, temperature_c=Decimal("36.6"))
    session = started(scene)
    assert session.second_person is None


def test_a_prescriber_without_a_licence_where_the_client_is_stops_the_dose():
    scene = ready_to_dose(setting="remote")
    checked(scene)
    actions.record_remote(session=scene.session, by=scene.monitor, **{**PLACE, "state": "NV"})
    assert "NV" in why_not(scene)


def test_at_home_the_medicine_is_taken_by_mouth_only():
    with pytest.raises(IntegrityError, match="remote_is_by_mouth_only"):
        ready_to_dose(setting="remote", route="im")


def test_many_open_lines_are_counted_not_listed():
    scene = ready_to_dose()
    opened(scene)
    first = pre_dose_answered(scene.course, scene.session)[0]
    assert first.words.endswith("lines are not answered yet.")
    assert "#line-" in first.link
    assert len(pre_dose_answered(scene.course, scene.session)) == 1
