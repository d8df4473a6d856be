"""What a dosing session stands on: the appointment it is opened for, and the signed papers it starts with.

The paper that counts is the newest of its kind that is in force; the gates judge it, this only finds it.
"""

import uuid
from dataclasses import dataclass

from intake import consents
from intake.models import Order
from intake.order_facts import newest_decided
from kap.core.errors import Refused
from kap.documents.models import Document
from kap.documents.models import Kind as DocumentKind
from kap.notes.models import Kind as NoteKind
from kap.notes.models import Note
from scheduling.models import Appointment
from sessions import facts
from sessions.models import DosingSession


@dataclass(frozen=True)
class Entry:
    """Subject of the gate "enter": a dosing appointment before there is a session. `pk` is the appointment's, so
    that a prescriber's override is for this appointment and no other."""

    appointment: Appointment
    course: object

    @property
    def pk(self) -> uuid.UUID:
        return self.appointment.pk

    @property
    def route(self) -> str:
        return self.appointment.route

    @property
    def setting(self) -> str:
        return self.appointment.setting


def appointment_of(subject) -> Appointment | None:
    """Of a session, an entry, or a plan to book (which has none yet)."""
    return subject if isinstance(subject, Appointment) else getattr(subject, "appointment", None)


def course_of(appointment) -> object:
    """The course this dosing appointment is for. Raises Refused when it is for none."""
    attendee = appointment.attendees.select_related("course__client", "course__protocol").first()
    if attendee is None or attendee.course is None:
        raise Refused(
            "This appointment belongs to no course of treatment. Book it again from the client's chart."
        )
    return attendee.course


def active_order(course, route: str, setting: str, day) -> Order | None:
    """The signed order that is not ended and not expired on that day, for this route and setting."""
    found = Order.objects.filter(course=course, route=route, setting=setting).active(day)
    return found.select_related("signed_by").order_by("-signed_at").first()


def signed_preparation(course) -> Note | None:
    """The newest signed preparation note of this course."""
    return (
        Note.objects.signed()
        .filter(course=course, kind=NoteKind.PREPARATION)
        .select_related("signed_by")
        .order_by("-signed_at")
        .first()
    )


def consent_in_force(course, route: str, setting: str) -> Document | None:
    """The signed consent to treatment for this route and setting, neither withdrawn nor lapsed."""
    return consents.in_force(course, DocumentKind.KAP_CONSENT, route, setting)


def papers(session: DosingSession) -> dict:
    """The references a started session must hold. Raises Refused naming every one that is missing."""
    course, route, setting = session.course, session.route, session.setting
    found = {
        "order": active_order(course, route, setting, facts.today_of(session.appointment)),
        "consent": consent_in_force(course, route, setting),
        "evaluation": newest_decided(course),
        "preparation": signed_preparation(course),
        "companion": session.appointment.companion,
    }
    words = {
        "order": "There is no active order for this route and setting. Ask the prescriber.",
        "consent": "There is no consent in force for this route and setting. Ask the client to sign it.",
        "evaluation": "There is no medical evaluation. Ask the prescriber.",
        "preparation": "The preparation is not signed. The therapist signs it.",
        "companion": "No companion is named. Name one on the appointment.",
    }
    if missing := [words[name] for name, thing in found.items() if thing is None]:
        raise Refused(missing)
    return found
