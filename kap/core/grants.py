"""What the application's role may do, table by table. Applied after every migrate.

Everything not named here: SELECT, INSERT, UPDATE, DELETE. Tables named INSERT_ONLY hold what was signed,
given, measured or logged: the role may read and add, never change or remove. History tables (every model
that pghistory makes) are insert-only without being named. kap_app owns nothing and may not TRUNCATE.
"""

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections

INSERT_ONLY = (
    "core.ProtocolVersion",
    "audit.AccessLog",
    "audit.Seal",
    "pathway.StageMove",
    "pathway.Override",
    "documents.Template",
    "documents.Document",
    "documents.Signature",
    "documents.DocumentPdf",
    "documents.Withdrawal",
    "measures.Response",
    "notes.Addendum",
    "intake.Submission",
    "intake.Flag",
    "dosing.PreDoseAnswer",
    "dosing.Release",
    "dosing.Administration",
    "dosing.Vitals",
    "dosing.Strike",
    "dosing.AdverseEvent",
    "dosing.Observation",
    "dosing.Discharge",
    "integration.CourseSummary",
)


def insert_only_tables() -> list[str]:
    from pghistory.models import Event

    named = [apps.get_model(label)._meta.db_table for label in INSERT_ONLY if _exists(label)]
    history = [model._meta.db_table for model in apps.get_models() if issubclass(model, Event)]
    return sorted({*named, *history})


def _exists(label: str) -> bool:
    try:
        apps.get_model(label)
    except LookupError:
        return False
    return True


def statements(role: str, existing: set[str]) -> list[str]:
    quoted = f'"{role}"'
    sql = [
        f"GRANT USAGE ON SCHEMA public TO {quoted}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}",
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {quoted}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {quoted}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {quoted}",
        f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {quoted}",
    ]
    sql += [
        f'REVOKE UPDATE, DELETE ON "{table}" FROM {quoted}'
        for table in insert_only_tables()
        if table in existing
    ]
    return sql


def apply_after_migrate(app_config, using, verbosity=1, **kwargs):
    """Once, after the last app; skipped where the role does not exist (a developer's own database)."""
    with_models = [config.label for config in apps.get_app_configs() if config.models_module is not None]
    if app_config.label != with_models[-1]:
        return
    call_command("createcachetable", database=using, verbosity=0)
    apply(using)


def apply(using="default"):
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [settings.DATABASE_APP_ROLE])
        if cursor.fetchone() is None:
            return
        existing = set(connections[using].introspection.table_names(cursor))
        for sql in statements(settings.DATABASE_APP_ROLE, existing):
            cursor.execute(sql)
