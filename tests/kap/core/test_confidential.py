"""Passwords, PINs and codes are never laid aside or written into a page, in whatever box they are typed."""

import pytest
from django import forms
from django.urls import get_resolver

from kap.core.confidential import is_secret

OURS = ("kap.", "intake.", "scheduling.", "sessions.", "integration.")
ONCE = ("one-time-code", "current-password", "new-password")


def all_forms(kind=forms.BaseForm):
    for sub in kind.__subclasses__():
        if sub.__module__.startswith(OURS):
            yield sub
        yield from all_forms(sub)


def boxes():
    """(form, name) of every box that hides what is typed, or that a browser is told to fill with a secret."""
    assert get_resolver().url_patterns  # so that all views, and with them all forms, are there
    for form in set(all_forms()):
        for name, field in form.base_fields.items():
            hint = field.widget.attrs.get("autocomplete", "")
            if isinstance(field.widget, forms.PasswordInput) or hint in ONCE:
                yield form.__name__, name


def test_every_box_for_a_secret_of_every_form_counts_as_one():
    found = sorted(boxes())
    assert len(found) >= 12
    assert [(form, name) for form, name in found if not is_secret(name, "123 456")] == []


@pytest.mark.parametrize(
    "name",
    ["secret", "second_code", "second_password", "second_credential", "again", "new_password1", "0-pin"],
)
def test_those_that_stand_in_no_form_too(name):
    """The lock's box and those of the second factor are written in templates."""
    assert is_secret(name, "x")


@pytest.mark.parametrize(
    ("name", "value"),
    [("code", "F33.2"), ("icd_code", "F33.1"), ("code", "nausea"), ("code", ""), ("words", "123456"), ("spinal", "x")],
)  # fmt: skip
def test_what_somebody_wrote_is_kept(name, value):
    assert not is_secret(name, value)
