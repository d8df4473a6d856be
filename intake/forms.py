"""Forms that are not made from the intake questions."""

from django import forms
from django.utils.translation import gettext_lazy as _

from kap.core.forms import Form


class RegisterForm(Form):
    name = forms.CharField(
        label=_("Your full name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Enter your full name")},
    )
    email = forms.EmailField(
        label=_("Your email address"),
        help_text=_("We send a link and a code to it. Only you should be able to read it."),
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={
            "required": _("Enter your email address, like name@example.org"),
            "invalid": _("Enter an email address like name@example.org"),
        },
    )

    def clean_name(self):
        return " ".join(self.cleaned_data["name"].replace("\x00", "").split())


class PrivacyByPhoneForm(Form):
    read = forms.BooleanField(
        label=_("I read the notice to the client, offered a copy, and the client acknowledged it"),
        error_messages={"required": _("Tick this when the client has heard and acknowledged the notice")},
    )


class OnBehalfForm(Form):
    asked = forms.BooleanField(
        label=_("The client is on the phone or beside me, and asks me to fill in the forms"),
        error_messages={"required": _("Tick this: answers before sending are the client’s own")},
    )
