"""One list over all that was written and read: who, what kind, which verb, whose record, when, from where.

Never what: no value of any column is read here but the context and the name of a column that changed. Tables that
are private (`kept_private` on their model) are not read at all. Paginated by key (time, table, number), so that the
hundredth page costs as much as the first.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from django.db import connection
from psycopg2 import sql

from kap.audit import kept

READ = "audit_accesslog"
CLIENTS = "people_client"
READS = "read"  # the kind that stands for every opening


@dataclass(frozen=True)
class Place:
    """Where a page ends: the next one begins below it."""

    at: datetime
    table: str
    number: int

    def __str__(self):
        return f"{self.at.isoformat()}~{self.table}~{self.number}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """From an address; None where it is not one of ours."""
        at, _, rest = text.partition("~")
        table, _, number = rest.partition("~")
        try:
            place = cls(datetime.fromisoformat(at), table, int(number))
        except ValueError:
            return None
        return place if place.at.tzinfo else None


@dataclass(frozen=True)
class Wanted:
    """What to show. `kind`: a table's name, READS, or "" for everything; `since` and `until` are instants."""

    since: datetime
    until: datetime
    person: str = ""
    client: str = ""
    kind: str = ""
    verb: str = ""
    below: Place | None = None


@dataclass(frozen=True)
class Entry:
    """`did`: insert, update or read. `what`: what was opened, for a read. `changed`: names of columns, no values."""

    at: datetime
    table: str
    number: int
    did: str
    what: str
    verb: str
    actor: str
    client: str
    address: str
    request: str
    purpose: str
    changed: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        return Place(self.at, self.table, self.number)


def kinds() -> list[tuple[str, str]]:
    """(code, words) of all that can be asked for, by their words."""
    named = {one.table: one.name for one in kept.tables() if one.table != READ and not one.is_private}
    return [(READS, "pages opened"), *sorted(named.items(), key=lambda pair: pair[1])]


def entries(wanted: Wanted, limit: int) -> list[Entry]:
    """The newest first. Two queries, however many tables and rows there are."""
    branches = [_branch(one, wanted, limit) for one in kept.tables() if _asked_for(one, wanted)]
    if not branches:
        return []
    statement = sql.SQL(
        "SELECT * FROM ({}) found ORDER BY at DESC, source DESC, number DESC LIMIT {}"
    ).format(sql.SQL(" UNION ALL ").join(branches), sql.Literal(limit))
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(cursor.connection))
        found = [Entry(*row) for row in cursor.fetchall()]
        return _with_changes(cursor, found)


def _asked_for(one: kept.Kept, wanted: Wanted) -> bool:
    if one.table == READ:
        return wanted.kind in ("", READS) and not wanted.verb
    if one.is_private:
        return False
    return wanted.kind in ("", one.table)


def _branch(one: kept.Kept, wanted: Wanted, limit: int) -> sql.Composable:
    """One table's newest rows, each table by its own index on time."""
    at = sql.Identifier("at" if one.table == READ else one.at)
    cells = _read_cells() if one.table == READ else _written_cells(one)
    where = [
        sql.SQL("{} >= {} AND {} < {}").format(at, sql.Literal(wanted.since), at, sql.Literal(wanted.until))
    ]
    for value, cell in ((wanted.person, "actor"), (wanted.client, "client"), (wanted.verb, "verb")):
        if value:
            column = cells[cell] if cell != "client" or one.table != READ else sql.SQL("client_id")
            where.append(sql.SQL("{} = {}").format(column, sql.Literal(value)))
    if wanted.below:
        where.append(_below(one, at, wanted.below))
    source = sql.SQL('{} COLLATE "C"').format(sql.Literal(one.table))  # as Python compares, see _below
    return sql.SQL(
        "(SELECT {at} AS at, {source} AS source, {key} AS number, {did}, {what}, {verb}, {actor}, {client}, {address},"
        " {request}, {purpose} FROM {table} WHERE {where} ORDER BY {at} DESC, {key} DESC LIMIT {limit})"
    ).format(
        at=at, source=source, key=sql.Identifier(one.key), table=sql.Identifier(one.table),
        where=sql.SQL(" AND ").join(where), limit=sql.Literal(limit), **cells,
    )  # fmt: skip


def _below(one: kept.Kept, at, place: Place) -> sql.Composable:
    when, key = sql.Literal(place.at), sql.Identifier(one.key)
    if one.table == place.table:
        return sql.SQL("({}, {}) < ({}, {})").format(at, key, when, sql.Literal(place.number))
    return sql.SQL("{} <= {}" if one.table < place.table else "{} < {}").format(at, when)


def _written_cells(one: kept.Kept) -> dict:
    def said(name):
        return sql.SQL("coalesce({} ->> {}, '')").format(sql.Identifier(one.context), sql.Literal(name))

    did = sql.SQL("pgh_label") if one.is_history else sql.Literal("insert")
    return {
        "did": did, "what": sql.Literal(one.name), "verb": said("verb"), "actor": said("actor"),
        "client": _client(one, said("client")), "address": said("address"), "request": said("request"),
        "purpose": sql.Literal(""),
    }  # fmt: skip


def _client(one: kept.Kept, by_context: sql.Composable) -> sql.Composable:
    """Whose record a row belongs to: by the row itself where it leads to a client, else as the action said."""
    way = way_to_client(one.of)
    if way is None:
        return by_context
    first = sql.Identifier(
        one.table, "pgh_obj_id" if not way and one.is_history else (way or (one.of._meta.pk,))[0].column
    )
    found = first
    for step, field in enumerate(way[1:]):
        before = way[step].related_model._meta
        alias = f"n{step}"
        found = sql.SQL("(SELECT {} FROM {} {} WHERE {} = {})").format(
            sql.Identifier(alias, field.column), sql.Identifier(before.db_table), sql.Identifier(alias),
            sql.Identifier(alias, before.pk.column), found,
        )  # fmt: skip
    return sql.SQL("coalesce({}::text, {})").format(found, by_context)


@cache
def way_to_client(model) -> tuple | None:
    """The shortest way of foreign keys, three at most; () for a client herself, None where there is none."""
    if model._meta.db_table == CLIENTS:
        return ()
    ways = [((), model)]
    for _ in range(3):
        further = []
        for way, here in ways:
            for field in here._meta.concrete_fields:
                if field.is_relation and field.related_model is not here:
                    longer = (*way, field)
                    if field.related_model._meta.db_table == CLIENTS:
                        return longer
                    further.append((longer, field.related_model))
        ways = further
    return None


def _read_cells() -> dict:
    return {
        "did": sql.Literal(READS), "what": sql.SQL("kind"), "verb": sql.Literal(""), "actor": sql.SQL("actor"),
        "client": sql.SQL("coalesce(client_id::text, '')"), "address": sql.SQL("coalesce(host(address), '')"),
        "request": sql.SQL("request_id"), "purpose": sql.SQL("purpose"),
    }  # fmt: skip


# ---------------------------------------------------------------- which fields changed


def _with_changes(cursor, found: list[Entry]) -> list[Entry]:
    """The names of the columns that differ from the row before, for the rows of this page; one query for all."""
    known = {one.table: one for one in kept.histories()}
    rows: dict[str, list[int]] = {}
    for entry in found:
        if entry.did == "update" and entry.table in known:
            rows.setdefault(entry.table, []).append(entry.number)
    if not rows:
        return found
    parts = [_changes(known[table], numbers) for table, numbers in rows.items()]
    cursor.execute(sql.SQL(" UNION ALL ").join(parts).as_string(cursor.connection))
    changed = {(table, number): columns for table, number, columns in cursor.fetchall()}
    return [
        replace(entry, changed=_words(known.get(entry.table), changed.get((entry.table, entry.number), ())))
        for entry in found
    ]


def _changes(one: kept.Kept, numbers: list[int]) -> sql.Composable:
    return sql.SQL(
        """(SELECT {source}, e.pgh_id, array(
               SELECT n.key FROM jsonb_each(to_jsonb(e)) n
               WHERE n.key NOT LIKE 'pgh\\_%' AND n.value IS DISTINCT FROM to_jsonb(p) -> n.key ORDER BY n.key)
            FROM {table} e LEFT JOIN LATERAL (
               SELECT * FROM {table} b WHERE b.pgh_obj_id = e.pgh_obj_id AND b.pgh_id < e.pgh_id
               ORDER BY b.pgh_id DESC LIMIT 1) p ON true
            WHERE e.pgh_id IN ({numbers}))"""
    ).format(
        source=sql.Literal(one.table), table=sql.Identifier(one.table),
        numbers=sql.SQL(", ").join(map(sql.Literal, numbers)),
    )  # fmt: skip


def _words(one: kept.Kept | None, columns) -> tuple[str, ...]:
    if one is None:
        return ()
    names = {field.column: str(field.verbose_name) for field in one.of._meta.concrete_fields}
    return tuple(names.get(column, column) for column in columns)
