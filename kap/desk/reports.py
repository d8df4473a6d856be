"""Figures of the whole clinic: counts and shares, never names. A group of fewer than five is not shown.

Pure rules (`share`, `median`, `hidden`) beside the queries that feed them.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F

from integration.models import IntegrationSession, Timing
from kap.core.templatetags.kap import num
from kap.pathway.gates import EVIDENCE
from kap.pathway.models import Override
from sessions.models import AdverseEvent, DosingSession

SMALLEST = 5
HIDDEN = "under 5"
DAYS = {"90": "Last 90 days", "365": "Last 12 months", "": "Since the beginning"}


@dataclass(frozen=True)
class Line:
    label: str
    value: str
    of: str = ""


@dataclass(frozen=True)
class Report:
    key: str
    title: str
    note: str
    columns: tuple[str, ...]
    lines: list[Line] = field(default_factory=list)


def hidden(count: int) -> bool:
    """Whether a count is so small that it could point at a person. Nobody is not a person: 0 is shown."""
    return 0 < count < SMALLEST


def shown(count: int) -> str:
    return HIDDEN if hidden(count) else str(count)


def share(part: int, whole: int) -> str:
    """``82 %``; hidden where the whole is small, or where the part or the rest would give a small group away."""
    if whole < SMALLEST:
        return HIDDEN if whole else "none yet"
    if hidden(part):
        return f"under {round(100 * SMALLEST / whole)} %"
    if hidden(whole - part):
        return f"over {round(100 - 100 * SMALLEST / whole)} %"
    return f"{round(100 * part / whole)} %"


def median(values: list[float]) -> float | None:
    """The middle one; None for fewer than five."""
    if len(values) < SMALLEST:
        return None
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def reports(since: datetime | None = None) -> list[Report]:
    return [window_kept(since), time_to_first_dose(since), overrides(since), adverse_events(since)]


def _from(rows, name, since):
    return rows.filter(**{f"{name}__gte": since}) if since else rows


def window_kept(since) -> Report:
    """Of the integrations that were signed: how many were held inside the window of their protocol."""
    signed = _from(IntegrationSession.objects.filter(signed_at__isnull=False), "held_at", since)
    counts = dict(signed.order_by().values_list("timing").annotate(n=Count("pk")))
    whole = sum(counts.values())
    lines = [
        Line(Timing(code).label, share(counts.get(code, 0), whole), shown(whole)) for code in Timing.values
    ]
    return Report(
        "window", "Integration window kept", "Signed integration sessions, by when they were held after the dose.",
        ("Held", "Share", "Of sessions"), lines,
    )  # fmt: skip


def time_to_first_dose(since) -> Report:
    """Days from the enquiry to the first dose, by courses that had one in the period."""
    first = _from(DosingSession.objects.filter(number=1, first_dose_at__isnull=False), "first_dose_at", since)
    waited = [
        (given - opened).total_seconds() / 86400
        for given, opened in first.values_list("first_dose_at", F("course__created_at"))
    ]
    middle = median(waited)
    value = f"{num(round(middle))} days" if middle is not None else (HIDDEN if waited else "none yet")
    return Report(
        "first_dose", "Time to first dose", "Middle value (median) from enquiry to the first dose of a course.",
        ("From enquiry to first dose", "Median", "Of courses"), [Line("All courses", value, shown(len(waited)))],
    )  # fmt: skip


def overrides(since) -> Report:
    """How often a prescriber passed a line of a gate that was not met, and which."""
    counted = (
        _from(Override.objects.all(), "signed_at", since)
        .order_by()
        .values_list("evidence")
        .annotate(n=Count("pk"))
    )
    lines = [
        Line(EVIDENCE[key].words if key in EVIDENCE else key, shown(count))
        for key, count in sorted(counted, key=lambda row: -row[1])
    ]
    return Report(
        "overrides", "Overrides", "Signed by a prescriber, each with a reason.", ("Line", "Times"), lines
    )


def adverse_events(since) -> Report:
    """By grade (CTCAE v5, 1 to 5), entries that were struck through left out."""
    found = _from(AdverseEvent.objects.filter(strike=None), "onset_at", since)
    counts = dict(found.order_by().values_list("grade").annotate(n=Count("pk")))
    sessions = _from(DosingSession.objects.with_dose(), "first_dose_at", since).count()
    lines = [Line(f"Grade {grade}", shown(counts.get(grade, 0)), shown(sessions)) for grade in range(1, 6)]
    return Report(
        "adverse_events", "Adverse events", "Grades after CTCAE v5. Dosing sessions of the same period beside them.",
        ("Grade", "Events", "Dosing sessions"), lines,
    )  # fmt: skip


def table(found: list[Report]) -> list[list]:
    """All reports as rows of cells; the first row names the columns."""
    rows = [["report", "line", "value", "of"]]
    return rows + [
        [report.title, line.label, line.value, line.of] for report in found for line in report.lines
    ]
