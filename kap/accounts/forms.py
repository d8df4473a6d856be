"""Forms of accounts. What they check is also checked, or cannot go wrong, in the actions."""

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kap.accounts import pins, tokens
from kap.accounts.models import User
from kap.accounts.permissions import STAFF, Role
from kap.core.forms import Form

STAFF_ROLES = [(role.value, role.label) for role in Role if role in STAFF]
PASSWORD_HELP = gettext_lazy(
    "At least 15 characters. Four or five ordinary words are good and easy to remember."
)


class EmailForm(Form):
    email = forms.EmailField(
        label=gettext_lazy("Email"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class PasswordSignInForm(Form):
    email = forms.EmailField(
        label="Email", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label="Password", strip=False, max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "data-show": "1"}),
    )  # fmt: skip


class CodeForm(Form):
    code = forms.CharField(
        label=gettext_lazy("Code from the email"),
        help_text=gettext_lazy("Six digits. You can paste them."),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "class": "num"}
        ),
    )

    def clean_code(self):
        """Pasted codes come with spaces, dashes or a line around them."""
        digits = "".join(c for c in self.cleaned_data["code"] if c.isascii() and c.isdigit())
        if len(digits) != tokens.CODE_DIGITS:
            raise forms.ValidationError(_("Type the six digits of the code in the email."))
        return digits


class NewPasswordMixin:
    """A new password, typed twice, judged for the account it is for (`self.user`)."""

    def clean(self):
        data = super().clean()
        new, again = data.get("new_password"), data.get("again")
        if new and again and new != again:
            self.add_error("again", "The two passwords differ. Type the new one again.")
        elif new:
            try:
                validate_password(new, self.user)
            except forms.ValidationError as problem:
                self.add_error("new_password", problem)
        return data


def _new_password():
    return forms.CharField(
        label="New password", strip=False, max_length=200, help_text=PASSWORD_HELP,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "data-show": "1"}),
    )  # fmt: skip


def _again():
    return forms.CharField(
        label="New password, again", strip=False, max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "data-show": "1"}),
    )  # fmt: skip


def _own_password():
    return forms.CharField(
        label="Your password now", strip=False, max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "data-show": "1"}),
    )  # fmt: skip


class NewPasswordForm(NewPasswordMixin, Form):
    new_password = _new_password()
    again = _again()

    def __init__(self, *args, user, **kwargs):
        self.user = user
        super().__init__(*args, **kwargs)


class ChangePasswordForm(NewPasswordMixin, Form):
    password = _own_password()
    new_password = _new_password()
    again = _again()

    def __init__(self, *args, user, **kwargs):
        self.user = user
        super().__init__(*args, **kwargs)


class PinForm(Form):
    password = _own_password()
    pin = forms.CharField(
        label="New PIN", max_length=6, help_text="4 to 6 digits. You type it to witness a colleague’s dose.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )  # fmt: skip
    again = forms.CharField(
        label="New PIN, again", max_length=6,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )  # fmt: skip

    def clean_pin(self):
        if why := pins.problem(self.cleaned_data["pin"]):
            raise forms.ValidationError(why)
        return self.cleaned_data["pin"]

    def clean(self):
        data = super().clean()
        if data.get("pin") and data.get("again") and data["pin"] != data["again"]:
            self.add_error("again", "The two PINs differ. Type the new one again.")
        return data


class InviteForm(Form):
    name = forms.CharField(label="Name", max_length=120, help_text="As colleagues and clients shall read it.")
    email = forms.EmailField(label="Email", max_length=254)
    roles = forms.MultipleChoiceField(
        label="Roles", choices=STAFF_ROLES, widget=forms.CheckboxSelectMultiple,
        help_text="Somebody who treats and also runs the clinic has both roles.",
    )  # fmt: skip


class RolesForm(Form):
    roles = forms.MultipleChoiceField(label="Roles", choices=STAFF_ROLES, widget=forms.CheckboxSelectMultiple)


class AcceptForm(NewPasswordMixin, Form):
    name = forms.CharField(
        label="Your name", max_length=120, help_text="As it will stand under what you sign.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )  # fmt: skip
    new_password = _new_password()
    again = _again()

    def __init__(self, *args, invitation, **kwargs):
        self.user = User(email=invitation.email, name=invitation.name)
        super().__init__(*args, **kwargs)
        self.fields["new_password"].label, self.fields["again"].label = "Password", "Password, again"
        self.speak()
