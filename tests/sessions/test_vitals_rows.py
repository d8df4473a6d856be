"""Vital signs as rows: once per key, judged, told, struck through; never changed."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from kap.core import clock
from kap.core.errors import Refused, Stale
from kap.worklist.models import Item
from sessions import actions
from sessions.actions.vitals import OddValues
from sessions.flowsheet import Flowsheet
from sessions.models import Strike, Vitals
from tests.factories.dosing import GO, dosed, opened, read, ready_to_dose

pytestmark = pytest.mark.django_db


def record(scene, key=None, **values):
    return actions.record_vitals(
        session=scene.session, entry_key=key or uuid4(), values=values, by=scene.monitor
    )


def test_the_same_entry_sent_twice_is_one_row():
    scene = ready_to_dose()
    opened(scene)
    key = uuid4()
    first, again = record(scene, key, **GO), record(scene, str(key), **GO)
    assert first.pk == again.pk
    assert Vitals.objects.count() == 1


def test_a_key_of_another_session_is_refused():
    scene = ready_to_dose()
    opened(scene)
    other = ready_to_dose(team=scene)
    opened(other)
    key = uuid4()
    record(scene, key, **GO)
    with pytest.raises(Refused, match="another session"):
        record(other, key, **GO)


def test_only_what_was_measured_is_filled():
    scene = ready_to_dose()
    opened(scene)
    row = record(scene, heart_rate_bpm=74)
    assert (row.systolic_mmhg, row.spo2_percent, row.moaas) == (None, None, None)
    with pytest.raises(Refused, match="at least one value"):
        record(scene)


@pytest.mark.parametrize(
    ("values", "words", "may_confirm"),
    [
        ({"systolic_mmhg": 97, "diastolic_mmhg": 148}, "97/148, swapped", False),
        ({"heart_rate_bpm": 800}, "cannot be", False),
        ({"heart_rate_bpm": 190}, "unusual", True),
        ({"systolic_mmhg": 120}, "two numbers", False),
    ],
)
def test_odd_values_are_asked_about_once(values, words, may_confirm):
    scene = ready_to_dose()
    opened(scene)
    with pytest.raises(OddValues, match=words) as caught:
        record(scene, **values)
    assert caught.value.may_confirm is may_confirm
    if may_confirm:
        assert read(scene, odd_confirmed=True, **values).odd_confirmed
    else:
        with pytest.raises(OddValues):
            read(scene, odd_confirmed=True, **values)


def test_a_reading_of_the_future_or_of_yesterday_is_refused():
    scene = ready_to_dose()
    opened(scene)
    for minutes, words in ((-10, "future"), (60, "before this session")):
        with pytest.raises(Refused, match=words):
            read(scene, ago=minutes, **GO)


def test_a_crossed_limit_of_the_order_calls_the_prescriber_once():
    scene = ready_to_dose()
    dosed(scene)
    row = record(scene, systolic_mmhg=152, diastolic_mmhg=94)
    assert [f["code"] for f in row.findings] == ["call_systolic"]
    record(scene, systolic_mmhg=154, diastolic_mmhg=96)
    item = Item.objects.get(kind="vitals_limit")
    assert item.urgency == "now"
    assert item.for_role == "prescriber"
    assert "152" in item.detail
    assert item.link.endswith(f"{scene.session.pk}/")


def test_save_and_call_tells_the_prescriber_even_inside_the_limits():
    scene = ready_to_dose()
    dosed(scene)
    actions.record_vitals(
        session=scene.session,
        entry_key=uuid4(),
        values={"heart_rate_bpm": 90},
        prescriber_called=True,
        by=scene.monitor,
    )
    assert Item.objects.filter(kind="vitals_limit").exists()


def test_before_the_dose_it_is_a_baseline_afterwards_not():
    scene = ready_to_dose()
    dosed(scene)
    assert Vitals.objects.get().phase == "baseline"
    assert record(scene, **GO).phase == "during"


def test_a_late_entry_keeps_both_times():
    scene = ready_to_dose()
    dosed(scene)
    row = read(scene, ago=10, **GO)
    assert row.recorded_at - row.measured_at >= timedelta(minutes=9)
    assert row.phase == "baseline"  # measured before the dose was given


def test_a_struck_reading_stays_readable_and_no_longer_counts():
    scene = ready_to_dose()
    dosed(scene)
    wrong = record(scene, systolic_mmhg=148, diastolic_mmhg=97)
    strike = actions.strike(target=wrong, reason="Wrong client's cuff", by=scene.monitor)
    sheet = Flowsheet(scene.session)
    assert wrong in sheet.vitals
    assert wrong not in sheet.standing_vitals
    assert strike.reason == "Wrong client's cuff"
    with pytest.raises(Stale, match="struck through already"):
        actions.strike(target=wrong, reason="Once more", by=scene.monitor)
    with pytest.raises(Refused, match="full sentence"):
        actions.strike(target=record(scene, **GO), reason="", by=scene.monitor)
    assert Strike.objects.count() == 1


@pytest.mark.parametrize(
    "statement", ["UPDATE dosing_vitals SET systolic_mmhg = 120", "DELETE FROM dosing_vitals"]
)
def test_a_reading_is_never_changed(statement):
    scene = ready_to_dose()
    opened(scene)
    record(scene, **GO)
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_next_vitals_are_due_by_the_protocol():
    scene = ready_to_dose()
    dosed(scene)
    sheet = Flowsheet(scene.session)
    assert sheet.next_due == scene.session.first_dose_at + timedelta(minutes=10)
    clock.advance(timedelta(minutes=12))
    record(scene, **GO)
    sheet = Flowsheet(scene.session)
    assert sheet.next_due == scene.session.first_dose_at + timedelta(minutes=20)
    assert sheet.overdue_minutes == 0
