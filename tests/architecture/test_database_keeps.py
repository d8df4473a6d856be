"""What is signed, given, measured or logged stays: PostgreSQL itself refuses to change or remove it.

Each test first shows that the row it attacks is there.
"""

import pytest
from django.apps import apps
from django.db import connection

from kap.core.grants import insert_only_tables
from tests.architecture.raw_sql import clone, refused, sql
from tests.architecture.record import whole_record
from tests.conftest import owner_connection

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("table", insert_only_tables())
def test_insert_only_tables_are_closed_to_the_application(table):
    for statement in (
        f'UPDATE "{table}" SET "{_any_column(table)}" = "{_any_column(table)}"',
        f'DELETE FROM "{table}"',
    ):
        with refused("permission denied"):
            sql(statement)
    with refused("permission denied", "must be owner"):
        sql(f'TRUNCATE "{table}" CASCADE')


@pytest.mark.parametrize(
    "thing", ["dose", "vitals", "consent"], ids=["administration", "vital signs", "signed document"]
)
def test_triggers_hold_where_rights_would_not(thing):
    """Even the owner of the tables, who has every right, is refused: the second fence."""
    record = whole_record()
    row = getattr(record, thing)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal",
            [row._meta.db_table],
        )
        names = {name for (name,) in cursor.fetchall()}
    assert any("is_kept" in name for name in names), names
    assert any("no_truncate" in name for name in names), names


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statement", ["UPDATE {0} SET id = id", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
@pytest.mark.parametrize(
    "table", ["dosing_vitals", "documents_document", "dosing_administration", "pathway_stagemove"]
)
def test_the_owner_too_is_refused_by_trigger(table, statement):
    whole_record()
    with (
        owner_connection() as owner,
        owner.cursor() as cursor,
        pytest.raises(Exception, match=r"Cannot|kept for good"),
    ):
        cursor.execute(statement.format(table))


@pytest.mark.parametrize(
    ("thing", "column"), [("preparation", "body"), ("evaluation", "reasons"), ("order", "instructions")]
)
def test_signed_rows_of_mutable_tables_do_not_change(thing, column):
    record = whole_record()
    row = getattr(record, thing)
    value = '{"changed": 1}' if column == "body" else "changed"
    with refused("signed and cannot be changed"):
        sql(f'UPDATE "{row._meta.db_table}" SET "{column}" = %s WHERE id = %s', value, row.pk)
    with refused("signed and cannot be deleted", "violates foreign key"):
        sql(f'DELETE FROM "{row._meta.db_table}" WHERE id = %s', row.pk)


def test_a_signed_order_can_only_end():
    record = whole_record()
    sql(
        "UPDATE intake_order SET ended_at = now(), ended_by = 'user:x', end_words = 'superseded' WHERE id = %s",
        record.order.pk,
    )


def test_a_document_carries_the_hash_of_its_content():
    record = whole_record()
    with refused("the hash is not that of the content"):
        clone(record.consent, content=b"something else")


def _any_column(table: str) -> str:
    return next(m for m in apps.get_models() if m._meta.db_table == table)._meta.pk.column
