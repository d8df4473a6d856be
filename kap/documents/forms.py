from django import forms
from django.utils.translation import gettext_lazy as _

from kap.core.forms import Form
from kap.documents.rules import missing_initials


class SignForm(Form):
    """Initials per section that asks for them, and the typed name that signs."""

    printed_name = forms.CharField(
        label=_("Your full name"),
        max_length=160,
        widget=forms.TextInput(
            attrs={"autocomplete": "name", "autocapitalize": "words", "spellcheck": "false"}
        ),
    )

    def __init__(self, data=None, *, sections, names=()):
        super().__init__(data)
        self.sections = sections
        if names:
            self.fields["printed_name"].help_text = _("Type it as we have it: %(names)s.") % {
                "names": " / ".join(names)
            }
        for section in sections:
            if section.get("initial"):
                self.fields[self.box(section)] = forms.CharField(
                    label=_("Your initials"),
                    max_length=4,
                    required=False,
                    widget=forms.TextInput(
                        attrs={"autocomplete": "off", "autocapitalize": "characters", "size": "4"}
                    ),
                )
        self.speak()

    @staticmethod
    def box(section) -> str:
        return f"initials_{section['key']}"

    def clean(self):
        for key, words in missing_initials(self.sections, self.initials()).items():
            self.add_error(f"initials_{key}", words)

    def initials(self) -> dict[str, str]:
        boxes = {s["key"]: self.cleaned_data.get(self.box(s), "") for s in self.sections if s.get("initial")}
        return {key: (letters or "").strip().upper() for key, letters in boxes.items()}

    def parts(self):
        """(section, bound field or None), in reading order."""
        return [(s, self[self.box(s)] if s.get("initial") else None) for s in self.sections]


class QuestionForm(Form):
    words = forms.CharField(
        label=_("What would you like to ask?"), widget=forms.Textarea(attrs={"rows": 5}), max_length=4000
    )


class DeclineForm(Form):
    words = forms.CharField(
        label=_("Do you want to tell us why?"),
        help_text=_("You need not."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=4000,
    )


class WithdrawForm(Form):
    reason = forms.CharField(
        label=_("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 4}), max_length=4000
    )
    printed_name = forms.CharField(
        label=_("Your full name"), max_length=160, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )

    def __init__(self, *args, own: bool, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = (
            _("You need not give one.")
            if own
            else "When and how the client told you. It is the client who withdraws."
        )


class AskForm(Form):
    """`choices`: (value, words) of the texts that fit this course."""

    text = forms.ChoiceField(label="Text", widget=forms.RadioSelect)

    def __init__(self, *args, choices, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["text"].choices = choices
