"""What a course was, gathered for its summary: doses, integrations, scores, events. Nothing is judged here twice."""

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from intake.days import clinic_zone
from integration.models import IntegrationSession
from kap.core.units import plain
from kap.measures import instruments, scoring
from kap.measures.models import Response
from sessions.adverse_events import EVENTS
from sessions.models import Administration, AdverseEvent, DosingSession


@dataclass(frozen=True)
class Dose:
    number: int
    given_at: datetime
    route: str
    total_mg: Decimal
    timing: str
    hours_after: Decimal | None


@dataclass(frozen=True)
class ScoreChange:
    """First and last complete total of one instrument in one version. Response: at least half gone (clinical.md §6)."""

    name: str
    first: int
    first_at: datetime
    last: int
    last_at: datetime
    response: bool | None
    remission: bool | None
    reliable: str = ""

    @property
    def change(self) -> int:
        return self.last - self.first


@dataclass(frozen=True)
class CourseFacts:
    started_at: datetime
    doses: tuple[Dose, ...]
    scores: tuple[ScoreChange, ...]
    events: tuple[tuple[str, int, datetime], ...]

    @property
    def in_window(self) -> int:
        return sum(dose.timing == "in_window" for dose in self.doses)

    def as_json(self) -> dict:
        def told(value):
            if isinstance(value, datetime):
                return value.isoformat()
            if isinstance(value, Decimal):
                return str(value)
            if isinstance(value, dict):
                return {key: told(inner) for key, inner in value.items()}
            return [told(inner) for inner in value] if isinstance(value, list | tuple) else value

        return told(asdict(self))


def course_facts(course) -> CourseFacts:
    """Five queries, however long the course was. Struck-through entries do not count."""
    return CourseFacts(
        started_at=course.created_at, doses=_doses(course), scores=_scores(course), events=_events(course)
    )


def _doses(course) -> tuple[Dose, ...]:
    given: dict = {}
    for row in Administration.objects.filter(session__course=course, strike=None):
        given[row.session_id] = given.get(row.session_id, Decimal(0)) + row.dose_mg
    integrations = {row.dosing_id: row for row in IntegrationSession.objects.filter(course=course)}
    found = []
    for session in DosingSession.objects.filter(course=course).with_dose().order_by("number"):
        integration = integrations.get(session.pk)
        found.append(
            Dose(
                session.number, session.first_dose_at, session.get_route_display(), given.get(session.pk, Decimal(0)),
                integration.timing if integration else "", integration.hours_after if integration else None,
            )
        )  # fmt: skip
    return tuple(found)


def _scores(course) -> tuple[ScoreChange, ...]:
    rows: dict[str, list[Response]] = {}
    whole = Response.objects.filter(course=course, complete=True, total__isnull=False)
    for row in whole.order_by("authored_at"):
        rows.setdefault(row.instrument, []).append(row)
    changes = []
    for code in instruments.CODES:
        if code not in rows:
            continue
        same = [row for row in rows[code] if row.version == rows[code][0].version]
        if len(same) < 2:
            continue
        first, last = same[0], same[-1]
        begin, end = int(first.total), int(last.total)
        changes.append(
            ScoreChange(
                instruments.get(code).name, begin, first.authored_at, end, last.authored_at,
                scoring.response(begin, end), scoring.remission(code, end),
                str(scoring.reliable_change(code, begin, end) or ""),
            )
        )  # fmt: skip
    return tuple(changes)


def _events(course) -> tuple[tuple[str, int, datetime], ...]:
    rows = AdverseEvent.objects.filter(session__course=course, strike=None).order_by("onset_at")
    return tuple((event_words(row.code), row.grade, row.onset_at) for row in rows)


def event_words(code: str) -> str:
    return str(EVENTS[code].words) if code in EVENTS else code.replace("_", " ").capitalize()


def summary_content(course, facts: CourseFacts, words: str, by) -> dict:
    """The sections of the document: who, what was done, what changed, what the therapist says."""
    client = course.client
    return {
        "sections": [
            {"title": "Client", "rows": [
                ["Name", client.legal_name],
                ["Born", f"{client.birth_date:%d-%b-%Y}" if client.birth_date else "Not known"],
                ["Number", client.kap_number],
            ]},
            {"title": "Course", "rows": [
                ["Course", str(course.number)],
                ["Begun", _day(facts.started_at)],
                ["Doses given", str(len(facts.doses))],
                ["Integrations in the window", f"{facts.in_window} of {len(facts.doses)}"],
            ]},
            {"title": "Doses", "rows": [
                [f"Dosing {d.number}, {_day(d.given_at)}", f"{plain(d.total_mg)} mg, {d.route.lower()}; {timing_words(d)}"]
                for d in facts.doses
            ] or [["Doses", "None"]]},
            {"title": "Outcomes", "rows": [
                [s.name, f"{s.first} ({_day(s.first_at)}) to {s.last} ({_day(s.last_at)}){meaning(s)}"]
                for s in facts.scores
            ] or [["Outcomes", "Not answered twice, so nothing can be compared"]]},
            {"title": "Adverse events", "rows": [
                [event, f"Grade {grade}, {_day(at)}"] for event, grade, at in facts.events
            ] or [["Adverse events", "None recorded"]]},
            {"title": "Summary", "text": words},
            {"title": "Author", "rows": [["Written by", ", ".join(p for p in (by.name, by.credential_line) if p)]]},
        ],
        "facts": facts.as_json(),
    }  # fmt: skip


def _day(at: datetime) -> str:
    """In the clinic's zone: a day ends at its own midnight."""
    return f"{at.astimezone(ZoneInfo(clinic_zone())):%d-%b-%Y}"


def timing_words(dose: Dose) -> str:
    words = {
        "early": "integration early",
        "in_window": "integration in the window",
        "late": "integration late",
    }
    if dose.timing not in words:
        return "integration not signed"
    return f"{words[dose.timing]}, {plain(dose.hours_after)} h after"


def meaning(change: ScoreChange) -> str:
    """Response, remission, or a change larger than the measure's own error."""
    parts = [
        word for word, holds in (("response", change.response), ("remission", change.remission)) if holds
    ]
    if change.reliable == scoring.Change.WORSE:
        parts.append("reliably worse")
    elif change.reliable == scoring.Change.IMPROVED and not change.response:
        parts.append("reliably better")
    return f": {' and '.join(parts)}" if parts else ""
