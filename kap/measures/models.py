"""Questionnaires asked and answered. A response is kept for good; a request carries the draft until then."""

import pghistory
from django.db import models
from django.db.models import Q

from kap.core import clock
from kap.core.constraints import insert_only
from kap.core.models import Base
from kap.pathway.models import Course
from kap.people.models import Client


class Occasion(models.TextChoices):
    BASELINE = "baseline", "Before treatment"
    PRE_DOSE = "pre_dose", "Before a dose"
    AFTER_DOSE = "after_dose", "After a dose"
    FINAL = "final", "At the end of treatment"
    FOLLOW_UP = "follow_up", "Follow-up"


class ClientQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(client__in=Client.objects.visible_to(user))


class RequestQuerySet(ClientQuerySet):
    def open(self):
        return self.filter(response=None, cancelled_at=None)

    def due(self, now):
        return self.open().filter(due_at__lte=now)


class Response(Base):
    """Items, score and version together; compared only within the same version. Never prefilled."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="responses")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="responses")
    instrument = models.CharField(max_length=12)
    version = models.CharField(max_length=20)
    occasion = models.CharField(max_length=10, choices=Occasion.choices)
    about = models.UUIDField(null=True, help_text="The dosing session it belongs to")
    answers = models.JSONField(help_text="{item number: score or null}")
    total = models.DecimalField(max_digits=6, decimal_places=2, null=True)
    band = models.CharField(max_length=40, blank=True)
    complete = models.BooleanField()
    authored_at = models.DateTimeField(default=clock.now)
    answered_by = models.CharField(max_length=80)
    objects = ClientQuerySet.as_manager()

    class Meta:
        ordering = ["authored_at"]
        indexes = [models.Index(fields=["course", "instrument", "authored_at"])]
        triggers = insert_only("response")


@pghistory.track(exclude=["draft"])
class Request(Base):
    """A questionnaire that is due. Its draft is the client's own and is cleared when she sends it."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="measure_requests")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="measure_requests")
    instrument = models.CharField(max_length=12)
    occasion = models.CharField(max_length=10, choices=Occasion.choices)
    about = models.UUIDField(null=True)
    due_at = models.DateTimeField()
    draft = models.JSONField(default=dict, blank=True)
    draft_saved_at = models.DateTimeField(null=True, blank=True)
    response = models.OneToOneField(
        Response, null=True, blank=True, on_delete=models.PROTECT, related_name="request"
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)
    objects = RequestQuerySet.as_manager()

    class Meta:
        ordering = ["due_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["course", "instrument", "occasion", "about"],
                condition=Q(cancelled_at=None),
                nulls_distinct=False,
                name="measure_asked_once_per_occasion",
            )
        ]
