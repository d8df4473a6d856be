"""A message is owed once, in its cause's transaction, and dropped with it."""

import time
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from kap.core import clock
from kap.core.actions import System
from kap.outbox import actions, catalogue, nudge
from kap.outbox.models import Message, State

TESTS = System("tests")


def test_a_message_is_owed_once_per_key(owed):
    first, second = owed(key="same"), owed(key="same")
    assert first.pk == second.pk
    assert Message.objects.count() == 1


def test_the_database_refuses_a_second_message_with_one_key(owed):
    row = owed(key="same")
    with pytest.raises(IntegrityError, match="key"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO outbox_message (key, to_name, to_address, kind, channel, context, cause, cause_version, owed_at,"
            " owed_by, send_at, state, attempts, last_error, why)"
            " SELECT key, to_name, to_address, kind, channel, context, cause, cause_version, owed_at, owed_by, send_at,"
            " state, attempts, last_error, why FROM outbox_message WHERE id = %s",
            [row.pk],
        )


def test_it_goes_with_the_transaction_of_its_cause(clinic, owed):
    with transaction.atomic():
        owed()
        transaction.set_rollback(True)
    assert not Message.objects.exists()


def test_an_unknown_kind_is_a_fault_of_the_programmer(owed):
    with pytest.raises(KeyError):
        owed(kind="no_such_kind")


def test_somebody_without_an_address_is_shown_as_dropped(owed):
    row = owed(to_address="  ")
    assert row.state == State.DROPPED
    assert "no email address" in row.why


def test_the_lateness_cut_off_comes_from_the_kind_unless_it_is_given(owed):
    row = owed(key="a", kind="appointment_2h")
    assert row.expires_at - row.send_at == catalogue.get("appointment_2h").late_after
    until = clock.now() + timedelta(days=9)
    assert owed(key="b", kind="appointment_2h", expires_at=until).expires_at == until
    assert owed(key="c", kind="safety_alert").expires_at is None


def test_a_cancelled_cause_drops_what_is_still_owed_and_nothing_else(owed):
    row, other = owed(key="a", cause="appointment:1"), owed(key="b", cause="appointment:2")
    assert actions.drop(cause="appointment:1", why="The appointment is cancelled", by=TESTS) == 1
    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.state, row.why) == (State.DROPPED, "The appointment is cancelled")
    assert row.ended_at is not None
    assert other.state == State.OWED


@pytest.mark.django_db(transaction=True)
def test_a_dead_redis_never_holds_a_page_up(monkeypatch):
    """The nudge gives up within a second or so, and then rests."""
    monkeypatch.setattr(nudge, "_resting_until", 0.0)
    from celery import current_app

    # 192.0.2.0/24 is kept for documentation: nothing answers there, and nothing refuses either.
    monkeypatch.setitem(current_app.conf, "broker_url", "redis://192.0.2.1:6379/0")
    monkeypatch.setitem(current_app.conf, "broker_write_url", "redis://192.0.2.1:6379/0")
    began = time.monotonic()
    with transaction.atomic():
        actions.owe(key="x", kind="safety_alert", send_at=clock.now(), to_address="a@mail.example", by=TESTS)
    first = time.monotonic() - began
    assert first < 3
    assert nudge._resting_until > time.monotonic()
    began = time.monotonic()
    nudge.dispatch()
    assert time.monotonic() - began < 0.05
    assert Message.objects.get(key="x").state == State.OWED
