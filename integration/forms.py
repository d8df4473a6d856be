"""Small forms around the note: when it was held, and the words that end a course."""

from datetime import datetime

from django import forms
from django.utils import timezone

from kap.core.fields import DayField
from kap.core.forms import Form


class HeldForm(Form):
    """A wall-clock time in the clinic's zone; `held_at` gives it back aware."""

    day = DayField(label="Held on", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    time = forms.TimeField(label="Began at", widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))

    @property
    def held_at(self) -> datetime:
        naive = datetime.combine(self.cleaned_data["day"], self.cleaned_data["time"])
        return timezone.make_aware(naive)


class SummaryForm(Form):
    words = forms.CharField(
        label="In your words", max_length=20_000, widget=forms.Textarea(attrs={"rows": 8}),
        help_text="What the course brought, what the client takes along, what comes next and who goes on with it.",
    )  # fmt: skip
    printed_name = forms.CharField(
        label="Type your name to sign", max_length=160, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
