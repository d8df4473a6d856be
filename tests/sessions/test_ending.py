"""How a session ends, and what the gate to integration asks."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from kap.core import clock
from kap.core.errors import Refused, Stale
from kap.documents.models import Document
from kap.pathway import gates
from kap.worklist.models import Item
from sessions import actions
from sessions.models import DosingSession
from tests.factories.dosing import (
    FIT,
    GO,
    checked,
    dosed,
    dosing_appointment,
    integration_appointment,
    opened,
    read,
    ready_to_dose,
)
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


def settled(scene, minutes=125):
    """Two hours later, with a pressure of now."""
    dosed(scene)
    clock.advance(timedelta(minutes=minutes))
    read(scene, **GO)


def discharge(scene, by=None, **changes):
    given = {
        "answers": FIT,
        "companion": scene.companion,
        "printed_name": (by or scene.monitor).name,
    } | changes
    return actions.discharge(session=scene.session, by=by or scene.monitor, **given)


def reasons(scene, **changes) -> str:
    with pytest.raises(Refused) as caught:
        discharge(scene, **changes)
    scene.session.refresh_from_db()
    assert scene.session.ended_at is None
    return " ".join(caught.value.reasons)


def test_discharge_ends_the_session_and_opens_integration():
    scene = ready_to_dose()
    settled(scene)
    made = discharge(scene)
    session = DosingSession.objects.get()
    scene.course.refresh_from_db()
    scene.appointment.refresh_from_db()
    assert (made.aldrete_total, made.padss_total, made.companion) == (10, 10, scene.companion)
    assert (session.outcome, session.ended_at) == ("discharged", made.left_at)
    assert scene.course.stage == "integration"
    assert scene.appointment.state == "done"


def test_the_record_is_frozen_and_signed():
    scene = ready_to_dose()
    settled(scene)
    wrong = read(scene, systolic_mmhg=140, diastolic_mmhg=97)
    actions.strike(target=wrong, reason="Cuff slipped", by=scene.monitor)
    discharge(scene)
    document = Document.objects.get(kind="session_record")
    shown = bytes(document.html).decode()
    assert document.about == scene.session.pk
    assert document.signatures.get().printed_name == "Ana Ruiz"
    for words in ("150", "128/80", "Cuff slipped", "Rosa Ashworth", "10 of 10", "Dr. Kwame Osei"):
        assert words in shown


def test_the_printed_record_of_a_usual_session_fits_on_two_pages():
    from kap.documents.pdf import render

    scene = ready_to_dose()
    dosed(scene)
    for _reading in range(12):
        clock.advance(timedelta(minutes=10))
        read(scene, **GO)
        actions.observe(session=scene.session, words="Lies still, breathes calmly.", by=scene.therapist)
    actions.record_event(
        session=scene.session, code="nausea", grade=1, relatedness="probable", action="comforted", outcome="ongoing",
        by=scene.monitor,
    )  # fmt: skip
    clock.advance(timedelta(minutes=5))
    discharge(scene)
    made = render(Document.objects.get(kind="session_record"))
    assert made.body.startswith(b"%PDF")
    assert made.pages <= 2


def test_the_least_stay_locks_the_door():
    scene = ready_to_dose()
    settled(scene, minutes=100)
    assert "20 are left" in reasons(scene)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"aldrete": {**FIT["aldrete"], "oxygen": 0}}, "Aldrete is 8"),
        ({"padss": {}}, "PADSS is not complete"),
        ({"moaas": 4}, "MOAA/S is 4"),
        ({"oriented": None}, "is not answered"),
        ({"steady_gait": False}, "gait is not steady"),
        ({"new_suicidal_thoughts": True}, "new suicidal thoughts"),
        ({"companion_took_charge": False}, "has not taken charge"),
        ({"instructions_given": None}, "instructions"),
        ({"integration_time_told": False}, "integration time"),
    ],
)
def test_every_criterion_keeps_her_here(changes, words):
    scene = ready_to_dose()
    settled(scene)
    assert words in reasons(scene, answers={**FIT, **changes})


def test_a_pressure_of_long_ago_does_not_speak_for_now():
    scene = ready_to_dose()
    settled(scene)
    clock.advance(timedelta(minutes=30))
    assert "Blood pressure before leaving is missing" in reasons(scene)


def test_a_pressure_far_from_the_baseline_keeps_her_here():
    scene = ready_to_dose()
    dosed(scene)
    clock.advance(timedelta(minutes=125))
    read(scene, **{**GO, "systolic_mmhg": 158, "diastolic_mmhg": 96})
    assert "more than 20% from the baseline" in reasons(scene)


def test_without_a_companion_or_under_a_wrong_name_nobody_is_discharged():
    scene = ready_to_dose()
    settled(scene)
    said = reasons(scene, companion=None, printed_name="Somebody")
    assert "Name the companion" in said
    assert "Type your name" in said


def test_twice_is_told():
    scene = ready_to_dose()
    settled(scene)
    discharge(scene)
    with pytest.raises(Stale, match="ended already: discharged"):
        discharge(scene, by=scene.therapist)


def test_the_gate_to_integration_waits_for_the_signature():
    scene = ready_to_dose()
    settled(scene)
    assert gates.closed(gates.ask("integration", scene.course, scene.session))
    discharge(scene)
    assert not gates.closed(gates.ask("integration", scene.course, DosingSession.objects.get()))


def test_leaving_against_advice_is_recorded_with_what_was_missing_and_told():
    scene = ready_to_dose()
    settled(scene, minutes=60)
    with pytest.raises(Refused, match="full sentence"):
        actions.leave_against_advice(
            session=scene.session, words="Left", printed_name="Ana Ruiz", by=scene.monitor
        )
    made = actions.leave_against_advice(
        session=scene.session, words="She walked out with her sister; advised to stay.", printed_name="Ana Ruiz",
        companion=scene.companion, by=scene.monitor,
    )  # fmt: skip
    scene.course.refresh_from_db()
    assert made.outcome == "left"
    assert any("least stay" in words for words in made.criteria["missing"])
    assert scene.course.stage == "integration"
    assert Item.objects.open().filter(title__startswith="Left against advice").exists()


def test_not_dosed_gives_the_dose_back_and_releases_the_integration():
    scene = ready_to_dose(sessions=1)
    checked(scene)
    actions.close_not_dosed(session=scene.session, words="Blood pressure stayed too high.", by=scene.monitor)
    scene.course.refresh_from_db()
    scene.integration.refresh_from_db()
    session = DosingSession.objects.get()
    assert (session.outcome, scene.course.stage) == ("not_dosed", "preparation")
    assert scene.integration.state == "cancelled"
    assert scene.integration.cancel_reason == "not_dosed"
    clock.advance(timedelta(days=3))
    scene.appointment = dosing_appointment(scene)
    scene.integration = integration_appointment(scene)
    del scene.session
    assert opened(scene).number == 1


def test_after_a_dose_it_cannot_be_closed_as_not_dosed():
    scene = ready_to_dose()
    dosed(scene)
    with pytest.raises(Refused, match="Medicine was given"):
        actions.close_not_dosed(session=scene.session, words="She changed her mind.", by=scene.monitor)


def test_without_a_dose_there_is_no_discharge():
    scene = ready_to_dose()
    checked(scene)
    with pytest.raises(Refused, match="No medicine was given"):
        discharge(scene)


def test_after_the_end_nothing_is_added_but_events_and_strikes():
    scene = ready_to_dose()
    settled(scene)
    discharge(scene)
    with pytest.raises(Stale):
        read(scene, **GO)
    with pytest.raises(Stale):
        actions.observe(session=scene.session, words="Calm.", by=scene.monitor)
    event = actions.record_event(
        session=scene.session, code="headache", grade=1, relatedness="possible", action="watched", outcome="ongoing",
        by=scene.therapist,
    )  # fmt: skip
    actions.strike(target=event, reason="It was another client", by=scene.therapist)
    with pytest.raises(Refused, match="The session is signed"):
        actions.strike(target=scene.session.administrations.get(), reason="Not given", by=scene.monitor)


def test_calls_of_the_session_end_with_it():
    scene = ready_to_dose()
    dosed(scene)
    read(scene, systolic_mmhg=152, diastolic_mmhg=94)
    assert Item.objects.open().filter(kind="vitals_limit").exists()
    clock.advance(timedelta(minutes=125))
    read(scene, **GO)
    discharge(scene)
    assert not Item.objects.open().filter(kind="vitals_limit").exists()


def test_an_outsider_ends_nothing():
    scene = ready_to_dose()
    settled(scene)
    with pytest.raises(PermissionDenied):
        actions.discharge(
            session=scene.session,
            answers=FIT,
            companion=scene.companion,
            printed_name="x",
            by=UserFactory(roles=["admin"]),
        )


def test_at_home_the_lozenges_are_counted_again():
    scene = ready_to_dose(setting="remote")
    settled(scene)
    assert "Count the lozenges" in reasons(scene)
    discharge(scene, lozenges_after=5)
    assert DosingSession.objects.get().lozenges_after == 5
