"""Template tags and filters of the whole product: icons, numbers, dates, times, words, stages; forms with kap_forms.

Dates and times are shown in the clinic's zone, that is Django's current time zone; a filter that takes a
datetime also takes a zone as its argument (``{{ starts_at|clock:location.zone }}``). What is not known is
shown as "Not known", never as nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from django import template
from django.templatetags.static import static
from django.utils import dateformat, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kap.core.templatetags import kap_forms

register = template.Library()
register.tags.update(kap_forms.register.tags)  # one `{% load kap %}` has all
register.filters.update(kap_forms.register.filters)

# --- icons ----------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, label: str = "") -> str:
    """An icon from the sprite. It is decoration beside a word; ``label`` names it where it stands alone."""
    if not name:
        return ""
    href = f"{static('vendor/icons.svg')}#i-{name}"
    if label:
        return format_html('<svg class="i" role="img" aria-label="{}"><use href="{}"/></svg>', label, href)
    return format_html('<svg class="i" aria-hidden="true" focusable="false"><use href="{}"/></svg>', href)


# --- numbers --------------------------------------------------------------------------------------


@register.filter
def num(value) -> str:
    """A number as it must be read: ``0.5`` and ``5``, never ``.5`` or ``5.0`` (ISMP). Empty for None."""
    if value is None or value == "":
        return ""
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        return str(value)
    if not number.is_finite():
        return str(value)
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def percent_of(value, whole) -> int:
    """``value`` as a whole percentage of ``whole``, kept within 0 and 100; for the width of a bar."""
    try:
        share = round(100 * float(value) / float(whole))
    except (TypeError, ValueError, ZeroDivisionError):
        return 0
    return max(0, min(100, share))


@register.filter
def phone(value) -> str:
    """``(310) 555-0142`` for a North American number, with or without +1; any other number as it was given."""
    text = str(value or "").strip()
    digits = re.sub(r"\D", "", text)
    if len(digits) == 11 and digits[0] == "1":
        digits = digits[1:]
    elif text.startswith("+"):
        return text
    if len(digits) != 10 or re.search(r"[A-Za-z]", text):
        return text
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"


@register.filter
def tel(value) -> str:
    """What follows ``tel:`` in a link."""
    return re.sub(r"[^\d+]", "", str(value or ""))


@register.filter
def initials(value) -> str:
    """First and last initial, upper case: ``June Ashworth`` becomes ``JA``."""
    words = [word for word in re.split(r"[\s\-]+", str(value or "")) if word[:1].isalpha()]
    if not words:
        return "?"
    ends = words[:1] if len(words) == 1 else [words[0], words[-1]]
    return "".join(word[0] for word in ends).upper()


# --- days and times -------------------------------------------------------------------------------


@register.filter
def local(value, zone=None):
    """The same instant as a wall clock shows it in the clinic's zone, or in ``zone`` (a ZoneInfo or its name)."""
    if not isinstance(value, dt.datetime) or timezone.is_naive(value):
        return value
    return timezone.localtime(value, ZoneInfo(zone) if isinstance(zone, str) and zone else zone or None)


def _shown(value, pattern: str, zone=None) -> str:
    if value in (None, ""):
        return ""
    return dateformat.format(local(value, zone), pattern)


@register.filter
def clock(value, zone=None) -> str:
    """``14:07``, 24 h."""
    return _shown(value, "H:i", zone)


@register.filter
def day(value, zone=None) -> str:
    """``Thu 19 Nov``."""
    return _shown(value, "D j M", zone)


@register.filter
def day_short(value, zone=None) -> str:
    """``19 Nov``."""
    return _shown(value, "j M", zone)


@register.filter
def day_long(value, zone=None) -> str:
    """``Thursday 19 November 2026``."""
    return _shown(value, "l j F Y", zone)


@register.filter
def day_time(value, zone=None) -> str:
    """``Thu 19 Nov, 14:07``."""
    return _shown(value, "D j M, H:i", zone)


@register.filter
def dmy(value, zone=None) -> str:
    """``08-Oct-2026``, for birth dates, orders, signatures: nobody can take the month for the day."""
    return _shown(value, "d-M-Y", zone)


@register.filter
def dmy_time(value, zone=None) -> str:
    """``08-Oct-2026 14:07``."""
    return _shown(value, "d-M-Y H:i", zone)


@register.filter
def date_iso(value, zone=None) -> str:
    """``2026-10-08``, for ``<time datetime>`` and ``<input type="date">``."""
    return _shown(value, "Y-m-d", zone)


@register.filter
def iso(value) -> str:
    """An instant with its offset, for ``data-since`` and ``<time datetime>``."""
    return value.isoformat() if hasattr(value, "isoformat") else ""


@register.filter
def zone_name(value, zone=None) -> str:
    """The zone's abbreviation at that instant: ``PST`` or ``PDT``."""
    return _shown(value, "T", zone)


@register.filter
def zone_words(name) -> str:
    """``Pacific Time`` from ``America/Los_Angeles``; a zone that has no common name keeps its own."""
    from kap.core.context import ZONE_WORDS

    return ZONE_WORDS.get(str(name or ""), str(name or "").replace("_", " "))


def age_on(born: dt.date, today: dt.date) -> int:
    """Whole years. Born on 29 February: a year older on 1 March of a common year."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _today() -> dt.date:
    from kap.core import clock as kap_clock

    return timezone.localtime(kap_clock.now()).date()


@register.filter
def dob(born) -> str:
    """``03-Aug-1984 (42 y)``, the age today in the clinic's zone."""
    if not born:
        return _("Not known")
    return _("%(date)s (%(age)s y)") % {"date": dmy(born), "age": age_on(born, _today())}


@register.filter
def age(born) -> str:
    return str(age_on(born, _today())) if born else _("Not known")


def _seconds(value) -> float:
    if isinstance(value, dt.datetime):
        from kap.core import clock as kap_clock

        return (kap_clock.now() - value).total_seconds()
    return value.total_seconds() if isinstance(value, dt.timedelta) else float(value)


@register.filter
def elapsed(value) -> str:
    """``0:58`` (h:mm) from a timedelta, from seconds, or since a datetime. Before its start it stands at ``0:00``."""
    if value in (None, ""):
        return ""
    minutes = int(max(0, _seconds(value)) // 60)
    return f"{minutes // 60}:{minutes % 60:02d}"


@register.filter
def duration(value) -> str:
    """``80 min``, ``3 h``, ``2 h 30 min`` from minutes or a timedelta. Up to 90 minutes stay minutes."""
    if value in (None, ""):
        return ""
    minutes = int(value.total_seconds() // 60) if isinstance(value, dt.timedelta) else int(value)
    hours, rest = divmod(minutes, 60)
    if minutes == 60 or minutes > 90:
        whole = _("%(hours)s h") % {"hours": hours}
        return whole if not rest else _("%(whole)s %(rest)s min") % {"whole": whole, "rest": rest}
    return _("%(minutes)s min") % {"minutes": minutes}


@register.filter
def days(count) -> str:
    """``1 day``, ``3 days``."""
    return ngettext("%(count)s day", "%(count)s days", int(count)) % {"count": int(count)}


@register.simple_tag
def now_iso() -> str:
    """The clinic's clock now, for scripts that count on from it: the demonstration may run ahead of real time."""
    from kap.core import clock as kap_clock

    return kap_clock.now().isoformat()


@register.simple_tag
def now_local():
    """The clinic's clock now, for "printed at"."""
    from kap.core import clock as kap_clock

    return kap_clock.now()


# --- words ----------------------------------------------------------------------------------------


@register.filter
def known(value):
    """The value, or "Not known" where there is none: a blank could mean that nobody asked."""
    return _("Not known") if value in (None, "") else value


@register.filter
def nbhyphen(value) -> str:
    """``PHQ-9`` that does not break at its hyphen."""
    return str(value).replace("-", "\N{NON-BREAKING HYPHEN}")


@register.filter
def breakable(value) -> str:
    """A long address that a narrow page may break anywhere; copied, it is the address. For mails, which have no style sheet."""
    text = str(value)
    parts = (text[at : at + 8] for at in range(0, len(text), 8))
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in parts))  # nosec B308, B703 # a constant


@register.filter
def item(values, index):
    """The element of a list at a position, or nothing."""
    try:
        return values[index]
    except (IndexError, KeyError, TypeError):
        return None


@register.filter
def unmet(steps) -> list:
    """The steps of a gate that are still open."""
    return [step for step in steps or [] if not (step["met"] if isinstance(step, dict) else step.met)]


@register.filter
def may(user, can: str) -> bool:
    """Whether this person has a right: ``{% if request.user|may:"add_client" %}``. Shows or hides a link; views ask again."""
    return bool(getattr(user, "is_authenticated", False) and user.may(can))


# --- stages ---------------------------------------------------------------------------------------

# code -> icon, words, tone. Red and amber mean trouble only, so no stage wears them.
STAGES = {
    "enquiry": ("chat-dots", gettext_lazy("Enquiry"), "neutral"),
    "intake": ("clipboard2-pulse", gettext_lazy("Intake"), "neutral"),
    "medical": ("heart-pulse", gettext_lazy("Medical evaluation"), "info"),
    "preparation": ("compass", gettext_lazy("Preparation"), "teal"),
    "dosing": ("moon-stars", gettext_lazy("Dosing"), "violet"),
    "integration": ("chat-square-text", gettext_lazy("Integration"), "ok"),
    "follow_up": ("telephone", gettext_lazy("Follow-up"), "ok"),
    "completed": ("check-circle", gettext_lazy("Completed"), "line"),
    "declined": ("slash-circle", gettext_lazy("Declined"), "line"),
    "deferred": ("pause-circle", gettext_lazy("Deferred"), "line"),
    "withdrawn": ("box-arrow-left", gettext_lazy("Withdrawn"), "line"),
    "transferred": ("arrow-left-right", gettext_lazy("Transferred"), "line"),
}


def stage_look(stage) -> dict:
    code = str(getattr(stage, "code", stage) or "")
    name, words, tone = STAGES.get(
        code, ("circle", code.replace("_", " ").capitalize() or _("Not known"), "neutral")
    )
    return {"icon": name, "words": words, "tone": tone}


@register.inclusion_tag("components/badge.html")
def stage_badge(stage, words: str = "") -> dict:
    """Badge of a stage: icon, word, colour. ``words`` replaces the word ("Dosing 2 of 6")."""
    look = stage_look(stage)
    return {**look, "words": words or look["words"]}


@register.filter
def stage_words(stage) -> str:
    return str(stage_look(stage)["words"])


@register.filter
def stage_tone(stage) -> str:
    return stage_look(stage)["tone"]


@register.filter
def stage_icon(stage) -> str:
    return stage_look(stage)["icon"]
