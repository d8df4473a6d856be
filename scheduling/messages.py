"""Which messages an appointment owes, and whether one that is due still tells the truth. Logistics only."""

import uuid
from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from kap.core import clock
from kap.outbox import actions as outbox
from kap.people.models import Provider
from scheduling import tokens
from scheduling.models import Appointment, Mode, Service, State

HOUR = timedelta(hours=1)
REMINDERS = {"appointment_72h": 72 * HOUR, "appointment_24h": 24 * HOUR, "appointment_2h": 2 * HOUR}
GETTING_READY = {"pre_dose_48h": 48 * HOUR, "pre_dose_12h": 12 * HOUR}
CHASES = (
    72 * HOUR,
    48 * HOUR,
    24 * HOUR,
)  # the first of these that leaves the companion some hours to answer
TIME_TO_ANSWER = 12 * HOUR


def cause(appointment) -> str:
    return f"appointment:{appointment.pk}"


def companion_cause(appointment) -> str:
    return f"companion:{appointment.pk}"


def zone_of(appointment, client) -> str:
    """At a clinic the clock on its wall counts; by video or phone, the client's own."""
    if appointment.mode == Mode.IN_PERSON:
        return appointment.location.zone
    return client.zone or appointment.location.zone


def where(appointment) -> str:
    if appointment.mode == Mode.VIDEO:
        return _("By video")
    if appointment.mode == Mode.PHONE:
        return _("By phone: we call you")
    return f"{appointment.location.name}, {appointment.location.address}"


def what(appointment) -> str:
    """No clinical word leaves the house: not even the kind of session."""
    return {
        Mode.IN_PERSON: _("An appointment in person"),
        Mode.VIDEO: _("An appointment by video"),
        Mode.PHONE: _("A phone call"),
    }[appointment.mode]


def facts(appointment, client) -> dict:
    return {
        "what": what(appointment),
        "starts_at": appointment.starts_at.isoformat(),
        "zone": zone_of(appointment, client),
        "where": where(appointment),
        "path": reverse("scheduling:mine"),
    }


def owe(appointment, *, news: str = "", was_at=None, by) -> None:
    """The client's messages for the time as it is now. `news`: appointment_booked or appointment_moved."""
    ahead = dict(REMINDERS)
    if appointment.service.code == Service.Code.DOSING:
        ahead |= GETTING_READY
    now, made = clock.now(), []
    for attendee in appointment.attendees.select_related("client"):
        client = attendee.client
        if news:
            extra = {"was_at": was_at.isoformat()} if was_at else {}
            made.append(_message(appointment, client, news, now, appointment.starts_at, extra))
        made += [
            _message(appointment, client, kind, at, None, {})
            for kind, before in ahead.items()
            if (at := appointment.starts_at - before) > now
        ]
    outbox.owe_all(messages=made, by=by)


def _message(appointment, client, kind, send_at, expires_at, extra) -> dict:
    return dict(
        key=f"{kind}:{appointment.pk}:{appointment.version}:{client.pk}", kind=kind, send_at=send_at,
        to_address=client.email, to_name=client.name, client=client, context={**facts(appointment, client), **extra},
        cause=cause(appointment), cause_version=appointment.version, expires_at=expires_at,
    )  # fmt: skip


def drop(appointment, *, why: str, by) -> None:
    outbox.drop(cause=cause(appointment), why=why, by=by)
    drop_companion(appointment, why=why, by=by)


def drop_companion(appointment, *, why: str, by) -> None:
    outbox.drop(cause=companion_cause(appointment), why=why, by=by)


def owe_cancelled(appointment, *, by) -> None:
    """Said whatever happens to the appointment afterwards, so it has no cause that could take it back."""
    for attendee in appointment.attendees.select_related("client"):
        client = attendee.client
        outbox.owe(
            key=f"appointment_cancelled:{appointment.pk}:{client.pk}", kind="appointment_cancelled",
            send_at=clock.now(), to_address=client.email, to_name=client.name, client=client,
            context=facts(appointment, client), expires_at=appointment.starts_at, by=by,
        )  # fmt: skip


def owe_companion(appointment, *, by) -> None:
    """The link to confirm, now, and once more if there is no answer. Each naming asks anew."""
    contact = appointment.companion
    client = appointment.attendees.select_related("client").first().client
    context = {
        "client_first_name": client.first_name,
        "starts_at": appointment.starts_at.isoformat(),
        "ends_at": appointment.ends_at.isoformat(),
        "zone": zone_of(appointment, client),
        "where": where(appointment) if appointment.mode == Mode.IN_PERSON else client.address,
        "role": appointment.companion_role,
        "path": tokens.path_for(appointment),
    }
    asked = uuid.uuid4().hex[:8]
    for kind, at in (("companion_confirm", clock.now()), ("companion_chase", chase_at(appointment))):
        if at is not None:
            outbox.owe(
                key=f"{kind}:{appointment.pk}:{appointment.version}:{asked}", kind=kind, send_at=at,
                to_address=contact.email, to_name=contact.name, client=client, contact=contact, context=context,
                cause=companion_cause(appointment), cause_version=appointment.version,
                expires_at=appointment.starts_at, by=by,
            )  # fmt: skip


def chase_at(appointment):
    earliest = clock.now() + TIME_TO_ANSWER
    return next((at for before in CHASES if (at := appointment.starts_at - before) >= earliest), None)


def owe_unbooked(dosing, *, by) -> None:
    """The therapists of a dose that has no integration any more are told by mail as well as on the worklist."""
    client = dosing.attendees.select_related("client").first().client
    for provider in Provider.objects.filter(on_appointments__appointment=dosing).select_related("user"):
        outbox.owe(
            key=f"integration_unbooked:{dosing.pk}:{provider.pk}:{uuid.uuid4().hex[:8]}", kind="integration_unbooked",
            send_at=clock.now(), to_address=provider.user.email, to_name=provider.name,
            context={"path": reverse("scheduling:appointment", args=[dosing.pk])}, client=client,
            cause=cause(dosing), by=by,
        )  # fmt: skip


# --- Asked again before sending -------------------------------------------------------------------------------------


def still_stands(message) -> str:
    """Why this message must not be sent any more, or "" when it may."""
    kind, _sep, pk = message.cause.partition(":")
    if kind not in ("appointment", "companion") or not pk:
        return ""
    appointment = Appointment.objects.filter(pk=pk).first()
    if appointment is None:
        return "There is no such appointment."
    if message.kind.startswith("integration_"):
        return _integration_stands(message, appointment)
    if not appointment.is_live:
        return f"The appointment is {appointment.get_state_display().lower()}."
    if message.cause_version and appointment.version != message.cause_version:
        return "The appointment has moved."
    return _companion_stands(message, appointment) if kind == "companion" else ""


def _companion_stands(message, appointment) -> str:
    if appointment.companion_id is None or appointment.companion_id != message.contact_id:
        return "Somebody else accompanies the client."
    if appointment.companion_confirmed_at is not None:
        return "The companion has confirmed."
    return ""


def _integration_stands(message, appointment) -> str:
    dosing = appointment.dosing or appointment
    if dosing.state in (State.CANCELLED, State.NO_SHOW):
        return "The session before it did not take place."
    if appointment == dosing and dosing.integration is not None:
        return "It is booked."
    if appointment.state == State.DONE and appointment.dosing_id:
        return "It has taken place."
    held = getattr(getattr(dosing, "dosing_session", None), "integration_session", None)
    if held is not None and held.signed_at is not None:
        return "It has taken place."
    if appointment.dosing_id and message.cause_version and appointment.version != message.cause_version:
        return "The appointment has moved."
    return ""
