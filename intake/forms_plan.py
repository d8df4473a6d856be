"""The treatment plan's form: text, and rows of goals that can be measured."""

from django import forms

from intake.days import clinic_today
from intake.forms_medical import day_field, words_field
from kap.core.forms import Form

GOALS = 5
PARTS = ("goal", "measure", "target", "by")


class PlanForm(Form):
    """The draft; what it lacks is said at signing. `version` is the draft's revision."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    problems = words_field(
        "Problems", "What the treatment is for, in the client's and in your words.", rows=4, limit=8000
    )
    interventions = words_field(
        "Interventions", "Medicine and psychotherapy: what, by whom, how often.", rows=4, limit=8000
    )
    sessions_planned = forms.IntegerField(
        label="Dosing sessions planned", required=False, min_value=1, max_value=60,
        widget=forms.TextInput(attrs={"data-unit": "sessions", "inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    days_between = forms.IntegerField(
        label="Between two doses", required=False, min_value=1, max_value=180,
        widget=forms.TextInput(attrs={"data-unit": "days", "inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    support = words_field("Support between sessions", "People, practices, whom to call.", rows=3)
    review_on = day_field("Review on")

    def __init__(self, *args, plan, **kwargs):
        self.plan, self.today = plan, clinic_today()
        kwargs.setdefault("initial", first_values(plan))
        super().__init__(*args, **kwargs)
        days = plan.course.rules.validity.plan_review_days
        self.fields["review_on"].help_text = f"Within {days} days."
        for number in range(1, GOALS + 1):
            self.fields[f"goal_{number}"] = forms.CharField(label="Goal", required=False, max_length=300)
            self.fields[f"measure_{number}"] = forms.CharField(
                label="Measured by", required=False, max_length=120
            )
            self.fields[f"target_{number}"] = forms.CharField(label="Target", required=False, max_length=120)
            self.fields[f"by_{number}"] = day_field("By")
        self.speak()

    def clean(self):
        given = super().clean()
        for number in range(1, GOALS + 1):
            parts = [given.get(f"{part}_{number}") for part in PARTS[1:]]
            if any(parts) and not given.get(f"goal_{number}"):
                self.add_error(f"goal_{number}", f"Goal {number}: write the goal itself, or clear its row.")
        return given

    @property
    def values(self) -> dict:
        given = self.cleaned_data
        goals = [
            {
                "goal": given[f"goal_{n}"].strip(), "measure": given[f"measure_{n}"].strip(),
                "target": given[f"target_{n}"].strip(),
                "by": given[f"by_{n}"].isoformat() if given[f"by_{n}"] else "",
            }
            for n in range(1, GOALS + 1)
            if given[f"goal_{n}"].strip()
        ]  # fmt: skip
        names = ("problems", "interventions", "sessions_planned", "days_between", "support", "review_on")
        return {**{name: given[name] for name in names}, "goals": goals}

    @property
    def goal_rows(self):
        return [(n, [self[f"{part}_{n}"] for part in PARTS]) for n in range(1, GOALS + 1)]


def first_values(plan) -> dict:
    names = ("problems", "interventions", "sessions_planned", "days_between", "support", "review_on")
    values = {name: getattr(plan, name) for name in names}
    values["version"] = plan.revision
    for number, row in enumerate(plan.goals[:GOALS], 1):
        for part in PARTS:
            values[f"{part}_{number}"] = row.get(part) or None
    return values


class SignForm(Form):
    """A typed name under what was read."""

    printed_name = forms.CharField(
        label="Type your name to sign", max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-no-autosave": ""}),
    )  # fmt: skip
