"""The texts that ship, for a clinic to begin with. Points to cover: clinical.md §7, Consent.

They are our own words and no legal advice: a clinic's counsel and medical director read them before use, and
every change is a new published version. How long a consent holds comes from the protocol.
"""

import json
from functools import cache
from pathlib import Path

from kap.core import protocol

FILE = Path(__file__).parent / "data" / "texts.json"

# What a consent to treatment must cover, by the key of the section that does (clinical.md §7). A test holds it to that.
COVERS = {
    "off-label use, Schedule III": "off_label", "procedure and series": "what", "uncertain benefit": "benefit",
    "risks of body, bladder and liver": "risks_body", "psychological risks": "risks_mind", "dependence": "dependence",
    "pregnancy": "pregnancy", "alternatives, none included": "alternatives", "fasting and medicines": "before",
    "no driving, escort": "driving", "touch": "touch", "recording": "recording", "limits of confidentiality": "confidential",
    "telehealth": "telehealth_short", "costs": "costs", "voluntary, can be withdrawn": "voluntary",
    "questions answered": "questions",
}  # fmt: skip


@cache
def _raw() -> dict:
    return json.loads(FILE.read_text(encoding="utf-8"))


def shipped() -> list[dict]:
    """Each as `publish_template` takes it: kind, title, route, setting, sections, valid_months."""
    raw, months = _raw(), protocol.shipped().validity.consent_months
    return [
        {
            "kind": text["kind"],
            "title": text["title"],
            "route": text["route"],
            "setting": text["setting"],
            "sections": [_section(key, raw["sections"][key], months) for key in text["sections"]],
            "valid_months": months if text["expires"] else None,
        }
        for text in raw["texts"]
    ]


def _section(key: str, words: dict, months: int) -> dict:
    return {
        "key": key,
        "title": words["title"],
        "summary": words["summary"],
        "text": words["text"].replace("{months}", str(months)),
        "initial": words.get("initial", False),
    }
