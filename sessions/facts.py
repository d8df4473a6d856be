"""From rows to the plain values that the rules read, and back to words. No rule lives here."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from intake.models import Order
from intake.order_facts import facts_of as order_facts
from intake.order_limits import CLINIC, REMOTE, OrderLimits
from kap.core import clock
from kap.core.levels import Finding
from kap.pathway.models import Setting
from sessions.call_limits import CallLimits
from sessions.checklists import Answer
from sessions.readings import Reading

STRENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*mg\s*/\s*ml", re.IGNORECASE)
# column of a row -> name in the rules, where the two differ
RENAMED = {"respiratory_rate_bpm": "respiratory_per_minute"}
MEASURED = (
    "systolic_mmhg", "diastolic_mmhg", "heart_rate_bpm", "spo2_percent", "respiratory_rate_bpm", "temperature_c", "moaas",
)  # fmt: skip


def setting_code(setting: str) -> str:
    """The rules' word for where the client is."""
    return REMOTE if setting == Setting.REMOTE else CLINIC


def zone(appointment) -> ZoneInfo:
    """Where the dose is given: all times of the room are shown in it."""
    return ZoneInfo(appointment.location.zone)


def today_of(appointment) -> date:
    """The calendar day where the dose is given."""
    return clock.today(appointment.location.zone)


def start_limits(order: Order) -> OrderLimits:
    """What the order allows of the client's pressure before the dose."""
    return order_facts(order).limits


def call_limits(order: Order) -> CallLimits:
    return CallLimits(
        systolic_mmhg=order.call_systolic_mmhg, diastolic_mmhg=order.call_diastolic_mmhg,
        spo2_below_percent=order.call_spo2_below_percent, heart_rate_above_bpm=order.call_heart_rate_above_bpm,
    )  # fmt: skip


def strength_mg_per_ml(order: Order) -> Decimal | None:
    """The strength of what is injected, when the order's text names it in mg/mL."""
    found = STRENGTH.search(order.strength)
    return Decimal(found[1]) if found else None


def reading(row) -> Reading:
    """A Vitals row (saved or not) as the rules read it."""
    values = {RENAMED.get(name, name): getattr(row, name) for name in MEASURED}
    return Reading(taken_at=row.measured_at, **values)


def answer(row) -> Answer:
    """A pre-dose answer, without the release that may stand beside it."""
    return Answer(value=row.answer, by_role=row.role, detail=row.detail)


def as_json(findings: list[Finding], about=None) -> list[dict]:
    """Findings as they are kept with the row that they were found in."""
    return [
        {"code": f.code, "level": str(f.level), "words": f.words, "mend": f.mend, "about": str(about or "")}
        for f in findings
    ]


def short_name(user) -> str:
    """How the team calls her: "Dr. Osei" where the name says doctor, else the whole name."""
    if user is None:
        return "the prescriber"
    parts = user.name.split()
    return f"Dr. {parts[-1]}" if parts and parts[0].rstrip(".") == "Dr" else user.name


def at_clock_time(hour: int, minute: int, now: datetime, zone: ZoneInfo) -> datetime:
    """The instant that a wall clock in the room meant: that time today, or yesterday when today's lies ahead.

    A minute of grace, since the clock on the wall may run ahead.
    """
    local = now.astimezone(zone)
    meant = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if meant > local + timedelta(minutes=1):
        meant -= timedelta(days=1)
    return min(meant.astimezone(now.tzinfo), now)
