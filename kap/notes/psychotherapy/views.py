"""The author's pages: her list for one client, and one note to write or to read. Everybody else gets 404."""

import uuid

from django.contrib import messages
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kap.accounts.permissions import Can, requires
from kap.audit import access
from kap.core.errors import Refused
from kap.core.once import once
from kap.core.templatetags.kap import clock as shown_clock
from kap.notes.psychotherapy import actions
from kap.notes.psychotherapy.forms import KeyForm, PsychotherapyForm
from kap.notes.psychotherapy.models import PsychotherapyNote
from kap.people.models import Client

BEGINNING = 120  # characters of a note in the list
AT_ONCE = 50  # notes on the list's page; each is opened to show how it begins


def _client(request, pk) -> Client:
    """A client of hers, else 404. Whoever is there by emergency alone is refused in words, whatever stands there."""
    client = get_object_or_404(Client.objects.visible_to(request.user), pk=pk)
    actions.must_care(client, request.user)
    return client


@requires(Can.KEEP_PSYCHOTHERAPY_NOTES)
@require_safe
@never_cache
@sensitive_variables()
def own_list(request, client):
    client = _client(request, client)
    # "note", as with every note: the log of reads does not tell that this kind exists.
    access.opened(request, "note", client=client)
    rows = PsychotherapyNote.objects.visible_to(request.user).filter(client=client)[:AT_ONCE]
    shown = [{"note": row, "beginning": _beginning(row)} for row in rows]
    return render(request, "notes/psychotherapy/list.html", {"client": client, "rows": shown})


@sensitive_variables()
def _beginning(row) -> str:
    try:
        words = " ".join(row.words().split())
    except Refused as unreadable:
        return unreadable.reasons[0]
    return words[:BEGINNING] + ("…" if len(words) > BEGINNING else "")


@requires(Can.KEEP_PSYCHOTHERAPY_NOTES)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters()
def new(request, client):
    """The id is given here, before anything is kept: an autosave and a press of the button meet in one note."""
    client = _client(request, client)
    if request.method != "POST":
        return _show(request, client, None, uuid.uuid4())
    keys = KeyForm(request.POST)
    note_id = keys.cleaned_data.get("note") if keys.is_valid() else None
    return _keep(request, client, None, note_id or uuid.uuid4(), keys)


@requires(Can.KEEP_PSYCHOTHERAPY_NOTES)
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters()
def one(request, client, note):
    row = _own(request, client, note)
    if request.method != "POST":
        return _show(request, row.client, row, row.pk)
    return _keep(request, row.client, row, row.pk, KeyForm(request.POST))


def _own(request, client, note) -> PsychotherapyNote:
    client = _client(request, client)
    rows = PsychotherapyNote.objects.visible_to(request.user).select_related("client")
    return get_object_or_404(rows, pk=note, client=client)


@sensitive_variables()
def _keep(request, client, row, note_id, keys):
    """Save what was typed; whatever happens, it stays on the page."""
    _refuse_strange(request, client, note_id)
    form = PsychotherapyForm(request.POST)
    autosave = request.headers.get("X-Autosave")
    if not form.is_valid():
        return (
            JsonResponse({"errors": form.errors}, status=422)
            if autosave
            else _show(request, client, row, note_id, form=form, status=422)
        )
    revision = (keys.cleaned_data.get("version") if keys.is_valid() else None) or 0
    try:
        row = actions.keep(
            client=client,
            note_id=note_id,
            words=form.cleaned_data["words"],
            revision=revision,
            by=request.user,
        )
    except Refused as refused:
        if autosave:
            return _conflict_answer(request, refused)
        return _show(request, client, row, note_id, form=form, refused=refused, status=409)
    if autosave:
        saved = timezone.localtime(row.saved_at or row.created_at)
        return JsonResponse({"saved_at": shown_clock(saved), "version": row.revision})
    messages.success(request, "Saved. Only you can read it.")
    return redirect("notes:psychotherapy", client.pk, row.pk)


def _refuse_strange(request, client, note_id) -> None:
    """An id of a note that is not hers, or of another client, is answered like one that does not exist."""
    taken = PsychotherapyNote.objects.filter(pk=note_id)
    if taken.exists() and not taken.visible_to(request.user).filter(client=client).exists():
        raise Http404


def _conflict_answer(request, refused) -> JsonResponse:
    words = {"conflict": " ".join(refused.reasons), "href": request.path}
    if isinstance(refused, actions.Conflict):
        words["theirs"] = refused.theirs
    return JsonResponse(words, status=409)


@sensitive_variables()
def _show(request, client, row, note_id, *, form=None, refused=None, status=200):
    access.opened(request, "note", client=client, thing=note_id if row else None)
    conflict = refused if isinstance(refused, actions.Conflict) else None
    words = row.words() if row and form is None else ""
    locked = bool(row and row.locked_at) and form is None
    context = {
        "client": client, "note": row, "note_id": note_id, "refused": refused, "conflict": conflict,
        "locked": locked, "words": words if locked else "",
        "version": conflict.revision if conflict else row.revision if row else 0,
        "form": None if locked else form or PsychotherapyForm(initial={"words": words}),
    }  # fmt: skip
    return render(request, "notes/psychotherapy/note.html", context, status=status)


@requires(Can.KEEP_PSYCHOTHERAPY_NOTES)
@require_POST
@once
def lock(request, client, note):
    row = _own(request, client, note)
    actions.lock(note=row, by=request.user)
    messages.success(request, "Locked. It can be read, by you alone, and no longer changed.")
    return redirect("notes:psychotherapy", row.client_id, row.pk)


@requires(Can.KEEP_PSYCHOTHERAPY_NOTES)
@require_POST
@once
def discard(request, client, note):
    row = _own(request, client, note)
    actions.discard(note=row, by=request.user)
    messages.success(request, "The note is gone.")
    return redirect("notes:psychotherapy_list", row.client_id)
