"""Who opened what. Knows actors and clients by id alone, so that it never stands in the way of live data."""

from django.db import models

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
