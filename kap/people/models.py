"""Clients and those around them; providers, their credentials; who cares for whom."""

from datetime import timedelta

import pghistory
import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from kap.accounts.models import User
from kap.accounts.permissions import Role
from kap.core import clock
from kap.core.constraints import at_and_by, no_truncate
from kap.core.models import Base
from kap.people.querysets import ClientQuerySet, CredentialQuerySet, ProviderQuerySet, TeamQuerySet


class Sex(models.TextChoices):
    FEMALE = "female", "Female"
    MALE = "male", "Male"
    INTERSEX = "intersex", "Intersex"
    NOT_SAID = "not_said", "Prefer not to say"


@pghistory.track()
class Client(Base):
    """A person who seeks or receives treatment. May have no account and no email (entered from a phone call)."""

    number = models.PositiveIntegerField(unique=True, editable=False)
    user = models.OneToOneField(User, null=True, blank=True, on_delete=models.PROTECT, related_name="client")
    legal_name = models.CharField(max_length=160)
    chosen_name = models.CharField(max_length=80, blank=True)
    pronouns = models.CharField(max_length=40, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    sex = models.CharField(max_length=10, choices=Sex.choices, blank=True, help_text="As recorded at birth")
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=2, blank=True, help_text="US state where she lives")
    zone = models.CharField(max_length=64, blank=True, help_text="Her own time zone, where it differs")
    voicemail_ok = models.BooleanField(default=False)
    email_ok = models.BooleanField(default=True)
    text_ok = models.BooleanField(default=False)
    allergies_checked_on = models.DateField(null=True, blank=True)
    medicines_checked_on = models.DateField(null=True, blank=True)
    added_by = models.CharField(max_length=80, help_text="Audit label of who added her")

    objects = ClientQuerySet.as_manager()

    class Meta:
        ordering = ["legal_name"]
        indexes = [
            GinIndex(fields=["legal_name"], name="client_name_trigrams", opclasses=["gin_trgm_ops"]),
            models.Index(Lower("email"), name="client_email_lower"),
        ]

    def __str__(self):
        return self.name

    @property
    def name(self) -> str:
        """How we speak to and of her: chosen first name with the legal family name."""
        if not self.chosen_name:
            return self.legal_name
        family = self.legal_name.split()[-1:] if " " not in self.chosen_name else []
        return " ".join([self.chosen_name, *family])

    @property
    def first_name(self) -> str:
        return (self.chosen_name or self.legal_name).split()[0]

    @property
    def kap_number(self) -> str:
        return f"KAP-{self.number:05d}"

    @property
    def initials(self) -> str:
        parts = self.name.split()
        return "".join(p[0] for p in (parts[:1] + parts[-1:] if len(parts) > 1 else parts)).upper()

    def age_on(self, day) -> int | None:
        if self.birth_date is None:
            return None
        birth = self.birth_date
        return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


@pghistory.track()
class Contact(Base):
    """Someone around a client: emergency contact, driver, chaperone. Confirms by her own link, sees no chart."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=120)
    relation = models.CharField(max_length=60)
    phone = models.CharField(max_length=40)
    email = models.EmailField(blank=True)
    is_emergency = models.BooleanField(default=False)
    is_driver = models.BooleanField(default=False)
    is_chaperone = models.BooleanField(default=False)
    is_adult = models.BooleanField(default=False, help_text="Said to be 18 or older")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=80, null=True, blank=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(fields=["id", "client"], name="contact_with_its_client"),
            models.CheckConstraint(condition=at_and_by("ended"), name="contact_ended_at_and_by_together"),
        ]

    def __str__(self):
        return self.name

    @property
    def audit_label(self) -> str:
        return f"contact:{self.pk}"


@pghistory.track()
class Allergy(Base):
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="allergies")
    substance = models.CharField(max_length=120)
    reaction = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=80, null=True, blank=True)

    class Meta:
        ordering = ["substance"]
        constraints = [
            models.CheckConstraint(condition=at_and_by("ended"), name="allergy_ended_at_and_by_together"),
        ]


@pghistory.track()
class Medicine(Base):
    """What the client says she takes. Amounts are hers; nothing here is an order of ours."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="medicines")
    name = models.CharField(max_length=120)
    dose_amount = models.DecimalField(max_digits=10, decimal_places=3, null=True, blank=True)
    dose_unit = models.CharField(max_length=20, blank=True)
    how_often = models.CharField(max_length=120, blank=True)
    why = models.CharField(max_length=160, blank=True)
    hold_words = models.CharField(
        max_length=200, blank=True, help_text="Prescriber's instruction before a dose"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=80, null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=at_and_by("ended"), name="medicine_ended_at_and_by_together"),
            models.CheckConstraint(
                condition=Q(dose_amount=None) | (Q(dose_amount__gt=0) & ~Q(dose_unit="")),
                name="medicine_dose_has_a_unit",
            ),
        ]


@pghistory.track()
class Provider(Base):
    """A staff member whom clients can be booked with."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="provider")
    title = models.CharField(max_length=40, help_text="As printed: LMFT, LCSW, PhD, MD, RN")
    npi = models.CharField(max_length=10, blank=True)
    colour = models.PositiveSmallIntegerField(default=1, help_text="Calendar colour, 1 to 8")
    buffer_minutes = models.PositiveSmallIntegerField(default=10)
    bookable = models.BooleanField(default=True)
    objects = ProviderQuerySet.as_manager()

    class Meta:
        ordering = ["user__name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(colour__gte=1, colour__lte=8), name="provider_colour_in_palette"
            ),
            models.CheckConstraint(
                condition=Q(npi="") | Q(npi__regex=r"^[0-9]{10}$"), name="npi_has_ten_digits"
            ),
        ]

    def __str__(self):
        return f"{self.user.name}, {self.title}" if self.title else self.user.name

    @property
    def name(self) -> str:
        return self.user.name


@pghistory.track()
class Credential(Base):
    """A licence or certificate. Covers its holder through the day it expires; not a day longer."""

    class Kind(models.TextChoices):
        LICENCE = "licence", "Professional licence"
        DEA = "dea", "DEA registration"
        ACLS = "acls", "ACLS certificate"
        BLS = "bls", "BLS certificate"
        MALPRACTICE = "malpractice", "Malpractice insurance"

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="credentials")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    number = models.CharField(max_length=40)
    state = models.CharField(max_length=2, blank=True)
    issued_on = models.DateField()
    expires_on = models.DateField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=80, null=True, blank=True)
    objects = CredentialQuerySet.as_manager()

    class Meta:
        ordering = ["expires_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_on__gt=models.F("issued_on")), name="credential_expires_later"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["licence", "dea"], state=""), name="licence_names_its_state"
            ),
            models.CheckConstraint(condition=at_and_by("ended"), name="credential_ended_at_and_by_together"),
            models.CheckConstraint(
                condition=Q(kind__in=["licence", "dea", "acls", "bls", "malpractice"]),
                name="credential_kind_is_known",
            ),
        ]


@pghistory.track()
class TeamMember(Base):
    """One clinician's part in one client's care, from and (for a cover) until. Opens the chart, and only then."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="team")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="team_of")
    role = models.CharField(
        max_length=12, choices=[(r, r.label) for r in (Role.THERAPIST, Role.PRESCRIBER, Role.MONITOR)]
    )
    since = models.DateTimeField(default=clock.now)
    until = models.DateTimeField(null=True, blank=True, help_text="Set for a cover or for one session")
    why = models.CharField(max_length=200, blank=True)
    joined_by = models.CharField(max_length=80)
    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["since"]
        constraints = [
            models.UniqueConstraint(
                fields=["client", "user", "role"],
                condition=Q(until=None),
                name="on_the_care_team_once_per_role",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=models.F("since")), name="care_team_until_after_since"
            ),
            models.CheckConstraint(
                condition=Q(role__in=["therapist", "prescriber", "monitor"]),
                name="care_team_role_is_clinical",
            ),
        ]


class BreakGlassQuerySet(models.QuerySet):
    def live(self, at=None):
        at = at or clock.now()
        return self.filter(opened_at__lte=at, until__gt=at, ended_at=None)


@pghistory.track()
class BreakGlass(Base):
    """One chart opened outside the care teams, for one clinician, with a reason, for at most an hour.

    It ends by itself at `until`, or before when she ends it. Nothing else of it can change.
    """

    LIMIT = timedelta(minutes=60)  # security.md D14

    class Reason(models.TextChoices):
        DANGER = "danger", "Danger to the client or to others"
        ASKED = "asked", "The client, or someone with the client, asks for help now"
        COVER = "cover", "Standing in for a colleague who cannot be reached"
        OTHER = "other", "Something else"

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="emergencies")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="emergencies")
    reason = models.CharField(max_length=8, choices=Reason.choices)
    words = models.CharField(max_length=500)
    opened_at = models.DateTimeField(default=clock.now)
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When she ended it herself")
    objects = BreakGlassQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        verbose_name = "emergency access"
        indexes = [models.Index(fields=["user", "until"], name="emergencies_of_user")]
        constraints = [
            models.CheckConstraint(
                name="emergency_lasts_an_hour_at_most",
                condition=Q(until__gt=models.F("opened_at"))
                & Q(until__lte=models.F("opened_at") + timedelta(minutes=60)),
            ),
            models.CheckConstraint(
                name="emergency_reason_is_known",
                condition=Q(reason__in=["danger", "asked", "cover", "other"]),
            ),
            models.CheckConstraint(
                name="emergency_reason_has_words", condition=Q(words__regex=r"\S.*\S.*\S")
            ),
            models.CheckConstraint(
                name="emergency_ends_after_it_began",
                condition=Q(ended_at=None) | Q(ended_at__gte=models.F("opened_at")),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="emergency_is_kept",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func="""
                    IF OLD.ended_at IS NOT NULL
                        OR (to_jsonb(NEW) - 'ended_at') IS DISTINCT FROM (to_jsonb(OLD) - 'ended_at') THEN
                        RAISE EXCEPTION 'emergency access can only be ended, once'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'emergency_is_kept';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(name="emergency_is_not_deleted", operation=pgtrigger.Delete),
            no_truncate("emergency"),
        ]
