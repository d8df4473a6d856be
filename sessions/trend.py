"""The trend of a session as geometry: numbers in, lines and labels out. Pure; the template only draws them.

Blood pressure is a bar from diastolic to systolic, heart rate a line with dots, SpO2 a line with squares in a lane of
its own below, so that shape tells them apart without colour. Minutes are counted from the first dose.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil, floor

from kap.core.units import minutes_between
from sessions.call_limits import CallLimits
from sessions.readings import Reading

WIDTH, HEIGHT = 560, 262
LEFT, RIGHT = 36.0, 486.0  # of the field; to its right the names of the limits
TOP, BOTTOM = 14.0, 196.0  # pressure and rate
LANE_TOP, LANE_BOTTOM = 202.0, 236.0  # saturation
FOOT = 253.0
LOWEST, HIGHEST = 50, 165  # mmHg and beats/min shown at least
LANE_LOWEST, LANE_HIGHEST = 88, 100  # % shown
BEFORE, AFTER = -15, 75  # minutes shown at least
ROOM_FOR_LABELS = 0.24  # share of the width kept free to the right of the last reading
LABEL_GAP = 15.0
TICKS_AT_MOST = 8


@dataclass(frozen=True)
class Mark:
    """A reading's place: x with two ends (pressure) or one (y, the others)."""

    x: float
    y: float
    y2: float = 0.0
    left: float = 0.0
    right: float = 0.0

    @property
    def corner_x(self) -> float:
        """Upper left of the square that stands for it."""
        return round(self.x - 4, 1)

    @property
    def corner_y(self) -> float:
        return round(self.y - 4, 1)


@dataclass(frozen=True)
class Label:
    x: float
    y: float
    words: str


@dataclass(frozen=True)
class Line:
    y: float
    words: str
    text_y: float


@dataclass
class Trend:
    """What the template draws. `points` are polylines: a gap where a value was not taken ends one, begins the next."""

    words: str
    width: int = WIDTH
    height: int = HEIGHT
    left: float = LEFT
    right: float = RIGHT
    foot: float = FOOT
    top: float = TOP
    lane_bottom: float = LANE_BOTTOM
    grid: list[Line] = field(default_factory=list)
    limits: list[Line] = field(default_factory=list)
    ticks: list[Label] = field(default_factory=list)
    doses: list[Label] = field(default_factory=list)
    pressure: list[Mark] = field(default_factory=list)
    rate: list[Mark] = field(default_factory=list)
    rate_lines: list[str] = field(default_factory=list)
    oxygen: list[Mark] = field(default_factory=list)
    oxygen_lines: list[str] = field(default_factory=list)
    pressure_label: Label | None = None
    rate_label: Label | None = None
    oxygen_label: Label | None = None


@dataclass(frozen=True)
class Scale:
    first: float
    last: float
    low: float
    high: float

    def x(self, minute: float) -> float:
        share = (min(max(minute, self.first), self.last) - self.first) / (self.last - self.first)
        return round(LEFT + share * (RIGHT - LEFT), 1)

    def y(self, value: float) -> float:
        share = (self.high - min(max(value, self.low), self.high)) / (self.high - self.low)
        return round(TOP + share * (BOTTOM - TOP), 1)

    @staticmethod
    def lane(percent: float) -> float:
        value = min(max(percent, LANE_LOWEST), LANE_HIGHEST)
        share = (LANE_HIGHEST - value) / (LANE_HIGHEST - LANE_LOWEST)
        return round(LANE_TOP + share * (LANE_BOTTOM - LANE_TOP), 1)


def trend(
    readings: Iterable[Reading],
    doses: Sequence[tuple[datetime, str]],
    zero: datetime | None,
    limits: CallLimits | None,
) -> Trend:
    """Geometry of a session. `doses`: (when, "150 mg"). `zero`: the first dose, or the first reading while there is none."""
    taken = sorted(readings, key=lambda one: one.taken_at)
    zero = zero or (taken[0].taken_at if taken else None)
    if zero is None:
        return Trend("No readings yet.")
    minutes = [float(minutes_between(zero, one.taken_at)) for one in taken]
    dosed = [float(minutes_between(zero, at)) for at, _ in doses]
    scale = _scale(taken, minutes, dosed, limits)
    drawn = Trend(_words(taken, minutes, bool(doses)))
    drawn.grid = [Line(scale.y(v), str(v), scale.y(v) + 4) for v in _grid(scale)]
    drawn.limits = _limits(scale, limits)
    drawn.ticks = [Label(scale.x(m), FOOT, str(m)) for m in _ticks(scale)]
    drawn.doses = [Label(scale.x(m), TOP + 6, words) for m, (_, words) in zip(dosed, doses, strict=True)]
    _pressure(drawn, scale, taken, minutes)
    drawn.rate, drawn.rate_lines = _series(taken, minutes, "heart_rate_bpm", scale.x, scale.y)
    drawn.oxygen, drawn.oxygen_lines = _series(taken, minutes, "spo2_percent", scale.x, scale.lane)
    _labels(drawn, taken)
    return drawn


def _scale(taken, minutes, dosed, limits) -> Scale:
    first = min([BEFORE, *(floor(m / 15) * 15 for m in minutes[:1] if m > -60)])
    last = max([0.0, *minutes, *dosed])
    last = max(AFTER, ceil((last - ROOM_FOR_LABELS * first) / (1 - ROOM_FOR_LABELS) / 15) * 15)
    values = [
        float(v)
        for one in taken
        for v in (one.systolic_mmhg, one.diastolic_mmhg, one.heart_rate_bpm)
        if v is not None
    ]
    if limits:
        values.append(float(limits.systolic_mmhg))
    low = min([LOWEST, *(floor(v / 10) * 10 - 5 for v in values)])
    high = max([HIGHEST, *(ceil(v / 10) * 10 + 10 for v in values)])
    return Scale(first, last, low, high)


def _grid(scale: Scale) -> list[int]:
    step = 30 if scale.high - scale.low <= 180 else 50
    return [v for v in range(0, int(scale.high), step) if scale.low < v < scale.high]


def _ticks(scale: Scale) -> list[int]:
    step = next(
        s for s in (15, 30, 60, 120, 240, 480, 10**6) if (scale.last - scale.first) / s <= TICKS_AT_MOST
    )
    return list(range(0, int(scale.last) + 1, step))


def _limits(scale: Scale, limits: CallLimits | None) -> list[Line]:
    if limits is None:
        return []
    pressure, oxygen = scale.y(limits.systolic_mmhg), scale.lane(limits.spo2_below_percent)
    return [
        Line(pressure, f"Call {limits.systolic_mmhg}", pressure + 4),
        Line(oxygen, f"Call {limits.spo2_below_percent} %", oxygen + 6),
    ]


def _pressure(drawn: Trend, scale: Scale, taken, minutes) -> None:
    for minute, one in zip(minutes, taken, strict=True):
        if one.systolic_mmhg is None or one.diastolic_mmhg is None:
            continue
        x = scale.x(minute)
        drawn.pressure.append(
            Mark(x, scale.y(one.systolic_mmhg), scale.y(one.diastolic_mmhg), left=x - 6, right=x + 6)
        )


def _series(taken, minutes, name, place_x, place_y) -> tuple[list[Mark], list[str]]:
    marks, runs, run = [], [], []
    for minute, one in zip(minutes, taken, strict=True):
        value = getattr(one, name)
        if value is None:
            continue
        mark = Mark(place_x(minute), place_y(float(value)))
        marks.append(mark)
        run.append(f"{mark.x},{mark.y}")
    if run:
        runs.append(" ".join(run))
    return marks, runs


def _labels(drawn: Trend, taken) -> None:
    """The last values stand to the right of their marks, moved apart where they would touch."""
    pressed = _last(taken, "systolic_mmhg")
    if drawn.pressure:
        mark = drawn.pressure[-1]
        words = f"BP {pressed.systolic_mmhg}/{pressed.diastolic_mmhg}"
        drawn.pressure_label = Label(mark.x + 12, round((mark.y + mark.y2) / 2 - 6, 1), words)
    if drawn.rate:
        mark, y = drawn.rate[-1], drawn.rate[-1].y + 9.5
        if drawn.pressure_label and abs(y - drawn.pressure_label.y) < LABEL_GAP:
            y = drawn.pressure_label.y + LABEL_GAP
        words = f"HR {_last(taken, 'heart_rate_bpm').heart_rate_bpm}"
        drawn.rate_label = Label(mark.x + 12, round(y, 1), words)
    if drawn.oxygen:
        mark = drawn.oxygen[-1]
        drawn.oxygen_label = Label(mark.x + 12, mark.y + 4, f"{_last(taken, 'spo2_percent').spo2_percent} %")


def _last(taken, name):
    return next((one for one in reversed(taken) if getattr(one, name) is not None), None)


def _words(taken, minutes, dosed: bool) -> str:
    """The same in a sentence or two, for those who hear the page. The table below holds every value."""
    if not taken:
        return "No readings yet."
    parts = [
        _change("Blood pressure", taken, minutes, "systolic_mmhg", dosed),
        _change("Heart rate", taken, minutes, "heart_rate_bpm", dosed),
        _change("SpO2", taken, minutes, "spo2_percent", dosed, " percent"),
    ]
    return " ".join([*(part for part in parts if part), "Every value is in the table below."])


def _change(name, taken, minutes, field_name, dosed, unit="") -> str:
    held = [(m, one) for m, one in zip(minutes, taken, strict=True) if getattr(one, field_name) is not None]
    if not held:
        return ""
    (first_at, first), (last_at, last) = held[0], held[-1]
    if len(held) == 1:
        return f"{name} {_shown(first, field_name)}{unit} {_when(first_at, dosed)}."
    before, after = getattr(first, field_name), getattr(last, field_name)
    verb = "went" if before == after else "rose" if after > before else "fell"
    return (
        f"{name} {verb} from {_shown(first, field_name)} {_when(first_at, dosed)} "
        f"to {_shown(last, field_name)}{unit} {_when(last_at, dosed)}."
    )


def _shown(one, field_name) -> str:
    if field_name == "systolic_mmhg":
        return f"{one.systolic_mmhg}/{one.diastolic_mmhg}"
    return str(getattr(one, field_name))


def _when(minute: float, dosed: bool) -> str:
    if dosed and minute < 0:
        return "before the dose"
    return f"at {round(minute)} minutes"
