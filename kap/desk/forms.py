"""Forms of the desk itself: the clinic's own details."""

from zoneinfo import available_timezones

from django import forms

from kap.core.clinic import FIELDS
from kap.core.context import ZONE_WORDS
from kap.core.forms import ModelForm
from kap.core.models import Clinic


class ClinicForm(ModelForm):
    class Meta:
        model = Clinic
        fields = FIELDS
        labels = {
            "name": "Name of the clinic",
            "zone": "Home time zone",
            "crisis_phone": "Crisis line",
            "crisis_words": "What clients read in a crisis",
            "email": "Email",
            "privacy_officer_email": "Privacy officer's email",
            "tax_id": "Tax number",
        }
        help_texts = {
            "zone": "Pages show times in this zone. Each location has its own besides.",
            "crisis_phone": "988 is the national line of the United States.",
            "privacy_officer_email": "Told when somebody opens a chart in an emergency.",
        }
        widgets = {"crisis_words": forms.Textarea(attrs={"rows": 2})}

    mark_optional = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        zones = dict(ZONE_WORDS)
        now = self.instance.zone
        if now and now not in zones and now in available_timezones():
            zones[now] = now.replace("_", " ")
        self.fields["zone"] = forms.ChoiceField(
            label="Home time zone", choices=[("", "Choose a zone"), *zones.items()],
            help_text=self.Meta.help_texts["zone"],
        )  # fmt: skip
        self.speak()
