"""Forms about clients, contacts, care teams and the roster."""

from datetime import datetime, time, timedelta

from django import forms
from django.utils import timezone

from kap.accounts.models import User
from kap.accounts.permissions import CLINICAL, Role
from kap.core import clock, credentials
from kap.core.context import ZONE_WORDS
from kap.core.fields import DateBoxesField, DayField
from kap.core.forms import Form, ModelForm
from kap.people import us_states
from kap.people.models import Client, Contact, Credential, Provider, Sex


def today():
    return clock.today(timezone.get_current_timezone())


class ClientForm(ModelForm):
    """Details of a client. Only a name is needed: more is often not said on the phone."""

    birth_date = DateBoxesField(label="Born", birth=False, latest=today, required=False)
    sex = forms.ChoiceField(
        label="Sex recorded at birth", choices=[("", "Not known"), *Sex.choices], required=False
    )
    state = forms.ChoiceField(label="State of residence", choices=us_states.CHOICES, required=False)
    zone = forms.ChoiceField(
        label="Time zone", required=False, choices=[("", "The clinic’s"), *ZONE_WORDS.items()]
    )

    class Meta:
        model = Client
        fields = [
            "legal_name", "chosen_name", "pronouns", "birth_date", "sex", "email", "phone", "address", "state", "zone",
            "email_ok", "voicemail_ok", "text_ok",
        ]  # fmt: skip
        labels = {
            "legal_name": "Legal name",
            "chosen_name": "Chosen first name",
            "email": "Email",
            "email_ok": "Email is fine",
            "voicemail_ok": "Voicemail is fine",
            "text_ok": "Text messages are fine",
        }
        help_texts = {
            "legal_name": "As on an identity document.",
            "chosen_name": "The name to use.",
        }
        widgets = {"phone": forms.TextInput(attrs={"inputmode": "tel"})}

    def clean_phone(self):
        number = self.cleaned_data["phone"].strip()
        if number and sum(c.isdigit() for c in number) < 7:
            raise forms.ValidationError("Phone: enter the whole number, with its area code.")
        return number


class ContactForm(ModelForm):
    class Meta:
        model = Contact
        fields = [
            "name",
            "relation",
            "phone",
            "email",
            "is_emergency",
            "is_driver",
            "is_chaperone",
            "is_adult",
        ]
        labels = {
            "relation": "How they are related",
            "email": "Email, if there is one",
            "is_emergency": "Emergency contact",
            "is_driver": "Driver after a session in clinic",
            "is_chaperone": "Chaperone for sessions at home",
            "is_adult": "Is 18 or older",
        }
        help_texts = {
            "email": "A driver or chaperone confirms by a link sent there.",
            "relation": "For example: sister, friend, partner.",
            "is_adult": "",
        }
        widgets = {"phone": forms.TextInput(attrs={"inputmode": "tel"})}

    def clean(self):
        data = super().clean()
        if not (data.get("is_emergency") or data.get("is_driver") or data.get("is_chaperone")):
            self.add_error("is_emergency", "Tick at least one: emergency contact, driver or chaperone.")
        elif (data.get("is_driver") or data.get("is_chaperone")) and not data.get("is_adult"):
            self.add_error("is_adult", "A driver or chaperone must be 18 or older. Ask, and tick it.")
        return data


class AllergyRow(Form):
    substance = forms.CharField(label="Substance", max_length=120, required=False)
    reaction = forms.CharField(label="What happened", max_length=200, required=False)

    def clean(self):
        data = super().clean()
        if data.get("reaction") and not data.get("substance"):
            self.add_error("substance", "Write the substance to which this happened.")
        return data


class MedicineRow(Form):
    name = forms.CharField(label="Medicine", max_length=120, required=False)
    dose_amount = forms.DecimalField(
        label="Dose", max_digits=10, decimal_places=3, min_value=0, required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )  # fmt: skip
    dose_unit = forms.CharField(label="Unit", max_length=20, required=False)
    how_often = forms.CharField(label="How often", max_length=120, required=False)

    def clean(self):
        data = super().clean()
        if any(data.get(k) for k in ("dose_amount", "dose_unit", "how_often")) and not data.get("name"):
            self.add_error("name", "Write the name of the medicine.")
        if data.get("dose_amount") == 0:
            self.add_error("dose_amount", "Dose: enter a number above zero, or leave it empty.")
        if data.get("dose_amount") and not data.get("dose_unit"):
            self.add_error("dose_unit", "Unit: write it, such as mg.")
        return data


AllergyRows = forms.formset_factory(AllergyRow, extra=3, max_num=60, absolute_max=80)
MedicineRows = forms.formset_factory(MedicineRow, extra=3, max_num=60, absolute_max=80)


def filled(formset, key: str) -> list[dict]:
    return [form.cleaned_data for form in formset if form.cleaned_data.get(key)]


def clinicians() -> list[tuple[str, str]]:
    """Everyone who can be on a care team, once per role: ("<user>:therapist", "Mara Quinn, LMFT (therapist)")."""
    people = User.objects.with_role(*CLINICAL).select_related("provider").prefetch_related("grants")
    found = []
    for person in people.order_by("name"):
        title = f", {person.credential_line}" if person.credential_line else ""
        for role in (Role.THERAPIST, Role.PRESCRIBER, Role.MONITOR):
            if role in person.roles:
                found.append((f"{person.pk}:{role}", f"{person.name}{title} ({role.label.lower()})"))
    return found


class TeamForm(Form):
    mark_optional = True
    who = forms.ChoiceField(label="Who joins")
    until = DayField(
        label="Last day", required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Only for a cover: the chart closes by itself after that day.",
    )  # fmt: skip
    why = forms.CharField(
        label="Reason", max_length=200, required=False, help_text="For example: holiday cover."
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["who"].choices = [("", "Choose somebody"), *clinicians()]

    def clean_until(self):
        day = self.cleaned_data["until"]
        if day and day < today():
            raise forms.ValidationError("Last day: choose today or a later day.")
        return day

    @property
    def until_instant(self):
        """Midnight after the last day, in the clinic's zone."""
        day = self.cleaned_data["until"]
        if day is None:
            return None
        return datetime.combine(day + timedelta(days=1), time(), tzinfo=timezone.get_current_timezone())

    @property
    def person_and_role(self):
        pk, _, role = self.cleaned_data["who"].partition(":")
        return User.objects.get(pk=pk), role


class ProviderForm(ModelForm):
    colour = forms.TypedChoiceField(
        label="Colour in the calendar", coerce=int, choices=[(n, f"Colour {n}") for n in range(1, 9)]
    )

    class Meta:
        model = Provider
        fields = ["title", "npi", "colour", "buffer_minutes", "bookable"]
        labels = {
            "npi": "NPI",
            "buffer_minutes": "Pause between appointments",
            "bookable": "Clients can be booked",
        }
        help_texts = {
            "title": "As printed under a signature: LMFT, LCSW, PhD, MD, RN.",
            "npi": "10 digits; empty for those who have none.",
        }
        widgets = {
            "buffer_minutes": forms.NumberInput(attrs={"data-unit": "min", "inputmode": "numeric"}),
            "npi": forms.TextInput(attrs={"inputmode": "numeric", "class": "ident"}),
        }

    def clean_npi(self):
        number = "".join(c for c in self.cleaned_data["npi"] if c not in " -")
        if number and (why := credentials.npi_problem(number)):
            raise forms.ValidationError(why)
        return number

    def clean_buffer_minutes(self):
        minutes = self.cleaned_data["buffer_minutes"]
        if minutes > 120:
            raise forms.ValidationError("Pause between appointments: enter 120 min or less.")
        return minutes


class NewProviderForm(ProviderForm):
    user = forms.ModelChoiceField(
        label="Staff member", queryset=User.objects.none(), empty_label="Choose somebody",
        help_text="Therapists, prescribers and monitors who are not on the roster yet.",
    )  # fmt: skip

    field_order = ["user"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = not_on_roster()


def not_on_roster():
    return User.objects.with_role(*CLINICAL).filter(provider=None).order_by("name")


class CredentialForm(ModelForm):
    state = forms.ChoiceField(
        label="State",
        choices=us_states.CHOICES,
        required=False,
        help_text="For a licence or a DEA registration.",
    )
    issued_on = DayField(label="Issued on", widget=forms.DateInput(attrs={"type": "date"}))
    expires_on = DayField(
        label="Expires on",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="It still counts on this day.",
    )

    class Meta:
        model = Credential
        fields = ["kind", "number", "state", "issued_on", "expires_on"]

    def clean(self):
        data = super().clean()
        kind, number = data.get("kind"), data.get("number") or ""
        if kind == Credential.Kind.DEA and number and (why := credentials.dea_problem(number)):
            self.add_error("number", why)
        if kind in (Credential.Kind.LICENCE, Credential.Kind.DEA) and not data.get("state"):
            self.add_error("state", "State: choose the one it is for.")
        issued, expires = data.get("issued_on"), data.get("expires_on")
        if issued and expires and expires <= issued:
            self.add_error("expires_on", "Expires on: choose a day after the one it was issued on.")
        if issued and issued > today() + timedelta(days=366):
            self.add_error("issued_on", "Issued on: this is over a year ahead. Check the year.")
        return data
