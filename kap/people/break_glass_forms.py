"""The form that opens a record in an emergency: whose, and why."""

from django import forms

from kap.core.fields import DateBoxesField
from kap.core.forms import Form
from kap.people import break_glass
from kap.people.models import BreakGlass


class BreakGlassForm(Form):
    number = forms.CharField(
        label="KAP number", max_length=20, required=False, help_text="As KAP-00412 or 412; or else the name below.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    name = forms.CharField(
        label="Full legal name", max_length=160, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    birth_date = DateBoxesField(label="Birth date", required=False)
    reason = forms.ChoiceField(label="Reason", choices=BreakGlass.Reason.choices, widget=forms.RadioSelect)
    words = forms.CharField(
        label="What makes it necessary now", min_length=break_glass.SHORTEST, max_length=500,
        help_text="The privacy officer reads this. Write no clinical details.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def clean(self):
        """Says no more than that nobody fits: who is a client here is not for guessing."""
        said = super().clean()
        if not said.get("number") and not (said.get("name") and said.get("birth_date")):
            self.add_error("number", "Enter the KAP number, or the full name and the birth date")
        return said

    def client(self):
        said = self.cleaned_data
        found = break_glass.find(
            number=said["number"], name=said.get("name", ""), birth_date=said.get("birth_date")
        )
        if found is None:
            self.add_error(
                "number", "Nobody fits exactly. Check the number, or the spelling and the birth date"
            )
        return found
