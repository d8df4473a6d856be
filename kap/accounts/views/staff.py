"""The list of staff: who may sign in, with which roles; invitations."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kap.accounts import actions
from kap.accounts.forms import InviteForm, RolesForm
from kap.accounts.models import Invitation, User
from kap.accounts.permissions import Can, requires
from kap.accounts.second.proof import proves_again
from kap.core import clock
from kap.core.errors import Refused
from kap.core.once import once

PER_PAGE = 50


@requires(Can.INVITE_STAFF)
@require_safe
def staff(request):
    people = User.objects.staff().select_related("provider").order_by("-is_active", "name")
    page = Paginator(people, PER_PAGE).get_page(request.GET.get("page"))
    invitations = actions.pending().select_related("invited_by").order_by("name")[:PER_PAGE]
    now = clock.now()
    context = {"page_obj": page, "invitations": invitations, "now": now, "last_admin": _only_admin()}
    return render(request, "accounts/staff.html", context)


def _only_admin():
    admins = list(User.objects.with_role("admin").values_list("pk", flat=True)[:2])
    return admins[0] if len(admins) == 1 else None


@requires(Can.INVITE_STAFF)
@proves_again("invite somebody to work here")
@once
@require_http_methods(["GET", "POST"])
def invite(request):
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = actions.invite(**form.cleaned_data, by=request.user)
        except Refused as refused:
            form.add_error("email", " ".join(refused.reasons))
        else:
            messages.success(request, f"Invitation to {invitation.name} is on its way to {invitation.email}.")
            return redirect("accounts:staff")
    return render(request, "accounts/invite.html", {"form": form}, status=422 if form.errors else 200)


@requires(Can.INVITE_STAFF)
@require_POST
@proves_again("send an invitation again")
def invite_again(request, invitation):
    found = get_object_or_404(Invitation, pk=invitation)
    actions.invite_again(invitation=found, by=request.user)
    messages.success(
        request, f"A new invitation to {found.name} is on its way. The earlier link no longer works."
    )
    return redirect("accounts:staff")


@requires(Can.INVITE_STAFF)
@require_http_methods(["GET", "POST"])
def invite_withdraw(request, invitation):
    found = get_object_or_404(actions.pending(), pk=invitation)
    if request.method == "POST":
        actions.withdraw_invitation(invitation=found, by=request.user)
        messages.success(request, f"The invitation to {found.name} is withdrawn.")
        return redirect("accounts:staff")
    return render(request, "accounts/invite_withdraw.html", {"invitation": found})


@requires(Can.INVITE_STAFF)
@require_http_methods(["GET", "POST"])
@proves_again("change what somebody may do here")
def roles(request, user):
    person = get_object_or_404(User.objects.staff(), pk=user)
    form = RolesForm(request.POST or None, initial={"roles": sorted(person.roles)})
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_roles(user=person, roles=form.cleaned_data["roles"], by=request.user)
        except Refused as refused:
            form.add_error("roles", " ".join(refused.reasons))
        else:
            messages.success(request, f"Roles of {person.name} changed. They hold from the next click on.")
            return redirect("accounts:staff")
    status = 422 if form.errors else 200
    return render(request, "accounts/roles.html", {"form": form, "person": person}, status=status)


@requires(Can.INVITE_STAFF)
@require_http_methods(["GET", "POST"])
@proves_again("deactivate an account")
def deactivate(request, user):
    """GET says what it touches, POST does it."""
    person = get_object_or_404(User.objects.staff(), pk=user)
    if request.method == "POST":
        actions.deactivate(user=person, by=request.user)
        messages.success(request, f"{person.name} can no longer sign in.")
        return redirect("accounts:staff")
    clients = person.team_of.filter(until=None).values("client").distinct().count()
    return render(request, "accounts/deactivate.html", {"person": person, "clients": clients})


@requires(Can.INVITE_STAFF)
@require_POST
@proves_again("reactivate an account")
def reactivate(request, user):
    person = get_object_or_404(User.objects.staff(), pk=user)
    actions.reactivate(user=person, by=request.user)
    messages.success(request, f"{person.name} can sign in again.")
    return redirect("accounts:staff")
