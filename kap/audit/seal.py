"""The sealer: rows that are kept are hashed in batches, and the batches chained, a minute after they were written.

Which rows are final? A row number is drawn before its transaction commits, so the highest number in a table says
nothing about the lower ones yet. The sealer notes the highest number of every table, then takes a transaction id
of its own, then waits until every transaction older than that one has ended: what stands below the noted numbers
now, stands there for good. Whoever writes later draws higher numbers. (Not done in a trigger at writing: measured,
that costs most of the throughput. See security.md D4.)

Only one sealer works at a time. A restored database goes on with its chain: the numbers come from sequences,
which a dump holds, and not from transaction ids, which begin anew on another server.
"""

import hashlib
import logging
import time
from dataclasses import dataclass

from django.db import connection
from psycopg2 import sql

from kap.audit import kept
from kap.audit.models import Seal
from kap.core.actions import System, action

log = logging.getLogger(__name__)
BATCH = 1_000
AT_ONCE = 100_000  # rows hashed by one statement, which stays far below statement_timeout
WAIT_SECONDS = 10.0
GENESIS = "0" * 64
SEALER = System("seal")
_LOCK = "kap.audit.seal"
# Text of a row depends on these; the same ones when it is read again in ten years.
SESSION = (
    "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL bytea_output = 'hex'; "
    "SET LOCAL intervalstyle = 'postgres'; SET LOCAL extra_float_digits = 1"
)


@dataclass(frozen=True)
class Sealed:
    rows: int
    batches: int
    root: str


def seal(*, wait: float = WAIT_SECONDS, by=SEALER) -> Sealed | None:
    """Seal what is final. None when an older transaction did not end in time, or another sealer works: next minute."""
    marks = highest()
    if not _all_older_have_ended(wait):
        log.warning("A transaction runs for more than %s s; the seal waits for it.", wait)
        return None
    done = write(marks=marks, by=by)
    if done and done.batches:
        log.info("sealed rows=%s batches=%s root=%s", done.rows, done.batches, done.root)
    return done


def highest() -> dict[str, int]:
    """The highest visible number of every table that has rows."""
    parts = [
        sql.SQL("SELECT {} AS name, max({}) AS top FROM {}").format(
            sql.Literal(one.table), sql.Identifier(one.key), sql.Identifier(one.table)
        )
        for one in kept.tables()
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(" UNION ALL ").join(parts))
        return {name: top for name, top in cursor.fetchall() if top is not None}


def _all_older_have_ended(wait: float) -> bool:
    until = time.monotonic() + wait
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        horizon = cursor.fetchone()[0]
        while True:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot()) >= %s::text::xid8", [horizon])
            if cursor.fetchone()[0]:
                return True
            if time.monotonic() > until:
                return False
            time.sleep(0.05)


@action("audit.seal")
def write(*, marks: dict[str, int], by) -> Sealed | None:
    """Hash and chain every row up to the marks, which must be final. None when another sealer is at it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [_LOCK])
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(SESSION)
        last, known = _last_of_each(cursor), {one.table: one for one in kept.tables()}
        root = Seal.objects.order_by("-id").values_list("root", flat=True).first() or GENESIS
        rows = batches = 0
        for table in sorted(marks):
            after, columns_before = last.get(table, (0, ""))
            if marks[table] <= after:
                continue
            columns = columns_of(cursor, table)
            made = _batches(cursor, known[table], columns, after, marks[table])
            for number, one in enumerate(made):
                one.columns = "" if number or columns == columns_before else " ".join(columns)
                one.root = root = chained(root, one)
            Seal.objects.bulk_create(made, batch_size=500)
            rows, batches = rows + sum(one.rows for one in made), batches + len(made)
    return Sealed(rows, batches, root)


def chained(root: str, one) -> str:
    parts = (root, one.table, one.after, one.upto, one.rows, one.columns, one.digest)
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()


def _last_of_each(cursor) -> dict[str, tuple[int, list[str]]]:
    """Where each table is sealed to, and the columns that were hashed last."""
    cursor.execute(
        """SELECT "table", max(upto),
                  (array_agg(columns ORDER BY id DESC) FILTER (WHERE columns <> ''))[1]
           FROM audit_seal GROUP BY "table" """
    )
    return {table: (upto, columns.split()) for table, upto, columns in cursor.fetchall()}


def columns_of(cursor, table: str) -> list[str]:
    cursor.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " ORDER BY attnum",
        [f'"{table}"'],
    )
    return [name for (name,) in cursor.fetchall()]


def row_hash(columns, alias: str = "t") -> sql.Composable:
    """sha256 of a row's text; null and empty differ in it."""
    cells = sql.SQL(", ").join(
        sql.SQL("{}.{}").format(sql.Identifier(alias), sql.Identifier(c)) for c in columns
    )
    return sql.SQL("sha256(convert_to(ROW({})::text, 'UTF8'))").format(cells)


def _batches(cursor, one: kept.Kept, columns, after: int, upto: int) -> list[Seal]:
    statement = sql.SQL(
        """SELECT count(*), max(key), encode(sha256(string_agg(h, ''::bytea ORDER BY key)), 'hex')
           FROM (SELECT {hash} AS h, t.{key} AS key, (row_number() OVER (ORDER BY t.{key}) - 1) / {batch} AS part
                 FROM (SELECT * FROM {table} WHERE {key} > %s AND {key} <= %s ORDER BY {key} LIMIT {some}) t) x
           GROUP BY part ORDER BY part"""
    ).format(
        hash=row_hash(columns), key=sql.Identifier(one.key), table=sql.Identifier(one.table),
        batch=sql.Literal(BATCH), some=sql.Literal(AT_ONCE),
    )  # fmt: skip
    statement = statement.as_string(cursor.connection)  # pghistory's wrapper reads text only
    made: list[Seal] = []
    while True:
        cursor.execute(statement, [after, upto])
        found = cursor.fetchall()
        for rows, last, digest in found:
            made.append(Seal(table=one.table, after=after, upto=last, rows=rows, digest=digest))
            after = last
        if sum(rows for rows, _, _ in found) < AT_ONCE:
            return made
