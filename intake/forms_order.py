"""The order's forms. Every number starts blank, the dose above all; only the words of an unsigned draft come back."""

from django import forms

from intake.days import clinic_today
from intake.dose_rules import order_ends_on
from intake.forms_medical import day_field, words_field
from intake.models import Order
from kap.core.forms import Form
from kap.core.units import plain
from kap.pathway.models import Route, Setting

PRESSURES = (
    "start_systolic_max_mmhg",
    "start_diastolic_max_mmhg",
    "call_systolic_mmhg",
    "call_diastolic_mmhg",
)


def mg_field(label, required=True, help_text=""):
    widget = forms.TextInput(
        attrs={"data-unit": "mg", "inputmode": "decimal", "autocomplete": "off", "data-per-kg": ""}
    )
    return forms.DecimalField(
        label=label,
        required=required,
        min_value=0,
        max_digits=6,
        decimal_places=2,
        widget=widget,
        help_text=help_text,
    )


def count_field(label, unit, least, most, required=True, help_text=""):
    widget = forms.TextInput(attrs={"data-unit": unit, "inputmode": "numeric", "autocomplete": "off"})
    return forms.IntegerField(
        label=label, required=required, min_value=least, max_value=most, widget=widget, help_text=help_text
    )


class OrderForm(Form):
    """What is ordered. The evaluation's weight is used unless a newer one is entered here, with its day."""

    mark_optional = True

    setting = forms.ChoiceField(
        label="Where", choices=Setting.choices, widget=forms.RadioSelect(attrs={"data-look": "segmented"})
    )
    route = forms.ChoiceField(label="Route", choices=[("", "Choose a route"), *Route.choices])
    strength = forms.CharField(
        label="Form and strength", max_length=60, help_text="Such as: vial 50 mg/mL, or lozenge 100 mg.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    weight_kg = forms.DecimalField(
        label="Newer weight", required=False, min_value=20, max_value=350, max_digits=5, decimal_places=1,
        widget=forms.TextInput(attrs={"data-unit": "kg", "inputmode": "decimal", "autocomplete": "off"}),
    )  # fmt: skip
    weight_measured_on = day_field("Measured on")
    dose_min_mg = mg_field("Lowest dose")
    dose_max_mg = mg_field("Highest dose")
    booster_max_mg = mg_field("Booster, at most", required=False, help_text="Leave empty for no booster.")
    session_max_mg = mg_field("Most in one session", help_text="Booster included.")
    infusion_minutes = count_field(
        "Infused over", "minutes", 1, 240, required=False, help_text="Intravenous only."
    )
    sessions = count_field("Number of sessions", "sessions", 1, 60)
    start_systolic_max_mmhg = count_field("Do not start above, systolic", "mmHg", 60, 260)
    start_diastolic_max_mmhg = count_field("Do not start above, diastolic", "mmHg", 30, 160)
    call_systolic_mmhg = count_field("Call from, systolic", "mmHg", 60, 300)
    call_diastolic_mmhg = count_field("Call from, diastolic", "mmHg", 30, 200)
    call_spo2_below_percent = count_field("Call at SpO2 below", "%", 70, 100)
    call_heart_rate_above_bpm = count_field("Call at heart rate above", "beats/min", 40, 250)
    instructions = words_field("Directions", "For the team: how to give, what to hold, PRN orders.", rows=3)
    expires_on = day_field("Expires on")

    def __init__(self, *args, course, evaluation, draft=None, **kwargs):
        self.course, self.evaluation, self.today = course, evaluation, clinic_today()
        if draft is not None:
            kwargs.setdefault("initial", written(draft))
        super().__init__(*args, **kwargs)
        last = order_ends_on(self.today, course.rules)
        self.fields["expires_on"].required = True
        self.fields["expires_on"].help_text = f"{last:%-d %B %Y} at the latest."
        if evaluation is not None:
            used = f"{plain(evaluation.weight_kg)} kg, measured {evaluation.weight_measured_on:%-d %B %Y}"
            self.fields["weight_kg"].help_text = f"Leave empty to use the evaluation's weight: {used}."

    def clean(self):
        given = super().clean()
        if bool(given.get("weight_kg")) != bool(given.get("weight_measured_on")) and not self.errors:
            lacking = "weight_measured_on" if given.get("weight_kg") else "weight_kg"
            self.add_error(lacking, f"{self.fields[lacking].label}: enter the weight and its day together.")
        if given.get("weight_measured_on") and given["weight_measured_on"] > self.today:
            self.add_error("weight_measured_on", "Measured on: choose a day that is not in the future.")
        if (
            given.get("route") == Route.IV
            and not given.get("infusion_minutes")
            and "infusion_minutes" not in self.errors
        ):
            self.add_error("infusion_minutes", "Infused over: enter the minutes of the infusion.")
        if given.get("route") and given["route"] != Route.IV and given.get("infusion_minutes"):
            self.add_error("infusion_minutes", "Infused over: clear this; it is for the intravenous route.")
        self._doses_in_order(given)
        if given.get("setting") == Setting.REMOTE and given.get("route") not in (
            "",
            None,
            Route.SL,
            Route.ORAL,
        ):
            self.add_error("route", "Route: at home, choose the lozenge or by mouth.")
        return given

    def _doses_in_order(self, given):
        for name in ("dose_min_mg", "dose_max_mg", "session_max_mg", "booster_max_mg"):
            if given.get(name) is not None and given[name] <= 0:
                self.add_error(name, f"{self.fields[name].label}: enter a number above 0 mg.")
        low, high, most = (given.get(name) for name in ("dose_min_mg", "dose_max_mg", "session_max_mg"))
        if low and high and low > high:
            self.add_error("dose_max_mg", "Highest dose: enter one that is not below the lowest.")
        if high and most and high > most:
            self.add_error("session_max_mg", "Most in one session: enter at least the highest dose.")

    @property
    def values(self) -> dict:
        """Cleaned, by field name of the model; the evaluation's weight where no newer one was entered."""
        given = dict(self.cleaned_data)
        if given["weight_kg"] is None and self.evaluation is not None:
            given["weight_kg"] = self.evaluation.weight_kg
            given["weight_measured_on"] = self.evaluation.weight_measured_on
        return given


def written(draft: Order) -> dict:
    """An unsigned draft as its author wrote it."""
    values = {name: _shown(name, getattr(draft, name)) for name in OrderForm.base_fields}
    basis = draft.evaluation
    if (draft.weight_kg, draft.weight_measured_on) == (basis.weight_kg, basis.weight_measured_on):
        values["weight_kg"] = values["weight_measured_on"] = None
    return values


def _shown(name, value):
    """ "0.5" and "5", never "5.00"."""
    return plain(value) if value is not None and name.endswith(("_mg", "_kg")) else value


class SignOrderForm(Form):
    """Under the read-back. `seen` carries which findings were on the page."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    soft_reason = words_field("Your reason", "In a full sentence. It is kept with the order.", rows=3)
    override_hard = forms.BooleanField(label="I override the hard limits named above", required=False)
    printed_name = forms.CharField(
        label="Type your name to sign", max_length=160, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args, hard=(), soft=(), **kwargs):
        super().__init__(*args, **kwargs)
        if not hard:
            del self.fields["override_hard"]
        if not hard and not soft:
            del self.fields["soft_reason"]
        elif soft or hard:
            self.fields["soft_reason"].required = not hard
        self.speak()


class EndOrderForm(Form):
    words = forms.CharField(
        label="Why the order ends",
        max_length=200,
        min_length=5,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
