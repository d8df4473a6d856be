"""Medicine given: inside the order, seen by two, refused by the database where Python was too slow."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from kap.core import clock
from kap.core.errors import Refused, Stale
from kap.pathway import gates
from kap.worklist.models import Item
from sessions import actions
from sessions.evidence import doses_left, doses_left_to_book
from sessions.flowsheet import Flowsheet
from sessions.models import Administration
from tests.factories.dosing import PIN, checked, dosed, ready_to_dose, started
from tests.factories.scheduling import AppointmentFactory

pytestmark = pytest.mark.django_db


def give(scene, mg, **values):
    given = {"witness": scene.therapist, "pin": PIN} | values
    return actions.give(session=scene.session, dose_mg=Decimal(mg), by=scene.monitor, **given)


def test_a_dose_in_the_orders_range_is_recorded_and_starts_the_clock():
    scene = ready_to_dose()
    started(scene)
    dose = give(scene, 150, lozenge_held_minutes=12, lozenge_after="spit")
    scene.session.refresh_from_db()
    assert scene.session.first_dose_at == dose.given_at
    assert (dose.given_by, dose.witness, dose.lozenge_after) == ("Ana Ruiz", scene.therapist, "spit")
    assert Flowsheet(scene.session).left_mg == 50


@pytest.mark.parametrize(
    ("mg", "values", "words"),
    [
        (160, {}, "the order allows 100"),
        (210, {}, "the order allows 200"),
        (0, {}, "above 0"),
        (120, {"witness": None, "pin": ""}, "second person"),
        (120, {"pin": "0000"}, "PIN"),
        (20, {"is_booster": True}, "nothing to boost"),
        (80, {}, "Say why below"),
    ],
)
def test_what_the_order_does_not_allow_is_refused(mg, values, words):
    scene = ready_to_dose()
    started(scene)
    with pytest.raises(Refused, match=words):
        give(scene, mg, **values)
    assert not Administration.objects.exists()


def test_a_therapist_records_no_dose():
    scene = ready_to_dose()
    started(scene)
    with pytest.raises(PermissionDenied):
        actions.give(
            session=scene.session, dose_mg=Decimal(120), not_witnessed_reason="Alone here", by=scene.therapist
        )


def test_nobody_is_her_own_witness():
    scene = ready_to_dose()
    started(scene)
    with pytest.raises(Refused, match="somebody else than you"):
        actions.give(session=scene.session, dose_mg=Decimal(120), witness=scene.monitor, by=scene.monitor)


def test_alone_the_reason_is_recorded():
    scene = ready_to_dose()
    started(scene)
    dose = give(
        scene, 120, witness=None, pin="", not_witnessed_reason="Colleague called away to an emergency"
    )
    assert dose.witness is None
    assert "emergency" in dose.not_witnessed_reason


def test_before_the_start_there_is_no_dose():
    scene = ready_to_dose()
    checked(scene)
    with pytest.raises(Refused, match="not been started"):
        give(scene, 120)


def test_less_than_ordered_needs_a_reason_and_tells_the_prescriber():
    scene = ready_to_dose()
    started(scene)
    dose = give(scene, 50, soft_reason="She asked for half of it")
    assert dose.soft_reason
    assert Item.objects.get(kind="predose_held").title.startswith("Less than ordered")


def test_one_booster_inside_the_order():
    scene = ready_to_dose()
    dosed(scene, 120)
    with pytest.raises(Refused, match="at most 50"):
        give(scene, 55, is_booster=True)
    give(scene, 50, is_booster=True)
    with pytest.raises(Refused, match="once in a session"):
        give(scene, 10, is_booster=True)


def test_no_booster_where_the_order_names_none():
    scene = ready_to_dose(booster_max_mg=None)
    dosed(scene, 120)
    with pytest.raises(Refused, match="allows no booster"):
        give(scene, 20, is_booster=True)


def test_a_lozenge_is_not_given_in_parts_an_injection_may_be():
    lozenge = ready_to_dose()
    dosed(lozenge, 100)
    with pytest.raises(Refused, match="not given in parts"):
        give(lozenge, 20)
    shot = ready_to_dose(route="im", team=lozenge, strength="50 mg/mL", dose_min_mg=40, dose_max_mg=60, session_max_mg=80,
                         booster_max_mg=20)  # fmt: skip
    dosed(shot, 30, soft_reason="First of two parts")
    assert give(shot, 25).dose_mg == 25


def test_the_wrong_vial_is_caught():
    scene = ready_to_dose(route="im", strength="50 mg/mL", dose_min_mg=40, dose_max_mg=60, session_max_mg=80)
    started(scene)
    with pytest.raises(Refused, match="hold 100"):
        give(scene, 50, volume_ml=Decimal(2))
    assert give(scene, 50, volume_ml=Decimal(1)).volume_ml == 1


def test_the_same_dose_recorded_by_two_people_is_one():
    scene = ready_to_dose(route="im", strength="50 mg/mL", dose_min_mg=20, dose_max_mg=60, session_max_mg=80)
    dosed(scene, 30)
    with pytest.raises(Stale, match="Ana Ruiz has recorded this dose already"):
        actions.give(
            session=scene.session, dose_mg=Decimal(30), witness=scene.monitor, pin=PIN, by=scene.prescriber
        )


def test_a_struck_dose_gives_its_room_back():
    scene = ready_to_dose()
    dose = dosed(scene, 150)
    actions.strike(target=dose, reason="Dropped before it was taken", by=scene.monitor)
    scene.session.refresh_from_db()
    assert scene.session.first_dose_at is None
    give(scene, 150, given_at=clock.now())
    scene.session.refresh_from_db()
    assert scene.session.first_dose_at


def test_a_dose_is_not_recorded_ahead_nor_before_the_start():
    scene = ready_to_dose()
    started(scene)
    with pytest.raises(Refused, match="future"):
        give(scene, 150, given_at=clock.now() + timedelta(minutes=20))
    with pytest.raises(Refused, match="before this session"):
        give(scene, 150, given_at=clock.now() - timedelta(minutes=20))


def test_doses_of_the_order_are_counted_in_sessions():
    scene = ready_to_dose(sessions=1)
    dosed(scene, 150)
    assert doses_left(scene.course, scene.session) is None  # its own dose does not count against it
    assert "allows 1 dose" in doses_left(scene.course, None).words


def test_no_more_doses_are_booked_than_the_order_allows():
    """A third booking is refused in words when two are allowed and one is given, one booked."""
    scene = ready_to_dose(sessions=2)
    assert doses_left_to_book(scene.course) is None  # the one under way, and another
    dosed(scene, 150)
    assert doses_left_to_book(scene.course) is None  # a dose given is not counted again as booked
    ahead = AppointmentFactory(
        service=scene.session.appointment.service, client=scene.course.client, course=scene.course,
        starts_at=clock.now() + timedelta(days=7), route="sl", setting=scene.session.appointment.setting,
    )  # fmt: skip
    gap = doses_left_to_book(scene.course)
    assert gap.words == "The order allows 2 doses: 1 was given, and 1 is booked already."
    assert "cancel one that is booked" in gap.mend
    assert gap.link
    step = next(step for step in gates.ask("book_dosing", scene.course) if step.key == "doses_left_to_book")
    assert step.why.startswith(gap.words)
    assert not step.overridable
    type(ahead).objects.filter(pk=ahead.pk).update(
        state="cancelled", cancel_reason="client", cancelled_at=clock.now(), cancelled_by="x"
    )
    assert doses_left_to_book(scene.course) is None


def insert(scene, mg, **values):
    """Straight into the table, past every rule of Python."""
    return Administration.objects.create(
        session=scene.session, order=values.pop("order", scene.order), dose_mg=mg, route="sl", given_at=clock.now(),
        given_by="x", witness=scene.therapist, recorded_by=scene.monitor, **values,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mg", "values", "name"),
    [
        (201, {}, "dose_within_the_session_maximum"),
        (10, {"is_booster": True}, "booster_within_the_order"),
    ],
)
def test_the_database_refuses_more_than_ordered(mg, values, name):
    scene = ready_to_dose()
    started(scene)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        insert(scene, mg, **values)
    assert caught.value.__cause__.diag.constraint_name == name


def test_the_database_refuses_another_courses_order():
    scene = ready_to_dose()
    started(scene)
    other = ready_to_dose(team=scene)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        insert(scene, 100, order=other.order)
    assert caught.value.__cause__.diag.constraint_name == "dose_in_a_running_session"


def test_the_database_refuses_another_courses_consent():
    scene = ready_to_dose()
    started(scene)
    other = ready_to_dose(team=scene)
    swap = "UPDATE dosing_dosingsession SET consent_id = %s WHERE id = %s; SET CONSTRAINTS ALL IMMEDIATE"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(swap, [other.consent.pk, scene.session.pk])
