"""Request id and audit context, the clinic's zone, and refusals that nobody caught."""

import uuid
from zoneinfo import ZoneInfo

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
