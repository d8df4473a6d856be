"""Default deny: a view that does not say who may use it is refused. And the end of sign-ins where nothing is done."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from kap.accounts import idle, lock, sign_ins, typed
from kap.audit import access
from kap.core import cookies

SCRIPTS = ("X-Autosave", "HX-Request", "X-Room")
APART = ("/static/", "/healthz", "/readyz")


METHODS = ("GET", "HEAD", "POST")


class DefaultDeny:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        if hasattr(view, "requires"):
            return None
        raise PermissionDenied(f"{view.__module__}.{getattr(view, '__name__', view)} declares no permission.")


class Idle:
    """Ends or locks a sign-in by kap.accounts.idle; afterwards what was typed is kept for whoever typed it.

    Stands behind AuthenticationMiddleware. `request.idle` is what pages tell their script (components/idle.html).
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not idle.on() or request.path.startswith(APART):
            return self.get_response(request)
        request.idle_ended = ""
        request.idle_owner = self._watch(request)
        response = self.get_response(request)
        self._note(request, response)
        return response

    def _watch(self, request) -> str:
        """Judge the sign-in. Answers whose browser this was, the id of a user or ""."""
        user = request.user
        if not user.is_authenticated:
            return self._owner(request)
        now, session = idle.seconds_now(), request.session
        began = session.get(idle.BEGAN)
        if began is None:  # from before this rule
            began = session[idle.BEGAN] = now
        last, kept = idle.last_activity(request, began)
        limit = idle.limit_of(user)
        if now - last >= limit or now - began >= idle.WHOLE_SECONDS:
            live = idle.is_live(user, session)
            state = idle.verdict(now=now, last=last, began=began, limit=limit, live=live)
            if state != "open":
                return self._end(request, state, "idle" if now - last >= limit else "whole")
        request.idle = {
            "user": str(user.pk), "staff": user.is_staff_member, "limit": limit, "warn": idle.WARN_SECONDS,
            "whole": max(0, round(began + idle.WHOLE_SECONDS - now)),
        }  # fmt: skip
        request.idle_last, request.idle_kept = last, kept
        return str(user.pk)

    def _end(self, request, state, why) -> str:
        owner, request.idle_ended = str(request.user.pk), why
        kind = "locked" if state == "lock" else "signed_out_idle"
        access.opened_if_possible(request, kind, purpose="account")
        if state == "lock":
            lock.close(request)
        else:
            lock.sign_out(request)
        return owner

    def _owner(self, request) -> str:
        if kept := request.session.get(lock.KEY):
            return kept["_auth_user_id"]
        seen = idle.read(request) if cookies.read(request, idle.SEEN) else None
        return seen.user if seen else ""

    def process_view(self, request, view, args, kwargs):
        """Behind the check of the CSRF token: what is kept here was sent by a page of ours."""
        if not getattr(view, "requires", ()) or not idle.on() or not hasattr(request, "idle_owner"):
            return None
        if request.user.is_authenticated:
            page_of = request.headers.get("X-As", "")
            if page_of and page_of != str(request.user.pk):
                return HttpResponse(
                    status=401
                )  # somebody else's page: its words are not written in this name
            if request.method == "POST" and typed.KEY in request.session:
                self._sent(request)
            return None
        return self._stopped(request) if request.idle_owner else None

    def _sent(self, request):
        kept = typed.of(request)
        if kept and kept["path"] == request.get_full_path():
            typed.drop(request)

    def _stopped(self, request):
        if any(request.headers.get(name) for name in SCRIPTS):
            return HttpResponse(status=401)  # the page stays, is covered, and keeps what was typed
        kept = request.method == "POST" and typed.keep(request, request.idle_owner)
        goal = reverse("accounts:typed") if kept else _page_of(request)
        if lock.KEY in request.session:
            return redirect(f"{reverse('accounts:locked')}?{urlencode({'next': goal})}")
        if request.idle_ended:
            messages.info(request, _ended_words(request.idle_ended))
        if kept:
            messages.info(request, _("What you sent was not lost. Sign in, and you can send it again."))
        if kept or request.idle_ended:
            return redirect(f"{reverse('accounts:sign_in')}?{urlencode({'next': goal})}")
        return None

    def _note(self, request, response) -> None:
        """The activity, into the cookie with each answer and into the row at most once a minute."""
        user = request.user
        if not user.is_authenticated:
            return
        idle.remember_room(request, response)
        now = idle.seconds_now()
        last = max(getattr(request, "idle_last", now), getattr(request, "idle_told", 0))
        if idle.counts(request) and not hasattr(request, "idle_told"):
            last = now
        kept = getattr(request, "idle_kept", 0)
        if last - kept >= idle.KEPT_SECONDS:
            sign_ins.active(request.session.session_key, last)
            kept = last
        idle.write(response, request, idle.Seen(str(user.pk), last, kept))


def _page_of(request) -> str:
    return request.get_full_path() if request.method in ("GET", "HEAD") else "/"


def _ended_words(why: str) -> str:
    if why == "whole":
        return _("You were signed out 12 hours after you signed in.")
    return _("You were signed out because nothing was done for a while.")
