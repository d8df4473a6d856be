"""Rows that grow by copying: an ordinary client, or one line of a list, tenfold and a thousandfold.

    with Growing() as growing:
        growing.of(hers(june))                                       # she and all that she has
        growing.of({"notes.Note": [note.pk]})                        # more notes of the same client
        growing.to(10); …; growing.to(1000)

Copies are made by INSERT … SELECT as the owner of the tables with triggers asleep: about 200 rows per client, 1,000
times, in seconds. Every uuid of a copied row is replaced by one made of itself and the number of the copy, also where
another row refers to it (foreign keys, `about`), so each copy hangs together like its original. Constraints (not
triggers) are asked as always: a copy that could not exist is refused.
"""

from django.apps import apps
from django.db import connection, models

from tests.conftest import owner_connection

# What a client has, owners first. Reservations are left out: two of one provider at one time cannot be.
HERS = (
    "people.Contact people.Allergy people.Medicine people.TeamMember pathway.Course pathway.StageMove pathway.Override "
    "worklist.Item documents.Document documents.Signature documents.DocumentPdf documents.RenderJob "
    "documents.SignatureRequest measures.Response measures.Request notes.Note notes.Addendum scheduling.Appointment "
    "scheduling.Attendee scheduling.StaffOn intake.Draft intake.Submission intake.Flag intake.Evaluation "
    "intake.FlagAnswer intake.Diagnosis intake.Order intake.Plan dosing.DosingSession dosing.PreDoseAnswer "
    "dosing.Release dosing.Administration dosing.Vitals dosing.Observation dosing.AdverseEvent dosing.Strike "
    "dosing.Discharge integration.IntegrationSession outbox.Message"
).split()
# Columns that the copy may not share with its original, beside keys and what is unique by itself.
DIFFERS = {
    "accounts.User": {"email": "tag || '.' || s.email"},
    "accounts.Invitation": {"token_hash": "md5(s.token_hash || tag)", "email": "tag || s.email"},
    "people.Client": {"number": "s.number + 100 * n", "legal_name": "s.legal_name || ' ' || tag"},
    "worklist.Item": {"key": "md5(s.key || tag)"},
    "outbox.Message": {"key": "md5(s.key || tag)"},
    "core.ProtocolVersion": {"version": "s.version || '-' || tag"},
    "documents.Template": {"version": "s.version + n"},
    "scheduling.Location": {"name": "s.name || ' ' || tag"},
    "scheduling.Room": {"name": "s.name || ' ' || tag"},
}


def hers(client) -> dict[str, list]:
    """Everything of one client by model: what refers to her, or to something that does."""
    mine = {"people.Client": [client.pk]}
    if client.user_id:
        mine |= {"accounts.User": [client.user_id]}
        mine |= {"accounts.RoleGrant": list(client.user.grants.values_list("pk", flat=True))}
    for label in HERS:
        model = apps.get_model(label)
        if label == "scheduling.Appointment":
            found = model.objects.filter(attendees__client=client)
        else:
            found = model.objects.filter(_refers_to(model, mine))
        mine[label] = list(found.order_by().values_list("pk", flat=True).distinct())
    return mine


def _refers_to(model, mine) -> models.Q:
    wanted = models.Q(pk__in=[])
    for field in model._meta.concrete_fields:
        kind = field.related_model._meta.label if field.is_relation else ""
        if mine.get(kind) and kind != model._meta.label and kind != "accounts.User":
            wanted |= models.Q(**{f"{field.name}__in": mine[kind]})
    return wanted


class Growing:
    """Copies numbered from 1. Remembers what is to be copied and how far it has come."""

    def __init__(self):
        self.rows, self.there = [], 1

    def __enter__(self):
        self.connection = owner_connection()
        self.cursor = self.connection.cursor()
        self.cursor.execute("SET session_replication_role = replica")
        return self

    def __exit__(self, *_error):
        self.connection.close()

    def of(self, rows: dict[str, list], changes: dict[str, dict] | None = None, at_most: int = 10**6) -> None:
        """These rows (model: keys) are copied together. `changes`: model → column → SQL over s, the row; n, the number
        of the copy; tag, what no other copy has."""
        self.rows.append((rows, changes or {}, at_most))

    def to(self, size: int) -> None:
        """As if there had always been `size` of each."""
        for number, (rows, changes, at_most) in enumerate(self.rows):
            renamed = [str(pk) for pks in rows.values() for pk in pks if not isinstance(pk, int)]
            for label, pks in rows.items():
                if pks:
                    differs = {**DIFFERS.get(label, {}), **changes.get(label, {})}
                    given = {
                        "set": number,
                        "first": self.there,
                        "last": min(size, at_most) - 1,
                        "renamed": renamed,
                    }
                    self._copy_table(apps.get_model(label), pks, differs, given)
        self.cursor.execute("ANALYZE")
        self.there = size

    def _copy_table(self, model, pks, differs, given) -> None:
        columns = {}
        for field in model._meta.concrete_fields:
            if not isinstance(field, models.AutoField):
                columns[field.column] = differs.get(field.column) or _as_copied(field)
        names = ", ".join(f'"{name}"' for name in columns)
        table, key = model._meta.db_table, model._meta.pk.column
        self.cursor.execute(
            f'INSERT INTO "{table}" ({names}) SELECT {", ".join(columns.values())} '
            f"FROM \"{table}\" s, generate_series(%(first)s, %(last)s) n, LATERAL (SELECT %(set)s || '.' || n AS tag) t "
            f'WHERE s."{key}"::text = ANY(%(pks)s)',
            {**given, "pks": [str(pk) for pk in pks]},
        )


def _as_copied(field) -> str:
    column = f's."{field.column}"'
    fresh = f"md5({column}::text || '/' || tag)::uuid"
    if field.db_type(connection) == "uuid":
        if field.unique and not field.is_relation:
            return fresh
        return f"CASE WHEN {column}::text = ANY(%(renamed)s) THEN {fresh} ELSE {column} END"
    return column
