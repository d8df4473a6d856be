"""Forms whose errors say what to do. Inherit from ``Form`` or ``ModelForm`` here instead of Django's.

A field's own ``error_messages`` win; only Django's stock sentences ("This field is required.") are replaced.
The words begin with the field's label, so that they also make sense in the summary at the top of the page.
"""

from django import forms
from django.db.models import BLANK_CHOICE_DASH
from django.utils.translation import gettext as _

DASHES = BLANK_CHOICE_DASH[0][1]
ANSWER_KINDS = (
    (forms.BooleanField, "tick"),
    ((forms.MultipleChoiceField, forms.ModelMultipleChoiceField), "several"),
    ((forms.ChoiceField, forms.ModelChoiceField), "one"),
    (forms.FileField, "file"),
    (forms.IntegerField, "number"),  # decimals and floats inherit from it
    (forms.DateTimeField, "time"),
    (forms.DateField, "date"),  # noqa: TID251 - all kinds of it
    (forms.TimeField, "time"),
    (forms.EmailField, "email"),
    (forms.Field, "text"),
)


def name_of(field: forms.Field, name: str) -> str:
    """The label as the beginning of a sentence."""
    return str(field.label or name.replace("_", " ").capitalize()).strip().rstrip("?:.")


def kind_of(field: forms.Field) -> str:
    return next(kind for types, kind in ANSWER_KINDS if isinstance(field, types))


def wanted(kind: str, unit: str) -> str:
    """What the person must do, without the label."""
    if kind == "number":
        return _("enter a number in %(unit)s") % {"unit": unit} if unit else _("enter a number")
    return {
        "tick": _("tick this to go on"),
        "several": _("choose at least one"),
        "one": _("choose one"),
        "file": _("choose a file"),
        "date": _("enter a date that exists"),
        "time": _("enter a time like 14:07"),
        "email": _("enter an email address like name@example.org"),
        "text": _("fill this in"),
    }[kind]


def sentences(field: forms.Field, name: str) -> dict:
    """Error code -> words. Codes that a field does not know are harmless: only raised ones are looked up."""
    label, kind = name_of(field, name), kind_of(field)
    unit = field.widget.attrs.get("data-unit", "")
    tail = f" {unit}" if unit else ""
    answer = f"{label}: {wanted(kind, unit)}"
    several = f"{label}: {wanted('several', '')}"
    files = {
        "missing": answer,
        "empty": _("%(label)s: choose a file that is not empty") % {"label": label},
        "contradiction": _("%(label)s: choose a file or tick the box, not both") % {"label": label},
    }
    # Django fills in values below, so that a sign of per cent must be told from a gap.
    label, tail = label.replace("%", "%%"), tail.replace("%", "%%")
    lists = {
        "invalid_choice": _("%(label)s: choose one from the list") % {"label": label},
        "invalid_list": several,
        "invalid_pk_value": _("%(label)s: choose from the list") % {"label": label},
    }
    limits = {
        "max_value": _("%(label)s: enter %%(limit_value)s%(tail)s or less") % {"label": label, "tail": tail},
        "min_value": _("%(label)s: enter %%(limit_value)s%(tail)s or more") % {"label": label, "tail": tail},
        "max_length": _("%(label)s: shorten this to %%(limit_value)s characters; it has %%(show_value)s")
        % {"label": label},
        "min_length": _("%(label)s: write at least %%(limit_value)s characters") % {"label": label},
        "max_digits": _("%(label)s: enter fewer digits, at most %%(max)s") % {"label": label},
        "max_whole_digits": _("%(label)s: enter fewer digits before the point, at most %%(max)s")
        % {"label": label},
        "max_decimal_places": _("%(label)s: enter fewer digits after the point, at most %%(max)s")
        % {"label": label},
    }
    return {"required": answer, "invalid": answer, **lists, **limits, **files}


def ask(field: forms.Field) -> None:
    """Words instead of Django's row of dashes, where nothing is chosen yet."""
    words = _("Choose one") if field.required else _("Not chosen")
    if isinstance(field, forms.ModelChoiceField):
        if field.empty_label == DASHES:
            field.empty_label = words
    elif (
        isinstance(field, forms.ChoiceField)
        and (choices := list(field.choices))
        and choices[0] == ("", DASHES)
    ):
        field.choices = [("", words), *choices[1:]]


class Friendly:
    """Mixin that gives every field of a form its own words."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.speak()

    def speak(self) -> None:
        """Call it again after adding fields or changing labels."""
        for name, field in self.fields.items():
            ask(field)
            stock = {}
            for cls in reversed(type(field).__mro__):
                if cls.__module__.startswith("django."):
                    stock.update(getattr(cls, "default_error_messages", {}))
            for code, words in sentences(field, name).items():
                now = field.error_messages.get(code)
                if now is None or str(now) == str(stock.get(code)):
                    field.error_messages[code] = words


class Form(Friendly, forms.Form):
    pass


class ModelForm(Friendly, forms.ModelForm):
    pass
