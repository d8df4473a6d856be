"""The kit's forms, icons and sample pages: what every later page inherits."""

import datetime as dt
import json
import re
from pathlib import Path

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.template import Context, Template

from kap.core.fields import DateBoxesField
from kap.core.forms import Form
from kap.core.templatetags.kap_forms import error_items, focus_id
from kap.ops import assets
from tests.kap.core.kit.pages import OrderForm, contexts, render

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def shown(form, **extra) -> str:
    return Template("{% load crispy_forms_tags %}{{ form|crispy }}").render(Context({"form": form, **extra}))


def wrong() -> OrderForm:
    form = OrderForm(data={"dose_mg": "x", "born_month": "13"})
    assert not form.is_valid()
    return form


def test_each_error_in_the_summary_leads_to_a_control_that_exists_and_says_the_same_beside_it():
    form = wrong()
    page = shown(form)
    items = error_items(form)
    assert len(items) >= 6
    for item in items:
        assert f'id="{item["href"][1:]}"' in page
        assert item["words"] in page


def test_a_wrong_box_names_its_help_and_its_error():
    page = shown(wrong())
    box = re.search(r'<input[^>]*name="medicine"[^>]*>', page).group(0)
    assert 'aria-invalid="true"' in box
    assert 'aria-describedby="id_medicine_helptext id_medicine_error"' in box
    assert 'id="id_medicine_error"' in page


def test_radios_and_checkboxes_are_grouped_under_a_legend():
    page = shown(wrong())
    group = re.search(r'<fieldset role="radiogroup"[^>]*aria-labelledby="id_route_legend"[^>]*>', page).group(
        0
    )
    assert 'aria-invalid="true"' in group
    assert 'aria-describedby="id_route_error"' in group
    for radio in re.findall(r'<input[^>]*type="radio"[^>]*>', page):
        assert "aria-invalid" not in radio  # the state is the group's
    assert "Mark all that apply" in page


def test_the_unit_is_written_beside_the_box_and_into_its_label():
    page = shown(OrderForm())
    assert re.search(
        r'<input[^>]*name="dose_mg"[^>]*>\s*<span class="unit" aria-hidden="true">mg</span>', page
    )
    assert 'Dose<span class="visually-hidden">, mg</span>' in page


def test_optional_is_marked_only_where_the_form_asks_for_it():
    assert "(optional)" in shown(OrderForm())

    class Draft(forms.Form):
        note = forms.CharField(required=False)

    assert "(optional)" not in shown(Draft())


def test_an_error_about_the_whole_form_needs_no_field():
    form = OrderForm(data={})
    form.is_valid()
    form.add_error(None, "Choose a time before the order ends")
    assert error_items(form)[0] == {"href": "", "words": "Choose a time before the order ends"}


def test_errors_of_a_formset_point_into_its_forms():
    formset = forms.formset_factory(OrderForm, extra=0)(
        {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-medicine": "", "form-0-dose_mg": ""}
    )
    assert not formset.is_valid()
    assert "#id_form-0-medicine" in [item["href"] for item in error_items(formset)]


def test_a_split_field_is_reached_at_its_first_box():
    assert focus_id(OrderForm()["born"]) == "id_born_0"
    assert focus_id(OrderForm()["route"]) == "id_route_0"


@pytest.mark.parametrize(
    ("typed", "date"),
    [
        (["8", "3", "1984"], dt.date(1984, 8, 3)),
        (["August", "3", "1984"], dt.date(1984, 8, 3)),
        (["", "", ""], None),
    ],
)
def test_three_boxes_take_a_month_by_number_or_by_name(typed, date):
    assert DateBoxesField(required=False).clean(typed) == date


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (["8", "", "1984"], "Enter the month, the day and the year, all three"),
        (["13", "3", "1984"], "Enter the month as a number from 1 to 12, or by its name"),
        (["8", "3", "84"], "Enter the year with four digits, like 1984"),
        (["2", "30", "1984"], "Enter a day that exists: there is no such date"),
        (["8", "x", "1984"], "Enter a day that exists: there is no such date"),
        (["8", "3", "2050"], "Enter a date not later than 19-Nov-2026"),
        (["8", "3", "1850"], "Enter a date not earlier than 01-Jan-1900"),
        (["", "", ""], "Enter the month, day and year"),
    ],
)
def test_three_boxes_say_what_to_type(typed, words):
    field = DateBoxesField(latest=lambda: dt.date(2026, 11, 19), earliest=dt.date(1900, 1, 1))
    with pytest.raises(ValidationError) as refused:
        field.clean(typed)
    assert refused.value.messages == [words]


def test_every_icon_that_is_named_is_in_the_sprite():
    sprite = (assets.VENDOR / "icons.svg").read_text()
    there = set(re.findall(r'id="i-([a-z0-9-]+)"', sprite))
    missing = {name: by for name, by in assets.named_icons().items() if name not in there}
    assert not missing, "Run `python -m kap.ops.assets`. Not in the sprite: " + str(missing)


def test_assets_are_made_anew_only_where_something_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "STAMP", tmp_path / "stamp")
    wanted = assets.fingerprints({"sun": "here"})
    assert assets.stale(wanted) == {"files", "icons", "fonts"}
    assets.STAMP.write_text(json.dumps(wanted))
    assert assets.stale(wanted) == set()
    assert assets.stale(assets.fingerprints({"sun": "here", "moon": "there"})) == {"icons"}


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        (forms.CharField(label="Reason"), "", "Reason: fill this in"),
        (
            forms.CharField(label="What happened?", max_length=3),
            "abcd",
            "What happened: shorten this to 3 characters; it has 4",
        ),
        (
            forms.DecimalField(label="Dose", widget=forms.NumberInput({"data-unit": "mg"})),
            "x",
            "Dose: enter a number in mg",
        ),
        (forms.DecimalField(label="Dose", max_value=5), "6", "Dose: enter 5 or less"),
        (
            forms.DecimalField(label="Dose", decimal_places=1),
            "0.25",
            "Dose: enter fewer digits after the point, at most 1",
        ),
        (forms.ChoiceField(label="Route", choices=[("im", "IM")]), "", "Route: choose one"),
        (forms.ChoiceField(label="Route", choices=[("im", "IM")]), "po", "Route: choose one from the list"),
        (forms.BooleanField(label="I agree"), "", "I agree: tick this to go on"),
        (forms.DateField(label="Due"), "2026-02-30", "Due: enter a date that exists"),
        (forms.CharField(error_messages={"required": "Write why"}), "", "Write why"),
    ],
)
def test_error_texts_say_what_to_do(field, typed, words):
    form = type("Sample", (Form,), {"x": field})(data={"x": typed})
    assert form.errors["x"] == [words]


def test_the_lock_names_no_registry():
    assert "://" not in (ROOT / "package-lock.json").read_text()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_template_breaks_the_content_security_policy(path):
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"<style\b", text)
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("name", list(contexts()))
def test_sample_pages_render_without_a_gap(name):
    page = render(name, "light")
    assert not re.search(r">\s*None\s*<", page)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids)), sorted({one for one in ids if ids.count(one) > 1})
