"""Messages owed. A row is written in the transaction of its cause; its key makes it owed once."""

from django.db import models
from django.db.models import Q

from kap.accounts.permissions import Can
from kap.core import clock
from kap.people.models import Client, Contact


class State(models.TextChoices):
    OWED = "owed", "Owed"
    SENT = "sent", "Sent"
    DROPPED = "dropped", "Dropped"
    FAILED = "failed", "Failed"


class Channel(models.TextChoices):
    EMAIL = "email", "Email"
    SMS = "sms", "Text message"


class MessageQuerySet(models.QuerySet):
    def due(self, now):
        """Owed, its time has come, and nobody holds a live lease on it."""
        return self.filter(state=State.OWED, send_at__lte=now).filter(
            Q(lease_until=None) | Q(lease_until__lt=now)
        )

    def owed(self):
        return self.filter(state=State.OWED)

    def visible_to(self, user):
        """Admins: all. Others who see the outbox: what goes to clients they may list, and to themselves."""
        if not user.may(Can.SEE_OUTBOX):
            return self.none()
        if user.may(Can.MANAGE_ROSTER):
            return self
        return self.filter(Q(client__in=Client.objects.listed_for(user)) | Q(to_address__iexact=user.email))


class Message(models.Model):
    """One message to one person. Words are rendered at sending from `kind` and `context`; nothing clinical in it.

    `cause`: "scheduling.appointment:<id>" or the like, asked again before sending; `cause_version` must
    still be the same. `expires_at`: not sent after this (a reminder for tomorrow is worthless tomorrow).
    """

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=200, unique=True)
    client = models.ForeignKey(
        Client, null=True, blank=True, on_delete=models.PROTECT, related_name="messages"
    )
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="messages"
    )
    to_name = models.CharField(max_length=160, blank=True)
    to_address = models.CharField(max_length=254)
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=5, choices=Channel.choices, default=Channel.EMAIL)
    context = models.JSONField(default=dict)
    cause = models.CharField(max_length=120, blank=True)
    cause_version = models.PositiveIntegerField(default=0)
    owed_at = models.DateTimeField(default=clock.now)
    owed_by = models.CharField(max_length=80)
    send_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OWED)
    lease_until = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it was sent, dropped or given up")
    why = models.CharField(max_length=200, blank=True, help_text="Why it was dropped or failed")
    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["send_at", "id"]
        indexes = [
            models.Index(fields=["send_at"], condition=Q(state="owed"), name="outbox_due"),
            models.Index(fields=["cause"], condition=Q(state="owed"), name="outbox_owed_by_cause"),
        ]
        constraints = [
            models.CheckConstraint(
                name="message_ended_when_no_longer_owed",
                condition=Q(state="owed", ended_at=None) | (~Q(state="owed") & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="message_lease_has_token",
                condition=Q(lease_until=None, lease_token=None)
                | Q(lease_until__isnull=False, lease_token__isnull=False),
            ),
        ]


class MailboxItem(models.Model):
    """The demonstration's mailbox: what would have been emailed. Empty in every real clinic."""

    id = models.BigAutoField(primary_key=True)
    to_address = models.CharField(max_length=254)
    subject = models.CharField(max_length=300)
    body = models.TextField()
    html = models.TextField(blank=True)
    sent_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["-id"]
