"""Who takes the client home, or sits with her: named by staff, confirmed by the companion's own link or by phone."""

from contextlib import suppress

from django.urls import reverse
from django.utils.translation import gettext as _

from kap.accounts.permissions import Can, allowed, require
from kap.core import clock
from kap.core.actions import System, action, audit_label
from kap.core.errors import Refused
from kap.documents import actions as documents
from kap.documents import chaperone
from kap.documents.models import Kind as DocumentKind
from kap.pathway.models import Setting
from kap.people import actions as people
from kap.people.models import Contact
from kap.worklist import actions as worklist
from kap.worklist.models import Item
from scheduling import messages
from scheduling.actions import items, reserving
from scheduling.models import Appointment, Service
from scheduling.refusals import stale

DRIVER, CHAPERONE = "driver", "chaperone"


def role_for(appointment) -> str:
    """A driver in clinic, a chaperone at home (requirements: the stricter rule of the sources)."""
    return CHAPERONE if appointment.setting == Setting.REMOTE else DRIVER


def missing_key(appointment) -> str:
    return f"companion_missing:{appointment.pk}"


def locked_dose(appointment) -> Appointment:
    appointment = reserving.lock_appointment(appointment, Appointment)
    if not appointment.is_live:
        raise stale(appointment)
    if appointment.service.code != Service.Code.DOSING:
        raise Refused(_("Only a dosing session needs a companion."))
    return appointment


@action("scheduling.name_companion")
def name_companion(*, appointment, contact, role: str = "", by) -> Appointment:
    """Name or replace the companion; she is asked by mail at once, where she has an address. Old questions are dropped.

    `role` must be the one that the setting asks for; empty takes that. By staff, or by the client herself.
    Raises Refused, Stale, PermissionDenied.
    """
    _may_name(by, contact.client)
    appointment = locked_dose(appointment)
    if not appointment.attendees.filter(client=contact.client_id).exists() or contact.ended_at is not None:
        raise Refused(_("Choose one of the client's own contacts."))
    if role and role != role_for(appointment):
        raise Refused(
            _(
                "At home a chaperone is needed; in the clinic, a driver. Choose the part that fits this session."
            )
        )
    appointment.companion, appointment.companion_role = contact, role_for(appointment)
    appointment.companion_confirmed_at = appointment.companion_confirmed_by = None
    _save(appointment)
    messages.drop_companion(appointment, why="Somebody was asked anew.", by=by)
    messages.owe_companion(appointment, by=by)
    if appointment.companion_role == CHAPERONE:
        _ask_chaperone(appointment, contact)
    return appointment


@action("scheduling.bring_companion")
def bring_companion(
    *, appointment, client, name: str, relation: str, phone: str, email: str = "", is_adult: bool, by
) -> Appointment:  # fmt: skip
    """The client says who will be with her: written down as her contact, named, and asked by mail. Raises as
    `name_companion` does; nothing is kept of a refused one."""
    _may_name(by, client)
    role = role_for(locked_dose(appointment))
    contact = people.add_contact(
        client=client, name=name, relation=relation, phone=phone, email=email, is_adult=is_adult,
        is_driver=role == DRIVER, is_chaperone=role == CHAPERONE, by=by,
    )  # fmt: skip
    return name_companion(appointment=appointment, contact=contact, by=by)


def _may_name(by, client) -> None:
    """The product, the client herself, or staff who book or prepare sessions."""
    if isinstance(by, System) or (client.user_id and by.pk == client.user_id):
        return
    if not allowed(by, Can.ANSWER_PRE_DOSE):
        require(by, Can.BOOK)


def _ask_chaperone(appointment, contact) -> None:
    """Whoever is named now signs for herself: the agreement of the one before does not bind her."""
    course = appointment.attendees.select_related("course").get(client=contact.client_id).course
    kind = DocumentKind.CHAPERONE_AGREEMENT
    if course is None or chaperone.has_signed(course, contact):
        return
    # Without a published text naming still goes on; the gate of the dosing room says what is missing.
    with suppress(Refused):
        documents.ask_to_sign(course=course, kind=kind, route=appointment.route, by=System("chaperone named"))


@action("scheduling.confirm_companion")
def confirm_companion(*, appointment, by) -> Appointment:
    """By the contact herself, from her link, or by staff who spoke with her. She says that she is 18 or older.

    Raises Refused, Stale, PermissionDenied. Confirming twice does no harm.
    """
    appointment = locked_dose(appointment)
    contact = appointment.companion
    if contact is None:
        raise Refused(_("Nobody is named yet. Name a companion first."))
    if isinstance(by, Contact):
        _only_herself(appointment, by)
    elif not isinstance(by, System) and not by.may(Can.ANSWER_PRE_DOSE):
        require(by, Can.BOOK)
    if appointment.companion_confirmed_at is None:
        appointment.companion_confirmed_at, appointment.companion_confirmed_by = clock.now(), audit_label(by)
        _save(appointment)
        Contact.objects.filter(pk=contact.pk, is_adult=False).update(is_adult=True)
        messages.drop_companion(appointment, why="The companion has confirmed.", by=by)
        items.close_all(missing_key(appointment), by=by)
    return appointment


@action("scheduling.decline_companion")
def decline_companion(*, appointment, by) -> Appointment:
    """She cannot: nobody is named any more, and somebody must find another. Raises Refused, Stale."""
    appointment = locked_dose(appointment)
    contact = appointment.companion
    if isinstance(by, Contact):
        _only_herself(appointment, by)
    else:
        require(by, Can.BOOK)
    if contact is None:
        return appointment
    appointment.companion, appointment.companion_role = None, ""
    appointment.companion_confirmed_at = appointment.companion_confirmed_by = None
    _save(appointment)
    messages.drop_companion(appointment, why="The companion cannot come.", by=by)
    raise_missing(appointment, _("%(name)s cannot come.") % {"name": contact.name}, by=by)
    return appointment


def raise_missing(appointment, why: str, *, once: bool = False, by) -> None:
    """`once`: not again for the same time, also when somebody has acknowledged it."""
    client = appointment.attendees.select_related("client").first().client
    if (
        once
        and Item.objects.filter(
            key__startswith=missing_key(appointment), due_at=appointment.starts_at
        ).exists()
    ):
        return
    items.raise_anew(
        missing_key(appointment), kind=worklist.Kind.COMPANION_MISSING, urgency=worklist.Urgency.TODAY,
        title=_("%(name)s: no confirmed %(role)s") % {"name": client.name, "role": role_for(appointment)},
        client=client, detail=f"{why} {_('Call the client and name somebody.')}",
        link=reverse("scheduling:appointment", args=[appointment.pk]), link_words=_("Name companion"),
        due_at=appointment.starts_at, by=by,
    )  # fmt: skip


def _only_herself(appointment, contact) -> None:
    if appointment.companion_id != contact.pk:
        raise Refused(
            _("This link is out of date: somebody else has been named meanwhile. You need not do anything.")
        )


def _save(appointment) -> None:
    appointment.save(
        update_fields=["companion", "companion_role", "companion_confirmed_at", "companion_confirmed_by"]
    )
