"""Forms of the second factor."""

from django import forms

from kap.accounts.second import factors
from kap.core.forms import Form


class AppForm(Form):
    code = forms.CharField(
        label="Code that the app shows", max_length=20, help_text="Six digits. They change every 30 seconds.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "num"}),
    )  # fmt: skip

    def clean_code(self):
        code = factors.digits(self.cleaned_data["code"])
        if len(code) != factors.DIGITS:
            raise forms.ValidationError("Type the six digits that the app shows now.")
        return code


class PasskeyForm(Form):
    name = forms.CharField(
        label="Name of this passkey", max_length=60, help_text="By which you will know it: “Phone”, “Blue key”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    second_credential = forms.CharField(
        widget=forms.HiddenInput, max_length=20_000, error_messages={"required": "Press “Add passkey” and follow the browser."}
    )  # fmt: skip


class KeptForm(Form):
    kept = forms.BooleanField(
        label="I kept them where only I can get at them, and not on this computer alone"
    )


class ResetForm(Form):
    reason = forms.CharField(
        label="Reason", max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What happened, and how you know who is asking: you met in person, or you called the number you had.",
    )  # fmt: skip
