"""From a row to what a person reads: subject, plain text and HTML. The page and the dispatcher use the same."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from kap.core.context import current_clinic
from kap.core.templatetags.kap import day
from kap.outbox import catalogue

HIDDEN = "••••••"


@dataclass(frozen=True)
class Rendered:
    subject: str
    text: str
    html: str


def rendered(message, clinic=None, *, hide_secrets: bool = False) -> Rendered:
    """The exact words. Instants of the context are shown in its `zone`, else the clinic's.

    `hide_secrets` masks sign-in codes and invitation links, for the page of sent messages.
    """
    clinic = clinic or current_clinic()
    kind = catalogue.get(message.kind)
    values = dict(message.context)
    if hide_secrets or message.ended_at:
        values.update(dict.fromkeys(kind.secret, HIDDEN))
    zone = ZoneInfo(values.get("zone") or (clinic.zone if clinic else "UTC"))
    values |= {
        key: datetime.fromisoformat(text) for key, text in values.items() if key.endswith("_at") and text
    }
    with timezone.override(zone):
        words = {
            "clinic": getattr(clinic, "name", ""),
            "day": day(values["starts_at"]) if "starts_at" in values else "",
            "expires_on": values.get("expires_on", ""),
        }
        context = {
            **values, "clinic": clinic, "to_name": message.to_name, "zone": str(zone), "kind": kind,
            "heading": str(kind.subject) % words, "button_label": kind.button,
            "button_href": address(values["path"]) if kind.button and values.get("path") else "",
        }  # fmt: skip
        return Rendered(
            subject=" ".join(context["heading"].split()),
            text=render_to_string(f"emails/{kind.template_name}.txt", context).strip() + "\n",
            html=render_to_string(f"emails/{kind.template_name}.html", context),
        )


def address(path: str) -> str:
    """A path of ours as clients reach it from outside."""
    return path if path.startswith(("http://", "https://", HIDDEN)) else f"{settings.SITE_URL}{path}"
