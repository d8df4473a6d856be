from django import forms
from django.utils.translation import gettext_lazy as _

from kap.core.forms import Form


class EntryForm(Form):
    """All questions of one instrument on one page, for answers that are read out. Nothing is chosen beforehand."""

    def __init__(self, data=None, *, instrument, draft=None):
        super().__init__(data, initial={f"q_{key}": value for key, value in (draft or {}).items()})
        self.instrument = instrument
        for item in instrument.items:
            self.fields[f"q_{item.key}"] = forms.TypedChoiceField(
                label=item.text,
                choices=[(answer.score, answer.text) for answer in item.answers],
                coerce=int,
                empty_value=None,
                required=False,
                widget=forms.RadioSelect,
                help_text=self.hint(item),
            )
        self.speak()

    def hint(self, item) -> str:
        rule = item.asked_when
        if rule is None:
            return ""
        asked = self.instrument.item(rule.item)
        words = ", ".join(answer.text for answer in asked.answers if answer.score in rule.scores)
        return _("Ask only if the answer to “%(question)s” was: %(answers)s") % {
            "question": asked.text,
            "answers": words,
        }

    def answers(self) -> dict[str, int | None]:
        return {item.key: self.cleaned_data.get(f"q_{item.key}") for item in self.instrument.items}
