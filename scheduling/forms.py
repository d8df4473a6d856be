"""Forms of the calendar. Times without a zone in a form are wall-clock times of the location, and the form says so."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from kap.core import clock
from kap.core.fields import DayField
from kap.core.forms import Form
from kap.core.templatetags.kap import phone
from scheduling.models import CancelReason, Location, Mode, Room
from scheduling.slots import at_wall_clock

WEEKDAYS = [
    (0, _("Monday")), (1, _("Tuesday")), (2, _("Wednesday")), (3, _("Thursday")), (4, _("Friday")),
    (5, _("Saturday")), (6, _("Sunday")),
]  # fmt: skip
BY_HAND = (CancelReason.CLIENT, CancelReason.CLINIC)
ZONES = sorted(z for z in available_timezones() if z.startswith(("America/", "Pacific/", "US/")))
STATES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR "
    "PA RI SC SD TN TX UT VT VA WA WV WI WY"
).split()


def date_input(**attrs):
    return forms.DateInput(attrs={"type": "date", **attrs}, format="%Y-%m-%d")


def time_input():
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class CancelForm(Form):
    reason = forms.ChoiceField(
        label=_("Why is it cancelled?"), choices=[(r, r.label) for r in BY_HAND], widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=_("Note"), max_length=300, required=False, help_text=_("Logistics only, nothing clinical.")
    )
    mark_optional = True


class CompanionForm(Form):
    contact = forms.ModelChoiceField(
        label=_("Who will it be?"), queryset=None, widget=forms.RadioSelect, empty_label=None,
        error_messages={"required": _("Choose one of the client's contacts, or add one first")},
    )  # fmt: skip

    def __init__(self, *args, client, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["contact"].queryset = client.contacts.filter(ended_at=None)
        self.fields["contact"].label_from_instance = lambda c: (
            f"{c.name}, {c.relation.lower()}, {phone(c.phone)}"
        )


class BringForm(Form):
    """The client names who will be with her."""

    name = forms.CharField(label=_("Full name"), max_length=160)
    relation = forms.CharField(
        label=_("Who are they to you?"), max_length=60, help_text=_("For example: sister, friend, partner.")
    )
    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    email = forms.EmailField(
        label=_("Email, if you know it"), required=False, help_text=_("We ask there for a yes, by a link.")
    )
    is_adult = forms.BooleanField(
        label=_("This person is 18 or older, and knows that I give you the name and number."),
        error_messages={"required": _("It must be an adult who knows about it. Tick this when it is so.")},
    )

    def clean_phone(self):
        number = self.cleaned_data["phone"].strip()
        if sum(one.isdigit() for one in number) < 10:
            raise ValidationError(_("Phone: enter the whole number, with its area code."))
        return number


class SpokeForm(Form):
    spoke = forms.BooleanField(
        label=_("I spoke with this person, who is 18 or older, knows what is expected and will be there."),
        error_messages={"required": _("Tick this once you have spoken with the companion")},
    )


class AnswerForm(Form):
    """The companion's own answer."""

    agreed = forms.BooleanField(
        label=_("I am 18 or older, I have read what is expected, and I will be there."),
        error_messages={"required": _("Tick the box to say that you have read what is expected")},
    )


class ShiftForm(Form):
    weekday = forms.TypedChoiceField(label=_("Day"), choices=WEEKDAYS, coerce=int)
    location = forms.ModelChoiceField(
        label=_("Location"), queryset=Location.objects.filter(closed_at=None), empty_label=None
    )
    starts = forms.TimeField(label=_("From"), widget=time_input())
    ends = forms.TimeField(label=_("To"), widget=time_input())
    from_date = DayField(label=_("First day"), widget=date_input())
    to_date = DayField(label=_("Last day"), required=False, widget=date_input())
    mark_optional = True

    def clean(self):
        data = super().clean()
        if data.get("starts") and data.get("ends") and data["ends"] <= data["starts"]:
            self.add_error("ends", _("To: enter a time later than the beginning"))
        return data


class EndShiftForm(Form):
    last_day = DayField(label=_("Last day on which this shift takes place"), widget=date_input())
    keep = forms.BooleanField(required=False, widget=forms.HiddenInput)


class TimeOffForm(Form):
    first_day = DayField(label=_("From"), widget=date_input())
    starts = forms.TimeField(
        label=_("at"), required=False, widget=time_input(), help_text=_("Empty: the whole day")
    )
    last_day = DayField(
        label=_("Until"), required=False, widget=date_input(), help_text=_("Empty: the same day")
    )
    ends = forms.TimeField(
        label=_("at"), required=False, widget=time_input(), help_text=_("Empty: the whole day")
    )
    why = forms.CharField(
        label=_("Note"), max_length=120, required=False, help_text=_("Shown to staff, never to clients.")
    )

    def __init__(self, *args, zone: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.zone = ZoneInfo(zone)

    def clean(self):
        data = super().clean()
        first = data.get("first_day")
        if first is None:
            return data
        last = data.get("last_day") or first
        data["starts_at"] = at_wall_clock(first, data.get("starts") or datetime.min.time(), self.zone)
        data["ends_at"] = (
            at_wall_clock(last, data["ends"], self.zone)
            if data.get("ends")
            else at_wall_clock(last + timedelta(days=1), datetime.min.time(), self.zone)
        )
        if data["ends_at"] <= data["starts_at"]:
            raise ValidationError(_("Time away ends after it starts. Check both."))
        if data["ends_at"] <= clock.now():
            raise ValidationError(_("That time has passed. Enter days to come."))
        return data


class LocationForm(Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    address = forms.CharField(label=_("Address"), max_length=300)
    state = forms.ChoiceField(
        label=_("State"), choices=[("", _("Choose a state")), *((s, s) for s in STATES)],
        help_text=_("Licences are matched against it."),
    )  # fmt: skip
    zone = forms.ChoiceField(label=_("Time zone"), choices=[(z, z.replace("_", " ")) for z in ZONES])
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    coming_soon = forms.BooleanField(label=_("Opens later: shown, not yet bookable"), required=False)
    mark_optional = True


class RoomForm(Form):
    name = forms.CharField(label=_("Name"), max_length=60)
    kind = forms.ChoiceField(label=_("Kind"), choices=Room.Kind.choices)
    buffer_minutes = forms.IntegerField(
        label=_("Time to air and clean after each use"), min_value=0, max_value=120, initial=10,
        widget=forms.NumberInput(attrs={"data-unit": "min", "inputmode": "numeric"}),
    )  # fmt: skip


class ServiceForm(Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    minutes = forms.IntegerField(
        label=_("Usual length"), min_value=5, max_value=720,
        widget=forms.NumberInput(attrs={"data-unit": "min", "inputmode": "numeric"}),
    )  # fmt: skip
    modes = forms.MultipleChoiceField(
        label=_("Ways to meet"), choices=Mode.choices, widget=forms.CheckboxSelectMultiple
    )
    notice_hours = forms.IntegerField(
        label=_("A cancellation counts as late within"), min_value=0, max_value=720,
        widget=forms.NumberInput(attrs={"data-unit": "h", "inputmode": "numeric"}),
    )  # fmt: skip
    offered = forms.BooleanField(label=_("Offered: can be booked"), required=False)
