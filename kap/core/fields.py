"""Form fields that several rooms need: a day, and a day in three boxes."""

import datetime as dt

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


# Years beyond are slips of the finger; near the ends of the calendar, the day after a day does not exist.
EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)


def day_from(text) -> dt.date | None:
    """The day that an address or a hidden box names, or None for nonsense."""
    try:
        day = parse_date(str(text or "").strip())
    except ValueError:
        return None
    return day if day and EARLIEST <= day <= LATEST else None


def instant_from(text) -> dt.datetime | None:
    """The instant with its offset, or None for nonsense. In an address a plus sign may have become a blank."""
    try:
        found = parse_datetime(str(text or "").strip().replace(" ", "+"))
    except ValueError:
        return None
    return found if found and found.tzinfo and EARLIEST <= found.date() <= LATEST else None


class DayField(forms.DateField):
    """A day of these centuries. Every form takes this field in place of Django's."""

    default_error_messages = {"century": gettext_lazy("Enter a date between 1900 and 2199")}

    def validate(self, value):
        super().validate(value)
        if value is not None and not EARLIEST <= value <= LATEST:
            raise ValidationError(self.error_messages["century"], code="century")


class DateBoxes(forms.MultiWidget):
    """Month, day, year: people remember a birth date as three numbers, and a calendar picker starts decades away."""

    def __init__(self, attrs=None, *, birth: bool = False):
        parts = {"month": forms.TextInput(), "day": forms.TextInput(), "year": forms.TextInput()}
        self.birth = birth
        super().__init__(parts, attrs)

    def decompress(self, value):
        return [value.month, value.day, value.year] if value else ["", "", ""]

    def value_from_datadict(self, data, files, name):
        return [(data.get(f"{name}_{part}") or "").strip() for part in ("month", "day", "year")]

    def render(self, name, value, attrs=None, renderer=None):
        context = self.get_context(name, value, attrs)
        # Template of the project, not of Django's form renderer, which knows only the templates of apps.
        return render_to_string("components/date_boxes.html", {**context, "birth": self.birth})


class DateBoxesField(forms.Field):
    """A date typed as month, day and year. The month may be a number or its name; every refusal says what to type.

    ``latest`` and ``earliest`` are dates or functions that return one; ``birth`` adds the browser's autofill tokens.
    """

    widget = DateBoxes
    default_error_messages = {
        "required": gettext_lazy("Enter the month, day and year"),
        "incomplete": gettext_lazy("Enter the month, the day and the year, all three"),
        "month": gettext_lazy("Enter the month as a number from 1 to 12, or by its name"),
        "year": gettext_lazy("Enter the year with four digits, like 1984"),
        "real": gettext_lazy("Enter a day that exists: there is no such date"),
    }

    def __init__(self, *, birth: bool = False, latest=None, earliest=None, **kwargs):
        kwargs.setdefault("widget", DateBoxes(birth=birth))
        self.latest, self.earliest = latest, earliest
        super().__init__(**kwargs)

    def to_python(self, value) -> dt.date | None:
        if isinstance(value, dt.date) or value is None:
            return value
        month, day, year = value
        if not any(value):
            return None
        if not all(value):
            raise ValidationError(self.error_messages["incomplete"], code="incomplete")
        if not (year.isascii() and year.isdigit() and len(year) == 4):
            raise ValidationError(self.error_messages["year"], code="year")
        try:
            return dt.date(int(year), self.month_number(month), int(day))
        except ValueError as problem:
            raise ValidationError(self.error_messages["real"], code="real") from problem

    def month_number(self, month: str) -> int:
        if month.isascii() and month.isdigit() and 1 <= int(month) <= 12:
            return int(month)
        if month[:3].lower() in MONTHS and month.isalpha():
            return MONTHS.index(month[:3].lower()) + 1
        raise ValidationError(self.error_messages["month"], code="month")

    def validate(self, value):
        super().validate(value)
        if value is None:
            return
        latest = (self.latest() if callable(self.latest) else self.latest) or LATEST
        earliest = (self.earliest() if callable(self.earliest) else self.earliest) or EARLIEST
        if value > latest:
            raise ValidationError(
                _("Enter a date not later than %(day)s") % {"day": latest.strftime("%d-%b-%Y")}
            )
        if value < earliest:
            raise ValidationError(
                _("Enter a date not earlier than %(day)s") % {"day": earliest.strftime("%d-%b-%Y")}
            )

    def has_changed(self, initial, data) -> bool:
        try:
            return self.to_python(data) != self.to_python(initial)
        except ValidationError:
            return True
