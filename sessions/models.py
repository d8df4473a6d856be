"""The dosing room: one session from opening to discharge. What was given and measured is never changed.

Corrections are new rows (Strike). A session that started without its evidence cannot exist: references are
NOT NULL once started, composite with the course, and a trigger checks their dates.
"""

import pghistory
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from intake.models import Evaluation, Order
from kap.core import clock
from kap.core.constraints import all_set_once, at_and_by, insert_only
from kap.core.models import Base
from kap.documents.models import Document
from kap.notes.models import Note
from kap.pathway.models import Course, Route, Setting
from kap.people.models import Contact
from scheduling.models import Appointment
from sessions.adverse_events import ACTIONS, OUTCOMES, RELATEDNESS
from sessions.checklists import ANSWERS
from sessions.triggers import DOSE_WITHIN_ORDER, EVIDENCE_WHEN_STARTED

USER = settings.AUTH_USER_MODEL


class SessionQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(course__in=Course.objects.visible_to(user))

    def live(self):
        return self.filter(ended_at=None)

    def with_dose(self):
        return self.filter(first_dose_at__isnull=False)


class Outcome(models.TextChoices):
    DISCHARGED = "discharged", "Discharged"
    LEFT = "left", "Left against advice"
    NOT_DOSED = "not_dosed", "Closed without medicine"


@pghistory.track()
class DosingSession(Base):
    """Opened (gate: enter) → started (gate: start the medicine) → ended, with its outcome.

    `ended_at` is the actual end, after the closing integration: the integration window counts from it.
    """

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="dosing_sessions")
    appointment = models.OneToOneField(Appointment, on_delete=models.PROTECT, related_name="dosing_session")
    number = models.PositiveSmallIntegerField(
        help_text="1 for the first dose of the course; not-dosed sessions share"
    )
    route = models.CharField(max_length=4, choices=Route.choices)
    setting = models.CharField(max_length=10, choices=Setting.choices)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="dosing_sessions")
    consent = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="+")
    evaluation = models.ForeignKey(Evaluation, null=True, on_delete=models.PROTECT, related_name="+")
    preparation = models.ForeignKey(Note, null=True, on_delete=models.PROTECT, related_name="+")
    companion = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT, related_name="+")
    intention = models.TextField(blank=True)
    opened_at = models.DateTimeField(default=clock.now)
    opened_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True)
    started_by = models.ForeignKey(USER, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    second_person = models.ForeignKey(USER, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    first_dose_at = models.DateTimeField(
        null=True, blank=True, help_text="Written by the first administration"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(USER, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    end_words = models.TextField(blank=True)
    remote_address = models.CharField(max_length=300, blank=True, help_text="Where the client is right now")
    remote_state = models.CharField(max_length=2, blank=True)
    remote_callback = models.CharField(max_length=40, blank=True)
    remote_emergency_number = models.CharField(max_length=60, blank=True, help_text="Local EMS or PSAP")
    remote_nearest_ed = models.CharField(max_length=200, blank=True)
    remote_disconnect_plan = models.TextField(blank=True)
    remote_recorded_at = models.DateTimeField(null=True, blank=True)
    remote_recorded_by = models.ForeignKey(
        USER, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    remote_photo_id_seen = models.BooleanField(default=False, help_text="Held to the camera and compared")
    lozenges_before = models.PositiveSmallIntegerField(null=True, blank=True)
    lozenges_after = models.PositiveSmallIntegerField(null=True, blank=True)
    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(fields=["id", "course"], name="dosing_session_with_its_course"),
            models.UniqueConstraint(fields=["course"], condition=Q(ended_at=None), name="one_open_session_per_course"),
            models.UniqueConstraint(
                fields=["course", "number"], condition=~Q(outcome="not_dosed"), name="dosing_number_once_per_course"
            ),
            models.CheckConstraint(
                name="started_with_all_its_evidence",
                condition=all_set_once(
                    "started_at", "started_by", "order", "consent", "evaluation", "preparation", "companion",
                )
                # At home the second one present is the chaperone, who has no account.
                & (Q(started_at=None) | Q(second_person__isnull=False) | Q(setting="remote")),
            ),
            models.CheckConstraint(condition=~Q(started_by=F("second_person")), name="second_person_is_another"),
            models.CheckConstraint(condition=at_and_by("ended"), name="dosing_ended_at_and_by_together"),
            models.CheckConstraint(
                condition=at_and_by("remote_recorded"), name="remote_details_at_and_by_together"
            ),
            models.CheckConstraint(
                name="dosing_end_has_its_outcome",
                condition=Q(ended_at=None, outcome="") | Q(ended_at__isnull=False) & ~Q(outcome=""),
            ),
            models.CheckConstraint(
                condition=Q(first_dose_at=None) | Q(started_at__isnull=False), name="no_dose_before_the_start"
            ),
            models.CheckConstraint(
                condition=~Q(outcome="not_dosed") | Q(first_dose_at=None), name="not_dosed_means_no_dose"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("opened_at")), name="dosing_ends_after_it_opens"
            ),
            models.CheckConstraint(
                condition=~Q(setting="remote") | Q(started_at=None)
                | Q(remote_recorded_at__isnull=False, remote_photo_id_seen=True)
                & ~Q(remote_address="") & ~Q(remote_emergency_number=""),
                name="remote_start_knows_the_place",
            ),
        ]  # fmt: skip
        triggers = [EVIDENCE_WHEN_STARTED]

    def __str__(self):
        return f"Dosing {self.number}"


class OfSession(Base):
    """A row of the flowsheet. `measured`/`given` times are the person's; `recorded_at` is when it reached us."""

    session = models.ForeignKey(DosingSession, on_delete=models.PROTECT, related_name="%(class)ss")
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class PreDoseAnswer(OfSession):
    """One line of the pre-dose check, answered by the person who checked it. The latest answer counts."""

    line = models.CharField(max_length=40)
    answer = models.CharField(max_length=14, choices=list(ANSWERS.items()))
    role = models.CharField(
        max_length=12, help_text="In which role it was answered; roles change, this does not"
    )
    detail = models.TextField(blank=True)

    class Meta:
        ordering = ["recorded_at"]
        constraints = [
            models.CheckConstraint(condition=Q(answer__in=list(ANSWERS)), name="pre_dose_answer_is_known")
        ]
        triggers = insert_only("pre_dose_answer")


class Release(OfSession):
    """The prescriber lets a held dose go ahead, in spite of named findings, with her reason."""

    findings = models.JSONField(
        help_text="[{code, words, about}] as they stood; about: the row they came from"
    )
    reason = models.TextField()
    printed_name = models.CharField(max_length=160)

    class Meta:
        ordering = ["recorded_at"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="release_has_a_reason")]
        triggers = insert_only("release")


class Administration(OfSession):
    """Medicine given: mg of ketamine, when, by whom, seen by whom. Inside the order, or refused by the database."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="administrations")
    dose_mg = models.DecimalField(max_digits=6, decimal_places=2)
    route = models.CharField(max_length=4, choices=Route.choices)
    is_booster = models.BooleanField(default=False)
    given_at = models.DateTimeField()
    given_by = models.CharField(max_length=160, help_text="Printed name; at home the client herself")
    volume_ml = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    lozenge_held_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    lozenge_after = models.CharField(
        max_length=8, blank=True, choices=[("spit", "Spat out"), ("swallow", "Swallowed")]
    )
    witness = models.ForeignKey(USER, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    not_witnessed_reason = models.CharField(max_length=300, blank=True)
    soft_reason = models.CharField(
        max_length=300, blank=True, help_text="Why less than the order's range was given"
    )

    class Meta:
        ordering = ["given_at"]
        constraints = [
            models.CheckConstraint(condition=Q(dose_mg__gt=0), name="dose_is_more_than_nothing"),
            models.CheckConstraint(condition=~Q(witness=F("recorded_by")), name="witness_is_not_the_giver"),
            models.CheckConstraint(
                condition=Q(witness__isnull=False) | ~Q(not_witnessed_reason=""),
                name="dose_witnessed_or_said_why_not",
            ),
        ]
        triggers = [*insert_only("administration"), DOSE_WITHIN_ORDER]


class Vitals(OfSession):
    """One reading. Only what was measured is filled; nothing is carried over. MOAA/S: 5 awake … 0 no response."""

    measured_at = models.DateTimeField()
    phase = models.CharField(
        max_length=10, choices=[("baseline", "Before the dose"), ("during", "After the dose")]
    )
    systolic_mmhg = models.PositiveSmallIntegerField(null=True, blank=True)
    diastolic_mmhg = models.PositiveSmallIntegerField(null=True, blank=True)
    heart_rate_bpm = models.PositiveSmallIntegerField(null=True, blank=True)
    spo2_percent = models.PositiveSmallIntegerField(null=True, blank=True)
    respiratory_rate_bpm = models.PositiveSmallIntegerField(null=True, blank=True)
    temperature_c = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    moaas = models.PositiveSmallIntegerField(null=True, blank=True)
    odd_confirmed = models.BooleanField(
        default=False, help_text="An unlikely value was asked about and confirmed"
    )
    prescriber_called = models.BooleanField(default=False)
    findings = models.JSONField(default=list, help_text="Which limits it crossed when it was recorded")
    note = models.CharField(max_length=300, blank=True)
    entry_key = models.UUIDField(
        unique=True, help_text="Made on the device, so that a repeat is the same row"
    )

    class Meta:
        ordering = ["measured_at"]
        constraints = [
            models.CheckConstraint(
                name="vitals_hold_something",
                condition=Q(systolic_mmhg__isnull=False) | Q(heart_rate_bpm__isnull=False)
                | Q(spo2_percent__isnull=False) | Q(respiratory_rate_bpm__isnull=False)
                | Q(temperature_c__isnull=False) | Q(moaas__isnull=False),
            ),
            models.CheckConstraint(
                name="blood_pressure_has_both_numbers",
                condition=Q(systolic_mmhg=None, diastolic_mmhg=None)
                | Q(systolic_mmhg__gt=F("diastolic_mmhg"), systolic_mmhg__lte=300, diastolic_mmhg__gte=20),
            ),
            models.CheckConstraint(
                condition=Q(heart_rate_bpm=None) | Q(heart_rate_bpm__lte=300), name="heart_rate_possible"
            ),
            models.CheckConstraint(condition=Q(spo2_percent=None) | Q(spo2_percent__lte=100), name="spo2_at_most_100"),
            models.CheckConstraint(condition=Q(moaas=None) | Q(moaas__lte=5), name="moaas_at_most_5"),
        ]  # fmt: skip
        triggers = insert_only("vitals")


class Observation(OfSession):
    observed_at = models.DateTimeField()
    words = models.TextField()

    class Meta:
        ordering = ["observed_at"]
        triggers = insert_only("observation")


class AdverseEvent(OfSession):
    """Something unwanted: what, how bad (CTCAE v5 grade 1–5), what was done, who was told."""

    code = models.CharField(max_length=40)
    words = models.TextField(blank=True)
    grade = models.PositiveSmallIntegerField()
    serious = models.BooleanField(default=False)
    serious_reasons = models.JSONField(default=list, blank=True)
    relatedness = models.CharField(max_length=10, choices=list(RELATEDNESS.items()))
    onset_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    action = models.CharField(max_length=10, choices=list(ACTIONS.items()))
    action_taken = models.TextField(blank=True, help_text="In words, beside the code")
    outcome = models.CharField(max_length=10, choices=list(OUTCOMES.items()))
    told = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["onset_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(grade__gte=1, grade__lte=5), name="adverse_event_grade_1_to_5"
            ),
            models.CheckConstraint(
                condition=Q(resolved_at=None) | Q(resolved_at__gte=F("onset_at")),
                name="event_resolves_after_its_onset",
            ),
        ]
        triggers = insert_only("adverse_event")


class Strike(OfSession):
    """A wrong entry struck through, with the reason. Exactly one target; the entry stays readable."""

    vitals = models.OneToOneField(Vitals, null=True, on_delete=models.PROTECT, related_name="strike")
    administration = models.OneToOneField(
        Administration, null=True, on_delete=models.PROTECT, related_name="strike"
    )
    observation = models.OneToOneField(
        Observation, null=True, on_delete=models.PROTECT, related_name="strike"
    )
    adverse_event = models.OneToOneField(
        AdverseEvent, null=True, on_delete=models.PROTECT, related_name="strike"
    )
    reason = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="strike_has_a_reason"),
            models.CheckConstraint(
                name="strike_has_one_target",
                condition=Q(vitals__isnull=False, administration=None, observation=None, adverse_event=None)
                | Q(vitals=None, administration__isnull=False, observation=None, adverse_event=None)
                | Q(vitals=None, administration=None, observation__isnull=False, adverse_event=None)
                | Q(vitals=None, administration=None, observation=None, adverse_event__isnull=False),
            ),
        ]
        triggers = insert_only("strike")


class Discharge(Base):
    """The signed end of a session in which medicine was given: fit to leave, or left against advice."""

    session = models.OneToOneField(DosingSession, on_delete=models.PROTECT, related_name="discharge")
    outcome = models.CharField(
        max_length=10, choices=[("discharged", "Discharged"), ("left", "Left against advice")]
    )
    criteria = models.JSONField(help_text="{criterion: answer or score} as signed")
    aldrete_total = models.PositiveSmallIntegerField(null=True)
    padss_total = models.PositiveSmallIntegerField(null=True)
    companion = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT, related_name="+")
    companion_took_charge = models.BooleanField(default=False)
    words = models.TextField(blank=True)
    left_at = models.DateTimeField()
    printed_name = models.CharField(max_length=160)
    signed_at = models.DateTimeField(default=clock.now)
    signed_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="discharged_into_someones_care",
                condition=~Q(outcome="discharged") | Q(companion__isnull=False, companion_took_charge=True),
            ),
            models.CheckConstraint(condition=~Q(outcome="left") | ~Q(words=""), name="leaving_is_described"),
        ]
        triggers = insert_only("discharge")
