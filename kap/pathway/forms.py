"""Forms of the pathway: an enquiry, an exit, a return, an override, an assignment."""

from django import forms

from kap.accounts.models import User
from kap.accounts.permissions import Role
from kap.core.forms import Form
from kap.pathway.models import Setting
from kap.pathway.stages import EXIT_REASONS, Stage
from kap.people.forms import ClientForm
from kap.people.models import Client


class EnquiryForm(ClientForm):
    """A client from a phone call, and what her course begins with. Warns once when somebody sounds alike."""

    setting = forms.ChoiceField(
        label="Where the client wishes to be treated", choices=Setting.choices, widget=forms.RadioSelect,
        initial=Setting.IN_CLINIC,
    )  # fmt: skip
    privacy_read = forms.BooleanField(
        label="The privacy notice was read out and acknowledged: intake opens at once",
        required=False,
    )
    takes = forms.BooleanField(
        label="I take this client myself; otherwise they wait in the pool", required=False
    )
    anyway = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        self.alike = Client.objects.none()
        if Role.THERAPIST not in user.roles:
            del self.fields["takes"]

    def clean(self):
        """The name that was warned of comes back in `anyway`, so that another name is warned of anew."""
        data = super().clean()
        name = (data.get("legal_name") or "").strip()
        chosen = (data.get("chosen_name") or "").strip()
        if name and data.get("anyway") != name:
            self.alike = self._alike(name, chosen, data.get("email") or "")
            if self.alike:
                raise forms.ValidationError(
                    "Somebody with a similar name or the same email is on record. Compare before you add them."
                )
        return data

    def _alike(self, name, chosen, email) -> list[Client]:
        """At most five, nearest first. Those whose names this person may not list show no birth date."""
        found = list(Client.objects.similar_to(name)[:5])
        if chosen and len(found) < 5:
            both = f"{chosen} {name.split()[-1]}"
            found += list(Client.objects.similar_to(both).exclude(pk__in=[c.pk for c in found])[:3])
        if email:
            found += list(
                Client.objects.filter(email__iexact=email).exclude(pk__in=[c.pk for c in found])[:3]
            )
        listed = set(
            Client.objects.listed_for(self.user)
            .filter(pk__in=[c.pk for c in found])
            .values_list("pk", flat=True)
        )
        for client in found:
            client.listed = client.pk in listed
        return found[:5]

    def details(self) -> dict:
        return {name: self.cleaned_data[name] for name in ClientForm.Meta.fields}


def _exits():
    return [
        (to.label, [(f"{to.value}:{reason.value}", reason.label) for reason in EXIT_REASONS[to]])
        for to in (Stage.DECLINED, Stage.DEFERRED, Stage.WITHDRAWN, Stage.TRANSFERRED)
    ]


class LeaveForm(Form):
    why = forms.ChoiceField(label="How and why", choices=_exits, widget=forms.RadioSelect)
    words = forms.CharField(
        label="In your words", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="So that the next person understands. The client can read this record.",
    )  # fmt: skip

    @property
    def exit(self) -> dict:
        to, _, reason = self.cleaned_data["why"].partition(":")
        return {"to": to, "reason": reason, "words": self.cleaned_data["words"]}


class ResumeForm(Form):
    words = forms.CharField(
        label="What has changed", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What makes it right to go on now.",
    )  # fmt: skip


class OverrideForm(Form):
    reason = forms.CharField(
        label="Clinical reason", max_length=2000, min_length=10, widget=forms.Textarea(attrs={"rows": 4})
    )
    printed_name = forms.CharField(
        label="Type your name to sign", max_length=160, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class AssignForm(Form):
    user = forms.ModelChoiceField(
        label="Who takes this client", queryset=User.objects.none(), empty_label="Choose somebody"
    )

    def __init__(self, *args, role, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = User.objects.with_role(role).order_by("name")


class CourseForm(Form):
    setting = forms.ChoiceField(
        label="Where the client wishes to be treated", choices=Setting.choices, widget=forms.RadioSelect
    )
