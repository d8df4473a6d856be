"""What every history table looks like. Rows are written by trigger, whoever writes and however."""

from django.db import models
from django.db.models import Func
from pghistory.models import Event as PghEvent


class Xid8Field(models.Field):
    """The id of the writing transaction (PostgreSQL xid8), so that a sealer can later take only what is
    older than the oldest transaction still running."""

    def db_type(self, connection):
        return "xid8"

    def get_prep_value(self, value):
        return None if value is None else str(value)


class CurrentTransaction(Func):
    function = "pg_current_xact_id"
    arity = 0
    output_field = Xid8Field()


class Event(PghEvent):
    pgh_id = models.BigAutoField(primary_key=True)
    pgh_xid = Xid8Field(db_default=CurrentTransaction(), editable=False)

    class Meta:
        abstract = True
