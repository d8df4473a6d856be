"""Integration from discharge to the signed summary: opened with its window, held, late, next dose, follow-up, completed."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, transaction

from integration import actions, watch
from integration.evidence import (
    final_measures,
    integration_signed,
    previous_integration_signed,
    summary_signed,
)
from integration.follow import open_integration
from integration.models import CourseSummary, IntegrationSession
from kap.core import clock
from kap.core.actions import System
from kap.core.errors import Refused, Stale
from kap.documents.models import Document
from kap.measures.models import Request
from kap.notes import actions as notes
from kap.outbox.models import Message
from kap.pathway import actions as pathway
from kap.pathway.gates import GateClosed
from kap.worklist.models import Item
from tests.factories.integration import (
    at_follow_up,
    dosed_and_home,
    drafted,
    final_answers,
    integrated,
    next_dose,
    screened,
)
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def sign(scene, **more):
    given = {"printed_name": scene.therapist.name, "by": scene.therapist} | more
    return actions.sign(integration=scene.integration_session, **given)


def test_discharge_opens_the_integration_with_its_window_from_the_actual_end():
    scene = dosed_and_home()
    made, ended = scene.integration_session, scene.session.ended_at
    assert (made.opens_at, made.closes_at) == (ended + 24 * HOUR, ended + 48 * HOUR)
    assert made.appointment == scene.integration
    asked = Request.objects.filter(course=scene.course, occasion="after_dose", about=scene.session.pk)
    assert {(row.instrument, row.due_at) for row in asked} == {
        ("phq9", made.opens_at),
        ("gad7", made.opens_at),
    }
    assert not Item.objects.open().filter(client=scene.client).exists()
    with pytest.raises(Stale):
        open_integration(course=scene.course, subject=scene.session, by=System("tests"))


def test_an_integration_outside_the_actual_window_becomes_a_task():
    scene = dosed_and_home()
    scene.integration.starts_at = scene.session.ended_at + 10 * HOUR
    scene.integration.ends_at = scene.integration.starts_at + HOUR
    scene.integration.save()
    scene2_item = Item.objects.filter(kind="reschedule", client=scene.client)
    assert not scene2_item.exists()
    from scheduling.follow import recheck_integration

    recheck_integration(session=scene.session, by=System("tests"))
    assert scene2_item.get().link_words == "Move integration"


def test_nothing_booked_tells_team_and_client_in_time():
    scene = dosed_and_home(booked=False)
    made = scene.integration_session
    assert made.appointment is None
    item = Item.objects.open().get(client=scene.client, kind="integration_unbooked")
    assert item.link_words == "Book integration"
    opening = Message.objects.get(kind="integration_window_open", client=scene.client)
    assert opening.send_at == made.opens_at
    closing = Message.objects.get(kind="integration_closing", to_address=scene.therapist.email)
    assert closing.send_at == made.closes_at - 12 * HOUR

    watch.run(by=System("watch"))
    watch.run(by=System("watch"))
    assert Item.objects.filter(client=scene.client, kind="integration_unbooked").count() == 1
    kinds = Message.objects.filter(kind__in=["integration_window_open", "integration_closing"])
    assert kinds.count() == 2

    clock.advance(30 * HOUR)
    integrated(scene)
    assert not Item.objects.open().filter(client=scene.client, kind="integration_unbooked").exists()
    assert not Message.objects.filter(kind="integration_closing", state="owed").exists()


def test_an_appointment_booked_later_is_tied_by_the_watch():
    from tests.factories.dosing import integration_appointment

    scene = dosed_and_home(booked=False)
    booked = integration_appointment(scene)
    watch.run(by=System("watch"))
    scene.integration_session.refresh_from_db()
    assert scene.integration_session.appointment == booked


@pytest.mark.parametrize(
    ("after", "timing"),
    [(20, "early"), (24, "in_window"), (27, "in_window"), (48, "in_window"), (49, "late")],
)
def test_early_in_window_and_late_stay_on_record(after, timing):
    scene = dosed_and_home()
    held_at = scene.session.ended_at + after * HOUR
    clock.advance(timedelta(hours=60))
    made = integrated(scene, held_at=held_at)
    assert (made.timing, made.hours_after) == (timing, Decimal(after))
    assert made.note.held_at == held_at == made.held_at
    scene.integration.refresh_from_db()
    assert scene.integration.state == "done"
    with pytest.raises(Stale):
        sign(scene)


def test_the_calendars_time_counts_where_nobody_said_otherwise():
    scene = dosed_and_home()
    clock.advance(timedelta(hours=40))
    screened(scene)
    drafted(scene)
    made = sign(scene)
    assert made.held_at == scene.integration.starts_at


def test_the_time_can_be_corrected_but_not_beyond_what_is_possible():
    scene = dosed_and_home()
    clock.advance(timedelta(hours=40))
    for wrong in (scene.session.ended_at - HOUR, clock.now() + HOUR):
        with pytest.raises(Refused, match="Correct its time"):
            actions.set_held(integration=scene.integration_session, held_at=wrong, by=scene.therapist)
    right = scene.session.ended_at + 26 * HOUR
    actions.set_held(integration=scene.integration_session, held_at=right, by=scene.therapist)
    screened(scene)
    drafted(scene)
    assert sign(scene).hours_after == Decimal("26.0")


def test_the_safety_screen_comes_before_the_signature():
    scene = dosed_and_home()
    clock.advance(timedelta(hours=26))
    drafted(scene)
    with pytest.raises(Refused, match="C-SSRS"):
        sign(scene)
    with pytest.raises(Refused, match="never “no”"):
        actions.screen_safety(
            integration=scene.integration_session,
            answers={"1": 0, "2": 1, "3": None, "6": 0},
            by=scene.therapist,
        )
    screened(scene)
    with pytest.raises(Stale):
        screened(scene)
    assert sign(scene).signed_at


def test_a_risk_named_in_the_screen_reaches_the_team_at_once():
    scene = dosed_and_home()
    screened(scene, **{"1": 1, "2": 1, "3": 1, "4": 1, "5": 0})
    item = Item.objects.open().get(client=scene.client, kind="safety")
    assert item.urgency == "now"


def test_only_the_author_who_may_signs_and_a_finished_note_is_wanted():
    scene = dosed_and_home()
    screened(scene)
    with pytest.raises(Refused, match="no note yet"):
        sign(scene)
    note = notes.start(course=scene.course, kind="integration", about=scene.session.pk, by=scene.therapist)
    with pytest.raises(Refused, match="What the client tells"):
        sign(scene)
    with pytest.raises(PermissionDenied):
        sign(scene, by=scene.monitor)
    notes.discard_draft(note=note, by=scene.therapist)
    drafted(scene)
    with pytest.raises(Refused, match="Type your name"):
        sign(scene, printed_name="Somebody")
    scene.integration.refresh_from_db()
    assert scene.integration.state == "booked"


def test_a_signed_integration_only_takes_addenda():
    scene = dosed_and_home()
    clock.advance(timedelta(hours=26))
    made = integrated(scene)
    notes.add_addendum(
        note=made.note, text="She called: slept well.", printed_name=scene.therapist.name, by=scene.therapist
    )
    with pytest.raises(Stale):
        notes.save_draft(note=made.note, body={}, revision=made.note.revision, by=scene.therapist)
    with pytest.raises(IntegrityError), transaction.atomic():
        type(made.note).objects.filter(pk=made.note.pk).update(body={})


def test_one_integration_per_dose():
    scene = dosed_and_home()
    with pytest.raises(IntegrityError), transaction.atomic():
        IntegrationSession.objects.create(
            course=scene.course, dosing=scene.session, opens_at=clock.now(), closes_at=clock.now() + HOUR
        )


def test_late_is_raised_once_and_closed_by_signing():
    scene = dosed_and_home()
    assert watch.run(by=System("watch")) == 0
    clock.advance(timedelta(hours=49))
    assert [watch.run(by=System("watch")) for _ in range(2)] == [1, 0]
    item = Item.objects.open().get(kind="integration_late", client=scene.client)
    assert "dosing 1" in item.detail
    integrated(scene)
    item.refresh_from_db()
    assert item.closed_by_rule
    assert watch.run(by=System("watch")) == 0


def test_gates_of_the_next_dose_and_of_follow_up():
    scene = dosed_and_home()
    missing = previous_integration_signed(scene.course)
    assert "dosing 1 is not signed" in missing.words
    with pytest.raises(GateClosed, match="not signed"):
        at_follow_up(scene)
    clock.advance(timedelta(hours=26))
    integrated(scene)
    assert previous_integration_signed(scene.course) is None

    next_dose(scene)
    assert scene.session.number == 2
    assert "dosing 2" in integration_signed(scene.course).words
    clock.advance(timedelta(hours=26))
    integrated(scene)
    assert integration_signed(scene.course) is None
    assert at_follow_up(scene).stage == "follow_up"


@pytest.fixture
def ending():
    """At follow-up after one dose in the window, PHQ-9 from 20 down."""
    scene = dosed_and_home()
    clock.advance(timedelta(hours=26))
    integrated(scene)
    at_follow_up(scene)
    return scene


def test_follow_up_asks_the_final_measures_and_the_course_waits_for_them(ending):
    finals = Request.objects.filter(course=ending.course, occasion="final")
    assert {row.instrument for row in finals} == {"phq9", "gad7"}
    assert [m.overridable for m in final_measures(ending.course)] == [True, True]
    final_answers(ending)
    assert final_measures(ending.course) == []


def test_the_summary_gathers_what_happened_and_completes_the_course(ending):
    assert "not signed" in summary_signed(ending.course).words
    final_answers(ending)
    given = {"printed_name": ending.therapist.name, "by": ending.therapist}
    with pytest.raises(Refused, match="few sentences"):
        actions.sign_summary(course=ending.course, words="Good.", **given)
    words = "She sleeps, works again and goes on with weekly therapy."
    made = actions.sign_summary(course=ending.course, words=words, **given)
    document = Document.objects.get(kind="course_summary")
    assert made.document == document
    content = json.loads(bytes(document.content))["content"]
    (score,) = content["facts"]["scores"]
    assert (score["name"], score["last"], score["response"], score["remission"]) == ("PHQ-9", 0, True, True)
    (dose,) = content["facts"]["doses"]
    assert (dose["number"], dose["timing"]) == (1, "in_window")
    html = bytes(document.html).decode()
    assert words in html
    assert "150 mg, lozenge; integration in the window, 26 h after" in html
    with pytest.raises(Stale):
        actions.sign_summary(course=ending.course, words=words, **given)
    with pytest.raises(DatabaseError), transaction.atomic():
        CourseSummary.objects.filter(pk=made.pk).update(words="other")
    pathway.advance(course=ending.course, gate="completed", by=ending.therapist)
    ending.course.refresh_from_db()
    assert ending.course.stage == "completed"


def test_no_summary_before_follow_up_and_none_by_others():
    scene = dosed_and_home()
    words = "She sleeps, works again and goes on with weekly therapy."
    with pytest.raises(Refused, match="at follow-up"):
        actions.sign_summary(
            course=scene.course, words=words, printed_name=scene.therapist.name, by=scene.therapist
        )
    with pytest.raises(PermissionDenied):
        actions.sign_summary(
            course=scene.course, words=words, printed_name="x", by=UserFactory(roles=["monitor"])
        )
