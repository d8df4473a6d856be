"""The entry form of vital signs, the same before the dose and in the cockpit."""

import uuid

from sessions import facts
from sessions.flowsheet import ALERTNESS
from sessions.forms import VitalsForm

BOXES = (  # column, label, unit, digits of the pad
    ("systolic_mmhg", "Systolic, mmHg", "mmHg", 3), ("diastolic_mmhg", "Diastolic, mmHg", "mmHg", 3),
    ("heart_rate_bpm", "Heart rate", "/min", 3), ("spo2_percent", "SpO2", "%", 3),
    ("respiratory_rate_bpm", "Breathing", "/min", 2), ("temperature_c", "Temperature", "°C", 4),
)  # fmt: skip


def vitals_context(session, sheet, order, form: VitalsForm | None = None, odd=None) -> dict:
    """`form`: as it was sent, when it was refused. `odd`: what was asked about, if anything."""
    sent = form.data if form is not None else {}
    return {
        "entry": {
            "boxes": {name: _box(name, label, unit, digits, sent, form, sheet, order) for name, label, unit, digits in BOXES},
            "alertness": [(score, words, sent.get("moaas") == str(score)) for score, words in ALERTNESS.items()],
            "key": sent.get("entry_key") or uuid.uuid4(), "time": sent.get("time", ""),
            "pressure_last": _pressure_last(sheet), "odd": odd, "errors": form.errors if form is not None else {},
            "general": form.non_field_errors() if form is not None else [],
        },
    }  # fmt: skip


def _pressure_last(sheet) -> str:
    upper, lower = sheet.last("systolic_mmhg"), sheet.last("diastolic_mmhg")
    return f"{upper}/{lower}" if upper is not None else ""


def _box(name, label, unit, digits, sent, form, sheet, order) -> dict:
    rules = getattr(sheet.rules.entry, facts.RENAMED.get(name, name))
    low, high, words = _limit(name, order) if sheet.session.first_dose_at else (None, None, "")
    return {
        "name": name, "label": label, "unit": unit, "digits": digits, "value": sent.get(name, ""),
        "last": sheet.last(name), "errors": form.errors.get(name, []) if form is not None else [],
        "usual_low": rules.usual[0], "usual_high": rules.usual[1], "limit_low": low, "limit_high": high,
        "limit_words": words,
    }  # fmt: skip


def _limit(name, order):
    """From where on the prescriber is called, for the pad to say early; the server decides."""
    if order is None:
        return None, None, ""
    return {
        "systolic_mmhg": (None, order.call_systolic_mmhg - 1,
                          f"Systolic {{v}} mmHg is at or over the limit of {order.call_systolic_mmhg}"),
        "diastolic_mmhg": (None, order.call_diastolic_mmhg - 1,
                           f"Diastolic {{v}} mmHg is at or over the limit of {order.call_diastolic_mmhg}"),
        "heart_rate_bpm": (None, order.call_heart_rate_above_bpm,
                           f"Heart rate {{v}} is over the limit of {order.call_heart_rate_above_bpm}"),
        "spo2_percent": (order.call_spo2_below_percent, None,
                         f"SpO2 {{v}} % is under the limit of {order.call_spo2_below_percent} %"),
    }.get(name, (None, None, ""))  # fmt: skip
