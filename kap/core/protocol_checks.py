"""What must hold between the numbers of a protocol, whatever the clinic sets. Each fault names its key and the mend."""

from dataclasses import fields, is_dataclass
from decimal import Decimal
from itertools import pairwise

from kap.core.protocol_reader import groups_of, key_of

ROUTE_CODES = {"iv", "im", "sl", "oral", "in"}


def faults(protocol) -> list[str]:
    problems = []
    for path, group in _walk(protocol, ""):
        problems += _soft_below_hard(path, group)
        problems += _above_zero(path, group)
        if {"go_low", "soft_high"} <= {f.name for f in fields(group)}:
            problems += _band(path, group)
        if {"usual", "possible"} <= {f.name for f in fields(group)}:
            problems += _plausible(path, group)
    return problems + _schedules(protocol) + _alerts(protocol) + _others(protocol)


def _walk(group, path):
    if path:
        yield path, group
    for key, name, kind in groups_of(type(group)):
        if is_dataclass(kind):
            yield from _walk(getattr(group, name), f"{path}.{key}" if path else key)


def _ordered(path_low, low, path_high, high, *, equal=True):
    if low is None or high is None or low < high or (equal and low == high):
        return []
    return [
        f"{path_low}: {low} is above {path_high} ({high}); lower the first or raise the second."
        if low != high
        else f"{path_low}: must be below {path_high} ({high}); lower it."
    ]


def _soft_below_hard(path, group):
    problems = []
    for item in fields(group):
        other = item.name.replace("soft", "hard")
        if "soft" in item.name and hasattr(group, other) and other != item.name:
            problems += _ordered(
                f"{path}.{item.name}", getattr(group, item.name), f"{path}.{other}", getattr(group, other)
            )
    return problems


# Zero is a fair value of these; of every other number it would switch a rule off without a word.
MAY_BE_ZERO = (
    "at_minutes",
    "reading_minutes",
    "onset_minutes",
    "booster_max_count",
    "booster_max_percent",
    "volume_tolerance_percent",
    "early_by_minutes",
    "reading_late_minutes",
    "possible",
    "recheck_count",
)


def _above_zero(path, group):
    problems = []
    for item in fields(group):
        value = getattr(group, item.name)
        numbers = value if isinstance(value, tuple) else (value,)
        is_zero = any(isinstance(n, (int, Decimal)) and not isinstance(n, bool) and n == 0 for n in numbers)
        if is_zero and item.name not in MAY_BE_ZERO:
            problems.append(
                f"{path}.{key_of(item.name)}: is 0, which switches the rule off; write a number above 0."
            )
    return problems


def _band(path, band):
    names = ("soft_low", "go_low", "go_high", "soft_high")
    problems = []
    for low, high in pairwise(names):
        problems += _ordered(f"{path}.{low}", getattr(band, low), f"{path}.{high}", getattr(band, high))
    for go, soft in (("go_low", "soft_low"), ("go_high", "soft_high")):
        if (getattr(band, go) is None) != (getattr(band, soft) is None):
            problems.append(f"{path}.{go}: must be set together with {path}.{soft}; give both or neither.")
    if band.go_low is None and band.go_high is None:
        problems.append(f"{path}: has neither a low nor a high end; give at least one.")
    return problems


def _plausible(path, pair):
    return _ordered(f"{path}.possible", pair.possible[0], f"{path}.usual", pair.usual[0]) + _ordered(
        f"{path}.usual", pair.usual[1], f"{path}.possible", pair.possible[1]
    )


def _schedules(p):
    problems = []
    for path, times in (
        ("monitoring.at_minutes", p.monitoring.at_minutes),
        ("remote.reading_minutes", p.remote.reading_minutes),
        ("follow_up.check_in_hours", p.follow_up.check_in_hours),
        ("ae.hypertension_systolic_mmhg", p.ae.hypertension_systolic_mmhg),
        ("ae.hypertension_diastolic_mmhg", p.ae.hypertension_diastolic_mmhg),
    ):
        if any(a >= b for a, b in pairwise(times)):
            problems.append(f"{path}: must rise from one to the next; put them in order, each once.")
    for path, times in (
        ("monitoring.at_minutes", p.monitoring.at_minutes),
        ("remote.reading_minutes", p.remote.reading_minutes),
    ):
        if times[0] != 0:
            problems.append(f"{path}: must begin with 0, the baseline; put 0 first.")
    for name in ("hypertension_systolic_mmhg", "hypertension_diastolic_mmhg"):
        if len(getattr(p.ae, name)) != 3:
            problems.append(f"ae.{name}: must hold three values, for grades 1, 2 and 3; give three.")
    days = p.credentials.warn_days
    if any(a <= b for a, b in pairwise(days)):
        problems.append(
            "credentials.warn_days: must fall from one to the next; write for example [90, 30, 7]."
        )
    return problems


def _alerts(p):
    i, d = p.intra, p.discharge
    return (
        _ordered(
            "intra.repeat_systolic_mmhg",
            i.repeat_systolic_mmhg,
            "intra.once_systolic_mmhg",
            i.once_systolic_mmhg,
        )
        + _ordered(
            "intra.repeat_diastolic_mmhg",
            i.repeat_diastolic_mmhg,
            "intra.once_diastolic_mmhg",
            i.once_diastolic_mmhg,
        )
        + _ordered(
            "intra.spo2_emergency_below_percent",
            i.spo2_emergency_below_percent,
            "intra.spo2_oxygen_below_percent",
            i.spo2_oxygen_below_percent,
        )
        + _at_most("intra.moaas_at_most_points", i.moaas_at_most_points, 5)
        + _at_most("discharge.moaas_minimum_points", d.moaas_minimum_points, 5)
        + _at_most("discharge.aldrete_minimum_points", d.aldrete_minimum_points, 10)
        + _at_most("discharge.padss_minimum_points", d.padss_minimum_points, 10)
        + _at_most("intra.spo2_oxygen_below_percent", i.spo2_oxygen_below_percent, 100)
    )


def _others(p):
    problems = _ordered(
        "integration.opens_hours",
        p.integration.opens_hours,
        "integration.closes_hours",
        p.integration.closes_hours,
        equal=False,
    )
    problems += _at_most("dosing.booster_max_percent", p.dosing.booster_max_percent, 100)
    for code in sorted(ROUTE_CODES):
        path = f"routes.{code}.bioavailability_fraction"
        problems += _at_most(path, p.route(code).bioavailability_fraction, 1)
    for path, codes in (
        ("remote.allowed_routes", p.remote.allowed_routes),
        ("monitoring.continuous_spo2_routes", p.monitoring.continuous_spo2_routes),
    ):
        for code in codes:
            if code not in ROUTE_CODES:
                problems.append(f"{path}: “{code}” is no route; use {', '.join(sorted(ROUTE_CODES))}.")
    return problems


def _at_most(path, value, most):
    return [f"{path}: {value} is above {most}, which cannot be; lower it."] if value > most else []
