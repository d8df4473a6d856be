"""Licences that will expire: told some days before (the protocol says how many) to the provider and the admins."""

from datetime import timedelta

from django.urls import reverse

from kap.accounts.models import User
from kap.accounts.permissions import Role
from kap.core import clock, protocol
from kap.core.context import current_clinic
from kap.core.models import ProtocolVersion
from kap.outbox.actions import owe
from kap.people.models import Credential
from kap.worklist.actions import Kind, Urgency, raise_item


def steps() -> list[int]:
    """Days before, the nearest first; from the newest protocol."""
    newest = ProtocolVersion.objects.order_by("-signed_at").first()
    rules = newest.rules if newest else protocol.shipped()
    return sorted(rules.credentials.warn_days)


def warn_expiring(*, by) -> None:
    """Each credential is announced once per step; one that is entered late gets only the step it is in."""
    clinic = current_clinic()
    if clinic is None:
        return
    today, days_before = clock.today(clinic.zone), steps()
    soon = Credential.objects.expiring_by(today + timedelta(days=days_before[-1])).filter(
        expires_on__gte=today
    )
    found = list(soon.filter(provider__user__is_active=True).select_related("provider__user"))
    admins = list(User.objects.with_role(Role.ADMIN)) if found else []
    for credential in found:
        step = next(days for days in days_before if credential.expires_on <= today + timedelta(days=days))
        _tell(credential, step, step == days_before[0], admins, by)


def _tell(credential, step: int, last: bool, admins, by) -> None:
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
        urgency=Urgency.TODAY if last else Urgency.SOON, for_role=Role.ADMIN,
        title=f"{provider.name}: {credential.get_kind_display()} expires on {day}",
        detail="After that day nobody can be booked with this person for what it covers.",
        link=reverse("people:provider", args=[provider.pk]), link_words="Open the provider", by=by,
    )  # fmt: skip
