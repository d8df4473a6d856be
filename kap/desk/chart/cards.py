"""The cards of the overview: outcomes, medicines, people, consents."""

from django.db.models import Prefetch

from kap.core import clock
from kap.core.templatetags.kap import day_short, dmy, phone, tel
from kap.desk import days
from kap.desk.chart import outcomes
from kap.desk.chart.header import CONSENTS
from kap.documents.models import Document, Signature, SignatureRequest
from kap.measures.instruments import get as instrument
from kap.measures.models import Response

DRAWN = ("phq9", "gad7")
BAND_SHORT = {"moderately severe": "Mod. severe"}


# --- outcomes ------------------------------------------------------------------------------------------------------


def outcomes_of(course, plan) -> dict | None:
    """The drawing, its table twin, and the change since the first PHQ-9; None before the first score."""
    if course is None:
        return None
    responses = list(
        Response.objects.filter(course=course, instrument__in=DRAWN, total__isnull=False).order_by(
            "authored_at"
        )
    )
    series = [outcomes.Series(instrument(code).name, _points(responses, code)) for code in DRAWN]
    doses = [outcomes.Dose(f"Dosing {one.number}", one.at) for one in plan.given]
    number = max((one.number for one in plan.given), default=0)
    doses += [outcomes.Dose(f"Dosing {number + 1}", one.at, future=True) for one in plan.booked[:1]]
    phq = instrument("phq9")
    bands = [(limit, BAND_SHORT.get(words, words.capitalize())) for limit, words in phq.bands]
    drawing = outcomes.draw(series, doses, bands=bands, top=phq.max_total, day_words=days.short_day)
    if drawing is None:
        return None
    return {
        "drawing": drawing, "table": _table(responses), "words": _in_words(series, doses), "change": _change(series),
    }  # fmt: skip


def _points(responses, code) -> list[outcomes.Point]:
    """Totals of the newest version only: those of different versions may not be compared."""
    mine = [response for response in responses if response.instrument == code]
    version = mine[-1].version if mine else ""
    return [outcomes.Point(r.authored_at, int(r.total)) for r in mine if r.version == version]


def _table(responses) -> list[list]:
    return [
        [
            dmy(r.authored_at),
            instrument(r.instrument).name,
            str(int(r.total)),
            r.band,
            r.get_occasion_display(),
        ]
        for r in reversed(responses)
    ]


def _in_words(series, doses) -> str:
    """What the drawing says, for whoever cannot see it."""
    told = []
    for one in series:
        if not one.points:
            continue
        first, last = one.points[0], one.points[-1]
        if len(one.points) == 1:
            told.append(f"{one.name} was {first.total} on {day_short(first.at)}.")
        else:
            told.append(
                f"{one.name} went from {first.total} on {day_short(first.at)} to {last.total} on {day_short(last.at)}."
            )
    given = [day_short(dose.at) for dose in doses if not dose.future]
    return " ".join(told) + (f" Dosing sessions on {', '.join(given)}." if given else "")


def _change(series) -> dict | None:
    moved = outcomes.change(series[0].points)
    if not moved:
        return None
    if moved < 0:
        return {"words": f"{series[0].name} down {-moved} since intake", "tone": "ok", "icon": "arrow-down"}
    return {"words": f"{series[0].name} up {moved} since intake", "tone": "warn", "icon": "arrow-up"}


# --- people --------------------------------------------------------------------------------------------------------

ROLE_WORDS = {"therapist": "Therapist", "prescriber": "Prescriber", "monitor": "Monitor"}


def people_of(client, upcoming=()) -> list[dict]:
    """Care team, then those around her; the companion of the next dose with her state."""
    rows = []
    for member in client.team.current().select_related("user__provider").order_by("since"):
        provider = getattr(member.user, "provider", None)
        until = f" until {dmy(member.until)}" if member.until else ""
        rows.append(
            {"label": f"{ROLE_WORDS[member.role]}{until}", "value": str(provider or member.user.name)}
        )
    contacts = list(client.contacts.filter(ended_at=None))
    for contact in contacts:
        if contact.is_emergency:
            rows.append({"label": "Emergency contact", "value": f"{contact.name} ({contact.relation})"})
            rows.append(
                {"label": "Phone", "value": phone(contact.phone), "href": f"tel:{tel(contact.phone)}"}
            )
    if upcoming:
        rows.append(_companion(upcoming[0]))
    return rows


def _companion(appointment) -> dict:
    kind = "Chaperone" if appointment.setting == "remote" else "Driver"
    label = f"{kind} {days.near(appointment.starts_at)}"
    if appointment.companion is None:
        return {
            "label": label,
            "value": "Nobody named",
            "badge_tone": "warn",
            "badge_icon": "exclamation-triangle",
        }
    if appointment.companion_confirmed_at is None:
        value = f"{appointment.companion.name}, not confirmed"
        return {"label": label, "value": value, "badge_tone": "warn", "badge_icon": "exclamation-triangle"}
    return {"label": label, "value": f"{appointment.companion.name}, confirmed"}


# --- consents ------------------------------------------------------------------------------------------------------


def consents_of(client, course) -> list[dict]:
    """Each consent on record with its standing today, then what waits for a signature."""
    found = (
        Document.objects.filter(client=client, kind__in=CONSENTS)
        .defer("content", "html")
        .select_related("template", "withdrawal")
        .prefetch_related(Prefetch("signatures", Signature.objects.order_by("signed_at")))
        .order_by("-frozen_at")[:8]
    )
    rows = [standing(document) for document in found]
    if course:
        asked = SignatureRequest.objects.filter(
            course=course, document=None, cancelled_at=None
        ).select_related("template")
        rows += [_asked(request) for request in asked[:8]]
    return rows


def standing(document) -> dict:
    version = f", version {document.template.version}" if document.template else ""
    row = {"label": f"{document.title}{version}"}
    if withdrawal := getattr(document, "withdrawal", None):
        return row | {
            "value": f"Withdrawn {dmy(withdrawal.withdrawn_at)}",
            "badge_tone": "danger",
            "badge_icon": "x-circle",
        }
    signed = next(iter(document.signatures.all()), None)
    if signed is None:
        return row | {"value": "Not signed", "badge_tone": "warn", "badge_icon": "exclamation-triangle"}
    if document.valid_until and document.valid_until <= clock.now():
        value = f"Expired {dmy(document.valid_until)}"
        return row | {"value": value, "badge_tone": "warn", "badge_icon": "exclamation-triangle"}
    until = f", valid to {dmy(document.valid_until)}" if document.valid_until else ""
    return row | {"value": f"Signed {dmy(signed.signed_at)}{until}"}


def _asked(request) -> dict:
    row = {"label": str(request.template)}
    if request.declined_at:
        return row | {
            "value": f"Declined {dmy(request.declined_at)}",
            "badge_tone": "danger",
            "badge_icon": "x-circle",
        }
    return row | {
        "value": f"Sent {dmy(request.asked_at)}, not signed",
        "badge_tone": "warn",
        "badge_icon": "hourglass-split",
    }
