"""What happened, newest first: moves, sessions, measures, notes, documents, messages. One query for each kind."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, Sum

from kap.core.templatetags.kap import num
from kap.desk import days
from kap.desk.links import link
from kap.desk.needs import inside, note_link
from kap.documents.models import Document
from kap.measures.instruments import CODES
from kap.measures.instruments import get as instrument
from kap.measures.models import Response
from kap.measures.scoring import BAND_WORDS
from kap.notes.models import Note
from kap.outbox import catalogue
from kap.outbox.models import Message
from kap.outbox.models import State as MessageState
from kap.pathway.models import StageMove
from kap.pathway.stages import Stage
from sessions.models import Administration, DosingSession

# Lines of the overview; so many of them at most are mails, or reminders would hide the sessions.
RECENT, MAILS = 7, 2
CYCLE = (Stage.PREPARATION, Stage.DOSING, Stage.INTEGRATION)
PAGE = 60


@dataclass(frozen=True)
class Entry:
    """One line of components/timeline.html. `kind` is what the filter buttons ask for."""

    at: datetime
    kind: str
    icon: str
    title: str
    detail: str = ""
    badge: str = ""
    badge_tone: str = ""
    href: str = ""
    link: str = ""
    time: bool = False


def entries(client, user, limit: int = RECENT, *, every_move: bool = False) -> list[Entry]:
    """The newest `limit` of all kinds together; each kind is asked for no more than that.

    Without `every_move`, as on the overview, the moves to dosing and integration are left out, since the sessions
    say the same, and all mails but the last few.
    """
    found = [
        *_moves(client, limit, every_move), *_sessions(client, limit), *_measures(client, limit), *_notes(client, user, limit),
        *_documents(client, limit), *_messages(client, limit if every_move else MAILS),
    ]  # fmt: skip
    return sorted(found, key=lambda entry: entry.at, reverse=True)[:limit]


def _moves(client, limit, every_move) -> list[Entry]:
    moves = StageMove.objects.filter(course__client=client).order_by("-at")
    if not every_move:
        moves = moves.exclude(to_stage__in=[Stage.DOSING, Stage.INTEGRATION], from_stage__in=CYCLE)
    return [
        Entry(
            at=move.at, kind="moves", icon="signpost-split", title=f"Moved to {Stage(move.to_stage).label.lower()}",
            detail=" – ".join(part for part in (move.get_reason_display(), move.words) if part),
        )
        for move in moves[:limit]
    ]  # fmt: skip


def _sessions(client, limit) -> list[Entry]:
    found = (
        DosingSession.objects.filter(course__client=client, ended_at__isnull=False)
        .select_related("ended_by", "discharge")
        .annotate(
            highest=Max("vitalss__systolic_mmhg", filter=Q(vitalss__strike=None)),
            events=Count("adverseevents", filter=Q(adverseevents__strike=None), distinct=True),
        )
        .order_by("-ended_at")[:limit]
    )
    amounts = amounts_of(found)
    return [_session(session, amounts.get(session.pk)) for session in found]


def amounts_of(found) -> dict:
    given = Administration.objects.filter(session__in=[one.pk for one in found], strike=None)
    return dict(given.order_by().values_list("session").annotate(n=Sum("dose_mg")))


def _session(session, amount) -> Entry:
    events = {0: "No adverse events.", 1: "1 adverse event."}.get(
        session.events, f"{session.events} adverse events."
    )
    if session.first_dose_at is None:
        title, detail = "Dosing session closed without medicine", session.end_words
    else:
        title = f"Dosing {session.number}, {num(amount) or '0'} mg, {session.get_route_display().lower()}"
        highest = f"Highest systolic {session.highest} mmHg. " if session.highest else ""
        detail = f"{highest}{events} {session.get_outcome_display()}."
    return Entry(
        at=session.ended_at, kind="sessions", icon="moon-stars", title=title, detail=detail,
        href=link("dosing:session", session.pk), link="Open",
    )  # fmt: skip


def _measures(client, limit) -> list[Entry]:
    """Answers given on one day for one occasion stand on one line: ``PHQ-9 8 (mild), GAD-7 7 (mild)``."""
    sheets: dict = {}
    for response in Response.objects.filter(client=client).order_by("-authored_at")[: 3 * limit]:
        day = days.local(response.authored_at).date()
        sheets.setdefault((day, response.occasion), []).append(response)
    return [_sheet(responses) for responses in sheets.values()]


def _sheet(responses) -> Entry:
    ordered = sorted(
        responses, key=lambda one: CODES.index(one.instrument) if one.instrument in CODES else len(CODES)
    )
    whole = all(response.complete for response in responses)
    return Entry(
        at=responses[0].authored_at, kind="measures", icon="clipboard2-pulse", title=", ".join(map(_score, ordered)),
        detail=responses[0].get_occasion_display() + ("." if whole else ". Not every question answered."),
    )  # fmt: skip


def _score(response) -> str:
    name = instrument(response.instrument).name
    total = num(response.total)
    band = str(BAND_WORDS.get(response.band, response.band))
    if not total:
        return f"{name}: {band or 'no total'}"
    return f"{name} {total} ({band})" if band else f"{name} {total}"


def _notes(client, user, limit) -> list[Entry]:
    notes = Note.objects.visible_to(user).filter(client=client).select_related("integration_session")
    return [
        Entry(
            at=note.signed_at or note.created_at, kind="notes", icon="journal-text", title=f"{note.get_kind_display()} note",
            detail="" if note.signed_at else "Draft, only you see it.", href=note_link(note),
            badge=f"Signed {note.printed_name}" if note.signed_at else "Draft", link="Read" if note.signed_at else "Finish",
        )
        for note in notes.order_by("-created_at")[:limit]
    ]  # fmt: skip


def _documents(client, limit) -> list[Entry]:
    found = Document.objects.filter(client=client).defer("content", "html").order_by("-frozen_at")[:limit]
    return [
        Entry(
            at=document.frozen_at, kind="documents", icon="file-earmark-check", title=document.title,
            detail=document.get_kind_display(), href=link("documents:document", document.pk),
        )
        for document in found
    ]  # fmt: skip


def _messages(client, limit) -> list[Entry]:
    found = Message.objects.filter(client=client, state=MessageState.SENT).order_by("-ended_at")[:limit]
    return [
        Entry(
            at=message.ended_at, kind="messages", icon="envelope", title=f"Sent: {inside(kind_words(message.kind))}",
            detail=f"To {message.to_name or message.to_address}", time=True,
        )
        for message in found
    ]  # fmt: skip


def kind_words(kind: str) -> str:
    try:
        return str(catalogue.get(kind).words)
    except KeyError:
        return kind.replace("_", " ").capitalize()
