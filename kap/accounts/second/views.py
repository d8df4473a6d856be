"""The second factor: at sign-in, set up and changed by its owner, and asked again."""

import json

from django.contrib import messages
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kap.accounts import entry
from kap.accounts.permissions import Can, public, requires
from kap.accounts.second import actions, factors, pending, proof, state
from kap.accounts.second.forms import AppForm, KeptForm, PasskeyForm
from kap.accounts.second.middleware import before_second
from kap.accounts.second.models import CodeSheet, Factor
from kap.audit import access
from kap.core import vault
from kap.core.errors import Refused


def enter(request, user, goal=""):
    """Open the session of somebody who has given all that is asked of her."""
    pending.end(request)
    entry.sign_in(request, user)
    actions.forget_failures(user=user, by=user)
    state.let_through(request)
    return redirect(goal or entry.home(user))


@public("follows a right password; a code or passkey proves the rest")
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def second(request):
    """The second step of signing in. Without a password given here within ten minutes: back to the first."""
    found = pending.of(request)
    if found is None:
        return redirect("accounts:sign_in_staff")
    problem = ""
    if request.method == "POST":
        problem = proof.answer(request, found.user, request.POST)
        if not problem:
            return enter(request, found.user, found.goal)
    hers = list(Factor.objects.of(found.user))
    context = {
        "problem": problem, "errors": [{"href": f"#{proof.CODE}", "words": problem}] if problem else None,
        "has_app": any(one.is_app for one in hers), "has_passkey": any(not one.is_app for one in hers),
    }  # fmt: skip
    return render(request, "accounts/second_sign_in.html", context, status=422 if problem else 200)


@public("a challenge for the passkeys of whoever is signed in or has just given her password; else not found")
@never_cache
@require_POST
def challenge(request):
    """What the browser asks the passkey. Good for one answer."""
    found = pending.of(request)
    user = request.user if request.user.is_authenticated else found.user if found else None
    if user is None or not user.is_staff_member or not Factor.objects.of(user).exists():
        raise Http404
    return JsonResponse(_plain(factors.ask_passkey(user)))


def _plain(options) -> dict:
    """The options as JSON: WebAuthn's objects know how to write themselves."""
    return json.loads(json.dumps(options, default=dict))


@requires(Can.SEE_TODAY)
@before_second
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def prove(request):
    """Asked before a page or download; then on to it. A download gets a page with its link, since a browser
    stays where it is while it saves a file."""
    goal, reason = entry.safe_next(request), request.POST.get("for") or request.GET.get("for", "")
    reason = reason if reason in proof.WORDS else "go_on"
    problem = proof.answer(request, request.user, request.POST) if request.method == "POST" else ""
    if request.method == "POST" and not problem:
        _proved(request)
        if reason == "export" and goal:
            return render(request, "accounts/second_ready.html", {"goal": goal})
        return redirect(goal or entry.home(request.user))
    context = {
        "what": proof.WORDS[reason], "carried": [("next", goal), ("for", reason)], "action": request.path,
        **proof.page(request, problem),
    }  # fmt: skip
    return proof.shown(request, context)


def _proved(request) -> None:
    """A password proves for setting up only; the session is through once a factor was seen."""
    if Factor.objects.of(request.user).exists():
        state.let_through(request)
    else:
        state.prove(request)


@requires(Can.SEE_TODAY)
@before_second
@never_cache
@require_safe
def overview(request):
    """What she has and what is missing. Until nothing is, this is the only page she can open."""
    lacking = state.lacks(request.user)
    if lacking != "factor" and not state.is_through(request):
        return proof.to_proof(request, request.get_full_path(), "account")
    sheet = CodeSheet.objects.filter(user=request.user).first()
    hers = list(Factor.objects.of(request.user))
    context = {
        "factors": hers, "has_app": any(one.is_app for one in hers), "lacking": lacking, "sheet": sheet, "on": state.on(),
        "codes_left": sheet.codes.filter(used_at=None).count() if sheet else 0, **_shell(request),
    }  # fmt: skip
    return render(request, "accounts/second_factors.html", context)


def _shell(request) -> dict:
    """Without her second factor the staff pages' menu would lead nowhere."""
    done = not state.on() or (state.is_through(request) and not state.lacks(request.user))
    return {"shell": "staff.html" if done else "client.html", "done": done}


@requires(Can.SEE_TODAY)
@before_second
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@proof.proves_first("account")
def app_new(request):
    """An authenticator app: scan or type the secret, prove it by a code."""
    secret = _secret(request)
    form = AppForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_app(user=request.user, secret=secret, code=form.cleaned_data["code"], by=request.user)
        except Refused as refused:
            form.add_error("code", " ".join(refused.reasons))
        else:
            request.session.pop(state.NEW_APP, None)
            return _added(request, "Authenticator app added.")
    context = {"form": form, "qr": factors.qr_code(request.user, secret), "secret": factors.spaced(secret)}
    return render(
        request, "accounts/second_app.html", context | _shell(request), status=422 if form.errors else 200
    )


@sensitive_variables()
def _secret(request) -> str:
    """The same one until it is proved or the session ends, so that a wrong code does not make the scan void."""
    place = ("session|new_app", request.user.pk)
    kept = request.session.get(state.NEW_APP)
    if kept is None:
        kept = request.session[state.NEW_APP] = vault.seal(*place, factors.new_secret())
    return vault.unseal(*place, kept)


def _added(request, words):
    messages.success(request, words)
    state.let_through(request)
    return redirect("accounts:codes" if state.lacks(request.user) == "codes" else "accounts:factors")


@requires(Can.SEE_TODAY)
@before_second
@never_cache
@require_http_methods(["GET", "POST"])
@proof.proves_first("account")
def passkey_new(request):
    form = PasskeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.add_passkey(
                user=request.user,
                name=form.cleaned_data["name"],
                credential=_credential(form),
                by=request.user,
            )
        except Refused as refused:
            form.add_error("name", " ".join(refused.reasons))
        else:
            return _added(request, "Passkey added.")
    context = {"form": form, **_shell(request)}
    return render(request, "accounts/second_passkey.html", context, status=422 if form.errors else 200)


def _credential(form) -> dict:
    """The browser's answer, checked. Raises Refused."""
    try:
        credential = json.loads(form.cleaned_data["second_credential"])
    except ValueError:
        credential = None
    if not isinstance(credential, dict) or not factors.finish_passkey(credential):
        raise Refused("The browser's answer was not accepted. Press “Add passkey” again.")
    return credential


@requires(Can.SEE_TODAY)
@before_second
@never_cache
@require_POST
@proof.proves_first("account")
def passkey_options(request):
    """What the browser needs to make a passkey."""
    return JsonResponse(_plain(factors.begin_passkey(request.user)))


@requires(Can.SEE_TODAY)
@before_second
@never_cache
@require_http_methods(["GET", "POST"])
@proof.proves_first("account")
def codes(request):
    """GET says what they are for; POST makes ten and shows them, this once."""
    if state.lacks(request.user) == "factor":
        return redirect("accounts:factors")
    made = actions.make_codes(user=request.user, by=request.user) if request.method == "POST" else None
    context = {
        "codes": [factors.spaced(code, 5) for code in made or ()], "form": KeptForm(), **_shell(request),
        "replaces": CodeSheet.objects.filter(user=request.user, kept_at__isnull=False).exists(),
    }  # fmt: skip
    if made:
        access.opened(request, "recovery_codes_shown", purpose="account")
    return render(request, "accounts/second_codes.html", context)


@requires(Can.SEE_TODAY)
@before_second
@never_cache
@require_POST
def codes_kept(request):
    """She says that she kept them; from now on everything is open to her."""
    form = KeptForm(request.POST)
    if not form.is_valid():
        messages.error(
            request,
            "Tick that you kept the codes. If they are out of sight now, make new ones: they are shown once.",
        )
        return redirect("accounts:codes")
    actions.keep_codes(user=request.user, by=request.user)
    messages.success(request, "Done. From now on you sign in with your password and your second factor.")
    return redirect("accounts:factors")


@requires(Can.SEE_TODAY)
@never_cache
@require_http_methods(["GET", "POST"])
@proof.proves_first("account")
def remove(request, pk):
    """GET says what it touches, POST does it. The last one stays."""
    factor = get_object_or_404(Factor.objects.of(request.user), pk=pk)
    last = Factor.objects.of(request.user).count() < 2
    if request.method == "POST":
        name = factor.name
        actions.remove_factor(factor=factor, by=request.user)
        messages.success(request, f"{name} removed.")
        return redirect("accounts:factors")
    return render(request, "accounts/second_remove.html", {"factor": factor, "last": last})
