"""Consents and records: what was shown, frozen; who signed it; the PDF made from it.

Signing freezes the exact content. Documents, signatures, PDFs and withdrawals are insert-only; the trigger
and the grants refuse everything else. The hash is of the canonical bytes and is checked by the database.
"""

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Exists, OuterRef, Q

from kap.core import clock
from kap.core.actions import audit_label
from kap.core.constraints import insert_only
from kap.core.models import Base
from kap.pathway.models import Course, Route, Setting
from kap.people.models import Client

RENDER_TRIES = 5


class Kind(models.TextChoices):
    KAP_CONSENT = "kap_consent", "Consent to treatment"
    TELEHEALTH_CONSENT = "telehealth_consent", "Telehealth consent"
    CHAPERONE_AGREEMENT = "chaperone_agreement", "Chaperone agreement"
    PRIVACY_NOTICE = "privacy_notice", "Privacy notice"
    TREATMENT_PLAN = "treatment_plan", "Treatment plan"
    MEDICAL_EVALUATION = "medical_evaluation", "Medical evaluation"
    ORDER = "order", "Order"
    SESSION_RECORD = "session_record", "Session record"
    COURSE_SUMMARY = "course_summary", "Course summary"


class Template(Base):
    """One published version of a text that people sign. Never edited; a change is the next version."""

    kind = models.CharField(max_length=24, choices=Kind.choices)
    route = models.CharField(max_length=4, choices=Route.choices, blank=True, help_text="Empty: any route")
    setting = models.CharField(
        max_length=10, choices=Setting.choices, blank=True, help_text="Empty: any setting"
    )
    version = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=160)
    sections = models.JSONField(help_text="[{key, title, summary, text, initial}]")
    valid_months = models.PositiveSmallIntegerField(null=True, blank=True)
    published_at = models.DateTimeField(default=clock.now)
    published_by = models.CharField(max_length=80)

    class Meta:
        ordering = ["kind", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "route", "setting", "version"], name="template_version_once"
            )
        ]
        triggers = insert_only("template")

    def __str__(self):
        return f"{self.title}, version {self.version}"


class SignatureRequestQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(client__in=Client.objects.visible_to(user))

    def open(self):
        return self.filter(document=None, declined_at=None, cancelled_at=None)

    def for_the_client(self):
        """What she signs herself; a chaperone signs her own agreement by her link."""
        return self.exclude(template__kind=Kind.CHAPERONE_AGREEMENT)


@pghistory.track()
class SignatureRequest(Base):
    """A text waiting to be read and signed by the client (or a companion by link). Mutable until then."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="signature_requests")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="signature_requests")
    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="requests")
    asked_at = models.DateTimeField(default=clock.now)
    asked_by = models.CharField(max_length=80)
    question = models.TextField(blank=True, help_text="What the client wants to ask before signing")
    declined_at = models.DateTimeField(null=True, blank=True)
    declined_words = models.TextField(blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    document = models.OneToOneField(
        "Document", null=True, blank=True, on_delete=models.PROTECT, related_name="request"
    )

    objects = SignatureRequestQuerySet.as_manager()

    class Meta:
        ordering = ["asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["course", "template"],
                condition=Q(document=None, declined_at=None, cancelled_at=None),
                name="asked_to_sign_once",
            )
        ]


class DocumentQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(client__in=Client.objects.visible_to(user))

    def with_pdf(self):
        """Adds `has_pdf`, without loading any."""
        return self.annotate(has_pdf=Exists(DocumentPdf.objects.filter(document=OuterRef("pk"))))

    def in_force(self, now):
        return self.filter(withdrawal=None).filter(Q(valid_until=None) | Q(valid_until__gt=now))

    def signed_by(self, person):
        """Those that bear this user's or contact's own signature."""
        return self.filter(signatures__signer=audit_label(person))


class Document(Base):
    """Frozen content: canonical JSON and the HTML that was shown, as bytes, and the sha256 over the JSON."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="documents")
    course = models.ForeignKey(Course, null=True, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    route = models.CharField(max_length=4, choices=Route.choices, blank=True)
    setting = models.CharField(max_length=10, choices=Setting.choices, blank=True)
    template = models.ForeignKey(Template, null=True, on_delete=models.PROTECT, related_name="documents")
    title = models.CharField(max_length=200)
    about = models.UUIDField(null=True, db_index=True, help_text="The plan, note or session it records")
    content = models.BinaryField()
    html = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    frozen_at = models.DateTimeField(default=clock.now)
    valid_until = models.DateTimeField(null=True)
    objects = DocumentQuerySet.as_manager()

    class Meta:
        ordering = ["-frozen_at"]
        constraints = [
            models.UniqueConstraint(fields=["id", "course"], name="document_with_its_course"),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="document_hash_is_sha256"
            ),
        ]
        triggers = [
            *insert_only("document"),
            pgtrigger.Trigger(
                name="document_hash_matches",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    IF NEW.sha256 <> encode(sha256(NEW.content), 'hex') THEN
                        RAISE EXCEPTION 'the hash is not that of the content'
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'document_hash_matches';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self):
        return self.title


class Signature(Base):
    """One person's mark under a document: who, printed name, meaning, when, from where, by which method."""

    class Meaning(models.TextChoices):
        CONSENTS = "consents", "I consent"
        AGREES = "agrees", "I agree"
        AUTHOR = "author", "I wrote this and it is true"
        READ = "read", "I have read this"

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="signatures")
    signer = models.CharField(max_length=80, help_text="Audit label")
    printed_name = models.CharField(max_length=160)
    capacity = models.CharField(max_length=60, help_text="client, therapist, prescriber, chaperone …")
    meaning = models.CharField(max_length=10, choices=Meaning.choices)
    method = models.CharField(max_length=40, default="typed name")
    signed_at = models.DateTimeField(default=clock.now)
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, help_text="Of the document as signed")

    class Meta:
        ordering = ["signed_at"]
        constraints = [
            models.UniqueConstraint(fields=["document", "signer"], name="document_signed_once_each")
        ]
        triggers = insert_only("signature")


class DocumentPdf(models.Model):
    """The rendered and sealed PDF. In a table of its own, so that lists never load it."""

    document = models.OneToOneField(Document, primary_key=True, on_delete=models.PROTECT, related_name="pdf")
    body = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    pages = models.PositiveSmallIntegerField()
    sealed = models.BooleanField(default=False)
    rendered_at = models.DateTimeField(default=clock.now)

    class Meta:
        triggers = insert_only("document_pdf")


class RenderJobQuerySet(models.QuerySet):
    def due(self, now):
        """Not done, not given up, and nobody holds a live lease on it."""
        return self.filter(done_at=None, attempts__lt=RENDER_TRIES).filter(
            Q(lease_until=None) | Q(lease_until__lt=now)
        )

    def given_up(self, now):
        return self.filter(done_at=None, attempts__gte=RENDER_TRIES).filter(
            Q(lease_until=None) | Q(lease_until__lt=now)
        )


class RenderJob(models.Model):
    """A PDF owed for a document: written in the signing's transaction, taken by a worker under a lease."""

    document = models.OneToOneField(
        Document, primary_key=True, on_delete=models.PROTECT, related_name="render_job"
    )
    asked_at = models.DateTimeField(default=clock.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    objects = RenderJobQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["asked_at"], condition=Q(done_at=None), name="render_jobs_owed")]


class Withdrawal(Base):
    """A consent taken back. A new signed row; the consent itself stays as it was signed."""

    document = models.OneToOneField(Document, on_delete=models.PROTECT, related_name="withdrawal")
    reason = models.TextField(blank=True)
    printed_name = models.CharField(max_length=160)
    withdrawn_at = models.DateTimeField(default=clock.now)
    withdrawn_by = models.CharField(max_length=80)

    class Meta:
        triggers = insert_only("withdrawal")
