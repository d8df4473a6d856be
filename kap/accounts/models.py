"""People who sign in, and what each may do.

Clients sign in by emailed link plus one-time code, staff by password. Roles are rows with a beginning and
an end, so that who could do what on a day can be told later.
"""

import pghistory
from allauth.usersessions.models import UserSession
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password, make_password
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from kap.accounts.permissions import CLINICAL, STAFF, Role, allowed
from kap.core import clock
from kap.core.constraints import at_and_by
from kap.core.models import Base


class UserManager(BaseUserManager):
    def get_by_natural_key(self, email):
        return self.get(email__iexact=email)

    def with_role(self, *roles):
        return self.filter(grants__role__in=roles, grants__ended_at=None, is_active=True).distinct()

    def staff(self):
        """Everyone who ever had a staff role, deactivated ones included, with her roles in one more query."""
        return self.filter(grants__role__in=STAFF).distinct().prefetch_related("grants")


@pghistory.track(exclude=["password", "pin", "last_login", "failures"])
class User(Base, AbstractBaseUser):
    """Anyone who signs in. Deactivated, never deleted: records refer to her for good."""

    email = models.EmailField()
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    pin = models.CharField(
        max_length=128, blank=True, help_text="Hash of the PIN by which staff witness a dose"
    )
    failures = models.PositiveIntegerField(default=0, help_text="Failed tries to sign in, in a row")
    locked_at = models.DateTimeField(null=True, blank=True, help_text="Locked after too many failures")

    USERNAME_FIELD = EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_account_per_email")]

    def __str__(self):
        return self.name

    @property
    def audit_label(self) -> str:
        return f"user:{self.pk}"

    @property
    def roles(self) -> frozenset[str]:
        """Read once per loaded user, that is once per request: a withdrawn role ends with the next request."""
        if not hasattr(self, "_roles"):
            if "grants" in getattr(self, "_prefetched_objects_cache", {}):
                self._roles = frozenset(g.role for g in self.grants.all() if g.ended_at is None)
            else:
                self._roles = frozenset(self.grants.filter(ended_at=None).values_list("role", flat=True))
        return self._roles

    @property
    def role_words(self) -> str:
        return ", ".join(role.label for role in Role if role in self.roles)

    def may(self, can) -> bool:
        return allowed(self, can)

    @property
    def is_staff_member(self) -> bool:
        return bool(self.roles & STAFF)

    @property
    def is_unclaimed(self) -> bool:
        """Asked for at the public door and opened by nobody: no code was used, and no record of the clinic belongs to it."""
        return self.last_login is None and self.roles == {Role.CLIENT} and not hasattr(self, "client")

    @property
    def is_clinician(self) -> bool:
        return bool(self.roles & CLINICAL)

    @property
    def initials(self) -> str:
        parts = [part for part in self.name.replace("Dr. ", "").split() if part]
        return "".join(part[0] for part in (parts[:1] + parts[-1:] if len(parts) > 1 else parts)).upper()

    @property
    def credential_line(self) -> str:
        provider = getattr(self, "provider", None)
        return provider.title if provider else ""

    def set_pin(self, raw: str) -> None:
        self.pin = make_password(raw)

    def check_pin(self, raw: str) -> bool:
        return bool(self.pin) and check_password(raw, self.pin)


@pghistory.track()
class RoleGrant(Base):
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=12, choices=Role.choices)
    granted_at = models.DateTimeField(default=clock.now)
    granted_by = models.CharField(max_length=80, help_text="Audit label of who granted it")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=80, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"], condition=Q(ended_at=None), name="role_granted_once"
            ),
            models.CheckConstraint(condition=at_and_by("ended"), name="role_ended_at_and_by_together"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="role_is_known"),
        ]


@pghistory.track(exclude=["token_hash"])
class Invitation(Base):
    """An open door for one person and a few days. The token itself is only in the email."""

    email = models.EmailField()
    name = models.CharField(max_length=120)
    roles = models.JSONField(default=list)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=at_and_by("accepted"), name="invitation_accepted_at_and_by_together"
            )
        ]

    @property
    def audit_label(self) -> str:
        return f"invitation:{self.pk}"

    @property
    def role_words(self) -> str:
        return ", ".join(role.label for role in Role if role in self.roles)


class SignInCode(Base):
    """A link and a six-digit code, both needed, once, for a quarter of an hour. Stored as hashes.

    The link's token finds the row; the code proves that the email was read on purpose, so a forwarded or
    pre-fetched link alone shows nothing.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_in_codes")
    link_hash = models.CharField(max_length=64, unique=True)
    code_hash = models.CharField(max_length=64)
    next_path = models.CharField(max_length=300, blank=True)
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(attempts__lte=10), name="sign_in_code_attempts_bounded")
        ]


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.DeleteEvent(),
    fields=["id", "user", "ip", "user_agent"],
    model_name="SignInEvent",
)
class SignIn(UserSession):
    """One device on which somebody is signed in. Its key stays out of the history."""

    class Meta:
        proxy = True


# The tables of the second factor belong to this app; Django finds models here.
from kap.accounts.second.models import AppSecret, CodeSheet, Factor, FactorReset, RecoveryCode  # noqa: E402,F401
