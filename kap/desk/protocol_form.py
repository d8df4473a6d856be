"""A new version of the clinical numbers: values typed as text, read by their shape, compared, then signed.

The page that is signed shows every difference. Nothing is kept between the two pages but what the form itself
carries, and the version it started from: if somebody signed another one meanwhile, the form is stale.
"""

import re
from datetime import date

from django import forms

from kap.core import protocol
from kap.core.fields import DayField
from kap.core.forms import Form
from kap.documents.names import name_problem

PREFIX = "at:"


def text_of(value) -> str:
    """A value as a person types it: ``0.5``, ``10, 15``, ``yes``, nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(text_of(item) for item in value)
    return str(value)


def value_from(text: str, sample) -> object:
    """What goes into the protocol's data; `sample` is the old raw value, whose shape the new one keeps.

    Raises ValueError in words where yes or no was asked for.
    """
    text = text.strip()
    if isinstance(sample, bool):
        if text.casefold() not in ("yes", "no"):
            raise ValueError("write yes or no")
        return text.casefold() == "yes"
    if not text:
        return None
    parts = [part for part in re.split(r"\s*[,;]\s*", text) if part]
    if isinstance(sample, list) or len(parts) > 1:
        inner = sample[0] if isinstance(sample, list) and sample else None
        return [_one(part, inner) for part in parts]
    return _one(text, sample)


def _one(text: str, sample):
    """Whole numbers stay whole where they were; everything else stays text, which the reader checks."""
    return int(text) if isinstance(sample, int) and re.fullmatch(r"\d+", text) else text


def raw_at(body: dict, path: str):
    leaf = body
    for key in path.split("."):
        leaf = leaf[key]
    return leaf["value"]


def changes_in(posted, body: dict, entries) -> tuple[dict, list[str]]:
    """({path: new raw value}, problems) of the boxes whose text differs from what is in force."""
    changes, problems = {}, []
    for entry in entries:
        raw, text = raw_at(body, entry.path), posted.get(PREFIX + entry.path)
        if text is None or text.strip() == text_of(raw):
            continue
        try:
            changes[entry.path] = value_from(text, raw)
        except ValueError as fault:
            problems.append(f"{entry.label}: {fault}.")
    return changes, problems


def groups_of(entries, posted=None, body=None) -> list[dict]:
    """Entries under their group's name, for the page; with what was typed where something was."""
    made: dict = {}
    for entry in entries:
        head = entry.path.split(".")[0]
        name = PREFIX + entry.path
        raw = raw_at(body, entry.path) if body else entry.value
        typed = posted.get(name) if posted is not None else None
        made.setdefault(head, []).append(
            {
                "entry": entry,
                "name": name,
                "text": text_of(raw) if typed is None else typed,
                "was": text_of(raw),
            }
        )
    return [
        {"title": head.replace("_", " ").capitalize(), "key": head, "rows": rows}
        for head, rows in made.items()
    ]


def proposed(current, changes: dict, *, version: str, effective_on: date) -> protocol.Protocol:
    """The new protocol, whole and checked. Raises ProtocolError with every fault."""
    return protocol.load(
        protocol.with_values(current.body, changes, version=version, effective_on=effective_on)
    )


class VersionForm(Form):
    """Name, first day and reason of the new version."""

    version = forms.CharField(label="Name of the new version", max_length=20, help_text="Such as 2026.2")
    effective_on = DayField(label="In force from", widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(
        label="Reason", max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Stays with the version. Say what it rests on.",
    )  # fmt: skip
    base = forms.UUIDField(widget=forms.HiddenInput)


class SignForm(Form):
    """The prescriber's signature under the differences."""

    printed_name = forms.CharField(label="Type your full name to sign", max_length=160)

    def __init__(self, *args, by, **kwargs):
        self.by = by
        super().__init__(*args, **kwargs)

    def clean_printed_name(self):
        name = self.cleaned_data["printed_name"]
        if problem := name_problem(name, self.by):
            raise forms.ValidationError(problem)
        return name
