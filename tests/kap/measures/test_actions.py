"""Asking, drafting, answering; and what an alarming answer sets off in the same transaction."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from kap.core import clock
from kap.core.actions import System
from kap.core.errors import Refused, Stale
from kap.measures import actions, watch
from kap.measures.models import Request, Response
from kap.outbox.models import Message
from kap.worklist import actions as worklist
from kap.worklist.models import Item
from tests.factories import measures as make
from tests.factories.measures import TESTS, phq9
from tests.factories.people import ClientFactory, UserFactory


def test_a_questionnaire_is_asked_once_per_occasion_and_session(course):
    about = "6b1f0d3e-8a4e-4e0e-9f0a-000000000001"
    assert make.asked(course).pk == make.asked(course).pk
    assert make.asked(course, about=about).pk == make.asked(course, about=about).pk
    assert Request.objects.count() == 2
    with pytest.raises(IntegrityError, match="measure_asked_once_per_occasion"), transaction.atomic():
        Request.objects.create(
            client=course.client, course=course, instrument="phq9", occasion="baseline", due_at=clock.now()
        )


def test_later_ones_are_announced_by_email_and_the_first_ones_are_not(course):
    make.asked(course)
    assert not Message.objects.exists()
    due = clock.now() + timedelta(days=1)
    request = make.asked(course, occasion="after_dose", due_at=due)
    message = Message.objects.get()
    assert (message.kind, message.send_at) == ("measure_due", due)
    actions.answer(request=request, answers=phq9(), by=course.client.user)
    message.refresh_from_db()
    assert message.state == "dropped"


def test_answers_are_scored_and_kept_with_their_version(course):
    request = make.asked(course)
    response = actions.answer(request=request, answers=phq9(2, 2, 2), by=course.client.user)
    assert (response.total, response.band, response.complete, response.version) == (
        11,
        "moderate",
        True,
        response.version,
    )
    assert response.answered_by == course.client.user.audit_label
    request.refresh_from_db()
    assert (request.response, request.draft) == (response, {})
    assert not Item.objects.exists()


def test_a_skipped_question_leaves_the_total_unknown(course):
    response = make.answered(course, answers={**phq9(), "3": None})
    assert (response.total, response.band, response.complete) == (None, "", False)
    assert response.answers["3"] is None


def test_answers_to_questions_that_are_not_asked_are_left_out(course):
    response = make.answered(course, "cssrs", answers={"1": 0, "2": 0, "3": 1, "6": 0})
    assert set(response.answers) == {"1", "2", "6"}
    assert response.band == "none"


@pytest.mark.parametrize("answers", [{"1": 7}, {"99": 1}, {"1": True}, {"1": "2"}])
def test_what_is_no_choice_is_refused_and_nothing_is_kept(course, answers):
    with pytest.raises(Refused):
        make.answered(course, answers=answers)
    assert not Response.objects.exists()


def test_nothing_at_all_is_no_answer(course):
    with pytest.raises(Refused, match="at least one"):
        actions.answer(request=make.asked(course), answers={"1": None}, by=TESTS)


def test_the_second_sending_is_told_that_it_is_done(course):
    request = make.asked(course)
    actions.answer(request=request, answers=phq9(), by=TESTS)
    for act in (actions.answer, actions.save_draft):
        with pytest.raises(Stale):
            act(request=request, answers=phq9(), by=TESTS)
    assert Response.objects.count() == 1


def test_strangers_and_admins_cannot_answer(course, mara):
    request = make.asked(course)
    for by in (
        ClientFactory(with_user=True).user,
        UserFactory(roles=["therapist"]),
        UserFactory(roles=["admin"]),
    ):
        with pytest.raises(Refused):
            actions.answer(request=request, answers=phq9(), by=by)
    assert actions.answer(request=request, answers=phq9(), by=mara)


def test_item_nine_raises_the_alarm_asks_the_screener_and_tells_the_team(course, mara):
    make.answered(course, answers=phq9(nine=1))
    item = Item.objects.get()
    assert (item.kind, item.urgency, item.client) == ("safety", "now", course.client)
    assert Request.objects.open().get().instrument == "cssrs"
    alert = Message.objects.get()
    assert (alert.kind, alert.to_address) == ("safety_alert", "mara@alderhouse.example")
    assert "PHQ" not in str(alert.context)


def test_before_anyone_has_taken_the_client_every_therapist_is_told(course):
    UserFactory.create_batch(2, roles=["therapist"])
    UserFactory(roles=["prescriber"])
    make.answered(course, answers=phq9(nine=3))
    assert Message.objects.filter(kind="safety_alert").count() == 2


def test_the_alarm_stands_or_falls_with_the_answers(course, mara, monkeypatch):
    def broken(**wanted):
        raise ZeroDivisionError

    monkeypatch.setattr("kap.measures.safety.owe", broken)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        make.answered(course, answers=phq9(nine=2))
    assert not Response.objects.exists()
    assert not Item.objects.exists()
    assert not Request.objects.filter(response__isnull=False).exists()


def test_a_high_risk_screener_is_an_alarm_of_its_own(course, mara):
    make.answered(course, "cssrs", answers={"1": 1, "2": 1, "3": 1, "4": 1, "5": 0, "6": 0})
    item = Item.objects.get()
    assert "high risk" in item.title
    assert Item.objects.open().visible_to(mara).exists()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE measures_response SET total = 0",
        "DELETE FROM measures_response",
        "TRUNCATE measures_response CASCADE",
    ],
)
def test_the_database_keeps_answers_for_good(course, sql):
    make.answered(course)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_an_unanswered_alarm_is_repeated_and_stops_when_somebody_acts(course, mara):
    make.answered(course, answers=phq9(nine=1))
    for hours in (1, 2, 4):
        clock.move_to(Item.objects.get().raised_at + timedelta(hours=hours, minutes=1))
        watch.run(by=System("watch"))
    assert Message.objects.filter(kind="safety_alert").count() == 3  # at once, after 1 h, after 4 h
    worklist.acknowledge(
        item=Item.objects.get(), what_was_done="Called her, she is with her sister.", by=mara
    )
    clock.advance(timedelta(days=2))
    watch.run(by=System("watch"))
    assert Message.objects.filter(kind="safety_alert").count() == 3


def test_what_is_overdue_is_raised_and_closed_by_the_answer(course, mara):
    request = make.asked(course, occasion="after_dose")
    make.asked(course)
    clock.advance(timedelta(days=4))
    watch.run(by=System("watch"))
    item = Item.objects.get()
    assert item.kind == "measure_overdue"
    actions.answer(request=request, answers=phq9(), by=mara)
    watch.run(by=System("watch"))
    item.refresh_from_db()
    assert item.closed_by_rule
