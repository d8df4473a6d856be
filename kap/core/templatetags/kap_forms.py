"""What forms and lists of pages need of the template language: errors, focus, the address's query, one press.

Loaded with kap: `{% load kap %}`.
"""

import uuid

from django import template
from django.utils.html import format_html

register = template.Library()


@register.filter
def widget_attr(field, name: str) -> str:
    """An attribute of a field's widget, for names that the template language cannot spell (``data-unit``)."""
    return field.field.widget.attrs.get(name, "")


@register.filter
def focus_id(field) -> str:
    """Id of the control that an error message must lead to: of a group or a split field, its first part."""
    widget, base = field.field.widget, field.auto_id
    if getattr(widget, "widgets", None):
        return f"{base}_0"
    if getattr(widget, "use_fieldset", False) and getattr(widget, "input_type", "") in ("radio", "checkbox"):
        return f"{base}_0"
    return field.id_for_label or base


@register.filter
def yes_invalid(attrs) -> bool:
    """Whether a widget's attributes mark it as wrong (the template language cannot spell ``aria-invalid``)."""
    return (attrs or {}).get("aria-invalid") == "true"


@register.filter
def error_items(form) -> list[dict]:
    """Every error of a form or a formset in the order of the page: ``{"href": "#id_x" or "", "words": …}``."""
    if form is None or form == "":
        return []
    if hasattr(form, "management_form"):
        own = [{"href": "", "words": words} for words in form.non_form_errors()]
        return own + [item for part in form.forms for item in error_items(part)]
    if not form.errors:
        return []
    items = [{"href": "", "words": words} for words in form.non_field_errors()]
    for field in form:
        href = "" if field.is_hidden else f"#{focus_id(field)}"
        items += [{"href": href, "words": words} for words in field.errors]
    return items


@register.simple_tag(takes_context=True)
def page_errors(context) -> list[dict]:
    """What the error summary lists: ``errors`` if the view gave them, else those of ``form`` and ``formset``."""
    if given := context.get("errors"):
        return given
    return [*error_items(context.get("form")), *error_items(context.get("formset"))]


@register.simple_tag(takes_context=True)
def query(context, **changes) -> str:
    """The address's query string with some values replaced: ``<a href="{% query page=2 %}">``. None removes one."""
    request = context.get("request")
    values = request.GET.copy() if request else None
    if values is None:
        return ""
    for name, value in changes.items():
        if value is None or value == "":
            values.pop(name, None)
        else:
            values[name] = value
    return "?" + values.urlencode()


@register.simple_tag
def once():
    """A token for one press of the form's button; the view is wrapped in kap.core.once.once."""
    return format_html('<input type="hidden" name="once" value="{}">', uuid.uuid4())
