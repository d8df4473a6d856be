"""Writing what the clinic is (views and commands ask for the right first), and the clinical numbers it works by."""

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError

from kap.core import clock, protocol
from kap.core.actions import action
from kap.core.errors import Refused, Stale
from kap.core.models import Clinic, ProtocolVersion

SIGN_PROTOCOL = "sign_protocol"  # kap.accounts.permissions.Can, which the core may not import
FIELDS = (
    "name", "zone", "phone", "email", "address", "crisis_phone", "crisis_words", "privacy_officer_email", "tax_id",
)  # fmt: skip


@action("core.set_up_clinic")
def set_up_clinic(*, by, **values) -> Clinic:
    """The first and only clinic of this installation. Raises Stale when there is one already."""
    if Clinic.objects.exists():
        raise Stale("This installation has its clinic already. Change it under Settings.")
    return Clinic.objects.create(**{name: values[name] for name in FIELDS if name in values})


@action("core.change_clinic")
def change_clinic(*, clinic, by, **values) -> Clinic:
    changed = [name for name in FIELDS if name in values]
    for name in changed:
        setattr(clinic, name, values[name])
    clinic.save(update_fields=changed)
    return clinic


@action("core.sign_protocol")
def sign_protocol(*, body: dict, reason: str, by) -> ProtocolVersion:
    """A new version of all clinical numbers. Courses already running keep theirs.

    Raises PermissionDenied, and Refused with every fault of the body (kap.core.protocol) or without a reason.
    """
    if not getattr(by, "may", lambda right: False)(
        SIGN_PROTOCOL
    ):  # nor may the product itself: a person answers
        raise PermissionDenied("Only a prescriber signs the protocol.")
    try:
        rules = protocol.load(body)
    except protocol.ProtocolError as error:
        raise Refused(error.problems) from error
    if not reason.strip():
        raise Refused("Say why the protocol changes; the reason stays with the version.")
    try:
        return ProtocolVersion.objects.create(
            version=rules.version, body=body, reason=reason.strip(), signed_at=clock.now(), signed_by=by
        )
    except IntegrityError as error:
        raise Stale(f"There is a version {rules.version} already. Give this one another name.") from error
