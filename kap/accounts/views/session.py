"""Signing in and out, and the screen's brightness."""

from urllib.parse import urlencode

from django.contrib.auth import authenticate
from django.db import transaction
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from kap.accounts import codes, entry, idle, limits, lock
from kap.accounts.even import evenly
from kap.accounts.forms import CodeForm, EmailForm, PasswordSignInForm
from kap.accounts.permissions import public
from kap.accounts.second import actions as second
from kap.accounts.second import pending, state
from kap.accounts.second.models import Factor
from kap.audit import access
from kap.core import cookies
from kap.core.actions import System
from kap.core.context import ROOM_THEME, THEME, THEMES

YEAR = 365 * 24 * 60 * 60
BY = System("accounts.sign_in")
WAY = "kap_way"  # cookie: this browser last signed in by password, so it is shown that page at once


@public("the door itself")
@never_cache
@evenly
@require_http_methods(["GET", "POST"])
def sign_in(request):
    """Clients: an email address, then a code. Says the same whether the address is known or not."""
    goal = entry.safe_next(request)
    if request.user.is_authenticated:
        return redirect(goal or entry.home(request.user))
    if request.method == "GET" and cookies.read(request, WAY) == "password" and "code" not in request.GET:
        return redirect(_to("accounts:sign_in_staff", goal))
    form = EmailForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            wait = codes.begin(request, email=form.cleaned_data["email"], next_path=goal)
            if not wait:
                return redirect("accounts:code")
            form.add_error(None, limits.wait_words(wait))
            status = 429
    return render(request, "accounts/sign_in.html", {"form": form, "next": goal}, status=status)


@public("the door itself; a code proves who it is")
@never_cache
@evenly
@require_http_methods(["GET", "POST"])
def code(request):
    """The code, typed in the browser that asked for it."""
    seen = codes.asked(request)
    if seen is None:
        return redirect("accounts:sign_in")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        outcome, wait, row = codes.try_here(request, seen, form.cleaned_data["code"])
        if outcome == "signed_in":
            return _enter(request, row)
        return _code_page(request, form, outcome, wait, email=seen.email, goal=seen.next_path)
    return _code_page(request, form, "", 0, email=seen.email, goal=seen.next_path)


@public("the door itself; the link alone shows nothing")
@never_cache
@require_http_methods(["GET", "POST"])
def link(request, token):
    """The emailed link: asks for the code, so that a forwarded or pre-fetched link alone opens nothing."""
    row = codes.by_link(token)
    goal = row.next_path if row else ""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        outcome, wait = codes.try_link(request, row, form.cleaned_data["code"])
        if outcome == "signed_in":
            return _enter(request, row)
        return _code_page(request, form, outcome, wait, goal=goal)
    return _code_page(request, form, "", 0, goal=goal)


def _enter(request, row):
    request.session.pop(codes.SESSION_KEY, None)
    entry.sign_in(request, row.user)
    return redirect(entry.safe_next(request, row.next_path) or entry.home(row.user))


def _code_page(request, form, outcome, wait, *, email="", goal=""):
    """The form again, in words; when the code is used up, the way to a new one instead of the form."""
    if outcome == "wait":
        form.add_error(None, limits.wait_words(wait))
    if outcome == "wrong":
        form.add_error("code", _("This code does not fit. Use the newest email, and check each digit."))
    status = {"wait": 429, "ended": 410}.get(outcome, 422 if form.errors else 200)
    context = {"form": form, "ended": outcome == "ended", "email": email, "next": goal}
    return render(request, "accounts/code.html", context, status=status)


@public("the door itself; limited by account and address")
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in_staff(request):
    """Staff: email and password. Never says which of the two was wrong, nor whether the account exists."""
    goal = entry.safe_next(request)
    if request.user.is_authenticated:
        return redirect(goal or entry.home(request.user))
    form = PasswordSignInForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            user, wait = _by_password(request, **form.cleaned_data)
            if user is not None:
                response = _after_password(request, user, goal)
                cookies.keep(response, WAY, "password", YEAR)
                return response
            status = 429 if wait else 422
            form.add_error(
                None,
                limits.wait_words(wait)
                if wait
                else "Email or password does not fit. Check both and try again. If it goes on, ask an admin.",
            )
    return render(request, "accounts/sign_in_staff.html", {"form": form, "next": goal}, status=status)


def _after_password(request, user, goal):
    """To the second step; somebody without a second factor comes in only as far as setting one up."""
    if state.on() and Factor.objects.of(user).exists():
        pending.begin(request, user, goal)
        return redirect("accounts:second")
    entry.sign_in(request, user)
    second.forget_failures(user=user, by=user)
    if state.on():
        state.prove(request)
        return redirect("accounts:factors")
    return redirect(goal or entry.home(user))


def _by_password(request, *, email, password):
    """The staff member, or None with the seconds to wait (0: wrong)."""
    address = limits.address_of(request)
    wait = limits.spend_all((limits.PASSWORD_ACCOUNT, email), (limits.PASSWORD_ADDRESS, address))
    if wait:
        return None, wait
    user = authenticate(request, email=email, password=password)
    if user is None or not user.is_staff_member or user.locked_at:
        with transaction.atomic():  # one commit with something in it, whether the address is known or not
            second.count_failure(email=email, by=BY)
            access.opened(request, "sign_in_failed", purpose="account")
        return None, 0
    limits.forget(limits.PASSWORD_ACCOUNT, email)
    limits.give_back(limits.PASSWORD_ADDRESS, address)
    return user, 0


@public("ends a session that may have ended already")
@require_POST
def sign_out(request):
    if request.user.is_authenticated:
        access.opened_if_possible(request, "sign_out", purpose="account")
    lock.sign_out(request)
    response = redirect(_to("accounts:sign_in", ""))
    # Cookies stay: those left hold a theme and the way by which one signs in.
    response["Clear-Site-Data"] = '"cache", "storage"'
    response["Cache-Control"] = "no-store, private"
    idle.forget(response)
    return response


@public("a colour of the screen; no data")
@require_POST
def theme(request):
    """`for=room` keeps the dosing room's own choice apart: at a desk one wants light, in the room dim."""
    chosen, room = request.POST.get("theme", ""), request.POST.get("for") == "room"
    response = redirect(entry.safe_next(request) or "/")
    name = ROOM_THEME if room else THEME
    if chosen in THEMES:
        cookies.keep(response, name, chosen, YEAR)
    else:
        cookies.drop(response, name)
    return response


def _to(name, goal):
    return f"{reverse(name)}?{urlencode({'next': goal})}" if goal else reverse(name)
