"""Scores over time, for charts and summaries. Only totals of one version are compared."""

from dataclasses import dataclass, field
from datetime import datetime

from kap.measures import instruments, scoring
from kap.measures.models import Response

CHARTED = ("phq9", "gad7", "pcl5", "audit_c")


@dataclass(frozen=True)
class Point:
    """One answered questionnaire. `total` is None where a question was skipped: it is no zero and is not drawn."""

    at: datetime
    total: int | None
    band: str
    occasion: str
    version: str
    about: object = None


@dataclass(frozen=True)
class Series:
    """All points of one instrument in one course, the oldest first, and how the last compares with the first."""

    code: str
    name: str
    title: str
    max_total: int
    bands: tuple[tuple[int, str], ...]
    points: tuple[Point, ...] = field(default=())

    @property
    def scored(self) -> tuple[Point, ...]:
        """Points with a total, in the version of the last one."""
        with_total = [p for p in self.points if p.total is not None]
        return tuple(p for p in with_total if p.version == with_total[-1].version)

    @property
    def baseline(self) -> Point | None:
        """The last one before treatment; where there is none, the first of all."""
        before = [p for p in self.scored if p.occasion == "baseline"]
        return before[-1] if before else next(iter(self.scored), None)

    @property
    def latest(self) -> Point | None:
        return self.scored[-1] if self.scored else None

    @property
    def change(self) -> int | None:
        """Latest minus baseline; negative is better. None with fewer than two points."""
        if self.latest is None or self.latest is self.baseline:
            return None
        return self.latest.total - self.baseline.total

    @property
    def response(self) -> bool | None:
        return None if self.change is None else scoring.response(self.baseline.total, self.latest.total)

    @property
    def remission(self) -> bool | None:
        return scoring.remission(self.code, self.latest.total if self.latest else None)

    @property
    def reliable_change(self):
        if self.change is None:
            return None
        return scoring.reliable_change(self.code, self.baseline.total, self.latest.total)


def of_course(course, codes=CHARTED) -> list[Series]:
    """One series per instrument that has been answered, in the order of `codes`. One query."""
    rows = Response.objects.filter(course=course, instrument__in=codes).order_by("authored_at")
    found: dict[str, list[Point]] = {}
    for row in rows:
        total = None if row.total is None else int(row.total)
        found.setdefault(row.instrument, []).append(
            Point(row.authored_at, total, row.band, row.occasion, row.version, row.about)
        )
    return [_series(code, found[code]) for code in codes if code in found]


def _series(code: str, points: list[Point]) -> Series:
    instrument = instruments.get(code)
    return Series(
        code, instrument.name, str(instrument.title), instrument.max_total, instrument.bands, tuple(points)
    )
