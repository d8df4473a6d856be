"""Forms of the medical evaluation, its decision, and coded diagnoses. No vital sign or decision has a first value."""

from django import forms

from intake import diagnoses
from intake.days import clinic_today
from intake.evaluation_facts import LABS, SYSTEMS, flag_rows
from intake.models import Decision
from kap.core.fields import DayField
from kap.core.forms import Form
from kap.core.levels import Level
from kap.core.units import plain
from kap.pathway.stages import EXIT_REASONS, Stage
from kap.people.us_states import CHOICES as STATES

# Fields of the model that stand in the form under their own names.
PLAIN = (
    "seen_in_person_on", "patient_state", "systolic_mmhg", "diastolic_mmhg", "heart_rate_bpm", "spo2_percent",
    "weight_kg", "height_cm", "weight_measured_on", "conditions", "reasons",
)  # fmt: skip


def day_field(label, **kwargs):
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return DayField(label=label, required=False, widget=widget, **kwargs)


def number_field(label, unit, least, most, *, decimal=False, help_text=""):
    """A number with its unit beside the box. The bounds catch slips of the finger; they are no clinical limits."""
    kind = forms.DecimalField if decimal else forms.IntegerField
    more = {"decimal_places": 1, "max_digits": 5} if decimal else {}
    widget = forms.TextInput(
        attrs={"data-unit": unit, "inputmode": "decimal" if decimal else "numeric", "autocomplete": "off"}
    )
    return kind(
        label=label,
        required=False,
        min_value=least,
        max_value=most,
        widget=widget,
        help_text=help_text,
        **more,
    )


def words_field(label, help_text="", rows=2, limit=4000):
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, required=False, max_length=limit, widget=widget, help_text=help_text)


class EvaluationForm(Form):
    """The draft: all fields may stay empty until the decision asks for them. `version` is the draft's revision."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    seen_in_person_on = day_field("Seen in person on", help_text="Leave empty if by video.")
    patient_state = forms.ChoiceField(label="State where the client was", choices=STATES, required=False)
    weight_measured_on = day_field("Weight measured on")
    conditions = words_field(
        "Conditions", "Needed for “Clear with conditions”: what must be kept to, and who checks it."
    )
    reasons = words_field(
        "Your reasons", "Needed to defer or decline, and to clear in spite of a hard finding.", rows=3
    )

    def __init__(self, *args, evaluation, **kwargs):
        self.evaluation = evaluation
        self.today = clinic_today()
        kwargs.setdefault("initial", first_values(evaluation))
        super().__init__(*args, **kwargs)
        self._add_measurements(evaluation.course.rules.entry)
        for key, label in SYSTEMS:
            self.fields[f"note_{key}"] = words_field(label)
        for key, label in LABS:
            self.fields[f"lab_{key}"] = forms.CharField(
                label=f"{label}: result", required=False, max_length=120
            )
            self.fields[f"lab_{key}_on"] = day_field(f"{label}: date")
        self.flags = flag_rows(evaluation)
        for flag, _ in self.flags:
            self.fields[f"flag_{flag.pk}"] = words_field("Your response", rows=2)
        self.speak()

    def _add_measurements(self, entry):
        limits = {
            "systolic_mmhg": ("Systolic", "mmHg", entry.systolic_mmhg),
            "diastolic_mmhg": ("Diastolic", "mmHg", entry.diastolic_mmhg),
            "heart_rate_bpm": ("Heart rate", "beats/min", entry.heart_rate_bpm),
            "spo2_percent": ("SpO2", "%", entry.spo2_percent),
        }
        for name, (label, unit, check) in limits.items():
            self.fields[name] = number_field(label, unit, *(int(end) for end in check.possible))
        help_text = "In kilograms; 10 lb are 4.5 kg."
        self.fields["weight_kg"] = number_field("Weight", "kg", 20, 350, decimal=True, help_text=help_text)
        self.fields["weight_kg"].widget.attrs["data-pounds"] = "weight-lb"
        self.fields["height_cm"] = number_field(
            "Height", "cm", 100, 250, decimal=True, help_text="10 in are 25.4 cm."
        )

    def clean(self):
        given = super().clean()
        for name in ("seen_in_person_on", "weight_measured_on", *(f"lab_{key}_on" for key, _ in LABS)):
            if given.get(name) and given[name] > self.today:
                self.add_error(name, f"{self.fields[name].label}: choose a day that is not in the future.")
        high, low = given.get("systolic_mmhg"), given.get("diastolic_mmhg")
        if high is not None and low is not None and low >= high:
            self.add_error(
                "diastolic_mmhg", f"Diastolic: {high}/{low} looks swapped. Enter the higher number first."
            )
        for key, label in LABS:
            if given.get(f"lab_{key}_on") and not given.get(f"lab_{key}"):
                self.add_error(f"lab_{key}", f"{label}: write the result, or clear the date.")
        return given

    @property
    def values(self) -> dict:
        """Cleaned, by field name of the model."""
        given = self.cleaned_data
        notes = {key: given[f"note_{key}"].strip() for key, _ in SYSTEMS if given[f"note_{key}"].strip()}
        labs = {key: self._lab(key) for key, _ in LABS if given[f"lab_{key}"].strip()}
        return {
            **{name: given[name] for name in PLAIN},
            "notes": {**notes, **({"labs": labs} if labs else {})},
        }

    def _lab(self, key) -> dict:
        taken = self.cleaned_data[f"lab_{key}_on"]
        return {"result": self.cleaned_data[f"lab_{key}"].strip(), "on": taken.isoformat() if taken else ""}

    @property
    def answers(self) -> dict:
        return {str(flag.pk): self.cleaned_data[f"flag_{flag.pk}"] for flag, _ in self.flags}

    # --- what the template walks over

    @property
    def flag_fields(self):
        """[(flag, bound field, Level)] in the order of the page."""
        return [(flag, self[f"flag_{flag.pk}"], Level(flag.level)) for flag, _ in self.flags]

    @property
    def system_fields(self):
        return [self[f"note_{key}"] for key, _ in SYSTEMS]

    @property
    def lab_fields(self):
        return [(label, self[f"lab_{key}"], self[f"lab_{key}_on"]) for key, label in LABS]


def first_values(evaluation) -> dict:
    """The draft as it was saved. Nothing is filled in that was not typed here."""
    values = {name: getattr(evaluation, name) for name in PLAIN}
    for name in ("weight_kg", "height_cm"):
        values[name] = plain(values[name]) if values[name] is not None else None  # "70", never "70.0"
    values["version"] = evaluation.revision
    for key, _ in SYSTEMS:
        values[f"note_{key}"] = evaluation.notes.get(key, "")
    for key, entry in evaluation.notes.get("labs", {}).items():
        values[f"lab_{key}"], values[f"lab_{key}_on"] = entry.get("result", ""), entry.get("on") or None
    for flag, words in flag_rows(evaluation):
        values[f"flag_{flag.pk}"] = words
    return values


def exit_choices():
    return [
        ("", "Choose the reason"),
        *(
            (Stage(stage).label, [(reason.value, reason.label) for reason in EXIT_REASONS[stage]])
            for stage in (Stage.DEFERRED, Stage.DECLINED)
        ),
    ]


class DecideForm(Form):
    """The decision and the typed name. Checked by the action again."""

    decision = forms.ChoiceField(
        label="Decision", choices=Decision.choices, widget=forms.RadioSelect(attrs={"data-no-autosave": ""})
    )
    exit_reason = forms.ChoiceField(
        label="Reason to defer or decline", choices=exit_choices, required=False,
        widget=forms.Select(attrs={"data-no-autosave": ""}),
    )  # fmt: skip
    printed_name = forms.CharField(
        label="Type your name to sign", max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-no-autosave": ""}),
    )  # fmt: skip

    def clean(self):
        given = super().clean()
        if given.get("decision") in (Decision.DEFER, Decision.DECLINE) and not given.get("exit_reason"):
            self.add_error("exit_reason", "Reason to defer or decline: choose one.")
        return given


class DiagnosisForm(Form):
    """One code found by the search, and what is said with it."""

    code = forms.ChoiceField(label="Diagnosis", widget=forms.RadioSelect)
    principal = forms.BooleanField(label="This is the principal diagnosis", required=False)
    treatment_resistant = forms.BooleanField(label="Treatment-resistant", required=False)
    adequate_trials = forms.IntegerField(
        label="Adequate trials without response", required=False, min_value=0, max_value=30,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "data-unit": "trials"}),
    )  # fmt: skip
    trials = words_field("The trials", "One a line: medicine, dose, weeks, outcome.", rows=3)

    def __init__(self, *args, found, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].choices = [(row.code, f"{row.code} {row.words}") for row in found]
        self.found = found

    def clean(self):
        given = super().clean()
        if given.get("treatment_resistant") and not given.get("adequate_trials"):
            self.add_error("adequate_trials", "Adequate trials: enter how many there were.")
        if given.get("treatment_resistant") and not given.get("trials", "").strip():
            self.add_error("trials", "The trials: write medicine, dose, weeks and outcome of each.")
        return given


def search(words: str, today) -> list:
    """Diagnoses whose code or words fit; without words, none."""
    return diagnoses.lookup(words, today, limit=12)
