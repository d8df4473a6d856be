"""Clinical notes: draft → signed → addendum. The database keeps what is signed."""

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from kap.core import clock
from kap.core.constraints import at_and_by, insert_only, kept_once
from kap.core.models import Base
from kap.pathway.models import Course
from kap.people.models import Client


class Kind(models.TextChoices):
    INTAKE = "intake", "Intake session"
    PREPARATION = "preparation", "Preparation"
    INTEGRATION = "integration", "Integration"
    PROGRESS = "progress", "Progress note"


class NoteQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Drafts are their author's; signed notes are the care team's. Clients do not read notes here."""
        team = Client.objects.visible_to(user)
        if not user.is_clinician:
            return self.none()
        return self.filter(client__in=team).filter(Q(signed_at__isnull=False) | Q(author=user))

    def signed(self):
        return self.filter(signed_at__isnull=False)


@pghistory.track(exclude=["body", "content"])
class Note(Base):
    """`body`: {section key: text or list}, while a draft. At signing `content` freezes it, hashed.

    `revision` grows with each saved draft: a save based on an older one is a conflict, both texts are shown.
    """

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="notes")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="notes")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    about = models.UUIDField(
        null=True, blank=True, help_text="The appointment or dosing session it belongs to"
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notes")
    held_at = models.DateTimeField(null=True, blank=True, help_text="When the session took place")
    body = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(null=True, blank=True)
    content = models.BinaryField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    printed_name = models.CharField(max_length=160, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    objects = NoteQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["id", "course"], name="note_with_its_course"),
            models.UniqueConstraint(fields=["id", "course", "kind"], name="note_with_its_course_and_kind"),
            models.CheckConstraint(condition=at_and_by("signed"), name="note_signed_at_and_by_together"),
            models.CheckConstraint(
                name="signed_note_is_frozen",
                condition=Q(signed_at=None)
                | (Q(content__isnull=False) & ~Q(sha256="") & ~Q(printed_name="")),
            ),
            models.UniqueConstraint(
                fields=["course", "kind", "about"],
                condition=Q(kind="integration"),
                name="one_integration_note_per_dose",
            ),
        ]
        triggers = [
            *kept_once("note", "signed_at"),
            pgtrigger.Trigger(
                name="note_hash_matches",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                func="""
                    IF NEW.signed_at IS NOT NULL AND NEW.sha256 <> encode(sha256(NEW.content), 'hex') THEN
                        RAISE EXCEPTION 'the hash is not that of the note'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'note_hash_matches';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]


class Addendum(Base):
    """Words added under a signed note, with author and time. The only way to correct one."""

    note = models.ForeignKey(Note, on_delete=models.PROTECT, related_name="addenda")
    text = models.TextField()
    printed_name = models.CharField(max_length=160)
    added_at = models.DateTimeField(default=clock.now)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["added_at"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="addendum_has_words")]
        triggers = insert_only("addendum")


# Django looks for an app's models here.
from kap.notes.psychotherapy.models import PsychotherapyNote  # noqa: E402, F401
