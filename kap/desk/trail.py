"""The audit viewer's words: who, what, when and from where, for people. The rows come from kap.audit.trail."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from kap.accounts.models import User
from kap.audit import trail
from kap.core import clock
from kap.core.actions import registry
from kap.core.fields import DayField
from kap.core.forms import Form
from kap.desk.chart.tabs import names_of
from kap.people.models import Client

PER_PAGE = 50
DAYS = 7
EXPORTED = 5_000
UNSHOWN = ("psychotherapy.",)  # their table is private (kap.audit.kept): asking for them would find nothing
DID = {"insert": "added", "update": "changed", "read": "opened"}
COLUMNS = (
    "when_utc",
    "who",
    "did",
    "what",
    "changed_fields",
    "by_action",
    "client",
    "from",
    "purpose",
    "request",
)


def _in_words(verb: str) -> str:
    """`people.add_contact` as somebody would say it."""
    app, _, what = verb.partition(".")
    return f"{app.capitalize()}: {what.replace('_', ' ')}"


class TrailForm(Form):
    """All optional; what is left out is not asked for."""

    person = forms.CharField(
        label="Person", required=False, max_length=80, help_text="Name of staff, or email"
    )
    client = forms.CharField(label="Client", required=False, max_length=20, help_text="KAP number")
    kind = forms.ChoiceField(label="Kind", required=False)
    verb = forms.ChoiceField(label="Action", required=False)
    since = DayField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = DayField(label="Until", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", "Everything"), *trail.kinds()]
        self.fields["verb"].choices = [
            ("", "All actions"),
            *((verb, _in_words(verb)) for verb in sorted(registry) if not verb.startswith(UNSHOWN)),
        ]

    def clean_person(self) -> str:
        """The audit label of whoever is meant; a label itself is taken as it is."""
        said = self.cleaned_data["person"].strip()
        if not said or said.partition(":")[0] in ("user", "system", "contact", "invitation"):
            return said
        found = list(User.objects.filter(email__iexact=said)[:2]) or list(
            User.objects.filter(name__icontains=said)[:2]
        )
        if len(found) != 1:
            raise forms.ValidationError("Person: nobody, or several, by that name. Write the email address")
        return found[0].audit_label

    def clean_client(self) -> str:
        said = self.cleaned_data["client"].strip()
        digits = "".join(c for c in said if c.isdigit())
        if not said:
            return ""
        if not digits:
            raise forms.ValidationError("Client: write the KAP number, like KAP-00412")
        found = Client.objects.filter(number=int(digits[:9])).first()
        if found is None:
            raise forms.ValidationError("Client: there is nobody with that KAP number")
        return str(found.pk)

    def clean(self) -> dict:
        said = super().clean()
        if said.get("since") and said.get("until") and said["since"] > said["until"]:
            self.add_error("until", "Until: choose the same day as From, or a later one")
        return said

    def wanted(self, below: str = "") -> trail.Wanted:
        """Days are the clinic's; without a beginning, the last DAYS days."""
        said, zone = self.cleaned_data, timezone.get_current_timezone()
        last = said.get("until") or clock.now().astimezone(zone).date()
        first = said.get("since") or last - timedelta(days=DAYS)
        return trail.Wanted(
            since=_midnight(first, zone), until=_midnight(last + timedelta(days=1), zone),
            person=said.get("person", ""), client=said.get("client", ""), kind=said.get("kind", ""),
            verb=said.get("verb", ""), below=trail.Place.read(below),
        )  # fmt: skip


def _midnight(day, zone) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(str(zone)))


@dataclass(frozen=True)
class Line:
    entry: trail.Entry
    who: str
    client: Client | None

    @property
    def did(self) -> str:
        if self.entry.purpose == "account" and self.entry.did == "read":
            return ""  # "sign in failed", "pin wrong": it happened, nothing was opened
        return DID.get(self.entry.did, self.entry.did)

    @property
    def what(self) -> str:
        return self.entry.what.replace("_", " ")

    @property
    def changed(self) -> str:
        return ", ".join(field.replace("_", " ") for field in self.entry.changed)

    @property
    def action(self) -> str:
        return _in_words(self.entry.verb) if self.entry.verb else ""

    @property
    def is_emergency(self) -> bool:
        return self.entry.purpose == "emergency"

    def cells(self) -> list[str]:
        one, client = self.entry, self.client.kap_number if self.client else ""
        return [
            one.at.isoformat(), self.who, self.did, self.what, ", ".join(one.changed), one.verb, client, one.address,
            one.purpose, one.request,
        ]  # fmt: skip


def lines(entries: list[trail.Entry]) -> list[Line]:
    """Names for labels and clients: three queries at most, whatever the number of rows."""
    names = names_of({entry.actor for entry in entries if entry.actor})
    keys = {UUID(entry.client) for entry in entries if entry.client}
    clients = {str(client.pk): client for client in Client.objects.filter(pk__in=keys)}
    return [
        Line(entry, names.get(entry.actor, entry.actor) or "Nobody named", clients.get(entry.client))
        for entry in entries
    ]
