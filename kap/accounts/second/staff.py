"""Resetting somebody's second factor, by two people; letting in who was locked out."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kap.accounts.models import User
from kap.accounts.permissions import Can, requires
from kap.accounts.second import actions, resets
from kap.accounts.second.forms import ResetForm
from kap.accounts.second.models import FactorReset
from kap.accounts.second.proof import proves_again
from kap.core import clock
from kap.core.errors import Refused


@requires(Can.RESET_FACTORS)
@require_http_methods(["GET", "POST"])
@proves_again("ask that a second factor be removed")
def ask(request, user):
    person = get_object_or_404(User.objects.staff().filter(is_active=True), pk=user)
    form = ResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.ask_reset(user=person, reason=form.cleaned_data["reason"], by=request.user)
        except Refused as refused:
            form.add_error("reason", " ".join(refused.reasons))
        else:
            messages.success(request, "Asked. Somebody else must confirm it within 24 hours; they have mail.")
            return redirect("accounts:resets")
    confirmers = [one.name for one in resets.confirmers(person, request.user.pk)]
    context = {"form": form, "person": person, "confirmers": confirmers, "own": person.pk == request.user.pk}
    return render(request, "accounts/second_reset.html", context, status=422 if form.errors else 200)


SHOWN = 50  # each lasts a day


@requires(Can.RESET_FACTORS)
@require_safe
def listed(request):
    """What waits, and what was decided lately."""
    rows = FactorReset.objects.select_related("user", "asked_by", "confirmed_by", "dropped_by").order_by(
        "-asked_at"
    )
    since = clock.now() - resets.LASTS
    open_ones = list(rows.filter(confirmed_at=None, dropped_at=None, asked_at__gt=since)[:SHOWN])
    mine = resets.confirmable(request.user, open_ones)
    waiting = [
        {"row": row, "may_confirm": row.pk in mine, "own": row.asked_by_id == request.user.pk}
        for row in open_ones
    ]
    done = rows.exclude(confirmed_at=None, dropped_at=None)[:20]
    people = User.objects.staff().filter(is_active=True).exclude(pk=request.user.pk).order_by("name")
    context = {"waiting": waiting, "done": done, "people": people}
    return render(request, "accounts/second_resets.html", context)


@requires(Can.RESET_FACTORS)
@require_POST
@proves_again("confirm that a second factor be removed")
def confirm(request, pk):
    reset = get_object_or_404(FactorReset, pk=pk)
    actions.confirm_reset(reset=reset, by=request.user)
    messages.success(
        request,
        f"The second factor of {reset.user.name} is removed. That person is signed out and told by mail.",
    )
    return redirect("accounts:resets")


@requires(Can.RESET_FACTORS)
@require_POST
def drop(request, pk):
    reset = get_object_or_404(FactorReset, pk=pk)
    actions.drop_reset(reset=reset, by=request.user)
    messages.success(request, "Ended. Nothing was removed.")
    return redirect("accounts:resets")


@requires(Can.INVITE_STAFF)
@require_POST
@proves_again("let somebody in who was locked out")
def let_in(request, user):
    person = get_object_or_404(User.objects.staff(), pk=user)
    actions.let_in(user=person, by=request.user)
    messages.success(request, f"{person.name} can try to sign in again.")
    return redirect("accounts:staff")
