"""One page for a note: write with autosave, sign by typed name, read, add. Three apps only configure it.

    @requires(Can.SIGN_INTEGRATION)
    def note(request, integration):
        row = get_object_or_404(Integration.objects.visible_to(request.user), pk=integration)
        return editor.page(request, course=row.course, kind=Kind.INTEGRATION, about=row.session_id,
                           held_at=row.appointment.starts_at, sign=sign_note, then=reverse(…),
                           template="integration/note.html", context={…})

All is one address: GET shows it; POST saves, signs (`act=sign`) or adds (`act=addend`); a POST with `X-Autosave`
answers in JSON as docs/frontend.md §3 wants. Nothing is written by a GET: the draft begins with the first save.
The template extends notes/editor.html and may fill `identity`, `page_sub`, `note_top`, `note_side`.
"""

import json
from dataclasses import dataclass, field

from django.contrib import messages
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from kap.accounts.permissions import Can, allowed
from kap.audit import access
from kap.core import clock
from kap.core.errors import Refused, Stale
from kap.core.templatetags.kap import clock as shown_clock
from kap.notes import actions, forms
from kap.notes.fields import AddendumForm, NoteForm, SignForm
from kap.notes.models import Note


@dataclass
class Page:
    """What one request to the editor knows."""

    request: object
    course: object
    kind: str
    about: object
    held_at: object
    sign: object
    then: str
    template: str
    context: dict
    note: Note | None = None
    writing: Note | None = None  # somebody else's open draft
    errors: dict = field(default_factory=dict)

    @property
    def by(self):
        return self.request.user

    @property
    def may_write(self) -> bool:
        return allowed(self.by, actions.SIGNS[self.kind])


def page(
    request, *, course, kind: str, about=None, held_at=None, sign=None, then: str = "", template="notes/editor.html",
    context: dict | None = None,
):  # fmt: skip
    """`sign(note=, printed_name=, by=)`: the app's own action around notes.sign. `then`: where to go afterwards."""
    about = getattr(about, "pk", about)
    here = Page(
        request, course, kind, about, held_at, sign or actions.sign, then, template, dict(context or {})
    )
    _find(here)
    if request.method != "POST":
        return _show(here)
    if request.headers.get("X-Autosave"):
        return _autosave(here)
    act = {"sign": _sign, "addend": _addend}.get(request.POST.get("act"), _save)
    return act(here)


def signs(request) -> bool:
    """Whether this POST signs something (kap.accounts.second.proof); saving a draft does not."""
    return request.POST.get("act") in ("sign", "addend") and not request.headers.get("X-Autosave")


def _find(here: Page) -> None:
    """My draft first, else the newest signed one; and whether a colleague is writing."""
    rows = Note.objects.filter(course=here.course, kind=here.kind, about=here.about).select_related("author")
    drafts = rows.filter(signed_at=None)
    here.note = (
        drafts.filter(author=here.by).first()
        or rows.signed().visible_to(here.by).order_by("-signed_at").first()
    )
    here.writing = None if here.note else drafts.exclude(author=here.by).first()


def _kept(here: Page, form: NoteForm) -> Note:
    """Save what is on the page; the draft begins here if there is none. Raises Conflict, Stale, Refused."""
    note = here.note if here.note and not here.note.signed_at else None
    if note is None:
        if here.note is not None:
            raise Stale(f"This note was signed by {here.note.printed_name}. Add to it with an addendum.")
        note = actions.start(
            course=here.course, kind=here.kind, about=here.about, held_at=here.held_at, by=here.by
        )
    try:
        revision = int(here.request.POST.get("version", ""))
    except ValueError:
        revision = 0
    here.note = actions.save_draft(note=note, body=form.body(), revision=revision, by=here.by)
    return here.note


def _form(here: Page) -> NoteForm:
    form = NoteForm(here.request.POST, kind=here.kind)
    form.is_valid()
    return form


def _autosave(here: Page) -> JsonResponse:
    form = _form(here)
    if form.errors:
        return JsonResponse({"errors": form.errors}, status=422)
    try:
        note = _kept(here, form)
    except actions.Conflict as conflict:
        words = {
            "conflict": " ".join(conflict.reasons),
            "theirs": as_text(here.kind, conflict.theirs),
            "href": here.request.path,
        }
        return JsonResponse(words, status=409)
    except Refused as refused:
        return JsonResponse({"conflict": " ".join(refused.reasons), "href": here.request.path}, status=409)
    saved = timezone.localtime(note.saved_at or clock.now())
    return JsonResponse({"saved_at": shown_clock(saved), "version": note.revision})


def as_text(kind: str, body: dict) -> str:
    """A draft in plain words, to be shown beside another."""
    rows = forms.filled(kind, body)
    return "\n\n".join(f"{s.title}\n{', '.join(v) if isinstance(v, list) else v}" for s, v in rows)


def _save(here: Page):
    form = _form(here)
    try:
        if not form.errors:
            _kept(here, form)
            messages.success(here.request, "Draft saved.")
            return redirect(here.request.get_full_path())
    except actions.Conflict as conflict:
        return _show(here, form=form, conflict=conflict, status=409)
    except Refused as refused:
        return _show(here, form=form, refused=refused, status=409)
    return _show(here, form=form, status=422)


def _sign(here: Page):
    form, name = _form(here), SignForm(here.request.POST)
    try:
        if not form.errors and name.is_valid():
            note = _kept(here, form)
            for key, words in forms.missing_by_key(here.kind, note.body).items():
                form.add_error(key, words)
            if not form.errors:
                here.sign(note=note, printed_name=name.cleaned_data["printed_name"], by=here.by)
                messages.success(here.request, "Signed. It can only be added to now.")
                return redirect(here.then or here.request.get_full_path())
    except actions.Conflict as conflict:
        return _show(here, form=form, conflict=conflict, status=409)
    except Stale as stale:
        return _show(here, form=form, refused=stale, status=409)
    except Refused as refused:
        name.add_error("printed_name", refused.reasons)
    return _show(here, form=form, sign_form=name, status=422)


def _addend(here: Page):
    form = AddendumForm(here.request.POST)
    if here.note and form.is_valid():
        try:
            actions.add_addendum(note=here.note, by=here.by, **form.cleaned_data)
            messages.success(here.request, "Addendum signed.")
            return redirect(here.request.get_full_path())
        except Refused as refused:
            form.add_error("printed_name", refused.reasons)
    return _show(here, addendum_form=form, status=422)


def _show(
    here: Page, *, form=None, sign_form=None, addendum_form=None, conflict=None, refused=None, status=200
):
    """Whatever was typed stays on the page, also when it could not be kept."""
    access.opened(here.request, "note", client=here.course.client, thing=here.note)
    signed = bool(here.note and here.note.signed_at) and form is None
    body = here.note.body if here.note else {}
    context = {
        "course": here.course, "client": here.course.client, "note": here.note, "note_form": forms.form(here.kind),
        "signed": signed, "writing": here.writing, "may_write": here.may_write, "title_words": forms.form(here.kind).title,
        "version": conflict.revision if conflict else here.note.revision if here.note and not here.note.signed_at else 0,
        "errors": _errors(form, sign_form, addendum_form), "conflict": conflict, "refused": refused,
        "may_open_chart": allowed(here.by, Can.OPEN_CHART), **here.context,
    }  # fmt: skip
    if signed:
        context["filled"] = forms.filled(here.kind, json.loads(bytes(here.note.content))["body"])
        context["addenda"] = list(here.note.addenda.all())
        context["addendum_form"] = addendum_form or AddendumForm()
    else:
        context["form"] = form or NoteForm(kind=here.kind, body=body)
        context["sign_form"] = sign_form or SignForm()
        context["theirs"] = as_text(here.kind, conflict.theirs) if conflict else ""
    return render(here.request, here.template, context, status=status)


def _errors(*found) -> list[dict] | None:
    """All errors of all forms on the page, for the summary at its top."""
    from kap.core.templatetags.kap_forms import error_items

    items = [item for form in found if form is not None for item in error_items(form)]
    return items or None
