"""Which text fits, until when a consent holds, which initials are missing. Pure functions of plain values."""

import calendar
from datetime import datetime


def best_template(templates, *, route: str, setting: str):
    """The newest version of the text that fits closest: one for this route and setting before a general one.

    A text for another route or setting never fits. None when there is none.
    """
    fitting = [t for t in templates if t.route in ("", route) and t.setting in ("", setting)]
    return max(fitting, key=lambda t: (bool(t.route), bool(t.setting), t.version), default=None)


def in_months(at: datetime, months: int) -> datetime:
    """The same day so many months later; the last day where the month is shorter."""
    index = at.month - 1 + months
    year, month = at.year + index // 12, index % 12 + 1
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))


def missing_initials(sections, initials: dict) -> dict[str, str]:
    """{section key: words} for each section that asks for initials and has none, or has something else."""
    problems = {}
    for section in sections:
        letters = initials.get(section["key"], "")
        if section.get("initial") and not (letters.isalpha() and len(letters) <= 4):
            problems[section["key"]] = f"{section['title']}: put your initials, such as JA."
    return problems
