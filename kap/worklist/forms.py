from django import forms

from kap.core.forms import Form


class AcknowledgeForm(Form):
    what_was_done = forms.CharField(
        label="What you did",
        widget=forms.Textarea(attrs={"rows": 5}),
        max_length=4000,
        error_messages={
            "required": "What you did: write whom you spoke to, what was agreed, what happens next"
        },
    )

    def __init__(self, *args, item, **kwargs):
        super().__init__(*args, **kwargs)
        field = self.fields["what_was_done"]
        field.required = item.kind == "safety"
        field.help_text = (
            "Whom you spoke to, what was agreed, what happens next. Kept for good, with your name."
            if field.required
            else "Leave it empty if there is nothing to add."
        )
