"""A lock that is held too long, a statement that takes too long, a connection that breaks: what a person sees of it."""

import re
import threading
import uuid
from html import unescape

import pytest
from django.db import connection
from django.test import Client as Http
from django.test import RequestFactory

from kap.core import outage
from kap.core.models import OnceToken
from kap.documents.models import Document, RenderJob, Signature, SignatureRequest
from kap.outbox.models import Message
from tests.conftest import owner_connection
from tests.factories.core import ClinicFactory
from tests.factories.documents import asked, initials_for

PATIENCE = "300ms"


@pytest.fixture
def wanted(transactional_db):
    ClinicFactory()
    return asked()


@pytest.fixture
def browser(wanted):
    browser = Http(raise_request_exception=False)
    browser.force_login(wanted.client.user)
    return browser


@pytest.fixture
def holder(wanted):
    """Somebody else in the middle of a change to the same row."""
    other = owner_connection()
    other.autocommit = False
    with other.cursor() as cursor:
        cursor.execute("SELECT 1 FROM documents_signaturerequest WHERE id = %s FOR UPDATE", [str(wanted.pk)])
    yield other
    other.close()


def answers(wanted) -> dict:
    initials = {f"initials_{key}": "JA" for key in initials_for(wanted.template)}
    return {"printed_name": wanted.client.legal_name, "once": str(uuid.uuid4()), **initials}


def kept(page: str) -> dict:
    return {
        name: unescape(value)
        for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page)
    }


def nothing_written() -> bool:
    rows = [model.objects.all() for model in (Document, Signature, RenderJob, OnceToken)]
    return not any(found.exists() for found in [*rows, Message.objects.filter(kind="document_copy")])


def test_the_application_waits_for_nothing_without_end(transactional_db):
    with connection.cursor() as cursor:
        for name, value in (("lock_timeout", "8s"), ("statement_timeout", "20s")):
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone() == (value,)
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("1min",)


@pytest.mark.parametrize("limit", ["lock_timeout", "statement_timeout"])
def test_too_long_a_wait_ends_in_words_nothing_is_written_and_typing_is_kept(wanted, browser, holder, limit):
    path, sent = f"/documents/sign/{wanted.pk}", answers(wanted)
    with connection.cursor() as cursor:
        cursor.execute(f"SET {limit} = '{PATIENCE}'")
    answer = browser.post(path, sent)
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert "no-store" in answer["Cache-Control"]
    assert "Nothing of your last step was saved" in page
    assert f'action="{path}"' in page
    assert kept(page) == sent, "one press sends the same again, with the token of the same button"
    assert nothing_written()

    holder.rollback()
    again = browser.post(path, kept(page))
    assert again.status_code == 302
    assert Document.objects.count() == Signature.objects.count() == RenderJob.objects.count() == 1


def test_a_short_wait_is_not_noticed(wanted, browser, holder):
    letting_go = threading.Timer(0.5, holder.rollback)
    letting_go.start()
    assert browser.post(f"/documents/sign/{wanted.pk}", answers(wanted)).status_code == 302
    letting_go.join()


def test_a_broken_connection_is_told_and_the_step_can_be_sent_again(wanted, browser):
    path, sent = f"/documents/sign/{wanted.pk}", answers(wanted)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with owner_connection() as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    answer = browser.post(path, sent, HTTP_REFERER="http://testserver/portal/")
    page = answer.content.decode()
    assert answer.status_code == 503
    assert 'href="http://testserver/portal/"' in page
    assert "saved whole or not at all" in page
    again = kept(page)
    assert again.pop("once") != sent["once"]
    assert again == {name: value for name, value in sent.items() if name != "once"}
    connection.close()
    assert not SignatureRequest.objects.get().document_id
    assert browser.post(path, again).status_code == 302


def test_a_page_that_was_only_read_can_be_loaded_again(wanted, browser):
    with owner_connection() as other, other.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    answer = browser.get("/portal/?week=2")
    page = answer.content.decode()
    assert answer.status_code == 503
    assert 'href="/portal/?week=2"' in page
    assert "<form" not in page
    connection.close()


def test_passwords_and_codes_are_never_written_into_a_page():
    sent = {
        "email": "a@b.example", "password": "x", "new_password1": "x", "code": "123456", "pin": "1234", "second_pin": "1",
        "icd_code": "F33.1", "words": ["one", "two"],
    }  # fmt: skip
    fields = outage.typed(RequestFactory().post("/x", sent), "busy")
    assert fields == [("email", "a@b.example"), ("icd_code", "F33.1"), ("words", "one"), ("words", "two")]


def test_another_fault_of_the_page_stays_a_fault():
    assert outage.kind(ValueError("x")) == ""
    assert outage.kind(None) == ""
