"""A course of treatment and its way through the stages.

The current stage is a copy of the last move's; only the trigger on StageMove writes it, so the two can
never part, and a move that does not start where the last one ended is refused by the database.
"""

from datetime import timedelta

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from kap.accounts.permissions import Can, Role
from kap.core import clock
from kap.core.constraints import insert_only
from kap.core.models import Base, ProtocolVersion
from kap.pathway.stages import CLOSED, Reason, Stage, legal_moves
from kap.people.models import Client, TeamMember

JUST_TAKEN = timedelta(hours=1)


class CourseQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(client__in=Client.objects.visible_to(user))

    def listed_for(self, user):
        return self.filter(client__in=Client.objects.listed_for(user))

    def open(self):
        return self.exclude(stage__in=CLOSED)

    def _without(self, role):
        return ~Exists(TeamMember.objects.current().filter(client=OuterRef("client"), role=role))

    def waiting_for_therapist(self):
        """The first pool: enquiries and intakes that no therapist has taken."""
        return self.filter(stage__in=[Stage.ENQUIRY, Stage.INTAKE]).filter(self._without(Role.THERAPIST))

    def waiting_for_prescriber(self):
        """The second pool: cases at the medical stage that no prescriber has taken."""
        return self.filter(stage=Stage.MEDICAL).filter(self._without(Role.PRESCRIBER))

    def pool_for(self, user):
        """What this person may take, or (an admin) assign."""
        pool = self.none()
        if user.may(Can.SEE_POOL):
            if Role.THERAPIST in user.roles or Role.ADMIN in user.roles:
                pool = pool | self.waiting_for_therapist()
            if Role.PRESCRIBER in user.roles or Role.ADMIN in user.roles:
                pool = pool | self.waiting_for_prescriber()
        return pool

    def takeable_by(self, user):
        """Her pool, and what has just left it: who presses second is told who was first, but no stranger is told
        of a client who was taken long ago."""
        lately = TeamMember.objects.current().filter(
            client=OuterRef("client"), since__gte=clock.now() - JUST_TAKEN
        )
        left = self.none()
        if Role.THERAPIST in user.roles:
            taken = Exists(lately.filter(role=Role.THERAPIST))
            left = left | self.filter(taken, stage__in=[Stage.ENQUIRY, Stage.INTAKE])
        if Role.PRESCRIBER in user.roles:
            left = left | self.filter(Exists(lately.filter(role=Role.PRESCRIBER)), stage=Stage.MEDICAL)
        return self.pool_for(user) | left


class Setting(models.TextChoices):
    IN_CLINIC = "in_clinic", "In clinic"
    REMOTE = "remote", "At home, by video"


class Route(models.TextChoices):
    IV = "iv", "Intravenous infusion"
    IM = "im", "Intramuscular injection"
    SL = "sl", "Lozenge"
    ORAL = "oral", "By mouth"
    IN = "in", "Intranasal"


@pghistory.track()
class Course(Base):
    """One course of treatment of one client: usually 4 to 6 paired dosing and integration sessions."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="courses")
    number = models.PositiveSmallIntegerField(default=1, help_text="1 for the client's first course")
    stage = models.CharField(max_length=12, choices=Stage.choices, default="", blank=True, editable=False)
    stage_since = models.DateTimeField(null=True, editable=False)
    protocol = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, related_name="courses")
    setting = models.CharField(max_length=10, choices=Setting.choices, default=Setting.IN_CLINIC)
    planned_sessions = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="From the treatment plan"
    )
    privacy_acknowledged_at = models.DateTimeField(null=True, blank=True)
    objects = CourseQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["client"],
                condition=~Q(stage__in=[str(s) for s in CLOSED]),
                name="one_open_course_per_client",
            ),
            models.UniqueConstraint(fields=["client", "number"], name="course_number_once_per_client"),
            models.UniqueConstraint(fields=["id", "client"], name="course_with_its_client"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="stage_only_by_a_move",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func="""
                    IF (NEW.stage IS DISTINCT FROM OLD.stage OR NEW.stage_since IS DISTINCT FROM OLD.stage_since
                        OR NEW.client_id IS DISTINCT FROM OLD.client_id) AND pg_trigger_depth() < 2 THEN
                        RAISE EXCEPTION 'a course changes its stage only by a move'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'stage_only_by_a_move';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="course_starts_nowhere",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    IF NEW.stage <> '' THEN
                        RAISE EXCEPTION 'a course begins with its first move'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'course_starts_nowhere';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return f"Course {self.number} of {self.client_id}"

    @property
    def rules(self):
        """The clinical numbers this course runs under."""
        return self.protocol.rules

    @property
    def is_open(self) -> bool:
        return self.stage not in CLOSED


class StageMove(Base):
    """One step of the course. Insert-only; the trigger checks the start and writes the course's stage."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="moves")
    from_stage = models.CharField(max_length=12, choices=Stage.choices, blank=True)
    to_stage = models.CharField(max_length=12, choices=Stage.choices)
    at = models.DateTimeField(default=clock.now)
    by_label = models.CharField(max_length=80)
    reason = models.CharField(max_length=20, choices=Reason.choices, blank=True)
    words = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "created_at"]
        constraints = [
            models.CheckConstraint(
                name="stage_move_is_legal",
                condition=Q(*[Q(from_stage=a, to_stage=b) for a, b in legal_moves()], _connector=Q.OR),
            ),
            models.CheckConstraint(
                name="exit_has_a_reason",
                condition=~Q(to_stage__in=["declined", "deferred", "withdrawn", "transferred"])
                | ~Q(reason=""),
            ),
        ]
        triggers = [
            *insert_only("stage_move"),
            pgtrigger.Trigger(
                name="stage_move_starts_where_the_last_ended",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    DECLARE current_stage text;
                    BEGIN
                        SELECT stage INTO current_stage FROM pathway_course WHERE id = NEW.course_id FOR UPDATE;
                        IF current_stage IS DISTINCT FROM NEW.from_stage THEN
                            RAISE EXCEPTION 'the course stands at %, not at %', current_stage, NEW.from_stage
                                USING ERRCODE = 'check_violation',
                                      CONSTRAINT = 'stage_move_starts_where_the_last_ended';
                        END IF;
                        UPDATE pathway_course SET stage = NEW.to_stage, stage_since = NEW.at WHERE id = NEW.course_id;
                        RETURN NEW;
                    END;
                """,
            ),
        ]


class Override(Base):
    """A prescriber's signed decision to pass one overridable line of one gate, once, with a reason."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="overrides")
    gate = models.CharField(max_length=40)
    evidence = models.CharField(max_length=40)
    about = models.UUIDField(null=True, help_text="The appointment or session it is for")
    reason = models.TextField()
    printed_name = models.CharField(max_length=160)
    signed_at = models.DateTimeField(default=clock.now)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["signed_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="override_has_a_reason"),
            models.UniqueConstraint(
                fields=["course", "gate", "evidence", "about"], name="override_once", nulls_distinct=False
            ),
        ]
        triggers = insert_only("override")
