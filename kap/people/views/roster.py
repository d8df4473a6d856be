"""The roster: providers, what they may do where, and their credentials."""

from copy import copy

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from kap.accounts.actions import pending
from kap.accounts.permissions import CLINICAL, Can, requires
from kap.core.errors import Refused
from kap.core.once import once
from kap.people import actions, credentials, roster
from kap.people.forms import CredentialForm, NewProviderForm, ProviderForm, not_on_roster, today
from kap.people.models import Credential
from kap.people.views.clients import status_of

PER_PAGE = 30


@requires(Can.MANAGE_ROSTER)
@require_safe
def index(request):
    page = Paginator(roster.listed(), PER_PAGE).get_page(request.GET.get("page"))
    steps, day = roster.warn_days(), today()
    invited = [i for i in pending().order_by("name")[:PER_PAGE] if CLINICAL & set(i.roles)]
    context = {
        "page_obj": page,
        "rows": [roster.row(provider, day, steps) for provider in page],
        "waiting": not_on_roster()[:PER_PAGE],
        "invited": invited,
    }
    return render(request, "people/roster.html", context)


@requires(Can.MANAGE_ROSTER)
@once
@require_http_methods(["GET", "POST"])
def provider_new(request):
    form = NewProviderForm(request.POST or None, initial={"user": request.GET.get("user")})
    if request.method == "POST" and form.is_valid():
        try:
            provider = actions.add_provider(**form.cleaned_data, by=request.user)
        except Refused as refused:
            form.add_error("user", " ".join(refused.reasons))
        else:
            messages.success(request, f"{provider.name} is on the roster. Add the credentials next.")
            return redirect("people:provider", provider=provider.pk)
    return render(request, "people/provider_new.html", {"form": form}, status=status_of(form))


def _provider(pk):
    return get_object_or_404(roster.listed(), pk=pk)


@requires(Can.MANAGE_ROSTER)
@require_safe
def provider(request, provider):
    found, day, steps = _provider(provider), today(), roster.warn_days()
    chips = [credentials.chip(c, found.user.roles, day, steps) for c in credentials.live(found)]
    newest = {c.pk for c in credentials.newest(found)}
    ended = sorted((c for c in found.credentials.all() if c.ended_at), key=lambda c: c.ended_at, reverse=True)

    def place(chip):
        """Those that count come first, renewed ones after them."""
        held = chip.credential
        return held.pk not in newest, held.kind, held.state, held.expires_on

    context = {
        "provider": found,
        "row": roster.row(found, day, steps),
        "page_obj": Paginator(sorted(chips, key=place), PER_PAGE).get_page(request.GET.get("page")),
        "newest": newest,
        "ended": ended[:PER_PAGE],
        "ended_count": len(ended),
    }
    return render(request, "people/provider.html", context)


@requires(Can.MANAGE_ROSTER)
@require_http_methods(["GET", "POST"])
def provider_edit(request, provider):
    found = _provider(provider)
    form = ProviderForm(request.POST or None, instance=copy(found))
    if request.method == "POST" and form.is_valid():
        actions.change_provider(provider=found, **form.cleaned_data, by=request.user)
        messages.success(request, "Details saved.")
        return redirect("people:provider", provider=found.pk)
    return render(
        request, "people/provider_edit.html", {"form": form, "provider": found}, status=status_of(form)
    )


@requires(Can.MANAGE_ROSTER)
@once
@require_http_methods(["GET", "POST"])
def credential_new(request, provider):
    found = _provider(provider)
    form = CredentialForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_credential(provider=found, **form.cleaned_data, by=request.user)
        except Refused as refused:
            form.add_error("number", " ".join(refused.reasons))
        else:
            messages.success(request, "Credential added.")
            return redirect("people:provider", provider=found.pk)
    return render(
        request, "people/credential_new.html", {"form": form, "provider": found}, status=status_of(form)
    )


@requires(Can.MANAGE_ROSTER)
@require_http_methods(["GET", "POST"])
def credential_end(request, provider, credential):
    found = _provider(provider)
    held = get_object_or_404(Credential.objects.live().filter(provider=found), pk=credential)
    if request.method == "POST":
        actions.end_credential(credential=held, by=request.user)
        messages.success(request, f"{held.get_kind_display()} {held.number} is ended.")
        return redirect("people:provider", provider=found.pk)
    stops = credentials.blocks(held, found.user.roles).values()
    return render(request, "people/credential_end.html", {"provider": found, "held": held, "stops": stops})
