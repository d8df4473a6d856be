"""The clinic's protocol: every clinical number, as data with its source and standing.

    protocol = load(default())            # the one that ships; or load(version.data) of the clinic's own
    protocol.route("iv").hard_mg          # Decimal("150")
    for entry in protocol.entries(): …    # the settings page

A clinic changes a number only by a new version, signed by a prescriber; a course remembers its version.
No number here is medical advice: most limits are clinic defaults, since no consensus was found, and the
clinic's medical director must sign them off.
"""

import copy
import json
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

from kap.core import protocol_groups as g
from kap.core.protocol_checks import faults
from kap.core.protocol_reader import LEAF_KEYS, UNITS, Entry, ProtocolError, read_fields

__all__ = [
    "LEAF_KEYS",
    "ROUTES",
    "UNITS",
    "Entry",
    "Protocol",
    "ProtocolError",
    "default",
    "differences",
    "load",
    "shipped",
    "with_values",
]

FILE = Path(__file__).parent / "data" / "protocol-2026.1.json"
ABOUT = ("version", "title", "effective_on")

# Stored codes; do not change them without a data migration.
ROUTES = {
    "iv": "Intravenous",
    "im": "Intramuscular",
    "sl": "Lozenge (under the tongue)",
    "oral": "Oral",
    "in": "Intranasal",
}


@dataclass(frozen=True)
class Protocol:
    version: str = field(metadata={"data": False})
    title: str = field(metadata={"data": False})
    effective_on: date = field(metadata={"data": False})
    eligibility: g.Eligibility
    routes: g.Routes
    dosing: g.Dosing
    intervals: g.Intervals
    series: g.Series
    fasting: g.Fasting
    pre_dose: g.PreDoseVitals
    entry: g.EntryChecks
    intra: g.IntraAlerts
    monitoring: g.Monitoring
    discharge: g.Discharge
    remote: g.Remote
    telemedicine: g.Telemedicine
    integration: g.Integration
    follow_up: g.FollowUp
    validity: g.Validity
    credentials: g.Credentials
    ae: g.AdverseEvents
    _entries: tuple[Entry, ...] = field(default=(), compare=False, repr=False, metadata={"data": False})

    def route(self, code: str) -> g.RouteLimits:
        """Limits of the route "iv", "im", "sl", "oral" or "in". ValueError for any other."""
        return _by_route(self.routes, code)

    def minimum_stay_minutes(self, code: str) -> int:
        """Least time from the last dose to leaving, by route."""
        return _by_route(self.discharge.minimum_minutes, code)

    def entries(self) -> list[Entry]:
        """Every number as (path, label, value, unit, level, source, note), in the file's order."""
        return list(self._entries)

    def entry_at(self, path: str) -> Entry:
        """The entry of one path, such as "discharge.minimum_minutes.iv". KeyError when there is none."""
        for entry in self._entries:
            if entry.path == path:
                return entry
        raise KeyError(path)

    def source(self, path: str) -> str:
        return self.entry_at(path).source


def _by_route(group, code):
    if code not in ROUTES:
        raise ValueError(f"Unknown route “{code}”; use one of {', '.join(ROUTES)}.")
    return getattr(group, "in_" if code == "in" else code)


def default() -> dict:
    """The data that ships, fresh for each caller, so that nobody's change reaches another."""
    return json.loads(FILE.read_text(encoding="utf-8"))


@cache
def shipped() -> Protocol:
    """The shipped protocol, loaded once. For a course, load the version that the course runs under."""
    return load(default())


def load(data: dict) -> Protocol:
    """A protocol from its data.

    Raises ProtocolError with *all* faults, each naming the key and the mend: keys missing or unknown, units,
    levels, values that are no Decimal or whole number, soft limits above hard ones, and the like.
    """
    if not isinstance(data, dict):
        raise ProtocolError(["protocol: must be a group of entries; load the file as JSON first."])
    problems, entries = [], []
    about = _read_about(data, problems)
    groups = {key: value for key, value in data.items() if key not in ABOUT}
    kept = read_fields(Protocol, groups, "", problems, entries)
    if problems:
        raise ProtocolError(problems)
    protocol = Protocol(**about, **kept, _entries=tuple(entries))
    if problems := faults(protocol):
        raise ProtocolError(problems)
    return protocol


def _read_about(data, problems):
    about = {}
    for key in ("version", "title"):
        about[key] = data.get(key)
        if not isinstance(about[key], str) or not about[key].strip():
            problems.append(f"{key}: is missing or empty; write it in plain words.")
    try:
        about["effective_on"] = date.fromisoformat(str(data.get("effective_on")))
    except ValueError:
        problems.append("effective_on: is no date; write it as 2026-01-01.")
    return about


def with_values(data: dict, changes: dict[str, object], *, version: str, effective_on: date) -> dict:
    """A copy of `data` with the values at some paths changed, to become a new version after `load`.

    KeyError names a path that is not there.
    """
    new = copy.deepcopy(data)
    new["version"], new["effective_on"] = version, effective_on.isoformat()
    for path, value in changes.items():
        leaf = new
        for key in path.split("."):
            if not isinstance(leaf, dict) or key not in leaf:
                raise KeyError(path)
            leaf = leaf[key]
        if not isinstance(leaf, dict) or "value" not in leaf:
            raise KeyError(path)
        leaf["value"] = value
    return new


def differences(old: Protocol, new: Protocol) -> list[tuple[Entry, Entry]]:
    """What changed in value from one version to the next, as (old, new) entries, for the page that is signed."""
    before = {entry.path: entry for entry in old.entries()}
    return [(before[e.path], e) for e in new.entries() if before[e.path].value != e.value]
