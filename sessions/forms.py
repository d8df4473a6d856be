"""Forms of the dosing room. Nothing has an initial value: no dose, no vital sign, no consent."""

from django import forms

from kap.core.fields import instant_from
from kap.core.forms import Form
from kap.measures import instruments
from kap.people.models import Contact
from sessions import adverse_events, checklists, discharge, facts
from sessions.actions.ending import ANSWERED
from sessions.flowsheet import ALERTNESS
from sessions.readings import MOAAS

YES_NO = [("yes", "Yes"), ("no", "No")]


def number(label, unit, **options):
    attrs = {"data-unit": unit, "inputmode": "numeric", "autocomplete": "off"}
    return forms.IntegerField(label=label, required=False, widget=forms.TextInput(attrs=attrs), **options)


def wall_time(label, unit="24 h, or now", help_text=""):
    """A wall-clock time, typed: the browser's own picker shows am and pm, and lights the room. Empty: now."""
    return forms.TimeField(
        label=label, required=False, help_text=help_text, input_formats=["%H:%M", "%H%M", "%H.%M"],
        widget=forms.TextInput(attrs={"data-unit": unit, "inputmode": "numeric", "autocomplete": "off", "maxlength": "5"}),
    )  # fmt: skip


def text(label, *, required=True, rows=3, help_text="", longest=2000):
    return forms.CharField(
        label=label, required=required, help_text=help_text, max_length=longest,
        widget=forms.Textarea(attrs={"rows": rows}),
    )  # fmt: skip


def signature(user):
    return forms.CharField(
        label="Your name, typed, signs this", max_length=160, help_text=f"As on your account: {user.name}",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip


def yes_no(label, help_text=""):
    return forms.TypedChoiceField(
        label=label, choices=YES_NO, coerce=lambda value: value == "yes", empty_value=None, help_text=help_text,
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
    )  # fmt: skip


class IsoInstant(forms.Field):
    """An instant with its offset, as the device stamped it."""

    def clean(self, value):
        return instant_from(value)


class VitalsForm(Form):
    """One reading. Its template is drawn by hand (the keypad); this reads and checks the entry."""

    systolic_mmhg = number("Systolic", "mmHg", min_value=0, max_value=999)
    diastolic_mmhg = number("Diastolic", "mmHg", min_value=0, max_value=999)
    heart_rate_bpm = number("Heart rate", "/min", min_value=0, max_value=999)
    spo2_percent = number("SpO2", "%", min_value=0, max_value=999)
    respiratory_rate_bpm = number("Breathing", "/min", min_value=0, max_value=999)
    temperature_c = forms.DecimalField(
        label="Temperature", required=False, max_digits=4, decimal_places=1, min_value=0,
        widget=forms.TextInput(attrs={"data-unit": "°C", "inputmode": "decimal", "autocomplete": "off"}),
    )  # fmt: skip
    moaas = forms.TypedChoiceField(
        label="Alertness",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[(str(n), w) for n, w in ALERTNESS.items()],
    )
    time = wall_time("Time taken")
    measured_at = IsoInstant(required=False)
    entry_key = forms.UUIDField()
    odd_confirmed = forms.BooleanField(required=False)
    call = forms.CharField(required=False)

    def values(self) -> dict:
        return {name: self.cleaned_data.get(name) for name in facts.MEASURED}


class LineForm(Form):
    line = forms.ChoiceField(choices=[(one.code, one.words) for one in checklists.PRE_DOSE])
    answer = forms.ChoiceField(choices=list(checklists.ANSWERS.items()))
    detail = forms.CharField(required=False, max_length=500)


class PlaceForm(Form):
    """Where the client is at this moment, and how help gets there."""

    address = forms.CharField(
        label="Where the client is now", max_length=300, help_text="Full address, with flat and floor."
    )
    state = forms.CharField(
        label="State", min_length=2, max_length=2, help_text="Two letters, such as CA.",
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "autocomplete": "off"}),
    )  # fmt: skip
    callback = forms.CharField(
        label="Numbers to call back", max_length=40, help_text="The client's and the chaperone's."
    )
    emergency_number = forms.CharField(
        label="Local emergency number", max_length=60, help_text="Your own 911 call does not reach theirs."
    )
    nearest_ed = forms.CharField(label="Nearest emergency department", max_length=200)
    disconnect_plan = text("If the connection is lost", rows=2)
    lozenges_before = number("Lozenges counted on camera", "lozenges", min_value=0, max_value=200)
    photo_id_seen = forms.BooleanField(label="Photo ID was held to the camera and is the client's")


class ReleaseForm(Form):
    reason = text("Why the dose may go ahead", help_text="A full sentence; it stays on the record.")

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["printed_name"] = signature(user)
        self.speak()


class PassForm(ReleaseForm):
    """A prescriber passes one line of a gate."""


class SecondForm(Form):
    """Who else is here, confirmed by her PIN."""

    person = forms.ModelChoiceField(queryset=None, label="Second person", empty_label="Choose")
    pin = forms.CharField(
        label="PIN of the second person", required=False, max_length=12,
        widget=forms.PasswordInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people


class SafetyForm(Form):
    """The C-SSRS screener as asked aloud. Which questions are asked depends on the answers: all are shown, and
    those that need not be asked may stay open."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.instrument = instruments.get("cssrs")
        for item in self.instrument.items:
            self.fields[f"q{item.key}"] = forms.TypedChoiceField(
                label=f"{item.key}. {item.text}", required=False, coerce=int, empty_value=None,
                choices=[(str(one.score), one.text) for one in item.answers],
                widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
            )  # fmt: skip
        self.speak()

    def answers(self) -> dict:
        return {item.key: self.cleaned_data[f"q{item.key}"] for item in self.instrument.items}

    def clean(self):
        cleaned = super().clean()
        answers = {item.key: cleaned.get(f"q{item.key}") for item in self.instrument.items}
        for item in self.instrument.asked(answers):
            if answers[item.key] is None:
                self.add_error(f"q{item.key}", f"Question {item.key}: ask it and choose the answer")
        return cleaned


class ObservationForm(Form):
    words = text("What you see or hear", rows=3)
    time = wall_time("Time")


class DoseForm(Form):
    """The order decides which boxes there are. The amount is always typed."""

    dose_mg = forms.DecimalField(
        label="Amount given", max_digits=6, decimal_places=2, min_value=0,
        widget=forms.TextInput(attrs={"data-unit": "mg", "inputmode": "decimal", "autocomplete": "off"}),
    )  # fmt: skip
    time = wall_time("Time given")
    kind = forms.ChoiceField(
        label="What it is", choices=[("dose", "The dose, or a part of it"), ("booster", "Booster")],
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
    )  # fmt: skip
    volume_ml = forms.DecimalField(
        label="Volume", required=False, max_digits=6, decimal_places=2, min_value=0,
        help_text="From the syringe; checked against the strength.",
        widget=forms.TextInput(attrs={"data-unit": "mL", "inputmode": "decimal", "autocomplete": "off"}),
    )  # fmt: skip
    lozenge_held_minutes = number("Held in the mouth", "min", min_value=0, max_value=60)
    lozenge_after = forms.ChoiceField(
        label="Afterwards", required=False, choices=[("spit", "Spat out"), ("swallow", "Swallowed")],
        widget=forms.RadioSelect(attrs={"data-look": "segmented"}),
    )  # fmt: skip
    witness = forms.ModelChoiceField(
        queryset=None, label="Second person", required=False, empty_label="Choose"
    )
    pin = forms.CharField(
        label="Second person’s PIN", required=False, max_length=12,
        widget=forms.PasswordInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    not_witnessed_reason = forms.CharField(label="Why nobody saw it", required=False, max_length=300)
    soft_reason = forms.CharField(
        label="Why less than ordered", required=False, max_length=300,
        help_text="Only if it is below the order's range; the prescriber is told.",
    )  # fmt: skip

    def __init__(self, *args, sheet, people, **kwargs):
        super().__init__(*args, **kwargs)
        session = sheet.session
        self.fields["witness"].queryset = people
        if not sheet.standing_doses:
            del self.fields["kind"]
        if session.route not in ("iv", "im"):
            del self.fields["volume_ml"]
        if session.route != "sl":
            del self.fields["lozenge_held_minutes"], self.fields["lozenge_after"]
        self.speak()


class EventForm(Form):
    code = forms.ChoiceField(
        label="What happened", choices=[(k.code, k.words) for k in adverse_events.EVENTS.values()],
        widget=forms.RadioSelect(attrs={"data-look": "inline"}),
    )  # fmt: skip
    words = text("In words", required=False, rows=2)
    grade = forms.TypedChoiceField(
        label="How bad", coerce=int, widget=forms.RadioSelect,
        choices=[(str(n), f"{n} – {words}") for n, words in adverse_events.GRADES.items()],
    )  # fmt: skip
    relatedness = forms.ChoiceField(
        label="Related to the medicine", choices=list(adverse_events.RELATEDNESS.items()),
        widget=forms.RadioSelect(attrs={"data-look": "inline"}),
    )  # fmt: skip
    time = wall_time("Began at")
    action = forms.ChoiceField(
        label="What was done", choices=list(adverse_events.ACTIONS.items()),
        widget=forms.RadioSelect(attrs={"data-look": "inline"}),
    )  # fmt: skip
    action_taken = forms.CharField(label="What was done, in words", required=False, max_length=2000)
    outcome = forms.ChoiceField(
        label="How it is now", choices=list(adverse_events.OUTCOMES.items()),
        widget=forms.RadioSelect(attrs={"data-look": "inline"}),
    )  # fmt: skip
    ended = wall_time("Over at", unit="24 h", help_text="If it is over.")
    told = forms.CharField(label="Told whom", required=False, max_length=200)
    serious_reasons = forms.MultipleChoiceField(
        label="Serious because", required=False, choices=list(adverse_events.SERIOUS_REASONS.items()),
        widget=forms.CheckboxSelectMultiple, help_text="Leave all open if it is not serious.",
    )  # fmt: skip


class StrikeForm(Form):
    reason = forms.CharField(
        label="Why it is wrong", max_length=300, help_text="The entry stays readable, crossed out."
    )


class DischargeForm(Form):
    """Fit to leave. Every item is scored or answered; an open one counts as missing."""

    def __init__(self, *args, session, user, **kwargs):
        super().__init__(*args, **kwargs)
        for name, scale in (("aldrete", discharge.ALDRETE), ("padss", discharge.PADSS)):
            for code, (label, scores) in scale.items():
                self.fields[f"{name}_{code}"] = forms.TypedChoiceField(
                    label=label, coerce=int, choices=[(str(n), f"{n} – {w}") for n, w in scores.items()],
                    widget=forms.RadioSelect,
                )  # fmt: skip
        self.fields["moaas"] = forms.TypedChoiceField(
            label="Alertness (MOAA/S)", coerce=int, choices=[(str(n), f"{n} – {w}") for n, w in MOAAS.items()],
            widget=forms.RadioSelect,
        )  # fmt: skip
        self.fields["oriented"] = yes_no("Knows who, where and when")
        self.fields["steady_gait"] = yes_no("Walks steadily")
        self.fields["new_suicidal_thoughts"] = yes_no(
            "New suicidal thoughts", "Ask. If yes, stay with the client and call."
        )
        self.fields["mood_reviewed"] = yes_no("Mood talked through")
        contacts = Contact.objects.filter(client=session.course.client_id, ended_at=None)
        self.fields["companion"] = forms.ModelChoiceField(
            queryset=contacts, label="Who takes charge", empty_label="Choose"
        )
        self.fields["companion_took_charge"] = yes_no("Seen, and has taken charge")
        self.fields["instructions_given"] = yes_no("Written instructions given and gone through")
        self.fields["integration_time_told"] = yes_no("Integration time stated")
        if session.setting == "remote":
            self.fields["lozenges_after"] = number(
                "Lozenges left, counted on camera", "lozenges", min_value=0, max_value=200
            )
        self.fields["words"] = text("Anything to add", required=False, rows=2)
        self.fields["time"] = wall_time("Leaves at")
        self.fields["printed_name"] = signature(user)
        self.speak()

    def scores(self, name: str) -> dict:
        scale = discharge.ALDRETE if name == "aldrete" else discharge.PADSS
        return {code: self.cleaned_data[f"{name}_{code}"] for code in scale}

    def answers(self) -> dict:
        return {
            "aldrete": self.scores("aldrete"), "padss": self.scores("padss"),
            **{name: self.cleaned_data.get(name) for name in ANSWERED},
        }  # fmt: skip


class LeaveForm(Form):
    words = text(
        "What happened",
        help_text="What the client said, what you advised, who is there, what was agreed.",
        rows=4,
    )
    companion = forms.ModelChoiceField(
        queryset=None, label="Who is with the client", required=False, empty_label="Nobody"
    )
    time = wall_time("Left at")

    def __init__(self, *args, session, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["companion"].queryset = Contact.objects.filter(
            client=session.course.client_id, ended_at=None
        )
        if session.setting == "remote":
            self.fields["lozenges_after"] = number("Lozenges left", "lozenges", min_value=0, max_value=200)
        self.fields["printed_name"] = signature(user)
        self.speak()


class NotDosedForm(Form):
    words = text("Why no medicine was given", rows=3)
