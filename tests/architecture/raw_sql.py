"""Raw SQL with the application's own rights, past all Python rules; and what PostgreSQL says to it."""

from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction


def sql(statement: str, *values):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("kap_app",)
        cursor.execute(statement, values)
        return cursor.rowcount


@contextmanager
def refused(*names: str):
    """The statement fails, and by the rule that is meant: a constraint's or trigger's name, or a missing right."""
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        yield
    words = str(caught.value)
    assert any(
        name in words or name == (caught.value.__cause__.diag.constraint_name or "") for name in names
    ), words


def clone(row, **changes) -> str:
    """INSERT … SELECT of the same row with some columns changed; raw, past all Python rules."""
    table = row._meta.db_table
    columns = [field.column for field in row._meta.concrete_fields]
    values = {row._meta.pk.column: uuid4(), **changes}
    picked = ", ".join("%s" if column in values else f'"{column}"' for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    sql(
        f'INSERT INTO "{table}" ({names}) SELECT {picked} FROM "{table}" WHERE "{row._meta.pk.column}" = %s',
        *[values[column] for column in columns if column in values],
        row.pk,
    )
