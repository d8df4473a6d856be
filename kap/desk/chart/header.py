"""Who this is and what must never be overlooked: identity, badge, alert chips, tabs, actions."""

from django.utils import timezone
from django.utils.dateformat import format as dateformat

from kap.core import clock
from kap.core.templatetags.kap import dmy, stage_look
from kap.desk import days
from kap.desk.links import link
from kap.documents.models import Kind as DocumentKind
from kap.pathway.stages import Stage
from kap.worklist.models import Item, Kind

TABS = {
    "overview": "Overview",
    "timeline": "Timeline",
    "notes": "Notes",
    "dosing": "Dosing",
    "measures": "Measures",
    "medical": "Medical",
    "documents": "Documents",
    "access": "Access log",
}
IN_TREATMENT = (Stage.DOSING, Stage.INTEGRATION)


def tabs_of(client, current: str) -> list[dict]:
    """Each tab is a page of its own; the overview is the chart's address."""
    return [
        {
            "label": label, "current": key == current,
            "href": link("desk:chart", client.pk) if key == "overview" else link("desk:chart_tab", client.pk, key),
        }
        for key, label in TABS.items()
    ]  # fmt: skip


def badge_of(course, done: int) -> dict:
    """``In treatment, 2 of 6 done`` while doses are given; else the stage."""
    if course is None:
        return {"words": "No course yet", "tone": "line", "icon": "circle"}
    look = stage_look(course.stage)
    if course.stage in IN_TREATMENT and course.planned_sessions:
        return {**look, "words": f"{look['words']}, {done} of {course.planned_sessions} done"}
    return look


def active_order(course):
    """The order in force today, with its signer; None when there is none."""
    if course is None:
        return None
    return course.orders.active(days.today()).select_related("signed_by").first()


def chips_of(client, order, allergies, medicines) -> list[dict]:
    """Allergies, open safety alerts, the order's limits and what the prescriber said about other medicines."""
    chips = [_safety(item) for item in _alerts(client)]
    chips += _allergies(client, allergies)
    if order:
        chips.append(_limits(order))
    chips += [
        {"words": f"{medicine.name} – {medicine.hold_words}", "tone": "warn", "icon": "capsule"}
        for medicine in medicines
        if medicine.hold_words
    ]
    return chips


def _alerts(client):
    return Item.objects.open().filter(client=client, kind=Kind.SAFETY).order_by("raised_at")[:3]


def _safety(item) -> dict:
    return {
        "words": "Safety alert", "detail": f"{item.title} {dateformat(days.local(item.raised_at), 'j M, H:i')}",
        "tone": "danger", "icon": "exclamation-triangle-fill", "href": link("worklist:item", item.pk),
    }  # fmt: skip


def _allergies(client, allergies) -> list[dict]:
    if allergies:
        return [
            {
                "words": "Allergy", "tone": "danger", "icon": "exclamation-octagon",
                "detail": f"{allergy.substance} – {allergy.reaction}" if allergy.reaction else allergy.substance,
            }
            for allergy in allergies
        ]  # fmt: skip
    if client.allergies_checked_on:
        detail = f"checked {dmy(client.allergies_checked_on)}"
        return [{"words": "No known allergies", "detail": detail, "tone": "info", "icon": "check-circle"}]
    return [
        {
            "words": "Allergies not known",
            "detail": "nobody has asked yet",
            "tone": "warn",
            "icon": "question-circle",
        }
    ]


def _limits(order) -> dict:
    who = order.signed_by.name if order.signed_by else ""
    return {
        "words": f"Call prescriber if BP ≥ {order.call_systolic_mmhg}/{order.call_diastolic_mmhg} mmHg "
        f"or SpO₂ < {order.call_spo2_below_percent} %",
        "detail": f"{who}, {dmy(timezone.localtime(order.signed_at))}", "tone": "warn", "icon": "heart-pulse",
    }  # fmt: skip


def actions_of(client, course, user) -> list[dict]:
    """The two buttons of the bar: the note of this stage, and booking."""
    found = []
    if href := note_page(course, user):
        found.append({"label": "Write note", "icon": "pen", "href": href, "key": "N"})
    if user.may("book") and (href := link("scheduling:book", client=client.pk)):
        found.append({"label": "Book", "icon": "calendar-plus", "href": href})
    return found


def note_page(course, user) -> str:
    """The page where the note of the course's present stage is written; "" where there is none to write."""
    if course is None or not user.may("sign_intake_session"):
        return ""
    if course.stage in (Stage.ENQUIRY, Stage.INTAKE):
        return link("intake:session_note", course.pk)
    if course.stage == Stage.PREPARATION:
        return link("dosing:preparation", course.pk)
    if course.stage == Stage.INTEGRATION:
        waiting = course.integrations.filter(signed_at=None).order_by("-opens_at").first()
        return link("integration:note", waiting.pk) if waiting else ""
    return ""


def context(client, course, user, tab: str, *, done: int, allergies, medicines) -> dict:
    """What the bar above every page of the chart needs."""
    order = active_order(course)
    badge = badge_of(course, done)
    return {
        "client": client, "course": course, "order": order, "tabs": tabs_of(client, tab), "tab": tab,
        "tab_words": TABS[tab], "badge": badge["words"], "badge_tone": badge["tone"], "badge_icon": badge["icon"],
        "chips": chips_of(client, order, allergies, medicines), "actions": actions_of(client, course, user),
        "opened_at": clock.now(),
    }  # fmt: skip


CONSENTS = (
    DocumentKind.KAP_CONSENT,
    DocumentKind.TELEHEALTH_CONSENT,
    DocumentKind.CHAPERONE_AGREEMENT,
    DocumentKind.PRIVACY_NOTICE,
)
