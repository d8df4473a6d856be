"""Is what guards the audit still in place: the rights of the application's role, triggers, columns, defaults."""

import re
from collections.abc import Iterator

import pgtrigger
from django.conf import settings
from django.db import connection

from kap.audit import kept
from kap.audit.findings import Finding
from kap.core.grants import insert_only_tables

FORBIDDEN = ("UPDATE", "DELETE", "TRUNCATE")


def check() -> Iterator[Finding]:
    yield from role()
    yield from grants()
    yield from triggers()
    yield from columns()


def _ask(statement: str, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall()


def role() -> Iterator[Finding]:
    name = settings.DATABASE_APP_ROLE
    found = _ask(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication FROM pg_roles WHERE rolname = %s",
        name,
    )
    if not found:
        yield Finding("role", name, "does not exist: the application works as somebody else")
        return
    powers = ("a superuser", "may make roles", "may make databases", "passes by row rules", "may replicate")
    for power, has in zip(powers, found[0], strict=True):
        if has:
            yield Finding("role", name, f"has too much power: {power}")
    for (other,) in _ask(
        "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid"
        " JOIN pg_roles u ON u.oid = m.member WHERE u.rolname = %s",
        name,
    ):
        yield Finding("role", name, f"is a member of {other}")
    for (thing,) in _ask(
        "SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner"
        " WHERE r.rolname = %s AND c.relnamespace = 'public'::regnamespace",
        name,
    ):
        yield Finding("role", name, f"owns {thing}, and so can change all about it")
    if _ask("SELECT has_schema_privilege(%s, 'public', 'CREATE')", name)[0][0]:
        yield Finding("role", name, "may make tables and functions in the schema")


def grants() -> Iterator[Finding]:
    """No UPDATE (also of single columns), DELETE or TRUNCATE on what is kept; TRUNCATE nowhere."""
    name = settings.DATABASE_APP_ROLE
    if not _ask("SELECT 1 FROM pg_roles WHERE rolname = %s", name):
        return
    guarded = set(insert_only_tables())
    rows = _ask(
        """SELECT c.relname, has_table_privilege(%s, c.oid, 'UPDATE') OR has_any_column_privilege(%s, c.oid, 'UPDATE'),
                  has_table_privilege(%s, c.oid, 'DELETE'), has_table_privilege(%s, c.oid, 'TRUNCATE')
           FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY 1""",
        name, name, name, name,
    )  # fmt: skip
    for table, *has in rows:
        for right, held in zip(FORBIDDEN, has, strict=True):
            if held and (table in guarded or right == "TRUNCATE"):
                yield Finding("grants", table, f"{name} may {right} here")
    for table in sorted(guarded - {row[0] for row in rows}):
        yield Finding("grants", table, "the table is gone")


# ---------------------------------------------------------------- triggers


def triggers() -> Iterator[Finding]:
    """Each one there, awake, on its table, with the body and the condition that the code says."""
    there = {
        (table, name): (enabled, body, definition)
        for table, name, enabled, body, definition in _ask(
            """SELECT c.relname, t.tgname, t.tgenabled::text, p.prosrc, pg_get_triggerdef(t.oid)
               FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
               WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace"""
        )
    }
    for table, name, wanted, shape in expected():
        found = there.get((table, name))
        if found is None:
            yield Finding("triggers", table, f"{name} is gone")
            continue
        enabled, body, definition = found
        if enabled not in ("O", "A"):
            yield Finding("triggers", table, f"{name} is disabled")
        if _plain(body) != _plain(wanted):
            yield Finding("triggers", table, f"{name} does something else than it should")
        if _shape(definition) != _shape(shape):
            yield Finding("triggers", table, f"{name} fires at other times than it should")
    if _ask("SHOW session_replication_role")[0][0] != "origin":
        yield Finding("triggers", "session_replication_role", "is not origin: triggers sleep")


def expected() -> Iterator[tuple[str, str, str, str]]:
    """(table, name, body of the function, CREATE TRIGGER statement) of every trigger that the code knows."""
    for model, trigger in pgtrigger.registered():
        install = str(trigger.compile(model).install_sql)
        body = re.findall(r"RETURNS TRIGGER AS \$\$(.*?)\$\$ LANGUAGE", install, re.DOTALL)[-1]
        shape = re.search(r"CREATE +(CONSTRAINT )? *TRIGGER .*?EXECUTE PROCEDURE", install, re.DOTALL)[0]
        yield model._meta.db_table, trigger.get_pgid(model), body, shape
    for one in kept.histories():
        shape = f"CREATE TRIGGER x BEFORE TRUNCATE ON {one.table} FOR EACH STATEMENT EXECUTE PROCEDURE"
        yield one.table, kept.NO_TRUNCATE, kept.NO_TRUNCATE_BODY, shape


def _shape(definition: str) -> tuple:
    """When a trigger fires: before or after, on what, for what, under which condition; however it is written."""
    head, _, tail = definition.partition(" ON ")
    level, _, condition = tail.partition(" WHEN ")
    condition = re.sub(r"EXECUTE (FUNCTION|PROCEDURE).*", "", condition, flags=re.DOTALL)
    condition = re.sub(r'::[a-z ]+?(\[\])?(?=\)| is | or |$)|[()"\s]', "", condition.lower())
    found = re.findall(r"BEFORE|AFTER|INSERT|UPDATE|DELETE|TRUNCATE|CONSTRAINT", head)
    return frozenset(found), "STATEMENT" in level, "DEFERRED" in level, condition


def _plain(body: str) -> str:
    return " ".join(body.split())


# ---------------------------------------------------------------- columns


def columns() -> Iterator[Finding]:
    """The columns that number and date what is kept, and their defaults."""
    rows = _ask(
        """SELECT c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid)
           FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
           LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
           WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped"""
    )
    there = {(table, column): default or "" for table, column, default in rows}
    for one in kept.tables():
        names = ["pgh_xid"] if one.is_history else [name for name, _, _ in kept.COLUMNS]
        for name in names:
            default = there.get((one.table, name))
            if default is None:
                yield Finding("columns", one.table, f"{name} is gone")
            elif _MUST_HOLD[name] not in default:
                yield Finding("columns", one.table, f"{name} is no longer filled by the database")


_MUST_HOLD = {
    "pgh_xid": "pg_current_xact_id()", "kept_xid": "pg_current_xact_id()", "kept_at": "now()",
    "kept_context": "pghistory.context_metadata", "kept_id": kept.SEQUENCE,
}  # fmt: skip
