"""The same content gives the same bytes; what is frozen can only be added to."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from kap.core import clock
from kap.documents import actions
from kap.documents.canonical import canonical, sha256
from kap.documents.models import Document, DocumentPdf, RenderJob, Signature, Template
from kap.documents.rules import best_template, in_months
from kap.documents.verify import verify
from tests.factories import documents as make
from tests.factories.documents import TESTS


def test_canonical_bytes_do_not_depend_on_order_or_composition():
    one = canonical({"b": Decimal("0.50"), "a": [datetime(2026, 11, 19, 13, tzinfo=UTC), "Ané"]})
    other = canonical({"a": [datetime(2026, 11, 19, 13, tzinfo=UTC), "Ane\u0301"], "b": Decimal("0.50")})
    assert one == other == '{"a":["2026-11-19T13:00:00Z","Ané"],"b":"0.50"}'.encode()


@pytest.mark.parametrize("thing", [0.5, object(), datetime(2026, 1, 1)])
def test_what_has_no_one_true_form_is_refused(thing):
    with pytest.raises(TypeError):
        canonical({"x": thing})


def test_a_document_says_whose_it_is_and_covers_what_was_shown(course):
    document = make.record(course)
    content = json.loads(bytes(document.content))
    assert content["client"]["legal_name"] == "Ana Lee"
    assert content["html_sha256"] == sha256(bytes(document.html))
    assert b"Six hours a night" in bytes(document.html)
    assert document.sha256 == sha256(document.content)
    assert all(line.good is not False for line in verify(document))


def test_the_pdf_is_owed_in_the_same_transaction(course):
    with transaction.atomic():
        make.record(course)
        transaction.set_rollback(True)
    assert not RenderJob.objects.exists()
    document = make.record(course)
    assert RenderJob.objects.get().document == document


def test_what_people_typed_is_escaped(course):
    content = {
        "sections": [{"title": "<script>x</script>", "text": "<b>hi</b>", "rows": [["<i>a</i>", "<u>b</u>"]]}]
    }
    document = actions.freeze(
        client=course.client, course=course, kind="order", title="O", content=content, by=TESTS
    )
    assert b"<script" not in bytes(document.html)
    assert b"<b>" not in bytes(document.html)


@pytest.mark.parametrize("model", [Document, Signature, Template, DocumentPdf])
@pytest.mark.parametrize("verb", ["UPDATE", "DELETE", "TRUNCATE"])
def test_the_database_refuses_to_change_remove_or_empty(course, model, verb):
    document = make.signed(course)
    DocumentPdf.objects.create(document=document, body=b"x", sha256="0" * 64, pages=1)
    table = model._meta.db_table
    key = model._meta.pk.column
    sql = {
        "UPDATE": f"UPDATE {table} SET {key} = {key}",
        "DELETE": f"DELETE FROM {table}",
        "TRUNCATE": f"TRUNCATE {table} CASCADE",
    }[verb]
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_wrong_hash_is_refused_by_the_database(course):
    with pytest.raises(DatabaseError, match="hash"), transaction.atomic():
        Document.objects.create(
            client=course.client,
            course=course,
            kind="order",
            title="x",
            content=b"{}",
            html=b"",
            sha256="0" * 64,
        )


def test_the_closest_and_newest_text_is_chosen():
    def text(route, setting, version):
        return Template(route=route, setting=setting, version=version)

    general, iv, iv2 = text("", "", 9), text("iv", "in_clinic", 1), text("iv", "in_clinic", 2)
    assert best_template([general, iv, iv2], route="iv", setting="in_clinic") is iv2
    assert best_template([general, iv], route="sl", setting="in_clinic") is general
    assert best_template([iv], route="iv", setting="remote") is None


@pytest.mark.parametrize(
    "at, months, then",
    [
        ((2026, 1, 31), 1, (2026, 2, 28)),
        ((2026, 11, 19), 12, (2027, 11, 19)),
        ((2024, 2, 29), 12, (2025, 2, 28)),
    ],
)
def test_months_end_on_a_day_that_exists(at, months, then):
    assert in_months(datetime(*at, tzinfo=UTC), months) == datetime(*then, tzinfo=UTC)


def test_a_consent_ends_after_its_months(course):
    document = make.signed(course)
    assert abs(document.valid_until - in_months(document.frozen_at, 12)) < timedelta(seconds=1)
    assert document in Document.objects.in_force(clock.now())
    assert document not in Document.objects.in_force(in_months(document.frozen_at, 13))
