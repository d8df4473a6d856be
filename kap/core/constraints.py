"""Small builders for the checks that come back in many tables, and the triggers that keep rows for good."""

import pgtrigger
from django.db.migrations.operations.base import Operation
from django.db.models import Q


def both_or_neither(*fields: str) -> Q:
    """All of these are set, or none is."""
    return Q(**{f"{f}__isnull": True for f in fields}) | Q(**{f"{f}__isnull": False for f in fields})


def at_and_by(stem: str) -> Q:
    """`<stem>_at` and `<stem>_by` stand or fall together."""
    return both_or_neither(f"{stem}_at", f"{stem}_by")


def all_set_once(flag: str, *fields: str) -> Q:
    """As soon as `flag` is set, each of the fields is."""
    return Q(**{f"{flag}__isnull": True}) | Q(**{f"{f}__isnull": False for f in fields})


def no_truncate(name: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=f"{name}_no_truncate",
        operation=pgtrigger.Truncate,
        when=pgtrigger.Before,
        level=pgtrigger.Statement,
        func=f"RAISE EXCEPTION '{name} is kept for good and cannot be truncated' USING ERRCODE = 'check_violation';",
    )


def insert_only(name: str) -> list[pgtrigger.Trigger]:
    """Rows that are never changed, removed or truncated. Corrections are new rows."""
    return [
        pgtrigger.Protect(name=f"{name}_is_kept", operation=pgtrigger.Update | pgtrigger.Delete),
        no_truncate(name),
    ]


def kept_once(name: str, column: str, but: tuple[str, ...] = ()) -> list[pgtrigger.Trigger]:
    """From the moment `column` is set (signed, decided, sent) the row can no longer change or go.

    `but` names the columns that may still change, such as the end of a signed order.
    """
    spare = " - ".join(["to_jsonb(NEW)", *(f"'{b}'" for b in but)])
    was = " - ".join(["to_jsonb(OLD)", *(f"'{b}'" for b in but)])
    return [
        pgtrigger.Trigger(
            name=f"{name}_is_kept",
            operation=pgtrigger.Update,
            when=pgtrigger.Before,
            func=f"""
                IF OLD.{column} IS NOT NULL AND ({spare}) IS DISTINCT FROM ({was}) THEN
                    RAISE EXCEPTION '{name} is signed and cannot be changed' USING ERRCODE = 'check_violation',
                        CONSTRAINT = '{name}_is_kept';
                END IF;
                RETURN NEW;
            """,
        ),
        pgtrigger.Trigger(
            name=f"{name}_is_not_deleted",
            operation=pgtrigger.Delete,
            when=pgtrigger.Before,
            func=f"""
                IF OLD.{column} IS NOT NULL THEN
                    RAISE EXCEPTION '{name} is signed and cannot be deleted' USING ERRCODE = 'check_violation',
                        CONSTRAINT = '{name}_is_kept';
                END IF;
                RETURN OLD;
            """,
        ),
        no_truncate(name),
    ]


def same_course(table: str, column: str, target: str, key: str = "course_id", target_key: str | None = None):
    """For migrations: a composite foreign key, so that `table.column` can only name a row of the same course.

    The target needs UNIQUE (id, key). Deferred to the end of the transaction like Django's own foreign keys.
    """
    from django.db import migrations

    name = f"{table}_{column.removesuffix('_id')}_same_{key.removesuffix('_id')}"[:63]
    target_id = "id" if target_key is None else target_key
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, {key}) "
        f"REFERENCES {target} ({target_id}, {key}) DEFERRABLE INITIALLY IMMEDIATE",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


class Together(Operation):
    """For migrations: models, columns, or constraints and triggers of one migration as one step.

    Django builds all models anew before each step; one by one, these took most of the time of a first start.
    """

    def __init__(self, operations):
        self.operations = operations

    def deconstruct(self):
        return self.__class__.__name__, [self.operations], {}

    def state_forwards(self, app_label, state):
        state.__dict__.pop("apps", None)  # else each step renders its models; built anew once, when asked for
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self):
        return f"{len(self.operations)} steps together"
