"""The outcomes chart as plain geometry: what the template writes into the SVG. Pure; no request, no database.

Two lines (PHQ-9, GAD-7) on one scale from 0 to 27, dosing sessions as upright lines. Every line differs by shape
and dashes besides colour, and carries its name and last value at its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

WIDTH, HEIGHT = 760, 270
RIGHT, TOP, BOTTOM = 642, 18, 236
FIRST, LAST = 78, 546  # between them lie all points; right of them stand the names of the bands
CLOSE = 22  # two end labels nearer than this are pushed apart
LABEL_ROOM = 62  # a date needs this much room on the axis


@dataclass(frozen=True)
class Point:
    at: datetime
    total: int


@dataclass(frozen=True)
class Series:
    """`points` in time order, all of one instrument and one version."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Dose:
    label: str
    at: datetime
    future: bool = False


@dataclass
class Mark:
    x: float
    y: float
    square: bool


@dataclass
class Line:
    css: str
    path: str
    marks: list[Mark]
    label: str
    label_y: float


@dataclass
class Band:
    y: float
    height: float
    words: str
    words_y: float
    css: str


@dataclass
class Tick:
    at: float
    words: str


@dataclass
class Upright:
    x: float
    label: str
    future: bool


@dataclass
class Drawing:
    lines: list[Line] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    levels: list[Tick] = field(default_factory=list)
    dates: list[Tick] = field(default_factory=list)
    doses: list[Upright] = field(default_factory=list)


def draw(series: Sequence[Series], doses: Sequence[Dose], *, bands, top: int, day_words) -> Drawing | None:
    """None where there is nothing to draw. `bands`: (lower limit, words) ascending; `day_words(instant)` is the date."""
    series = [one for one in series if one.points]
    if not series:
        return None
    instants = [point.at for one in series for point in one.points] + [dose.at for dose in doses]
    across = _across(min(instants), max(instants))
    made = Drawing(
        lines=[_line(one, number, across, top) for number, one in enumerate(series, start=1)],
        bands=_bands(bands, top),
        levels=[Tick(round(_up(limit, top) + 4, 1), str(limit)) for limit in [*(b[0] for b in bands), top]],
        dates=_dates(series, doses, across, day_words),
        doses=_doses(doses, across),
    )
    _part(made.lines)
    return made


def _across(first: datetime, last: datetime):
    """Instant -> x. One single day stands at the left."""
    span = max(last - first, timedelta(days=1))

    def x(at: datetime) -> float:
        return round(FIRST + (LAST - FIRST) * ((at - first) / span), 1)

    return x


def _up(value: float, top: int) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * value / top, 1)


def _line(one: Series, number: int, across, top: int) -> Line:
    marks = [Mark(across(p.at), _up(p.total, top), square=number % 2 == 0) for p in one.points]
    path = " ".join(f"{mark.x},{mark.y}" for mark in marks)
    return Line(f"s{number}", path, marks, f"{one.name} {one.points[-1].total}", marks[-1].y + 5)


def _part(lines: list[Line]) -> None:
    """End labels never lie on each other: the lower one is pushed down."""
    ordered = sorted(lines, key=lambda line: line.label_y)
    for above, below in pairwise(ordered):
        below.label_y = round(max(below.label_y, above.label_y + CLOSE), 1)


def _bands(bands, top: int) -> list[Band]:
    made = []
    for index, (limit, words) in enumerate(bands):
        ceiling = bands[index + 1][0] if index + 1 < len(bands) else top
        high, low = _up(ceiling, top), _up(limit, top)
        made.append(Band(high, round(low - high, 1), words, round(high + 13, 1), f"band{index % 2}"))
    return made


def _dates(series, doses, across, day_words) -> list[Tick]:
    """First point, then each dose that leaves room; then the last point."""
    first = min(point.at for one in series for point in one.points)
    last = max(point.at for one in series for point in one.points)
    shown: list[Tick] = []
    for instant in (first, *(dose.at for dose in doses), last):
        x = across(instant)
        if all(abs(x - tick.at) >= LABEL_ROOM for tick in shown):
            shown.append(Tick(x, day_words(instant)))
    return sorted(shown, key=lambda tick: tick.at)


def _doses(doses, across) -> list[Upright]:
    """Named in full where the next line leaves room, else by number alone."""
    xs = [across(dose.at) for dose in doses]
    made = []
    for index, dose in enumerate(doses):
        room = (xs[index + 1] if index + 1 < len(xs) else RIGHT) - xs[index]
        label = dose.label if room >= LABEL_ROOM else dose.label.split()[-1]
        made.append(Upright(xs[index], label, dose.future))
    return made


def change(points: Sequence[Point]) -> int | None:
    """Last minus first; None with fewer than two."""
    return points[-1].total - points[0].total if len(points) > 1 else None
