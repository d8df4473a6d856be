"""What needs a person now: the work list, her unsigned notes, dosing days without a companion, the pools.

Each source is one or two queries, however long the lists are; only the first rows of each are read.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Exists, Min, OuterRef
from django.utils.translation import ngettext

from kap.accounts.permissions import Can
from kap.core import clock
from kap.core.models import ProtocolVersion
from kap.desk.days import cap, local, near_time
from kap.desk.links import link
from kap.notes.models import Kind as NoteKind
from kap.notes.models import Note
from kap.outbox.models import Message
from kap.outbox.models import State as MessageState
from kap.pathway.models import Course
from kap.people.models import Client
from kap.worklist.models import Item, Kind, Urgency
from scheduling.models import Appointment, Attendee, Service, State

SHOWN = 8
COMPANION_HOURS = 48  # the page's outlook, not a clinical limit: reminders are owed from then on

LOOKS = {
    Kind.SAFETY: {"icon": "exclamation-lg", "tone": "danger"},
    Kind.UNSIGNED_NOTE: {"icon": "pen", "tone": "warn"},
    Kind.INTEGRATION_UNBOOKED: {"icon": "calendar-x", "tone": "warn"},
    Kind.INTEGRATION_LATE: {"icon": "clock-history", "tone": "danger"},
    Kind.COMPANION_MISSING: {"icon": "car-front", "tone": "info"},
    Kind.CREDENTIAL_EXPIRING: {"icon": "person-badge", "tone": "warn"},
    Kind.MESSAGE_FAILED: {"icon": "envelope-exclamation", "tone": "warn"},
    Kind.DOCUMENT_FAILED: {"icon": "file-earmark-x", "tone": "warn"},
    Kind.PREDOSE_HELD: {"icon": "heart-pulse", "tone": "danger"},
    Kind.ADVERSE_EVENT: {"icon": "exclamation-triangle", "tone": "danger"},
    Kind.MEASURE_OVERDUE: {"icon": "clipboard2-pulse", "tone": "info"},
    Kind.RESCHEDULE: {"icon": "calendar-event", "tone": "warn"},
    Kind.SIGNATURE: {"icon": "chat-dots", "tone": "info"},
}
NOTE_WORDS = {
    NoteKind.INTAKE: "intake session not signed",
    NoteKind.PREPARATION: "preparation note not signed",
    NoteKind.INTEGRATION: "integration note not signed",
    NoteKind.PROGRESS: "progress note not signed",
}


@dataclass(frozen=True)
class Need:
    title: str
    detail: str = ""
    icon: str = "exclamation-lg"
    tone: str = "info"
    urgent: bool = False
    action_label: str = ""
    action_href: str = ""
    client_id: object = None


@dataclass(frozen=True)
class Needs:
    """`rows`: what is shown, most urgent first. `total`: how many there are."""

    rows: list[Need]
    total: int


def needs_of(user) -> Needs:
    items, open_items = _items(user)
    told = {(item.kind, item.client_id) for item in items}
    urgent = [_item(item) for item in items if item.urgency == Urgency.NOW]
    rest = [_item(item) for item in items if item.urgency != Urgency.NOW]
    notes = [n for n in _notes(user) if (Kind.UNSIGNED_NOTE, n.client_id) not in told]
    companions = [n for n in _companions(user) if (Kind.COMPANION_MISSING, n.client_id) not in told]
    rows = [*urgent, *_founding(user), *notes, *rest, *companions, *_failed(user), *_pools(user)]
    return Needs(rows, len(rows) - len(items) + open_items)


def _founding(user) -> list[Need]:
    """A clinic that has just been made has no protocol, and nothing can begin without one."""
    signs = user.may(Can.SIGN_PROTOCOL)
    if not (signs or user.may(Can.MANAGE_SETTINGS)) or ProtocolVersion.objects.exists():
        return []
    label, href = (
        ("Read and sign", link("desk:protocol_new")) if signs else ("Open staff", link("accounts:staff"))
    )
    who = "" if signs else "A prescriber reads and signs the clinical numbers. "
    return [
        Need(
            "No protocol is signed yet", f"{who}Until then no course of treatment can begin.", icon="clipboard2-pulse",
            tone="warn", action_label=label, action_href=href,
        )
    ]  # fmt: skip


def _items(user):
    found = Item.objects.open().visible_to(user)
    return list(found.by_urgency().select_related("client")[:SHOWN]), found.count()


def _item(item) -> Need:
    title = item.title
    if item.client and item.client.name not in title:
        title = f"{item.client.name} – {inside(title)}"
    detail = item.detail
    if item.due_at:
        detail = f"{detail} Due {near_time(item.due_at)}.".strip()
    safety = item.kind == Kind.SAFETY
    own = link("worklist:item", item.pk)
    href, label = (own, "Review now") if safety or not item.link else (item.link, item.link_words or "Open")
    urgent = item.urgency == Urgency.NOW
    return Need(
        title, detail, urgent=urgent, client_id=item.client_id,
        action_label=label if href else "", action_href=href, **LOOKS.get(item.kind, {"icon": "exclamation-lg"}),
    )  # fmt: skip


def inside(sentence: str) -> str:
    """Its first letter as inside a sentence; names such as PHQ-9 keep theirs."""
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def note_link(note) -> str:
    """Where this note is written: each kind has its page in the room of its stage."""
    if note.kind == NoteKind.INTAKE:
        return link("intake:session_note", note.course_id)
    if note.kind == NoteKind.PREPARATION:
        return link("dosing:preparation", note.course_id)
    session = getattr(note, "integration_session", None)
    if note.kind == NoteKind.INTEGRATION and session:
        return link("integration:note", session.pk)
    return link("desk:chart_tab", note.client_id, "notes")


def _notes(user) -> list[Need]:
    if not user.is_clinician:
        return []
    drafts = (
        Note.objects.filter(author=user, signed_at=None, client__in=Client.objects.visible_to(user))
        .select_related("client", "integration_session")
        .order_by("created_at")[:SHOWN]
    )
    return [
        Need(
            f"{note.client.name} – {NOTE_WORDS[note.kind]}", _draft_words(note), icon="pen", tone="warn",
            action_label="Finish note", action_href=note_link(note), client_id=note.client_id,
        )
        for note in drafts
    ]  # fmt: skip


def _draft_words(note) -> str:
    held = f"Held {near_time(note.held_at)}. " if note.held_at else ""
    saved = f"Draft saved {near_time(note.saved_at)}." if note.saved_at else "Nothing written yet."
    return held + saved


def _companions(user) -> list[Need]:
    """Dosing sessions of the next two days whose driver or chaperone is not there yet."""
    if not user.may(Can.BOOK):
        return []
    now = clock.now()
    mine = Attendee.objects.filter(appointment=OuterRef("pk"), client__in=Client.objects.listed_for(user))
    soon = (
        Appointment.objects.filter(
            Exists(mine), service__code=Service.Code.DOSING, state=State.BOOKED, companion_confirmed_at=None,
            starts_at__gte=now, starts_at__lte=now + timedelta(hours=COMPANION_HOURS),
        )
        .select_related("companion")
        .prefetch_related("attendees__client")
        .order_by("starts_at")[:SHOWN]
    )  # fmt: skip
    return [_companion(appointment) for appointment in soon]


def _companion(appointment) -> Need:
    client = next(iter(appointment.attendees.all())).client
    kind = "chaperone" if appointment.setting == "remote" else "driver"
    if appointment.companion:
        words = f"{kind} not confirmed for {near_time(appointment.starts_at).split()[0]}"
        detail = f"{appointment.companion.name} is named. Dosing {near_time(appointment.starts_at)}."
    else:
        words = f"no {kind} for {near_time(appointment.starts_at)}"
        detail = f"Dosing {cap(near_time(appointment.starts_at))}. Nobody is named yet."
    return Need(
        f"{client.name} – {words}", detail, icon="car-front", tone="info", client_id=client.pk,
        action_label="Open booking", action_href=link("scheduling:appointment", appointment.pk),
    )  # fmt: skip


def _failed(user) -> list[Need]:
    """For whoever runs the mail: what could not be sent in the last week."""
    if not user.may(Can.MANAGE_ROSTER):
        return []
    week = clock.now() - timedelta(days=7)
    count = Message.objects.filter(state=MessageState.FAILED, ended_at__gte=week).count()
    if not count:
        return []
    words = ngettext("%(n)s message could not be sent", "%(n)s messages could not be sent", count) % {
        "n": count
    }
    return [
        Need(
            words, "In the last 7 days.", icon="envelope-exclamation", tone="warn", action_label="Open messages",
            action_href=link("outbox:list", tab="failed"),
        )
    ]  # fmt: skip


def _pools(user) -> list[Need]:
    if not user.may(Can.SEE_POOL):
        return []
    waiting = Course.objects.pool_for(user).aggregate(count=Count("pk"), since=Min("stage_since"))
    count, since = waiting["count"], waiting["since"]
    if not count:
        return []
    words = ngettext("%(n)s client waits in the pool", "%(n)s clients wait in the pool", count) % {"n": count}
    detail = f"The first since {local(since):%-d %b}." if since else ""
    return [
        Need(
            words,
            detail,
            icon="inboxes",
            tone="info",
            action_label="Open pool",
            action_href=link("pathway:pool"),
        )
    ]
