"""Headers of every answer, request id and audit context, the clinic's zone, and refusals that nobody caught."""

import uuid
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.db import DatabaseError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from kap.core import actions
from kap.core.addresses import client_address
from kap.core.context import current_clinic
from kap.core.errors import Refused

# What a browser may do on our pages: passkeys, keep the room's screen awake, copy recovery codes. Nothing else.
OWN_FEATURES = (
    "publickey-credentials-get", "publickey-credentials-create", "screen-wake-lock", "clipboard-write", "fullscreen",
)  # fmt: skip
NO_FEATURES = (
    "accelerometer", "autoplay", "bluetooth", "browsing-topics", "camera", "clipboard-read", "display-capture",
    "encrypted-media", "gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer",
    "microphone", "midi", "payment", "picture-in-picture", "serial", "storage-access", "sync-xhr", "usb",
    "xr-spatial-tracking",
)  # fmt: skip
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        [f"{name}=(self)" for name in OWN_FEATURES] + [f"{name}=()" for name in NO_FEATURES]
    ),
}


class Headers:
    """The same headers on every answer, also on those that no view made: static files, redirects, a refused host name.

    Stands outermost, with the policy of django-csp just inside it, since an answer that an inner middleware gives by
    itself passes only what stands before that one. What a view has set is left alone. Everything but the style
    sheets, scripts and fonts stays out of every cache: it may hold a record, or say whose browser this is.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.is_secure() and settings.SECURE_HSTS_SECONDS:
            response.headers.setdefault("Strict-Transport-Security", _hsts())
        if response.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Cross-Origin-Embedder-Policy", "require-corp")
        if not request.path_info.startswith(settings.STATIC_URL) or response.status_code >= 400:
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response


def _hsts() -> str:
    """As SecurityMiddleware says it; that one does not see answers given before it."""
    words = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
    words += ["includeSubDomains"] if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else []
    words += ["preload"] if settings.SECURE_HSTS_PRELOAD else []
    return "; ".join(words)


class RequestId:
    """Gives each request an id; history rows and logs carry it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.id = uuid.uuid4().hex
        token = actions.set_request_context(request=request.id, address=client_address(request))
        try:
            return self.get_response(request)
        finally:
            actions.reset_request_context(token)


class ClinicTime:
    """Times are shown in the clinic's zone; pages at a location or for a viewer elsewhere name the other zone."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path.startswith(("/static/", "/healthz")):
            return self.get_response(request)
        try:
            clinic = current_clinic(request)
        except DatabaseError:
            clinic = None
        zone = ZoneInfo(clinic.zone) if clinic else timezone.get_default_timezone()
        with timezone.override(zone):
            return self.get_response(request)


class Refusals:
    """A refusal that a view did not handle itself goes back to the page it came from, in words."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, error):
        if not isinstance(error, Refused):
            return None
        if request.headers.get("X-Autosave"):
            return HttpResponse(" ".join(error.reasons), status=409, content_type="text/plain")
        back = request.META.get("HTTP_REFERER", "")
        same_site = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
        if request.method == "POST" and same_site and not request.htmx:
            for reason in error.reasons:
                messages.error(request, reason)
            return redirect(back)
        return render(request, "409.html", {"reasons": error.reasons, "link": error.link}, status=409)


class WrongMethod:
    """An address that only takes what a form sends, opened as a page, answers in words and with a way back."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        by_script = request.headers.get("X-Autosave") or request.headers.get("HX-Request")
        if response.status_code != 405 or response.content or request.method != "GET" or by_script:
            return response
        page = render(request, "405.html", status=405)
        page["Allow"] = response["Allow"]
        return page
