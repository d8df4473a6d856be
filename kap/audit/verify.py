"""Is what was written still what stands there? Seals, numbers, history against live rows, hashes of what is signed.

What can be told, and what not: a row changed, removed, added or put elsewhere among sealed ones is found, to its
batch. Rows of the last minute are not sealed yet. Somebody with full power over the database could make the whole
chain anew: against that only a root helps that was written down elsewhere (`anchor`). A number that is missing
among rows that are not sealed yet may be a transaction that was rolled back.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import connection, transaction
from django.db.models import BinaryField
from psycopg2 import sql

from kap.audit import kept, seal
from kap.audit.findings import Finding
from kap.audit.models import Seal

PART = 100_000  # rows read again by one statement
SHOWN = 5
LATE_SECONDS = 900  # unsealed for longer: the sealer does not work
# Tracked rows that the product removes while they are drafts: (table, the column that ends the draft).
DRAFTS = {"notes_note": "signed_at", "intake_order": "signed_at", "notes_psychotherapynote": "locked_at"}


@dataclass
class Count:
    """What was looked at, for the last line of the report."""

    rows: int = 0
    seals: int = 0
    live: int = 0
    signed: int = 0


def check(count: Count, anchor: str = "") -> Iterator[Finding]:
    """All of it. `anchor`: a root that was noted elsewhere, which must still be part of the chain."""
    yield from chain(count, anchor)
    for one in kept.tables():
        yield from batches(one, count)
        yield from numbers(one)
    yield from newest_rows(count)
    yield from hashes(count)


def _ask(statement, values=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


# ---------------------------------------------------------------- the chain


def chain(count: Count, anchor: str = "") -> Iterator[Finding]:
    root, met = seal.GENESIS, not anchor
    ends: dict[str, int] = {}
    last = 0
    for one in Seal.objects.order_by("id").iterator(chunk_size=5_000):
        count.seals += 1
        if one.root != seal.chained(root, one):
            yield Finding("chain", f"seal {one.pk}", "does not follow from the one before it")
        if one.after != ends.get(one.table, 0):
            yield Finding("chain", f"seal {one.pk}", f"leaves out or repeats rows of {one.table}")
        root, last = one.root, one.pk
        ends[one.table] = one.upto
        met = met or root == anchor
    if not met:
        yield Finding(
            "chain", "anchor", "the root noted elsewhere is not in the chain: the chain was made anew or cut"
        )
    top = _ask("SELECT last_value, is_called FROM audit_seal_id_seq")[0]
    if top[1] and top[0] > last:
        words = f"seals {last + 1} to {top[0]} were begun and are not there (rolled back, or cut off: compare a root)"
        yield Finding("chain", "its end", words, remark=True)


# ---------------------------------------------------------------- the batches


def batches(one: kept.Kept, count: Count) -> Iterator[Finding]:
    """Hash the sealed rows of a table again, and name the batches that are not as they were."""
    there = {name for (name,) in _ask("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass"
                                      " AND attnum > 0 AND NOT attisdropped", [f'"{one.table}"'])}  # fmt: skip
    first = True
    for columns, first_id, last_id, rows in _parts(one.table):
        if first and _ask(sql.SQL("SELECT 1 FROM {} WHERE {} < 1 LIMIT 1").format(
            sql.Identifier(one.table), sql.Identifier(one.key))):  # fmt: skip
            yield Finding("rows", one.table, "there are rows numbered below 1, which no sequence gives")
        first = False
        if missing := set(columns) - there:
            words = f"cannot be hashed again: columns {', '.join(sorted(missing))} are gone (a migration?)"
            yield Finding("rows", f"{one.table}, seals {first_id} to {last_id}", words, remark=True)
            continue
        count.rows += rows
        for bad in _changed(one, columns, first_id, last_id):
            yield _what_happened(one.table, *bad)


def _parts(table: str) -> Iterator[tuple[list[str], int, int, int]]:
    """(columns, first seal, last seal, rows): seals of one shape, few enough for one statement."""
    columns: list[str] = []
    first = last = rows = 0
    for pk, size, shape in (
        Seal.objects.filter(table=table).order_by("id").values_list("id", "rows", "columns").iterator()
    ):
        if first and (shape or rows + size > PART):
            yield columns, first, last, rows
            first = rows = 0
        columns = shape.split() if shape else columns
        first, last, rows = first or pk, pk, rows + size
    if first:
        yield columns, first, last, rows


def _changed(one: kept.Kept, columns, first: int, last: int):
    statement = sql.SQL(
        """SELECT s.id, s.after, s.upto, s.rows, x.n, s.at FROM audit_seal s CROSS JOIN LATERAL (
               SELECT count(*) AS n,
                      encode(sha256(coalesce(string_agg({hash}, ''::bytea ORDER BY t.{key}), ''::bytea)), 'hex') AS d
               FROM {table} t WHERE t.{key} > s.after AND t.{key} <= s.upto) x
           WHERE s."table" = %s AND s.id BETWEEN %s AND %s AND (x.n <> s.rows OR x.d <> s.digest) ORDER BY s.id"""
    ).format(hash=seal.row_hash(columns), key=sql.Identifier(one.key), table=sql.Identifier(one.table))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(seal.SESSION)
        cursor.execute(statement, [one.table, first, last])
        return cursor.fetchall()


def _what_happened(table, pk, after, upto, sealed, now, at) -> Finding:
    if now < sealed:
        words = f"{sealed - now} of {sealed} rows were removed"
    elif now > sealed:
        words = f"{now - sealed} rows were added to {sealed}"
    else:
        words = f"one or more of {sealed} rows were changed or changed places"
    return Finding(
        "rows", f"{table}, numbers {after + 1} to {upto} (seal {pk} of {at:%d-%b-%Y %H:%M} UTC)", words
    )


def numbers(one: kept.Kept) -> Iterator[Finding]:
    """What is not sealed yet: how old it is, and which numbers are missing in it."""
    upto = Seal.objects.filter(table=one.table).order_by("-upto").values_list("upto", flat=True).first() or 0
    names = {"key": sql.Identifier(one.key), "at": sql.Identifier(one.at), "table": sql.Identifier(one.table)}
    statement = sql.SQL("SELECT count(*), min({at}), min({key}), max({key}) FROM {table} WHERE {key} > %s")
    rows, oldest, first, last = _ask(statement.format(**names), [upto])[0]
    real_now = _ask("SELECT clock_timestamp()")[0][0]
    if oldest and (real_now - oldest).total_seconds() > LATE_SECONDS:
        words = (
            f"{rows} rows are not sealed, the oldest of {oldest:%d-%b-%Y %H:%M} UTC: the sealer does not work"
        )
        yield Finding("seals", one.table, words)
    if one.is_history and rows and last - (upto or first - 1) > rows:
        gaps = last - (upto or first - 1) - rows
        words = f"{gaps} numbers are missing among rows not sealed yet: rolled back, or removed; it cannot be told"
        yield Finding("gaps", one.table, words, remark=True)
    strangers = _ask(
        sql.SQL("SELECT count(*) FROM {} WHERE {} IS NULL").format(
            names["table"], sql.Identifier(one.context)
        )
    )[0][0]
    if strangers and one.table != "audit_accesslog":
        words = f"{strangers} rows were written by no action: nobody is named for them"
        yield Finding("actors", one.table, words, remark=True)


# ---------------------------------------------------------------- history against live rows


def newest_rows(count: Count) -> Iterator[Finding]:
    """The newest history row of every tracked row equals the row; rows that are gone were drafts."""
    for one in kept.histories():
        live = one.of
        columns = [
            f.column for f in live._meta.concrete_fields if f.name in {g.name for g in one.model._meta.fields}
        ]
        names = {
            "live": sql.Identifier(live._meta.db_table), "history": sql.Identifier(one.table),
            "pk": sql.Identifier(live._meta.pk.column),
            "l": sql.SQL(", ").join(sql.Identifier("l", c) for c in columns),
            "e": sql.SQL(", ").join(sql.Identifier("e", c) for c in columns),
        }  # fmt: skip
        rows = _ask(
            sql.SQL(
                """SELECT l.{pk}::text, e.pgh_id IS NULL FROM {live} l LEFT JOIN LATERAL (
                       SELECT * FROM {history} e WHERE e.pgh_obj_id = l.{pk} ORDER BY e.pgh_id DESC LIMIT 1) e ON true
                   WHERE e.pgh_id IS NULL OR ROW({l}) IS DISTINCT FROM ROW({e})"""
            ).format(**names)
        )
        count.live += live._base_manager.count()
        for pk, unknown in rows[:SHOWN]:
            words = "is not in the history" if unknown else "is not what its newest history row says"
            yield Finding("live", f"{live._meta.db_table} {pk}", words)
        if len(rows) > SHOWN:
            yield Finding("live", live._meta.db_table, f"{len(rows) - SHOWN} more rows like these")
        yield from _gone(one, names)


def _gone(one: kept.Kept, names) -> Iterator[Finding]:
    ended = DRAFTS.get(one.of._meta.db_table)
    draft = sql.SQL("AND e.{} IS NOT NULL").format(sql.Identifier(ended)) if ended else sql.SQL("")
    rows = _ask(
        sql.SQL(
            """SELECT DISTINCT e.pgh_obj_id::text FROM {history} e
               WHERE NOT EXISTS (SELECT 1 FROM {live} l WHERE l.{pk} = e.pgh_obj_id) {draft}"""
        ).format(draft=draft, **names)
    )
    for (pk,) in rows[:SHOWN]:
        yield Finding("live", f"{one.of._meta.db_table} {pk}", "is in the history and was removed")
    if len(rows) > SHOWN:
        yield Finding("live", one.of._meta.db_table, f"{len(rows) - SHOWN} more rows were removed")


# ---------------------------------------------------------------- what is signed


def hashes(count: Count) -> Iterator[Finding]:
    """Every frozen content against the hash beside it, and every signature against its document's."""
    for model in apps.get_models():
        fields = {field.name: field for field in model._meta.concrete_fields}
        body = next((n for n in ("content", "body") if isinstance(fields.get(n), BinaryField)), None)
        if "sha256" not in fields or body is None or model in {one.model for one in kept.histories()}:
            continue
        count.signed += model._base_manager.exclude(sha256="").count()
        table = model._meta.db_table
        rows = _ask(
            sql.SQL(
                "SELECT {pk}::text FROM {table} WHERE sha256 <> '' AND encode(sha256({body}), 'hex') <> sha256"
            ).format(
                pk=sql.Identifier(model._meta.pk.column),
                table=sql.Identifier(table),
                body=sql.Identifier(body),
            )
        )
        for (pk,) in rows:
            yield Finding("signed", f"{table} {pk}", "is not what was signed: its hash differs")
    for (pk,) in _ask(
        "SELECT s.id::text FROM documents_signature s JOIN documents_document d ON d.id = s.document_id"
        " WHERE s.sha256 <> d.sha256"
    ):
        yield Finding("signed", f"documents_signature {pk}", "is under another content than its document's")


def newest_root() -> str:
    return Seal.objects.order_by("-id").values_list("root", flat=True).first() or seal.GENESIS
