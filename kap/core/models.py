"""The base of every table, the clinic itself, and what keeps its promises about numbers and repeats."""

import uuid

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now  # noqa: TID251 - signs of life use real time

from kap.core import clock, protocol
from kap.core.constraints import insert_only


class Base(models.Model):
    """uuid key, made here so that a row can be referred to before it is written."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        abstract = True


@pghistory.track()
class Clinic(Base):
    """The one clinic of this installation: how clients reach it, and what it says when someone is in danger."""

    singleton = models.BooleanField(default=True, unique=True, editable=False)
    name = models.CharField(max_length=120)
    zone = models.CharField(max_length=64, help_text="Home zone, such as America/Los_Angeles")
    phone = models.CharField(max_length=40)
    email = models.EmailField()
    address = models.CharField(max_length=300)
    crisis_phone = models.CharField(max_length=40, default="988")
    crisis_words = models.CharField(
        max_length=300, default="Call or text 988, any time, in English or Spanish."
    )
    privacy_officer_email = models.EmailField(blank=True)
    tax_id = models.CharField(max_length=20, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="one_clinic_per_installation", condition=Q(singleton=True))
        ]

    def __str__(self):
        return self.name


_rules: dict[
    uuid.UUID, protocol.Protocol
] = {}  # of stored versions, which are insert-only; see ProtocolVersion.rules


class ProtocolVersion(Base):
    """All clinical numbers, as one signed whole. Changed only by a new version, signed by a prescriber."""

    version = models.CharField(max_length=20, unique=True)
    body = models.JSONField()
    reason = models.CharField(max_length=500)
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-signed_at"]
        get_latest_by = "signed_at"
        triggers = insert_only("protocol_version")

    def __str__(self):
        return self.version

    @property
    def rules(self) -> protocol.Protocol:
        """Read once per process: a version never changes once it is signed."""
        if self._state.adding:
            return protocol.load(self.body)
        if self.pk not in _rules:
            if len(_rules) >= 32:
                _rules.clear()
            _rules[self.pk] = protocol.load(self.body)
        return _rules[self.pk]


class OnceToken(models.Model):
    """One pressed button. A second press with the same token finds the first one's result."""

    key = models.UUIDField(primary_key=True)
    user_label = models.CharField(max_length=80)
    location = models.CharField(max_length=500, blank=True)
    made_at = models.DateTimeField(default=clock.now)


class Heartbeat(models.Model):
    """When worker and beat were last seen alive; wall-clock time of the database, not the clinic's clock."""

    name = models.CharField(primary_key=True, max_length=40)
    beat_at = models.DateTimeField(db_default=Now())
