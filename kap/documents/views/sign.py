"""The client's side: read, sign, ask first, decline, withdraw."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kap.accounts.permissions import Can, allowed, requires
from kap.accounts.second.proof import proves_again
from kap.audit import access
from kap.core.errors import Refused, Stale
from kap.core.once import once
from kap.documents import actions, lists
from kap.documents.forms import DeclineForm, QuestionForm, SignForm, WithdrawForm
from kap.documents.models import Document, SignatureRequest
from kap.documents.names import names_for
from kap.documents.views.read import shell

METHODS = ["GET", "HEAD", "POST"]


def _mine(request, pk):
    """The client's own request; a text for her chaperone is not hers to sign."""
    rows = (
        SignatureRequest.objects.visible_to(request.user)
        .for_the_client()
        .select_related("client", "template", "course")
    )
    return get_object_or_404(rows, pk=pk)


def _ended(request, wanted):
    """Where to go when there is nothing left to sign; None while it waits."""
    if wanted.document_id:
        return redirect("documents:document", pk=wanted.document_id)
    if wanted.declined_at or wanted.cancelled_at:
        messages.info(
            request, _("This text is no longer waiting for you. Call us if you want to see it again.")
        )
        return redirect("desk:portal")
    return None


@requires(Can.SIGN_OWN_CONSENT)
@require_http_methods(METHODS)
@once
def sign(request, pk):
    wanted = _mine(request, pk)
    if away := _ended(request, wanted):
        return away
    names = names_for(request.user, wanted.client)
    form = SignForm(request.POST or None, sections=wanted.template.sections, names=names)
    if request.method == "POST" and form.is_valid():
        try:
            document = actions.sign_request(
                request=wanted, printed_name=form.cleaned_data["printed_name"], initials=form.initials(),
                address=access.client_address(request), user_agent=request.headers.get("User-Agent", ""), by=request.user,
            )  # fmt: skip
            messages.success(request, _("Signed. Thank you for reading it."))
            return redirect("documents:document", pk=document.pk)
        except Stale:
            return redirect("documents:sign", pk=pk)
        except Refused as refused:
            form.add_error("printed_name", refused.reasons)
    access.opened(request, "text to sign", client=wanted.client, thing=wanted)
    return render(
        request, "documents/sign.html", {"wanted": wanted, "form": form}, status=422 if form.errors else 200
    )


def _answer(request, pk, form_class, action, template, thanks):
    """Ask first and decline: one box, one button, the same way."""
    wanted = _mine(request, pk)
    if away := _ended(request, wanted):
        return away
    form = form_class(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            action(request=wanted, words=form.cleaned_data["words"], by=request.user)
        except Stale:
            return redirect("documents:sign", pk=pk)
        messages.success(request, thanks)
        return redirect("desk:portal")
    access.opened(request, "text to sign", client=wanted.client, thing=wanted)
    return render(request, template, {"wanted": wanted, "form": form}, status=422 if form.errors else 200)


@requires(Can.SIGN_OWN_CONSENT)
@require_http_methods(METHODS)
@once
def ask_first(request, pk):
    thanks = _("Your question is with your care team. The text waits until you have an answer.")
    return _answer(request, pk, QuestionForm, actions.ask_first, "documents/ask_first.html", thanks)


@requires(Can.SIGN_OWN_CONSENT)
@require_http_methods(METHODS)
@once
def decline(request, pk):
    thanks = _("You have not signed, and your care team knows. They will talk with you about other ways.")
    return _answer(request, pk, DeclineForm, actions.decline, "documents/decline.html", thanks)


@requires(Can.SIGN_OWN_CONSENT, Can.SEND_FOR_SIGNATURE)
@require_http_methods(METHODS)
@proves_again("record and sign a withdrawal")
@once
def withdraw(request, pk):
    rows = (
        Document.objects.visible_to(request.user)
        .filter(kind__in=lists.SIGNED_BY_CLIENT)
        .defer("content", "html")
    )
    document = get_object_or_404(rows.select_related("client"), pk=pk)
    own = document.client.user_id == request.user.pk
    form = WithdrawForm(request.POST or None, own=own)
    if request.method == "POST" and form.is_valid():
        try:
            actions.withdraw(document=document, by=request.user, **form.cleaned_data)
            messages.success(request, _("Withdrawn. The care team is told at once."))
            return redirect("documents:document", pk=pk)
        except Stale as stale:
            messages.info(request, " ".join(stale.reasons))
            return redirect("documents:document", pk=pk)
        except Refused as refused:
            form.add_error("printed_name", refused.reasons)
    access.opened(request, "document", client=document.client, thing=document)
    context = {
        "shell": shell(request.user), "document": document, "form": form, "own": own,
        "staff": not own and allowed(request.user, Can.SEND_FOR_SIGNATURE),
    }  # fmt: skip
    return render(request, "documents/withdraw.html", context, status=422 if form.errors else 200)
