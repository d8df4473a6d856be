"""An order as it is frozen and printed: what 21 CFR 1306 asks of a prescription, and what we add."""

from django.utils.text import capfirst

from intake.evaluation_facts import day
from intake.order_facts import order_state
from intake.readback import dose_words, sentences
from kap.core.context import current_clinic
from kap.core.levels import hard
from kap.core.units import amount
from kap.pathway.models import Route, Setting
from kap.people import credentials
from kap.people.models import Credential

INK = (
    "This is not an electronic prescription. To dispense on it, print it and sign it in ink, "
    "or enter it with the clinic's certified e-prescribing vendor."
)


def content_of(order, findings, override_hard: bool, today, by) -> dict:
    client = order.course.client
    return {
        "sections": [
            {"title": "Order", "text": " ".join(sentences(order, client.name))},
            {"title": "Patient", "rows": [
                ["Name", client.legal_name], ["Born", day(client.birth_date)], ["Number", client.kap_number],
                ["Address", client.address or "Not known"],
                ["Weight", f"{amount(order.weight_kg, 'kg')}, measured {day(order.weight_measured_on)}"],
            ]},
            {"title": "Medicine", "rows": medicine_rows(order)},
            {"title": "Limits", "rows": limit_rows(order)},
            {"title": "Findings at signing", "rows": finding_rows(order, findings, override_hard)},
            {"title": "Prescriber", "rows": prescriber_rows(order, today, by)},
            {"title": "Signature in ink", "text": INK, "rows": [["Signature", " "], ["Date", " "]]},
        ],
        "supersedes": order.supersedes_id, "evaluation": order.evaluation_id,
        "overridden": [f.code for f in hard(findings)] if override_hard else [], "findings": [f.code for f in findings],
        "numbers": {
            name: getattr(order, name)
            for name in ("route", "setting", "dose_min_mg", "dose_max_mg", "booster_max_mg", "session_max_mg",
                         "sessions", "infusion_minutes", "weight_kg", "weight_measured_on", "expires_on")
        },
    }  # fmt: skip


def medicine_rows(order) -> list[list[str]]:
    rows = [
        ["Drug", "Ketamine hydrochloride, Schedule III"],
        ["Form and strength", order.strength],
        ["Route", Route(order.route).label],
        ["Where", Setting(order.setting).label],
        ["Lowest dose", dose_words(order.dose_min_mg, order.weight_kg)],
        ["Highest dose", dose_words(order.dose_max_mg, order.weight_kg)],
        ["Booster", amount(order.booster_max_mg, "mg") if order.booster_max_mg is not None else "None"],
        ["Most in one session", dose_words(order.session_max_mg, order.weight_kg)],
        ["Sessions", str(order.sessions)],
        ["Quantity at most", amount(order.session_max_mg * order.sessions, "mg") + ", all sessions together"],
    ]
    if order.infusion_minutes:
        rows.append(["Infused over", f"{order.infusion_minutes} minutes"])
    return [*rows, ["Directions", order.instructions or "As above"], ["Expires", day(order.expires_on)]]


def limit_rows(order) -> list[list[str]]:
    return [
        ["Do not start above", f"{order.start_systolic_max_mmhg}/{order.start_diastolic_max_mmhg} mmHg"],
        ["Call from", f"{order.call_systolic_mmhg}/{order.call_diastolic_mmhg} mmHg"],
        ["Call at SpO2 below", f"{order.call_spo2_below_percent}%"],
        ["Call at a heart rate above", f"{order.call_heart_rate_above_bpm} beats/min"],
    ]


def finding_rows(order, findings, override_hard) -> list[list[str]]:
    rows = [[capfirst(str(f.level)), str(f)] for f in findings] or [["Findings", "None"]]
    if order.soft_reason:
        rows.append(["Prescriber's reason", order.soft_reason])
    if override_hard and hard(findings):
        rows.append(["Overridden", "The prescriber overrides the hard limits named above."])
    return rows


def prescriber_rows(order, today, by) -> list[list[str]]:
    provider, state = by.provider, order_state(order)
    licence = credentials.in_force(provider, [Credential.Kind.LICENCE], today, state)
    dea = credentials.in_force(provider, [Credential.Kind.DEA], today, state)
    clinic = current_clinic()
    return [
        ["Name", f"{by.name}, {provider.title}"],
        ["Licence", f"{licence[0].number}, {state}" if licence else "None"],
        ["DEA registration", dea[0].number if dea else "None"],
        ["NPI", provider.npi or "Not known"],
        ["Address", f"{clinic.name}, {clinic.address}" if clinic else "Not known"],
        ["Telephone", clinic.phone if clinic else "Not known"],
        ["Date", day(today)],
    ]
