"""Licences that will expire: told 90, 30 and 7 days before, to the provider and the admins."""

from datetime import timedelta

from django.urls import reverse

from kap.accounts.models import User
from kap.accounts.permissions import Role
from kap.core import clock
from kap.core.context import current_clinic
from kap.outbox.actions import owe
from kap.people.models import Credential
from kap.worklist.actions import Kind, Urgency, raise_item

DAYS = (7, 30, 90)


def warn_expiring(*, by) -> None:
    """Each credential is announced once per step; one that is entered late gets only the step it is in."""
    clinic = current_clinic()
    if clinic is None:
        return
    today = clock.today(clinic.zone)
    soon = Credential.objects.expiring_by(today + timedelta(days=max(DAYS))).filter(expires_on__gte=today)
    found = list(soon.filter(provider__user__is_active=True).select_related("provider__user"))
    admins = list(User.objects.with_role(Role.ADMIN)) if found else []
    for credential in found:
        step = next(days for days in DAYS if credential.expires_on <= today + timedelta(days=days))
        _tell(credential, step, admins, by)


def _tell(credential, step: int, admins, by) -> None:
    provider = credential.provider
    day = credential.expires_on.strftime("%d-%b-%Y")
    for user in {provider.user, *admins}:
        owe(
            key=f"credential:{credential.pk}:{credential.expires_on}:{step}:{user.pk}", kind="credential_expiring",
            send_at=clock.now(), to_address=user.email, to_name=user.name, by=by,
            context={
                "provider": provider.name, "credential": credential.get_kind_display(), "expires_on": day, "path": "/roster",
            },
        )  # fmt: skip
    raise_item(
        key=f"credential:{credential.pk}:{credential.expires_on}:{step}", kind=Kind.CREDENTIAL_EXPIRING,
        urgency=Urgency.TODAY if step == min(DAYS) else Urgency.SOON, for_role=Role.ADMIN,
        title=f"{provider.name}: {credential.get_kind_display()} expires on {day}",
        detail="After that day nobody can book her for what it covers.",
        link=reverse("people:provider", args=[provider.pk]), link_words="Open the provider", by=by,
    )  # fmt: skip
