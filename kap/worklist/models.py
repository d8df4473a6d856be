"""Items that a human must act on. The rule that raises one lives elsewhere; this keeps it until someone acts."""

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When

from kap.accounts.permissions import Can, Role
from kap.core import clock
from kap.core.models import Base
from kap.pathway.models import Course
from kap.people.models import Client


class Kind(models.TextChoices):
    SAFETY = "safety", "Safety alert"
    UNSIGNED_NOTE = "unsigned_note", "Note not signed"
    INTEGRATION_UNBOOKED = "integration_unbooked", "Integration not booked"
    INTEGRATION_LATE = "integration_late", "Integration late"
    COMPANION_MISSING = "companion_missing", "Companion not confirmed"
    CREDENTIAL_EXPIRING = "credential_expiring", "Credential expiring"
    MESSAGE_FAILED = "message_failed", "Message not delivered"
    DOCUMENT_FAILED = "document_failed", "Document not rendered"
    PREDOSE_HELD = "predose_held", "Dose waits for release"
    ADVERSE_EVENT = "adverse_event", "Adverse event"
    MEASURE_OVERDUE = "measure_overdue", "Measure overdue"
    RESCHEDULE = "reschedule", "Booking needs attention"
    SIGNATURE = "signature", "Consent needs a talk"
    VITALS_LIMIT = "vitals_limit", "Vital signs past a call limit"
    BREAK_GLASS = "break_glass", "Emergency access"


class Urgency(models.TextChoices):
    NOW = "now", "Now"
    TODAY = "today", "Today"
    SOON = "soon", "Soon"


class ItemQuerySet(models.QuerySet):
    def open(self):
        return self.filter(acknowledged_at=None)

    def visible_to(self, user):
        """Clinical items: the client's care team. Items with a role: who holds it and may see the client's name.

        A safety alert must not wait for somebody to take the client: until then it is open to those who may.
        """
        seen = Q(for_role__in=user.roles) & (Q(client=None) | Q(client__in=Client.objects.listed_for(user)))
        if user.may(Can.OPEN_CHART):
            seen |= Q(client__in=Client.objects.visible_to(user), for_role="")
        if user.may(Can.ACKNOWLEDGE_SAFETY):
            waiting = Course.objects.pool_for(user).values("client")
            seen |= Q(kind=Kind.SAFETY, client__in=waiting)
        return self.filter(seen)

    def by_urgency(self):
        rank = Case(
            When(urgency=Urgency.NOW, then=Value(0)),
            When(urgency=Urgency.TODAY, then=Value(1)),
            default=Value(2),
        )
        return self.order_by(rank, "due_at", "raised_at")


@pghistory.track()
class Item(Base):
    """`key` makes it raised once per cause. Acknowledged by a person, with what was done; or closed by its rule."""

    key = models.CharField(max_length=160, unique=True)
    kind = models.CharField(max_length=24, choices=Kind.choices)
    urgency = models.CharField(max_length=6, choices=Urgency.choices)
    client = models.ForeignKey(
        Client, null=True, blank=True, on_delete=models.PROTECT, related_name="worklist"
    )
    for_role = models.CharField(
        max_length=12, choices=Role.choices, blank=True, help_text="Empty: the care team"
    )
    title = models.CharField(max_length=200)
    detail = models.CharField(max_length=500, blank=True)
    link = models.CharField(max_length=300, blank=True)
    link_words = models.CharField(max_length=40, blank=True)
    raised_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_by_rule = models.BooleanField(default=False)
    what_was_done = models.TextField(blank=True)
    objects = ItemQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["client", "kind"], condition=Q(acknowledged_at=None), name="worklist_open")
        ]
        constraints = [
            models.CheckConstraint(
                name="worklist_acknowledged_by_someone",
                condition=Q(acknowledged_at=None, acknowledged_by=None)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False)
                | Q(acknowledged_at__isnull=False, closed_by_rule=True),
            ),
            models.CheckConstraint(
                name="safety_alert_says_what_was_done",
                condition=~Q(kind="safety")
                | Q(acknowledged_at=None)
                | (Q(closed_by_rule=False) & ~Q(what_was_done="")),
            ),
        ]
