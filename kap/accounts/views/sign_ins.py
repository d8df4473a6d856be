"""Where somebody is signed in: for its owner, and for the admin of staff."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from kap.accounts import actions, sign_ins
from kap.accounts.models import SignIn, User
from kap.accounts.permissions import Can, requires
from kap.audit import access


@requires(Can.USE_ACCOUNT)
@require_safe
def own(request):
    devices = sign_ins.of(request.user, request.session.session_key)
    shell = "staff.html" if request.user.is_staff_member else "client.html"
    return render(request, "accounts/sign_ins.html", {"devices": devices, "shell": shell})


@requires(Can.USE_ACCOUNT)
@require_POST
def end(request, pk):
    """One of her own; this one is ended by signing out."""
    others = SignIn.objects.filter(user=request.user).exclude(session_key=request.session.session_key)
    row = get_object_or_404(others, pk=pk)
    words = sign_ins.device(row.user_agent)
    _end(request, request.user, [row.pk])
    messages.success(request, _("Signed out: %(device)s.") % {"device": words})
    return redirect("accounts:sign_ins")


@requires(Can.USE_ACCOUNT)
@require_POST
def end_others(request):
    others = SignIn.objects.filter(user=request.user).exclude(session_key=request.session.session_key)
    _end(request, request.user, list(others.values_list("pk", flat=True)))
    messages.success(request, _("You are signed out everywhere but here."))
    return redirect("accounts:sign_ins")


@requires(Can.INVITE_STAFF)
@require_safe
def of_staff(request, user):
    person = get_object_or_404(User.objects.staff(), pk=user)
    devices = sign_ins.of(person, request.session.session_key)
    return render(request, "accounts/staff_sign_ins.html", {"devices": devices, "person": person})


@requires(Can.INVITE_STAFF)
@require_POST
def end_of_staff(request, user):
    """`sign_in`: one; without it all of hers, but for the one in which the admin does this."""
    person = get_object_or_404(User.objects.staff(), pk=user)
    rows = SignIn.objects.filter(user=person).exclude(session_key=request.session.session_key)
    wanted = request.POST.get("sign_in", "")
    if wanted:
        rows = rows.filter(pk=int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0)
    ended = _end(request, person, list(rows.values_list("pk", flat=True)))
    messages.success(
        request, ngettext("%(name)s is signed out on %(n)s device.", "%(name)s is signed out on %(n)s devices.", ended)
        % {"name": person.name, "n": ended},
    )  # fmt: skip
    return redirect("accounts:staff_sign_ins", person.pk)


def _end(request, person, rows) -> int:
    access.opened(request, "sign_ins_ended", thing=person, purpose="account")
    return actions.end_sessions(user=person, sign_ins=rows, by=request.user)
