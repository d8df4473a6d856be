"""What a page's script asks about its own sign-in, the lock, and what was typed before it."""

from django.contrib import messages
from django.http import JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kap.accounts import entry, idle, lock, typed
from kap.accounts.permissions import Can, public, requires


@public("says of this browser's own sign-in whether it is open, and of a locked room its times; no name")
@never_cache
@require_safe
def state(request):
    """Asked by pages themselves: never counts as activity."""
    request.idle_told = 0
    return JsonResponse(_state(request))


@public("notes that somebody is there; without a sign-in it notes nothing")
@never_cache
@require_POST
def active(request):
    """`ago`: milliseconds since the last key or touch, so that the limit is exact to the second however late it is told.

    What a machine tells that slept meanwhile is long ago, and prolongs nothing.
    """
    try:
        ago = max(int(request.POST.get("ago", "")[:12]), 0)
    except ValueError:
        ago = idle.OWNER_SECONDS * 1000
    request.idle_told = idle.seconds_now() - ago / 1000
    return JsonResponse(_state(request))


def _state(request) -> dict:
    user = request.user
    found = {"csrf": get_token(request), "user": "", "state": "out"}
    if user.is_authenticated:
        told = request.idle if hasattr(request, "idle") else {"limit": 0, "whole": 0}
        last = max(getattr(request, "idle_last", 0), request.idle_told)
        left = told["limit"] - (idle.seconds_now() - last)
        found |= {"state": "open", "user": str(user.pk), "left": round(left, 1), "whole": told["whole"]}
        found["rooms"] = (
            _rooms(idle.rooms(user, request.session)) if told["whole"] <= idle.WARN_SECONDS else []
        )
        return found
    locked = lock.of(request)
    if locked is not None and locked.can_unlock:
        found |= {
            "state": "locked",
            "user": str(locked.user.pk),
            "pin": locked.by_pin,
            "rooms": _rooms(locked.rooms),
        }
    return found


def _rooms(rooms) -> list[dict]:
    return [
        {**room, "since": room["since"].isoformat(), "due": room["due"].isoformat() if room["due"] else ""}
        for room in rooms
    ]


@public("the lock: whose session it is proves that it is her; limited by account and address")
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def locked(request):
    """A page of its own without script; a covered page sends the same form and gets JSON."""
    by_script = "application/json" in request.headers.get("Accept", "")
    found, goal = lock.of(request), entry.safe_next(request)
    if found is None or not found.can_unlock:
        return _no_lock(request, goal, by_script)
    problem = ""
    if request.method == "POST":
        problem = lock.open_again(request, found, request.POST.get("secret", ""))
        if not problem:
            request.idle_told = idle.seconds_now()
            if by_script:
                return JsonResponse(
                    {"state": "open", "user": str(request.user.pk), "csrf": get_token(request)}
                )
            return redirect(goal or entry.home(request.user))
        if by_script:
            return JsonResponse({"problem": problem}, status=422)
    context = {"found": found, "next": goal, "problem": problem}
    context["errors"] = [{"href": "#secret", "words": problem}] if problem else None
    return render(request, "accounts/locked.html", context, status=422 if problem else 200)


def _no_lock(request, goal, by_script):
    """Open already, or too long ago: the whole sign-in."""
    if by_script:
        request.idle_told = 0
        return JsonResponse({"problem": lock.AGAIN, **_state(request)}, status=409)
    if request.user.is_authenticated:
        return redirect(goal or entry.home(request.user))
    return redirect("accounts:sign_in")


@requires(Can.USE_ACCOUNT)
@never_cache
@require_http_methods(["GET", "POST"])
def typed_again(request):
    """After signing in again: what was sent too late, to be sent now. POST lets it go."""
    found = typed.of(request)
    if request.method == "POST":
        typed.drop(request)
        messages.info(request, _("What you had typed is gone, as you asked."))
        return redirect(entry.home(request.user))
    if found is None:
        return redirect(entry.home(request.user))
    shell = "staff.html" if request.user.is_staff_member else "client.html"
    return render(request, "accounts/typed.html", {"found": found, "shell": shell})


@requires(Can.USE_ACCOUNT)
@never_cache
@require_safe
def back(request):
    """Signed in again in a tab of its own: the covered page in the other tab opens by itself."""
    shell = "staff.html" if request.user.is_staff_member else "client.html"
    return render(request, "accounts/back.html", {"shell": shell})
