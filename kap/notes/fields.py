"""A Django form out of a note's sections. Nothing is required here: a draft may be kept unfinished."""

from django import forms

from kap.core.forms import Form
from kap.notes.forms import LONGEST, Section, form


class NoteForm(Form):
    """`body` of a draft in, `body()` out. Field names are the sections' keys."""

    def __init__(self, data=None, *, kind: str, body: dict | None = None):
        super().__init__(data, initial=body or {})
        self.kind = kind
        for section in form(kind).sections:
            self.fields[section.key] = _field(section)
        self.speak()

    def body(self) -> dict:
        return {key: self.cleaned_data.get(key) for key in self.fields if key in self.cleaned_data}


def _field(section: Section) -> forms.Field:
    common = {"label": section.title, "help_text": section.help, "required": False}
    choices = [(choice, choice) for choice in section.choices]
    if section.look == "one":
        return forms.ChoiceField(
            choices=choices, widget=forms.RadioSelect(attrs={"data-look": "segmented"}), **common
        )
    if section.look == "many":
        return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **common)
    widget = forms.TextInput() if section.look == "line" else forms.Textarea(attrs={"rows": section.rows})
    return forms.CharField(max_length=LONGEST, widget=widget, **common)


class SignForm(Form):
    printed_name = forms.CharField(
        label="Your name",
        help_text="Typing it signs the note. It can then only be added to.",
        max_length=160,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-no-autosave": "1"}),
    )


class AddendumForm(Form):
    text = forms.CharField(label="Addendum", widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST)
    printed_name = forms.CharField(
        label="Your name",
        help_text="Typing it signs the addendum.",
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
