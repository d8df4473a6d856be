"""Signs of life, and the pages for what went wrong."""

import sys

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kap.core import health, outage


def _open(why):
    def decorate(view):
        view.requires = ()
        view.public_because = why
        return view

    return decorate


@_open("says only that the process answers")
@require_safe
def healthz(request):
    return HttpResponse("alive\n", content_type="text/plain")


@_open("names of parts and their age, no data")
@require_safe
def readyz(request):
    found = health.checks()
    well = all(check.well for check in found)
    body = {check.name: {"well": check.well, "words": check.words} for check in found}
    return JsonResponse({"ready": well, "checks": body}, status=200 if well else 503)


@_open("the way to get help must never need a login")
@require_safe
def help_now(request):
    return render(request, "help.html")


def bad_request(request, exception=None):
    return render(request, "400.html", status=400)


def forbidden(request, exception=None):
    return render(request, "403.html", status=403)


def csrf_failed(request, reason=""):
    return render(request, "403_csrf.html", status=403)


def not_found(request, exception=None):
    return render(request, "404.html", status=404)


def server_error(request):
    """Django calls this while the error is being handled. A database that is busy or away is no fault of the page."""
    if what := outage.kind(sys.exc_info()[1]):
        return outage.page(request, what)
    return render(request, "500.html", status=500)
