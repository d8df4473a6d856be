"""Reads protocol data into frozen dataclasses, and says of every fault which key it is and how to mend it.

A *leaf* is one number with its standing: {label, value, unit, level, source, note}. A *group* holds leaves or
groups, and is a dataclass here. The unit that a leaf must carry follows from the name of its field, so that
nobody can turn mmHg into kPa by editing the file.
"""

import types
import typing
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from kap.core.levels import Level

LEAF_KEYS = ("label", "value", "unit", "level", "source", "note")

# Ending of a field's name -> its unit. Longest ending wins.
UNIT_OF_ENDING = {
    "_mg_per_kg": "mg/kg",
    "_mg_per_ml": "mg/mL",
    "_mg_per_day": "mg/day",
    "_mg": "mg",
    "_percent": "%",
    "_fraction": "fraction",
    "_minutes": "minutes",
    "_hours": "hours",
    "_days": "days",
    "_months": "months",
    "_years": "years",
    "_mmhg": "mmHg",
    "_bpm": "beats/min",
    "_per_minute": "breaths/min",
    "_c": "°C",
    "_points": "points",
    "_doses": "doses",
    "_count": "count",
    "_grade": "grade",
    "_bmi": "kg/m²",
    "_uln": "× upper limit of normal",
    "_routes": "routes",
    "_allowed": "yes/no",
    "_on": "date",
}
UNITS = frozenset(UNIT_OF_ENDING.values())


class ProtocolError(ValueError):
    """The protocol data cannot be used. `problems` lists every fault, each naming its key and the mend."""

    def __init__(self, problems):
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Entry:
    """One line of the settings page. `path` is the address of the value, such as "routes.iv.soft_mg"."""

    path: str
    label: str
    value: object
    unit: str
    level: Level
    source: str
    note: str


def key_of(field_name: str) -> str:
    """`in_` in Python is "in" in the file."""
    return field_name.rstrip("_")


def unit_for(path: str) -> str | None:
    """The unit that the name asks for; a leaf without one takes it from its group ("systolic_mmhg.go_high")."""
    for part in reversed(path.split(".")):
        for ending in sorted(UNIT_OF_ENDING, key=len, reverse=True):
            if part.endswith(ending):
                return UNIT_OF_ENDING[ending]
    return None


def groups_of(cls):
    """(key, field name, type) of every field that comes from the data, in order."""
    hints = typing.get_type_hints(cls)
    for item in fields(cls):
        if item.metadata.get("data", True):
            yield key_of(item.name), item.name, hints[item.name]


def read_group(cls, data, path, problems, entries):
    """An instance of `cls` from `data`; None where a key is missing, since its faults are then in `problems`."""
    made = read_fields(cls, data, path, problems, entries)
    return cls(**made) if len(made) == sum(1 for _ in groups_of(cls)) else None


def read_fields(cls, data, path, problems, entries):
    """{field name: value} of a group; faults are added to `problems`, and None stands in for a faulty value."""
    if not isinstance(data, dict):
        problems.append(f"{path}: must be a group of entries; write it as {{…}}.")
        return {}
    made, known = {}, set()
    for key, name, kind in groups_of(cls):
        known.add(key)
        here = f"{path}.{key}" if path else key
        if key not in data:
            problems.append(f"{here}: is missing; add it (every number of the protocol must be stated).")
        elif is_dataclass(kind):
            made[name] = read_group(kind, data[key], here, problems, entries)
        else:
            made[name] = read_leaf(kind, data[key], here, problems, entries)
    for key in data:
        if key not in known:
            here = f"{path}.{key}" if path else key
            problems.append(f"{here}: is not a known key; remove it or mend its spelling.")
    return made


def read_leaf(kind, leaf, path, problems, entries):
    """The value of one leaf, checked against its type, unit and level."""
    before = len(problems)
    if not isinstance(leaf, dict):
        problems.append(f"{path}: must hold {', '.join(LEAF_KEYS)}; it holds only {leaf!r}.")
        return None
    for key in LEAF_KEYS:
        if key not in leaf:
            problems.append(f"{path}: lacks “{key}”; add it.")
    for key in ("label", "source"):
        if key in leaf and not str(leaf[key]).strip():
            problems.append(f"{path}: “{key}” is empty; write it in plain words.")
    if len(problems) > before:
        return None
    check_unit(leaf["unit"], path, problems)
    try:
        level = Level(leaf["level"])
    except ValueError:
        level = None
        problems.append(f"{path}: level “{leaf['level']}” is unknown; use hard, soft or info.")
    try:
        value = read_value(kind, leaf["value"])
    except (ValueError, InvalidOperation, TypeError) as fault:
        problems.append(f"{path}: value {leaf['value']!r} cannot be used ({fault}); {how_to_write(kind)}.")
        return None
    if len(problems) == before:
        entries.append(Entry(path, leaf["label"], value, leaf["unit"], level, leaf["source"], leaf["note"]))
    return value


def check_unit(unit, path, problems):
    expected = unit_for(path)
    if unit not in UNITS:
        problems.append(
            f"{path}: unit “{unit}” is unknown; use {expected or 'one of ' + ', '.join(sorted(UNITS))}."
        )
    elif expected and unit != expected:
        problems.append(
            f"{path}: unit is “{unit}”, but this number is in {expected}; convert it to {expected}."
        )


def is_optional(kind):
    return isinstance(kind, types.UnionType) and type(None) in typing.get_args(kind)


def read_value(kind, value):
    """`value` as `kind`. Raises ValueError, TypeError or InvalidOperation with a short reason."""
    if is_optional(kind):
        if value is None:
            return None
        kind = next(arg for arg in typing.get_args(kind) if arg is not type(None))
    if value is None:
        raise ValueError("it is empty")
    if typing.get_origin(kind) is tuple:
        return read_tuple(typing.get_args(kind), value)
    return READERS[kind](value)


def read_tuple(args, value):
    if not isinstance(value, (list, tuple)) or not value:
        raise ValueError("a list is needed")
    if args[-1] is Ellipsis:
        return tuple(READERS[args[0]](item) for item in value)
    if len(value) != len(args):
        raise ValueError(f"{len(args)} values are needed")
    made = tuple(READERS[arg](item) for arg, item in zip(args, value, strict=True))
    if made[0] > made[-1]:
        raise ValueError("the lower value must come first")
    return made


def read_decimal(value):
    """Floats are refused: 0.1 + 0.2 has no place in a dose."""
    if isinstance(value, (bool, float)):
        raise TypeError("a float loses digits")
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError("it is not a number")
    if number < 0:
        raise ValueError("it is below zero")
    return number


def read_int(value):
    number = read_decimal(value)
    if number != int(number):
        raise ValueError("a whole number is needed")
    return int(number)


def read_bool(value):
    if not isinstance(value, bool):
        raise ValueError("true or false is needed")
    return value


def read_str(value):
    if not isinstance(value, str) or not value.strip():
        raise ValueError("text is needed")
    return value.strip()


READERS = {
    Decimal: read_decimal,
    int: read_int,
    bool: read_bool,
    str: read_str,
    date: lambda value: value if isinstance(value, date) else date.fromisoformat(str(value)),
}


def how_to_write(kind):
    text = str(kind)
    if "Decimal" in text and "tuple" in text:
        return 'write a list of numbers in quotes, lowest first, such as ["0.5", "1.0"]'
    if "Decimal" in text:
        return 'write a number in quotes, such as "0.5"'
    if "tuple" in text and "int" in text:
        return "write a list of whole numbers, lowest first, such as [0, 10, 20]"
    if "date" in text:
        return "write the date as 2026-12-31"
    if "bool" in text:
        return "write true or false"
    return "write a whole number" if "int" in text else "write text"
