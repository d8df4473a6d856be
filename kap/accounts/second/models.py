"""What is kept of the second factor. The factors themselves are rows of allauth.mfa, with a history of ours."""

import pghistory
from allauth.mfa.models import Authenticator
from django.db import models
from django.db.models import F, Q

from kap.core import clock, vault
from kap.core.constraints import at_and_by, both_or_neither
from kap.core.models import Base

FACTOR_TYPES = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def _events():
    """Factors are removed, so that the removal is history, too."""
    return pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent()


class FactorManager(models.Manager):
    def of(self, user):
        """Her factors, the app first, then passkeys in the order in which they were added."""
        return self.filter(user=user, type__in=FACTOR_TYPES).order_by("type", "created_at", "pk")


@pghistory.track(*_events(), fields=["id", "user", "type"], model_name="FactorEvent")
class Factor(Authenticator):
    """An authenticator app or a passkey. Which key or secret it is stays out of the history."""

    objects = FactorManager()

    class Meta:
        proxy = True

    @property
    def is_app(self) -> bool:
        return self.type == self.Type.TOTP

    @property
    def name(self) -> str:
        return "Authenticator app" if self.is_app else self.data.get("name", "Passkey")


@pghistory.track(*_events(), exclude=["secret"])
class AppSecret(Base):
    """The shared secret of an authenticator app, encrypted, and the last time step whose code was used."""

    authenticator = models.OneToOneField(Authenticator, on_delete=models.CASCADE, related_name="app_secret")
    secret = vault.SealedText()
    last_step = models.BigIntegerField(default=0, help_text="Codes of this step and before it are used up")

    class Meta:
        constraints = [vault.sealed("app_secret_is_sealed", "secret")]


@pghistory.track(*_events())
class CodeSheet(Base):
    """One set of recovery codes. Counts as hers once she said that she kept them."""

    user = models.OneToOneField("accounts.User", on_delete=models.CASCADE, related_name="code_sheet")
    kept_at = models.DateTimeField(null=True)


@pghistory.track(*_events(), exclude=["code_hash"])
class RecoveryCode(Base):
    """Good once. Only a keyed hash is kept."""

    sheet = models.ForeignKey(CodeSheet, on_delete=models.CASCADE, related_name="codes")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)


@pghistory.track()
class FactorReset(Base):
    """One asks, another confirms, and neither is the person whose factors go."""

    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="factor_resets")
    reason = models.CharField(max_length=500)
    asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    confirmed_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    dropped_by = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    dropped_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(asked_by=F("user")), name="reset_is_asked_by_another"),
            models.CheckConstraint(
                condition=Q(confirmed_by=None)
                | (~Q(confirmed_by=F("user")) & ~Q(confirmed_by=F("asked_by"))),
                name="reset_is_confirmed_by_a_third_person",
            ),
            models.CheckConstraint(
                condition=at_and_by("confirmed"), name="reset_confirmed_at_and_by_together"
            ),
            models.CheckConstraint(
                condition=both_or_neither("dropped_at", "dropped_by")
                & (Q(confirmed_at=None) | Q(dropped_at=None)),
                name="reset_is_confirmed_or_dropped",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="reset_has_a_reason"),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(confirmed_at=None, dropped_at=None),
                name="one_open_reset_per_person",
            ),
        ]
