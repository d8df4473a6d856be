"""After the dose: the integration session, its window, and what closes the course."""

import pghistory
from django.db import models
from django.db.models import F, Q

from kap.core.constraints import insert_only
from kap.core.models import Base
from kap.documents.models import Document
from kap.notes.models import Note
from kap.pathway.models import Course
from scheduling.models import Appointment
from sessions.models import DosingSession


class Timing(models.TextChoices):
    EARLY = "early", "Early"
    IN_WINDOW = "in_window", "In the window"
    LATE = "late", "Late"


class SessionQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(course__in=Course.objects.visible_to(user))

    def unsigned(self):
        return self.filter(signed_at=None)


@pghistory.track()
class IntegrationSession(Base):
    """One for each dose. Its window opens and closes hours after the actual end of the dosing session."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="integrations")
    dosing = models.OneToOneField(DosingSession, on_delete=models.PROTECT, related_name="integration_session")
    appointment = models.OneToOneField(
        Appointment, null=True, blank=True, on_delete=models.PROTECT, related_name="integration_session"
    )
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    note = models.OneToOneField(
        Note, null=True, blank=True, on_delete=models.PROTECT, related_name="integration_session"
    )
    held_at = models.DateTimeField(null=True, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    hours_after = models.DecimalField(max_digits=7, decimal_places=1, null=True, blank=True)
    timing = models.CharField(max_length=10, choices=Timing.choices, blank=True)
    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["opens_at"]
        constraints = [
            models.UniqueConstraint(fields=["id", "course"], name="integration_with_its_course"),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="integration_window_in_order"
            ),
            models.CheckConstraint(
                name="signed_integration_is_whole",
                condition=Q(signed_at=None)
                | Q(note__isnull=False, held_at__isnull=False, hours_after__isnull=False) & ~Q(timing=""),
            ),
        ]


class CourseSummary(Base):
    """The signed end of a course."""

    course = models.OneToOneField(Course, on_delete=models.PROTECT, related_name="summary")
    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="course_summary")
    words = models.TextField()
    facts = models.JSONField(default=dict)

    class Meta:
        triggers = insert_only("course_summary")
