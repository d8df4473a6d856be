"""Who opened what, and the seals over all that is kept. Knows actors and clients by id alone, so that it never
stands in the way of live data."""

from django.db import models
from django.db.models import F, Q

from kap.core import clock
from kap.core.constraints import insert_only


class AccessLog(models.Model):
    """One opened chart, clinical list, document or export. Written before the page is rendered."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(default=clock.now)
    actor = models.CharField(max_length=80)
    client_id = models.UUIDField(null=True, db_index=True)
    kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64, blank=True)
    purpose = models.CharField(max_length=40, default="care")
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = [models.Index(fields=["client_id", "-at"]), models.Index(fields=["actor", "-at"])]
        triggers = insert_only("access_log")


class Seal(models.Model):
    """One batch of rows of one table, hashed once nothing can be added to it any more (kap.audit.seal).

    It holds the rows numbered above `after` and up to `upto`. `digest` is over these rows; `root` over the root
    before, the batch and its digest, so that no seal can be changed or left out without changing all that follow.
    `columns`: the columns that were hashed, where they differ from the table's seal before; a column added later
    leaves old seals as they are.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(default=clock.now)
    table = models.CharField(max_length=63)
    after = models.BigIntegerField()
    upto = models.BigIntegerField()
    rows = models.PositiveIntegerField()
    columns = models.TextField(blank=True)
    digest = models.CharField(max_length=64)
    root = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = [models.Index(fields=["table", "upto"], name="seal_by_table")]
        constraints = [
            models.UniqueConstraint(fields=["table", "after"], name="sealed_once"),
            models.CheckConstraint(condition=Q(upto__gt=F("after"), rows__gt=0), name="seal_is_over_rows"),
        ]
        triggers = insert_only("seal")
