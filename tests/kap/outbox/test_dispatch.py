"""Claim, ask again, send, record: what happens when workers race, die, or the mail server is down."""

import threading
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from django.core import mail
from django.db import OperationalError, connection

from kap.core import clock
from kap.core.actions import System
from kap.ops.readiness import free_port
from kap.outbox import actions, catalogue, channels, dispatch
from kap.outbox.health import lag
from kap.outbox.models import Message, State
from kap.worklist.models import Item
from tests.factories.core import ClinicFactory
from tests.factories.people import ClientFactory

TESTS = System("tests")


class Inbox:
    """A real SMTP server that keeps what it is given; `refuse` makes it say no."""

    def __init__(self):
        self.mails, self.refuse = [], False

    async def handle_DATA(self, server, session, envelope):
        if self.refuse:
            return "451 Try again later"
        self.mails.append(envelope)
        return "250 OK"


@pytest.fixture
def smtp(settings):
    inbox = Inbox()
    port = free_port()
    server = Controller(inbox, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield inbox
    server.stop()


def state_of(row):
    row.refresh_from_db()
    return row.state


def test_what_is_due_goes_out_over_smtp_and_is_recorded(owed, smtp):
    row = owed()
    assert dispatch.dispatch() == 1
    assert state_of(row) == State.SENT
    assert row.lease_token is None
    text = smtp.mails[0].content.decode()
    assert smtp.mails[0].rcpt_tos == ["ana@mail.example"]
    assert channels.message_id(row) in text
    assert "Alder House" in text


def test_what_is_not_due_yet_waits(owed):
    owed(after=timedelta(minutes=1))
    assert dispatch.dispatch() == 0
    clock.advance(timedelta(minutes=2))
    assert dispatch.dispatch() == 1


def test_what_comes_too_late_is_dropped_with_why(owed, smtp):
    row = owed(kind="appointment_2h", context={})
    clock.advance(timedelta(hours=2))
    dispatch.dispatch()
    assert state_of(row) == State.DROPPED
    assert row.why == "Too late to be of use"
    assert not smtp.mails


def test_the_cause_is_asked_again_before_sending(owed, smtp, monkeypatch):
    monkeypatch.setattr("kap.documents.messages.still_stands", lambda message: "Signed meanwhile")
    row = owed(kind="signature_wanted", cause="documents.request:x")
    dispatch.dispatch()
    assert (state_of(row), row.why) == (State.DROPPED, "Signed meanwhile")
    assert not smtp.mails


def test_a_client_who_wants_no_email_gets_only_what_she_asked_for(owed, smtp):
    client = ClientFactory(email_ok=False)
    row = owed(key="a", client=client)
    code = owed(key="b", kind="sign_in_code", client=client, context={"path": "/l", "code": "1"})
    dispatch.dispatch()
    assert state_of(row) == State.DROPPED
    assert state_of(code) == State.SENT


def test_secrets_are_wiped_when_the_message_has_ended(owed):
    row = owed(kind="sign_in_code", context={"path": "/link/abc", "code": "123456"})
    dispatch.dispatch()
    row.refresh_from_db()
    assert row.context == {}
    assert "123456" in mail.outbox[0].body


def test_a_refused_mail_is_tried_again_later_each_pause_longer(owed, smtp):
    row = owed()
    smtp.refuse = True
    pauses = []
    for _ in range(3):
        dispatch.dispatch()
        row.refresh_from_db()
        pauses.append(row.lease_until - clock.now())
        assert dispatch.dispatch() == 0  # not before its pause is over
        clock.move_to(row.lease_until + timedelta(seconds=1))
    assert row.attempts == 3
    assert "451" in row.last_error
    assert [round(p.total_seconds() / 30) for p in pauses] == [1, 2, 4]
    smtp.refuse = False
    dispatch.dispatch()
    assert state_of(row) == State.SENT


def test_after_eight_tries_a_person_is_told_and_can_send_it_again(owed, smtp):
    from tests.factories.people import UserFactory

    row, admin = owed(), UserFactory(roles=["admin"])
    smtp.refuse = True
    for _ in range(8):
        dispatch.dispatch()
        row.refresh_from_db()
        if row.lease_until:
            clock.move_to(row.lease_until + timedelta(seconds=1))
    assert state_of(row) == State.FAILED
    item = Item.objects.open().visible_to(admin).get()
    assert str(row.pk) in item.link
    smtp.refuse = False
    actions.retry(message=row, by=admin)
    dispatch.dispatch()
    assert state_of(row) == State.SENT


def test_one_bad_row_does_not_keep_the_others_waiting(owed, smtp, monkeypatch):
    bad, good = owed(key="bad"), owed(key="good")
    Message.objects.filter(pk=bad.pk).update(context={"starts_at": "no time", "path": "/x"})
    dispatch.dispatch()
    assert state_of(bad) == State.OWED
    assert bad.attempts == 1
    assert state_of(good) == State.SENT


def test_a_worker_killed_after_claiming_loses_only_its_lease(owed, smtp):
    row = owed()
    taken = dispatch.claim(limit=10, by=dispatch.DISPATCH)  # and then it is killed
    assert [m.pk for m in taken] == [row.pk]
    assert dispatch.dispatch() == 0
    clock.advance(dispatch.LEASE + timedelta(seconds=1))
    assert dispatch.dispatch() == 1
    assert state_of(row) == State.SENT
    assert len(smtp.mails) == 1
    assert (
        dispatch.end(message=taken[0], state=State.SENT, why="", by=TESTS) is False
    )  # the late one changes nothing


def test_a_row_dropped_while_it_was_leased_stays_dropped(owed, smtp):
    row = owed(cause="appointment:1")
    taken = dispatch.claim(limit=10, by=dispatch.DISPATCH)
    actions.drop(cause="appointment:1", why="Cancelled", by=TESTS)
    assert dispatch.end(message=taken[0], state=State.SENT, why="", by=TESTS) is False
    assert state_of(row) == State.DROPPED


@pytest.mark.django_db(transaction=True)
def test_a_database_that_was_away_when_the_mail_had_left_repeats_nothing(owed, smtp, monkeypatch):
    row, tries, end = owed(), [], dispatch.end

    def away_twice(**wanted):
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("server closed the connection unexpectedly")
        return end(**wanted)

    monkeypatch.setattr(dispatch, "end", away_twice)
    monkeypatch.setattr(dispatch.time, "sleep", lambda seconds: None)
    dispatch.deal_with(dispatch.claim(limit=1, by=dispatch.DISPATCH)[0])
    assert (len(tries), len(smtp.mails), state_of(row)) == (3, 1, State.SENT)


def test_a_slow_mail_server_never_makes_a_second_worker_send_the_rest(owed, smtp):
    rows = [owed(key=f"slow {n}") for n in range(3)]
    batch = dispatch.claim(limit=3, by=dispatch.DISPATCH)
    dispatch.deal_with(batch[0])
    clock.advance(timedelta(seconds=30))
    dispatch.deal_with(batch[1])  # renews its lease
    rows[1].refresh_from_db()
    clock.advance(
        timedelta(seconds=40)
    )  # by now the lease of the third has ended, and another worker sends it
    assert dispatch.dispatch() == 1
    dispatch.deal_with(batch[2])
    assert len(smtp.mails) == 3
    assert [state_of(row) for row in rows] == [State.SENT] * 3


def test_a_row_held_for_longer_is_left_alone_by_others(owed):
    owed()
    (message,) = dispatch.claim(limit=1, by=dispatch.DISPATCH)
    clock.advance(timedelta(seconds=50))
    assert dispatch.hold(message=message, by=dispatch.DISPATCH)
    clock.advance(timedelta(seconds=50))
    assert dispatch.claim(limit=1, by=dispatch.DISPATCH) == []


def test_a_run_ends_in_time_and_gives_back_what_it_did_not_begin(owed, smtp, monkeypatch):
    asked = []
    monkeypatch.setattr(dispatch.nudge, "dispatch", lambda: asked.append(1))
    rows = [owed(key=f"late {n}") for n in range(3)]
    monkeypatch.setattr(dispatch, "RUN_SECONDS", -1)
    assert dispatch.dispatch() == 0
    assert asked == [1]
    assert all(row.lease_token is None for row in Message.objects.all())
    monkeypatch.setattr(dispatch, "RUN_SECONDS", 60)
    assert dispatch.dispatch() == 3
    assert {state_of(row) for row in rows} == {State.SENT}


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_at_once_send_each_message_once(smtp):
    ClinicFactory()
    for n in range(60):
        actions.owe(
            key=f"m{n}", kind="safety_alert", send_at=clock.now(), to_address=f"p{n}@mail.example", by=TESTS
        )
    ready = threading.Barrier(3)

    def work():
        try:
            ready.wait()
            dispatch.dispatch()
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    got = [m.rcpt_tos[0] for m in smtp.mails]
    assert sorted(got) == sorted({f"p{n}@mail.example" for n in range(60)})
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}


def test_health_tells_of_what_has_been_due_for_long(owed):
    assert lag().well
    row = owed(kind="safety_alert")
    assert lag().well
    clock.advance(timedelta(minutes=6))
    assert not lag().well
    Message.objects.filter(pk=row.pk).update(
        lease_until=clock.now() + timedelta(minutes=9), lease_token="0" * 32
    )
    assert lag().well  # waiting after a failed try


def test_every_dotted_path_of_the_catalogue_exists():
    from django.utils.module_loading import import_string

    for kind in catalogue.CATALOGUE.values():
        if kind.recheck:
            assert callable(import_string(kind.recheck)), kind.code
