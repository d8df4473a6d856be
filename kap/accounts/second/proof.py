"""Asking again, shortly before something that counts: signing, exporting, changing how somebody signs in.

    @requires(Can.ORDER)
    @require_POST
    @proves_again("sign this order")
    @once
    def order_sign(request, pk): ...

A proof holds for five minutes. Without one, the POST is answered by a page that carries every field of it, says
what is about to happen, asks for a code or a passkey and posts to the same address; the decorator takes its own
fields out again and goes on to the view, which notices nothing. `@proves_first` is for pages and downloads that
are asked for by GET, and for forms that hold a password, which must not travel through another page.

Staff only. Clients are left out: each sign-in of theirs proves the mailbox anew, and they have no second factor.
"""

import functools
import json
from urllib.parse import urlencode

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.debug import sensitive_variables

from kap.accounts import limits
from kap.accounts.second import actions, factors, state
from kap.accounts.second.models import Factor
from kap.audit import access
from kap.core.actions import System

CODE, CREDENTIAL, PASSWORD = "second_code", "second_credential", "second_password"
OWN = (CODE, CREDENTIAL, PASSWORD)
TRIES = limits.Limit("second", 5, 5 * 60)
TRIES_ADDRESS = limits.Limit("second-address", 20, 5 * 60)
BY = System("accounts.second_factor")
WORDS = {  # what proves_first is for, told on the page; the key travels in the address
    "account": "change how you sign in",
    "export": "save a file with what concerns many people",
    "go_on": "go on",
    "emergency": "open a record in an emergency",
}


# ---------------------------------------------------------------- one answer, judged


@sensitive_variables()
def answer(request, user, data) -> str:
    """What is wrong with the code, passkey or password in `data`, or "" when it proves that this is `user`.

    A password counts only for somebody who has no factor yet. Five tries in five minutes; each failure counts
    towards the lock of the account.
    """
    if not any(data.get(name) for name in OWN):
        return "Type a code, or use a passkey." if Factor.objects.of(user).exists() else "Type your password."
    address = limits.address_of(request)
    wait = limits.spend_all((TRIES, str(user.pk)), (TRIES_ADDRESS, address))
    if wait:
        return limits.wait_words(wait)
    if user.locked_at is None and _fits(user, data):
        limits.forget(TRIES, str(user.pk))
        limits.give_back(TRIES_ADDRESS, address)
        return ""
    actions.count_failure(email=user.email, by=BY)
    access.opened(request, "second_factor_failed", purpose="account")
    if data.get(CREDENTIAL):
        return "The passkey was not accepted. Try again, or type a code."
    if data.get(PASSWORD):
        return "This is not your password. Type the one you signed in with."
    return "This code does not fit, or was used already. Type the one that the app shows now."


@sensitive_variables()
def _fits(user, data) -> bool:
    if raw := data.get(CREDENTIAL):
        try:
            credential = json.loads(raw)
        except ValueError:
            return False
        found = factors.proves_passkey(user, credential) if isinstance(credential, dict) else None
        return found is not None and actions.use_passkey(factor=found[0], count=found[1], by=user)
    if raw := data.get(PASSWORD):
        return not Factor.objects.of(user).exists() and user.check_password(raw)
    code = factors.digits(data.get(CODE, ""))
    if len(code) == factors.DIGITS:
        return actions.use_app_code(user=user, code=code, by=user)
    if len(code) == factors.CODE_DIGITS:
        return actions.use_recovery_code(user=user, code=code, by=user) is not None
    return False


# ---------------------------------------------------------------- the decorators


def proves_again(what: str, *, when=None):
    """On a POST. `what`: completes "You are about to …". `when(request)`: only for such a POST (a form that also saves)."""

    def decorate(view):
        @functools.wraps(view)
        def guarded(request, *args, **kwargs):
            if request.method != "POST" or not state.concerns(request.user) or (when and not when(request)):
                return view(request, *args, **kwargs)
            given = _take_own(request)
            if state.is_fresh(request):
                return view(request, *args, **kwargs)
            problem = _judge(request, given) if any(given.values()) else ""
            if any(given.values()) and not problem:
                return view(request, *args, **kwargs)
            return _ask(request, what, problem)

        guarded.proves_again = what
        return guarded

    return decorate


def proves_first(reason: str = "account"):
    """Before a page, a download or a form with a password: to the page that asks, and from there back here."""

    def decorate(view):
        @functools.wraps(view)
        def guarded(request, *args, **kwargs):
            if not state.concerns(request.user) or state.is_fresh(request):
                return view(request, *args, **kwargs)
            return to_proof(request, request.get_full_path(), reason)

        guarded.proves_again = WORDS[reason]
        return guarded

    return decorate


def to_proof(request, goal: str, reason: str):
    """To the page that asks, whichever way the browser asked."""
    if request.headers.get("X-Autosave"):
        return HttpResponse(status=401)  # the page stays and keeps what was typed
    where = f"{reverse('accounts:prove')}?{urlencode({'next': goal, 'for': reason})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": where})
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"words": "Confirm that it is you, then try again.", "href": where}, status=403)
    return redirect(where)


def _take_own(request) -> dict:
    """Our fields, taken out of the form, so that the view sees what was sent to it and nothing else."""
    data = request.POST.copy()
    given = {name: data.get(name, "") for name in OWN}
    for name in OWN:
        data.pop(name, None)
    request.POST = data
    return given


def _judge(request, given) -> str:
    """ "" when proved. Two presses of one button send the same code twice: the second rests on the first."""
    problem = answer(request, request.user, given)
    if not problem:
        state.prove(request)
        try:
            request.session.save()  # at once, so that the second press finds it
        except UpdateError as ended:  # by an admin, a moment ago: nothing is done any more
            raise SessionInterrupted("This sign-in was ended meanwhile.") from ended
    elif state.proved_lately(request.session.__class__(request.session.session_key)):
        return ""
    return problem


def _ask(request, what: str, problem: str):
    """Everything that was sent comes along, so that no word is lost."""
    access.opened(request, "proof_asked", purpose="account")
    carried = [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        for value in values
    ]
    context = {
        "what": what, "keeps": True, "carried": carried, "action": request.get_full_path(),
        "signed_as": request.POST.get("printed_name", ""),
        **page(request, problem),
    }  # fmt: skip
    return shown(request, context)


def page(request, problem: str = "") -> dict:
    """What the asking page needs, apart from what it asks for."""
    user, room = request.user, request.resolver_match.app_name == "dosing"
    hers = list(Factor.objects.of(user))
    through = state.is_through(request)
    return {
        "errors": [{"href": f"#{CODE if hers else PASSWORD}", "words": problem}] if problem else None,
        "problem": problem, "has_app": any(one.is_app for one in hers), "has_passkey": any(not one.is_app for one in hers),
        "by_password": not hers, "shell": "room.html" if room else "staff.html" if through else "client.html",
    }  # fmt: skip


def shown(request, context):
    response = render(
        request, "accounts/second_proof.html", context, status=422 if context["problem"] else 200
    )
    if request.headers.get("HX-Request"):
        response["HX-Retarget"], response["HX-Reswap"] = "body", "innerHTML"
    add_never_cache_headers(response)
    return response
