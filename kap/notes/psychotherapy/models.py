"""A therapist's own notes. Kept apart from the chart: no list, search, export, PDF or colleague ever reads this table.

Nothing points here from a client or a user by name, so that code which walks their relations does not meet it.
"""

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from kap.accounts.permissions import Can
from kap.core import vault
from kap.core.constraints import no_truncate
from kap.core.models import Base
from kap.core.vault import SealedText, sealed
from kap.people.models import Client


class PsychotherapyQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The author's own, while she is on the care team. Nobody else's, and nothing by emergency access."""
        if not user.may(Can.KEEP_PSYCHOTHERAPY_NOTES):
            return self.none()
        return self.filter(author=user, client__in=Client.objects.cared_for_by(user))


# The history says who and when; the words are in none of its rows, not even sealed.
@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent(), exclude=["body"])
class PsychotherapyNote(Base):
    """`body` is sealed. `revision` grows with each change; once locked, nothing changes any more."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    body = SealedText()
    revision = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(null=True, blank=True)
    locked_at = models.DateTimeField(null=True, blank=True)
    objects = PsychotherapyQuerySet.as_manager()
    kept_private = True  # whether a client has one is nobody's to know, the audit's reader included

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["author", "client", "-created_at"], name="psychotherapy_of_author")]
        constraints = [
            sealed("psychotherapy_note_is_sealed", "body"),
            models.CheckConstraint(
                name="locked_psychotherapy_note_has_words", condition=Q(locked_at=None) | ~Q(body="")
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="psychotherapy_note_is_its_authors",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func="""
                    IF NEW.id <> OLD.id OR NEW.author_id <> OLD.author_id OR NEW.client_id <> OLD.client_id THEN
                        RAISE EXCEPTION 'a psychotherapy note stays with its author and its client'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'psychotherapy_note_is_its_authors';
                    END IF;
                    IF OLD.locked_at IS NOT NULL AND (
                        (to_jsonb(NEW) - 'body') IS DISTINCT FROM (to_jsonb(OLD) - 'body')
                        -- The same words under another key are the one change that a locked note sees.
                        OR (NEW.body <> OLD.body AND split_part(NEW.body, '.', 2) = split_part(OLD.body, '.', 2))
                    ) THEN
                        RAISE EXCEPTION 'a locked psychotherapy note cannot be changed'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'psychotherapy_note_is_kept';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="psychotherapy_note_is_not_deleted",
                operation=pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF OLD.locked_at IS NOT NULL THEN
                        RAISE EXCEPTION 'a locked psychotherapy note cannot be deleted'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'psychotherapy_note_is_kept';
                    END IF;
                    RETURN OLD;
                """,
            ),
            no_truncate("psychotherapy_note"),
        ]

    def words(self) -> str:
        """The text. Only a view that has asked `visible_to` may call it. Raises vault.Unreadable."""
        return vault.read(self, "body")
