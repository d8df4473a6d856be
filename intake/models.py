"""What a client sends in, what a prescriber decides on it, and what she orders."""

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from kap.core import clock
from kap.core.constraints import all_set_once, at_and_by, insert_only, kept_once
from kap.core.levels import Level
from kap.core.models import Base
from kap.pathway.models import Course, Route, Setting
from kap.people.models import Client

USER = settings.AUTH_USER_MODEL
LEVELS = [(level.value, level.value) for level in Level]


class OfCourseQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(course__in=Course.objects.visible_to(user))


class Draft(Base):
    """One section's answers while the client is at it. Her own until sent; not part of the record."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="drafts")
    section = models.CharField(max_length=40)
    questions_version = models.CharField(max_length=20)
    answers = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(
        null=True, blank=True, help_text="When the client said this section is done"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["course", "section"], name="one_draft_per_section")]


class Submission(Base):
    """The forms as sent: canonical bytes, frozen. Sending again (after a change) makes the next one."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="submissions")
    number = models.PositiveSmallIntegerField()
    questions_version = models.CharField(max_length=20)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    sent_at = models.DateTimeField(default=clock.now)
    sent_by = models.CharField(max_length=80)
    objects = OfCourseQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["course", "number"], name="submission_number_once"),
            models.UniqueConstraint(fields=["id", "course"], name="submission_with_its_course"),
        ]
        triggers = insert_only("submission")


class Flag(Base):
    """What a rule found in a submission. Kept as found; the prescriber answers each in her evaluation."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="flags")
    code = models.CharField(max_length=60)
    level = models.CharField(max_length=4, choices=LEVELS)
    words = models.CharField(max_length=400)
    mend = models.CharField(max_length=400, blank=True)
    source = models.CharField(max_length=200, blank=True)
    section = models.CharField(max_length=40, blank=True, help_text="Where the answer stands")
    question = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["created_at"]
        triggers = insert_only("flag")


class Decision(models.TextChoices):
    CLEAR = "clear", "Clear"
    CONDITIONS = "conditions", "Clear with conditions"
    DEFER = "defer", "Defer"
    DECLINE = "decline", "Decline"


@pghistory.track(exclude=["notes", "content"])
class Evaluation(Base):
    """A medical evaluation. Draft until decided; from then on kept as it is. Amounts in the named units."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="evaluations")
    submission = models.ForeignKey(
        Submission, null=True, on_delete=models.PROTECT, related_name="evaluations"
    )
    author = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="evaluations")
    seen_in_person_on = models.DateField(
        null=True, blank=True, help_text="Needed for remote orders after 2026"
    )
    patient_state = models.CharField(
        max_length=2, blank=True, help_text="State where the client was at the visit"
    )
    systolic_mmhg = models.PositiveSmallIntegerField(null=True, blank=True)
    diastolic_mmhg = models.PositiveSmallIntegerField(null=True, blank=True)
    heart_rate_bpm = models.PositiveSmallIntegerField(null=True, blank=True)
    spo2_percent = models.PositiveSmallIntegerField(null=True, blank=True)
    weight_kg = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    height_cm = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    weight_measured_on = models.DateField(null=True, blank=True)
    notes = models.JSONField(default=dict, help_text="{system: text}")
    conditions = models.TextField(blank=True)
    revision = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True)
    reasons = models.TextField(blank=True)
    valid_until = models.DateField(null=True, blank=True)
    content = models.BinaryField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    printed_name = models.CharField(max_length=160, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(USER, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    objects = OfCourseQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["id", "course"], name="evaluation_with_its_course"),
            models.CheckConstraint(
                condition=at_and_by("decided"), name="evaluation_decided_at_and_by_together"
            ),
            models.CheckConstraint(
                condition=all_set_once("decided_at", "content")
                & (Q(decided_at=None) | ~Q(decision="") & ~Q(printed_name="")),
                name="evaluation_decided_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None)
                | ~Q(decision__in=["clear", "conditions"])
                | Q(weight_kg__isnull=False, weight_measured_on__isnull=False),
                name="clearance_has_a_weight",
            ),
            models.CheckConstraint(
                condition=~Q(decision__in=["clear", "conditions"]) | Q(valid_until__isnull=False),
                name="clearance_has_an_end",
            ),
            models.CheckConstraint(
                condition=~Q(decision="conditions") | ~Q(conditions=""), name="conditions_are_written_down"
            ),
            models.CheckConstraint(
                condition=~Q(decision__in=["defer", "decline"]) | ~Q(reasons=""),
                name="refusal_has_its_reasons",
            ),
            models.CheckConstraint(
                condition=Q(weight_kg=None) | Q(weight_kg__gte=20, weight_kg__lte=350),
                name="weight_in_kg_is_possible",
            ),
            models.UniqueConstraint(
                fields=["course"], condition=Q(decided_at=None), name="one_open_evaluation_per_course"
            ),
        ]
        triggers = kept_once("evaluation", "decided_at")


class FlagAnswer(Base):
    """The prescriber's answer to one flag, part of her evaluation."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="flag_answers")
    flag = models.ForeignKey(Flag, on_delete=models.PROTECT, related_name="answers")
    words = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["evaluation", "flag"], name="flag_answered_once_per_evaluation")
        ]
        triggers = [
            pgtrigger.Trigger(
                name="flag_answer_kept_with_its_evaluation",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF EXISTS (SELECT 1 FROM intake_evaluation e
                               WHERE e.id = COALESCE(NEW.evaluation_id, OLD.evaluation_id)
                                 AND e.decided_at IS NOT NULL) THEN
                        RAISE EXCEPTION 'the evaluation is decided; its answers stay'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'flag_answer_kept';
                    END IF;
                    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                    RETURN NEW;
                """,
            )
        ]


@pghistory.track()
class Diagnosis(Base):
    """A coded diagnosis of this course (ICD-10-CM). Ended, not deleted."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="diagnoses")
    code = models.CharField(max_length=10)
    words = models.CharField(max_length=160)
    is_principal = models.BooleanField(default=False)
    treatment_resistant = models.BooleanField(default=False, help_text="At least two adequate trials failed")
    trials = models.TextField(blank=True, help_text="Earlier treatments: medicine, dose, weeks, outcome")
    made_at = models.DateTimeField(default=clock.now)
    made_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=80, null=True, blank=True)
    objects = OfCourseQuerySet.as_manager()

    class Meta:
        ordering = ["-is_principal", "made_at"]
        constraints = [
            models.CheckConstraint(condition=at_and_by("ended"), name="diagnosis_ended_at_and_by_together"),
            models.UniqueConstraint(
                fields=["course"],
                condition=Q(is_principal=True, ended_at=None),
                name="one_principal_diagnosis",
            ),
        ]


class OrderQuerySet(OfCourseQuerySet):
    def active(self, day):
        """Signed, not ended, not yet expired on that day."""
        return self.filter(signed_at__isnull=False, ended_at=None, expires_on__gte=day)


@pghistory.track(exclude=["content"])
class Order(Base):
    """A prescriber's order for ketamine: what may be given, how often, and what must make people call.

    Doses in mg of ketamine per session. Therapist and client choose only inside the range. After signing
    only its end can be written; a change of dose is a new order that supersedes this one.
    """

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="orders")
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="orders")
    supersedes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    author = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="orders")
    setting = models.CharField(max_length=10, choices=Setting.choices)
    route = models.CharField(max_length=4, choices=Route.choices)
    strength = models.CharField(max_length=60, blank=True, help_text="Such as 50 mg/mL, or 100 mg lozenge")
    dose_min_mg = models.DecimalField(max_digits=6, decimal_places=2)
    dose_max_mg = models.DecimalField(max_digits=6, decimal_places=2)
    booster_max_mg = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    infusion_minutes = models.PositiveSmallIntegerField(null=True, blank=True, help_text="IV only")
    session_max_mg = models.DecimalField(max_digits=6, decimal_places=2)
    sessions = models.PositiveSmallIntegerField(help_text="How many doses this order covers")
    weight_kg = models.DecimalField(max_digits=5, decimal_places=1)
    weight_measured_on = models.DateField()
    start_systolic_max_mmhg = models.PositiveSmallIntegerField(help_text="Do not start above")
    start_diastolic_max_mmhg = models.PositiveSmallIntegerField()
    call_systolic_mmhg = models.PositiveSmallIntegerField(help_text="Call the prescriber from")
    call_diastolic_mmhg = models.PositiveSmallIntegerField()
    call_spo2_below_percent = models.PositiveSmallIntegerField()
    call_heart_rate_above_bpm = models.PositiveSmallIntegerField()
    instructions = models.TextField(blank=True)
    soft_reason = models.TextField(blank=True, help_text="Why outside the usual range")
    expires_on = models.DateField()
    content = models.BinaryField(null=True, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    printed_name = models.CharField(max_length=160, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(USER, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=80, null=True, blank=True)
    end_words = models.CharField(max_length=200, blank=True)
    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["id", "course"], name="order_with_its_course"),
            models.CheckConstraint(condition=at_and_by("signed"), name="order_signed_at_and_by_together"),
            models.CheckConstraint(condition=at_and_by("ended"), name="order_ended_at_and_by_together"),
            models.CheckConstraint(
                condition=Q(
                    dose_min_mg__gt=0, dose_max_mg__gte=F("dose_min_mg"), session_max_mg__gte=F("dose_max_mg")
                ),
                name="order_doses_in_order",
            ),
            models.CheckConstraint(
                condition=Q(sessions__gte=1, sessions__lte=60), name="order_covers_some_sessions"
            ),
            models.CheckConstraint(
                condition=~Q(setting="remote") | Q(route__in=["sl", "oral"]), name="remote_is_by_mouth_only"
            ),
            models.CheckConstraint(
                condition=~Q(route="iv") | Q(infusion_minutes__gt=0), name="infusion_has_a_duration"
            ),
            models.CheckConstraint(
                condition=Q(signed_at=None) | Q(content__isnull=False) & ~Q(printed_name=""),
                name="signed_order_is_frozen",
            ),
            models.UniqueConstraint(
                fields=["course"],
                condition=Q(signed_at__isnull=False, ended_at=None),
                name="one_active_order_per_course",
            ),
        ]
        triggers = kept_once("order", "signed_at", but=("ended_at", "ended_by", "end_words"))

    @property
    def is_signed(self) -> bool:
        return self.signed_at is not None


@pghistory.track()
class Plan(Base):
    """The treatment plan. Its signed form is a Document; the plan is kept once it is signed."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="plans")
    author = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="plans")
    problems = models.TextField(blank=True)
    goals = models.JSONField(default=list, help_text="[{goal, measure, target, by}]")
    interventions = models.TextField(blank=True)
    sessions_planned = models.PositiveSmallIntegerField(null=True, blank=True)
    days_between = models.PositiveSmallIntegerField(null=True, blank=True)
    support = models.TextField(blank=True)
    review_on = models.DateField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(null=True, blank=True)
    document = models.OneToOneField(
        "documents.Document", null=True, blank=True, on_delete=models.PROTECT, related_name="plan"
    )
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(USER, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    superseded_at = models.DateTimeField(null=True, blank=True)
    objects = OfCourseQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=at_and_by("signed"), name="plan_signed_at_and_by_together"),
            models.CheckConstraint(
                condition=all_set_once("signed_at", "document", "sessions_planned", "review_on"),
                name="signed_plan_is_whole",
            ),
        ]
        triggers = kept_once("plan", "signed_at", but=("superseded_at",))


@pghistory.track()
class TelemedicineBasis(Base):
    """On what legal ground a controlled medicine may be prescribed at a distance, and until when."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="telemedicine_bases")
    basis = models.CharField(
        max_length=20,
        choices=[
            ("in_person", "In-person evaluation on record"),
            ("flexibility", "DEA telemedicine flexibility"),
        ],
    )
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=200)
    recorded_by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="telemedicine_dates_in_order",
            )
        ]
