"""What PostgreSQL itself refuses, tried by raw SQL with the application's own rights.

Each test first shows that the same statement passes where it should, or that the row it attacks is there.
"""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection

from kap.core import clock
from kap.outbox.models import Message
from tests.architecture.raw_sql import clone, refused, sql
from tests.architecture.record import appointment, client_with_course, reserve, resource, whole_record

pytestmark = pytest.mark.django_db


# 1. Double booking

RESERVE = (
    "INSERT INTO scheduling_reservation (resource_id, appointment_id, during, live)"
    " VALUES (%s, %s, tstzrange(%s, %s), %s)"
)


@pytest.mark.parametrize("kind", ["provider", "room", "client"])
def test_nothing_is_reserved_twice_at_once(kind):
    record = whole_record()
    what = resource()
    if kind == "room":
        what.provider, what.room = None, record.appointment.room
        what.save()
    if kind == "client":
        what.provider, what.client = None, record.client
        what.save()
    start, hour = record.now, timedelta(hours=1)
    reserve(what, record.appointment, start)
    sql(RESERVE, what.pk, record.appointment.pk, start + hour, start + 2 * hour, True)
    with refused("nothing_reserved_twice_at_once"):
        sql(RESERVE, what.pk, record.appointment.pk, start + timedelta(minutes=59), start + 3 * hour, True)
    sql(RESERVE, what.pk, record.appointment.pk, start, start + hour, False)
    with refused("nothing_reserved_twice_at_once"):
        sql("UPDATE scheduling_reservation SET live = true")


@pytest.mark.parametrize("hours", [None, 0], ids=["endless", "empty"])
def test_a_reservation_has_a_beginning_and_an_end(hours):
    record = whole_record()
    end = None if hours is None else record.now
    with refused("reservation_has_a_beginning_and_an_end"):
        sql(RESERVE, resource().pk, record.appointment.pk, record.now, end, True)


# 2. A dosing session without its evidence


@pytest.mark.parametrize(
    "column", ["consent_id", "evaluation_id", "order_id", "preparation_id", "companion_id"]
)
def test_a_session_does_not_start_without_its_evidence(column):
    record = whole_record()
    with refused("started_with_all_its_evidence", "started_on_evidence_in_force"):
        sql(f"UPDATE dosing_dosingsession SET {column} = NULL WHERE id = %s", record.session.pk)


@pytest.mark.parametrize(
    "column", ["consent_id", "evaluation_id", "order_id", "preparation_id", "companion_id"]
)
def test_evidence_of_another_course_is_refused(column):
    mine, other = whole_record(1), whole_record(2)
    value = getattr(other, column.removesuffix("_id")).pk
    with refused("same_course", "started_on_evidence_in_force"):
        sql(f"UPDATE dosing_dosingsession SET {column} = %s WHERE id = %s", value, mine.session.pk)
        sql("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("column", ["consent_id", "evaluation_id", "order_id", "preparation_id"])
def test_not_even_an_unstarted_session_names_evidence_of_another_course(column):
    mine, other = whole_record(1), whole_record(2)
    second = appointment(mine.client, mine.course, starts=mine.now + timedelta(days=7))
    sql("UPDATE dosing_dosingsession SET ended_at = %s, ended_by_id = %s, outcome = 'discharged' WHERE id = %s",
        mine.now + timedelta(hours=3), mine.doctor.pk, mine.session.pk)  # fmt: skip
    blank = dict.fromkeys(
        ("started_at", "started_by_id", "second_person_id", "consent_id", "evaluation_id", "order_id",
         "preparation_id", "companion_id", "ended_at", "ended_by_id")
    )  # fmt: skip
    clone(mine.session, **blank, appointment_id=second.pk, number=2, outcome="")
    with refused(f"{column.removesuffix('_id')}_same_course"):
        sql(
            f"UPDATE dosing_dosingsession SET {column} = %s WHERE number = 2 AND course_id = %s",
            getattr(other, column.removesuffix("_id")).pk, mine.course.pk,
        )  # fmt: skip
        sql("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_session_does_not_start_on_a_withdrawn_consent():
    record = whole_record()
    sql(
        "INSERT INTO documents_withdrawal (id, created_at, document_id, reason, printed_name, withdrawn_at,"
        " withdrawn_by) VALUES (%s, now(), %s, '', 'Client', %s, 'test')",
        uuid4(), record.consent.pk, record.now,
    )  # fmt: skip
    with refused("started_on_evidence_in_force"):
        sql(
            "UPDATE dosing_dosingsession SET started_at = %s WHERE id = %s",
            record.now + timedelta(minutes=1),
            record.session.pk,
        )


@pytest.mark.parametrize(
    ("days", "why"),
    [(62, "the order has expired"), (92, "the evaluation has expired"), (302, "the consent has expired")],
)
def test_a_session_does_not_start_on_lapsed_evidence(days, why):
    """Sixty days of order, ninety of evaluation, three hundred of consent; a day is spared for the zone."""
    record = whole_record()
    start = "UPDATE dosing_dosingsession SET started_at = %s WHERE id = %s"
    sql(start, record.now + timedelta(days=59), record.session.pk)
    with refused(why):
        sql(start, record.now + timedelta(days=days), record.session.pk)


def test_the_person_who_starts_is_not_the_second_person():
    record = whole_record()
    with refused("second_person_is_another"):
        sql(
            "UPDATE dosing_dosingsession SET second_person_id = started_by_id WHERE id = %s",
            record.session.pk,
        )


# 3. More than the order allows


def test_more_than_the_session_maximum_is_refused():
    record = whole_record()
    with refused("dose_within_the_session_maximum", "more than the order allows"):
        clone(record.dose, dose_mg=41)
    clone(record.dose, dose_mg=40)


def test_a_struck_dose_does_not_count():
    record = whole_record()
    sql(
        "INSERT INTO dosing_strike (id, created_at, session_id, recorded_at, recorded_by_id, administration_id, reason)"
        " VALUES (%s, now(), %s, now(), %s, %s, 'entered twice')",
        uuid4(), record.session.pk, record.doctor.pk, record.dose.pk,
    )  # fmt: skip
    clone(record.dose, dose_mg=80)


def test_a_booster_beyond_the_order_is_refused():
    record = whole_record()
    with refused("no such booster"):
        clone(record.dose, dose_mg=31, is_booster=True)
    clone(record.dose, dose_mg=30, is_booster=True)
    with refused("no such booster"):
        clone(record.dose, dose_mg=1, is_booster=True)


def test_more_sessions_than_ordered_are_refused():
    record = whole_record()
    sql("UPDATE dosing_dosingsession SET ended_at = %s, ended_by_id = %s, outcome = 'discharged' WHERE id = %s",
        record.now + timedelta(hours=3), record.doctor.pk, record.session.pk)  # fmt: skip
    again = appointment(record.client, record.course, starts=record.now + timedelta(days=7))
    clone(record.session, appointment_id=again.pk, number=2, ended_at=None, ended_by_id=None, outcome="")
    second = record.course.dosing_sessions.get(number=2)
    with refused("no doses left"):
        clone(record.dose, session_id=second.pk)


def test_a_dose_outside_a_running_session_is_refused():
    record = whole_record()
    sql("UPDATE dosing_dosingsession SET ended_at = %s, ended_by_id = %s, outcome = 'discharged' WHERE id = %s",
        record.now + timedelta(hours=3), record.doctor.pk, record.session.pk)  # fmt: skip
    with refused("a dose needs a running session"):
        clone(record.dose, dose_mg=1)


def test_the_witness_is_not_the_giver():
    record = whole_record()
    with refused("witness_is_not_the_giver"):
        clone(record.dose, dose_mg=1, witness_id=record.dose.recorded_by_id)
    with refused("dose_witnessed_or_said_why_not"):
        clone(record.dose, dose_mg=1, witness_id=None, not_witnessed_reason="")


# 4. One of each


def test_one_client_has_one_open_course():
    record = whole_record()
    with refused("one_open_course_per_client"):
        sql(
            "INSERT INTO pathway_course (id, created_at, client_id, number, stage, protocol_id, setting)"
            " VALUES (%s, now(), %s, 2, '', %s, 'in_clinic')",
            uuid4(), record.client.pk, record.version.pk,
        )  # fmt: skip


def test_one_dose_has_one_integration():
    record = whole_record()
    values = (record.course.pk, record.session.pk, record.now, record.now + timedelta(hours=24))
    insert = (
        "INSERT INTO integration_integrationsession (id, created_at, course_id, dosing_id, opens_at, closes_at, timing)"
        " VALUES (%s, now(), %s, %s, %s, %s, '')"
    )
    sql(insert, uuid4(), *values)
    with refused("dosing_id"):
        sql(insert, uuid4(), *values)


def test_one_dosing_appointment_has_one_live_integration_appointment():
    record = whole_record()
    first = appointment(
        record.client, record.course, service="integration", starts=record.now + timedelta(hours=30)
    )
    second = appointment(
        record.client, record.course, service="integration", starts=record.now + timedelta(hours=33)
    )
    sql("UPDATE scheduling_appointment SET dosing_id = %s WHERE id = %s", record.appointment.pk, first.pk)
    with refused("one_integration_appointment_per_dose"):
        sql(
            "UPDATE scheduling_appointment SET dosing_id = %s WHERE id = %s", record.appointment.pk, second.pk
        )


def test_one_key_owes_one_message():
    first = Message.objects.create(
        key="k", to_address="a@example.test", kind="x", send_at=clock.now(), owed_by="system:test"
    )
    with refused("outbox_message_key"):
        clone(first, id=first.pk + 1)
    clone(first, id=first.pk + 1, key="another")


PAIRS = sorted(
    (model._meta.db_table, field.column, model._meta.get_field(field.name.removesuffix("_at") + "_by").column)
    for model in apps.get_models()
    if not model.__name__.endswith("Event")
    for field in model._meta.concrete_fields
    if field.name.endswith("_at")
    and field.null
    and any(other.name == field.name.removesuffix("_at") + "_by" for other in model._meta.concrete_fields)
)


@pytest.mark.parametrize(("table", "at", "by"), PAIRS, ids=[f"{t}.{a}" for t, a, _ in PAIRS])
def test_every_at_has_its_by(table, at, by):
    """Some constraint of the table forbids `_at` without `_by`: read from PostgreSQL's own catalogue."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'",
            [table],
        )
        checks = [text for (text,) in cursor.fetchall()]
    assert any(f"{at} IS NULL" in check and f"{by} IS NOT NULL" in check for check in checks), checks


def test_at_without_by_is_refused():
    record = whole_record()
    with refused("companion_confirmed_at_and_by_together", "companion_has_a_role"):
        sql(
            "UPDATE scheduling_appointment SET companion_confirmed_at = now() WHERE id = %s",
            record.appointment.pk,
        )
    with refused("appointment_arrived_at_and_by_together"):
        sql("UPDATE scheduling_appointment SET arrived_at = now() WHERE id = %s", record.appointment.pk)


# 5. Stage moves


def move(course, came, to, reason=""):
    sql(
        "INSERT INTO pathway_stagemove (id, created_at, course_id, from_stage, to_stage, at, by_label, reason, words)"
        " VALUES (%s, now(), %s, %s, %s, now(), 'test', %s, '')",
        uuid4(), course.pk, came, to, reason,
    )  # fmt: skip


def test_a_move_starts_where_the_last_one_ended():
    record = whole_record()
    _, course = client_with_course(record.version, 9, stages=("enquiry", "intake"))
    with refused("the course stands at"):
        move(course, "medical", "preparation")
    with refused("stage_move_is_legal"):
        move(course, "intake", "dosing")
    move(course, "intake", "medical")
    course.refresh_from_db()
    assert course.stage == "medical"


def test_the_stage_changes_only_by_a_move():
    record = whole_record()
    with refused("a course changes its stage only by a move"):
        sql("UPDATE pathway_course SET stage = 'completed' WHERE id = %s", record.course.pk)
    with refused("a course begins with its first move"):
        sql(
            "INSERT INTO pathway_course (id, created_at, client_id, number, stage, protocol_id, setting)"
            " VALUES (%s, now(), %s, 2, 'dosing', %s, 'in_clinic')",
            uuid4(), record.client.pk, record.version.pk,
        )  # fmt: skip


def test_an_exit_has_a_reason():
    record = whole_record()
    with refused("exit_has_a_reason"):
        move(record.course, "dosing", "withdrawn")
