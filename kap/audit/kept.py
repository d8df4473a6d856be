"""Which tables keep their rows for good, and the columns by which the seal and the viewer read them.

A history table (pghistory) numbers its rows by `pgh_id` and carries time and context. An insert-only table has
clinical columns alone, so after every migrate four columns are added beside Django's view of it, filled by the
database itself whoever writes and however:

    kept_xid      the writing transaction          kept_at    when it began
    kept_context  verb, actor, client, request     kept_id    the row's number, in the order of writing

History tables get a trigger besides that refuses TRUNCATE, which pghistory's own does not.

`kept_xid` stands before `kept_id`, so that a transaction is known as running before it draws a number: the
sealer relies on that (kap.audit.seal).
"""

from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.db import connections
from psycopg2 import sql

from kap.core.grants import INSERT_ONLY

SEQUENCE = "audit_kept_id_seq"
CONTEXT = "nullif(current_setting('pghistory.context_metadata', true), '')::jsonb"
COLUMNS = (
    ("kept_xid", "xid8 NOT NULL", "pg_current_xact_id()"),
    ("kept_at", "timestamptz NOT NULL", "now()"),
    ("kept_context", "jsonb", CONTEXT),
    ("kept_id", "bigint NOT NULL", f"nextval('{SEQUENCE}')"),
)
CHAIN = "audit_seal"
NO_TRUNCATE = "history_no_truncate"
NO_TRUNCATE_BODY = (
    "BEGIN RAISE EXCEPTION 'history is kept for good and cannot be truncated'"
    " USING ERRCODE = 'check_violation'; END;"
)


@dataclass(frozen=True)
class Kept:
    """One table whose rows stay. `of` is the model that a person knows: of a history, the model it follows."""

    model: type
    of: type
    table: str
    is_history: bool

    @property
    def key(self) -> str:
        return "pgh_id" if self.is_history else "kept_id"

    @property
    def at(self) -> str:
        return "pgh_created_at" if self.is_history else "kept_at"

    @property
    def context(self) -> str:
        return "pgh_context" if self.is_history else "kept_context"

    @property
    def name(self) -> str:
        return str(self.of._meta.verbose_name)

    @property
    def is_private(self) -> bool:
        """Kept, sealed and verified like all others, and left out of the viewer: that a row is there says too much."""
        return getattr(self.of, "kept_private", False)


def histories() -> list[Kept]:
    from pghistory.models import Event

    found = [
        Kept(model, model.pgh_tracked_model, model._meta.db_table, True)
        for model in apps.get_models()
        if issubclass(model, Event) and getattr(model, "pgh_tracked_model", None)
    ]
    return sorted(found, key=lambda kept: kept.table)


def insert_only() -> list[Kept]:
    models = [apps.get_model(label) for label in INSERT_ONLY if label.partition(".")[0] in _labels()]
    found = [Kept(model, model, model._meta.db_table, False) for model in models]
    return sorted((kept for kept in found if kept.table != CHAIN), key=lambda kept: kept.table)


def _labels() -> set[str]:
    return {config.label for config in apps.get_app_configs()}


def tables() -> list[Kept]:
    """All of them but the chain of seals, which is its own proof."""
    return [*histories(), *insert_only()]


# ---------------------------------------------------------------- after every migrate


def apply_after_migrate(app_config, using, **kwargs):
    """Once, after the last app, as the owner. A table that has its columns already is not touched."""
    with_models = [config.label for config in apps.get_app_configs() if config.models_module is not None]
    if app_config.label == with_models[-1]:
        apply(using)


def apply(using="default") -> None:
    with connections[using].cursor() as cursor:
        existing = set(connections[using].introspection.table_names(cursor))
        cursor.execute(sql.SQL("CREATE SEQUENCE IF NOT EXISTS {}").format(sql.Identifier(SEQUENCE)))
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [settings.DATABASE_APP_ROLE])
        if cursor.fetchone():
            cursor.execute(
                sql.SQL("GRANT USAGE, SELECT ON SEQUENCE {} TO {}").format(
                    sql.Identifier(SEQUENCE), sql.Identifier(settings.DATABASE_APP_ROLE)
                )
            )
        cursor.execute(
            sql.SQL("CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS {}").format(
                sql.Identifier(NO_TRUNCATE), sql.Literal(NO_TRUNCATE_BODY)
            )
        )
        present = _columns_of(cursor)
        for kept in tables():
            if kept.table not in existing:
                continue
            if kept.is_history:
                _refuse_truncate(cursor, kept.table)
            else:
                _add_columns(cursor, kept.table, present)
            _add_indexes(cursor, kept)


def _columns_of(cursor) -> set[tuple[str, str]]:
    cursor.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    return set(cursor.fetchall())


def _add_columns(cursor, table: str, present) -> None:
    missing = [column for column in COLUMNS if (table, column[0]) not in present]
    if missing:
        parts = [
            sql.SQL("ADD COLUMN {} {} DEFAULT {}").format(
                sql.Identifier(name), sql.SQL(kind), sql.SQL(default)
            )
            for name, kind, default in missing
        ]
        cursor.execute(sql.SQL("ALTER TABLE {} {}").format(sql.Identifier(table), sql.SQL(", ").join(parts)))


def _refuse_truncate(cursor, table: str) -> None:
    cursor.execute(
        "SELECT 1 FROM pg_trigger WHERE tgname = %s AND tgrelid = %s::regclass", [NO_TRUNCATE, f'"{table}"']
    )
    if cursor.fetchone() is None:
        cursor.execute(
            sql.SQL(
                "CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
            ).format(name=sql.Identifier(NO_TRUNCATE), table=sql.Identifier(table))
        )


def _add_indexes(cursor, kept: Kept) -> None:
    wanted = [(f"{kept.table[:50]}_by_time", (kept.at, kept.key), "INDEX")]
    if not kept.is_history:
        wanted.append((f"{kept.table[:50]}_kept_id", (kept.key,), "UNIQUE INDEX"))
    for name, columns, kind in wanted:
        cursor.execute(
            sql.SQL("CREATE {} IF NOT EXISTS {} ON {} ({})").format(
                sql.SQL(kind), sql.Identifier(name), sql.Identifier(kept.table),
                sql.SQL(", ").join(map(sql.Identifier, columns)),
            )
        )  # fmt: skip
