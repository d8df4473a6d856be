"""Words of refusal in fields whose label or unit has a sign of per cent."""

import pytest
from django import forms

from kap.core.forms import Form


class Reading(Form):
    spo2 = forms.IntegerField(
        label="SpO2", min_value=0, max_value=999, widget=forms.TextInput(attrs={"data-unit": "%"})
    )
    share = forms.ChoiceField(label="Share in %", choices=[("1", "All")], required=False)
    words = forms.CharField(label="50% of it", max_length=3, required=False)


@pytest.mark.parametrize(
    ("sent", "name", "words"),
    [
        ({"spo2": "-1"}, "spo2", "SpO2: enter 0 % or more"),
        ({"spo2": "1000"}, "spo2", "SpO2: enter 999 % or less"),
        ({"spo2": "x"}, "spo2", "SpO2: enter a number in %"),
        ({"spo2": ""}, "spo2", "SpO2: enter a number in %"),
        ({"share": "2"}, "share", "Share in %: choose one from the list"),
        ({"words": "four"}, "words", "50% of it: shorten this to 3 characters; it has 4"),
    ],
)
def test_a_refusal_is_told_in_words(sent, name, words):
    assert Reading({"spo2": "97"} | sent).errors[name] == [words]
