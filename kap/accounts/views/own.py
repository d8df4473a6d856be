"""What everybody does with her own account: password, PIN, a forgotten password, an invitation."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.tokens import default_token_generator
from django.shortcuts import redirect, render
from django.utils.http import urlsafe_base64_decode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from kap.accounts import actions, entry, limits, tokens
from kap.accounts.even import evenly
from kap.accounts.forms import AcceptForm, ChangePasswordForm, EmailForm, NewPasswordForm, PinForm
from kap.accounts.models import Invitation, User
from kap.accounts.permissions import Can, public, requires
from kap.accounts.second import state
from kap.accounts.second.proof import proves_first
from kap.core import clock
from kap.core.actions import System
from kap.core.errors import Refused

RESET = System("accounts.password_reset")


@requires(Can.USE_ACCOUNT)
@require_safe
def account(request):
    context = {"staff": request.user.is_staff_member, "second_factor": state.on()}
    context["may_reset"] = state.on() and request.user.may(Can.RESET_FACTORS)
    return render(request, "accounts/account.html", context)


@requires(Can.USE_ACCOUNT)
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@proves_first("account")
def password(request):
    """Staff only: clients have no password."""
    if not request.user.is_staff_member:
        return redirect("accounts:account")
    form = ChangePasswordForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid() and _own_password(request, form):
        actions.change_password(
            user=request.user, password=form.cleaned_data["new_password"], by=request.user
        )
        _stay_signed_in(request)
        messages.success(request, "Password changed. Other devices are signed out.")
        return redirect("accounts:account")
    return render(request, "accounts/password.html", {"form": form}, status=422 if form.errors else 200)


def _own_password(request, form) -> bool:
    """An open screen alone must not be enough to take an account over."""
    who = request.user.email
    if wait := limits.spend(limits.PASSWORD_ACCOUNT, who):
        form.add_error("password", limits.wait_words(wait))
        return False
    if not request.user.check_password(form.cleaned_data["password"]):
        form.add_error("password", "This is not your password. Type the one you signed in with.")
        return False
    limits.forget(limits.PASSWORD_ACCOUNT, who)
    return True


def _stay_signed_in(request):
    request.user.refresh_from_db(fields=["password"])
    update_session_auth_hash(request, request.user)


@requires(Can.SEE_TODAY)
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@proves_first("account")
def pin(request):
    form = PinForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _own_password(request, form):
        actions.set_pin(user=request.user, pin=form.cleaned_data["pin"], by=request.user)
        messages.success(request, "PIN set. You can now witness a dose with it.")
        return redirect("accounts:account")
    return render(request, "accounts/pin.html", {"form": form}, status=422 if form.errors else 200)


@public("for people who cannot sign in; the answer is the same for every address")
@never_cache
@evenly
@require_http_methods(["GET", "POST"])
def password_forgotten(request):
    form = EmailForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            email = form.cleaned_data["email"]
            wait = limits.spend_all(
                (limits.MAIL_ACCOUNT, email), (limits.MAIL_ADDRESS, limits.address_of(request))
            )
            if not wait:
                user = User.objects.filter(email__iexact=email, is_active=True).first()
                if user is not None and user.is_staff_member:
                    actions.ask_password_reset(user=user, by=RESET)
                return render(request, "accounts/password_sent.html", {"email": email})
            form.add_error(None, limits.wait_words(wait))
            status = 429
    return render(request, "accounts/password_forgotten.html", {"form": form}, status=status)


@public("the emailed link proves who it is, once and for an hour")
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def password_new(request, uid, token):
    user = _by_reset_link(uid, token)
    if user is None:
        return render(request, "accounts/link_ended.html", {"what": "password"}, status=410)
    form = NewPasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        actions.change_password(user=user, password=form.cleaned_data["new_password"], by=user)
        limits.forget(limits.PASSWORD_ACCOUNT, user.email)
        messages.success(request, "Password changed. Sign in with it now.")
        return redirect("accounts:sign_in_staff")
    return render(request, "accounts/password_new.html", {"form": form}, status=422 if form.errors else 200)


def _by_reset_link(uid, token):
    try:
        user = User.objects.filter(pk=urlsafe_base64_decode(uid).decode(), is_active=True).first()
    except Exception:  # a mangled link is an ended link, whatever is wrong with it
        return None
    good = user is not None and user.is_staff_member and default_token_generator.check_token(user, token)
    return user if good else None


@public("the emailed link proves who it is; shows only the invited person's own name")
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def invitation(request, token):
    found = Invitation.objects.filter(token_hash=tokens.token_hash(token)).first()
    if not _still_open(found):
        return render(request, "accounts/link_ended.html", {"what": "invitation"}, status=410)
    form = AcceptForm(request.POST or None, invitation=found, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            user = actions.accept_invitation(
                invitation=found, name=data["name"], password=data["new_password"], by=found
            )
        except Refused as refused:
            form.add_error(None, " ".join(refused.reasons))
        else:
            entry.sign_in(request, user)
            state.prove(request)
            messages.success(request, f"Welcome, {user.name}. Your account is open.")
            return redirect("accounts:account")
    status = 422 if form.errors else 200
    return render(request, "accounts/invitation.html", {"form": form, "invitation": found}, status=status)


def _still_open(found) -> bool:
    return (
        found is not None
        and found.accepted_at is None
        and found.withdrawn_at is None
        and found.expires_at > clock.now()
    )
