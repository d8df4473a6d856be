from django import forms

from kap.core.forms import Form
from kap.notes.forms import LONGEST


class PsychotherapyForm(Form):
    words = forms.CharField(
        label="Your note",
        help_text="Only you can read it. It is no part of the chart, of any record that is sent, or of any print.",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 18}),
        error_messages={"required": "Your note: write something before you save it"},
    )

    def clean_words(self) -> str:
        """Browsers send line ends of two characters; kept is one, so that the same text is the same text."""
        return self.cleaned_data["words"].replace("\r\n", "\n")


class KeyForm(forms.Form):
    """What the page carries along. `note`: the id that was given to a new note when its page was opened."""

    note = forms.UUIDField(required=False)
    version = forms.IntegerField(required=False, min_value=0)
