"""A page whose opening cannot be written down is refused, in words and with nothing of the record."""

import logging

from django.http import HttpResponse
from django.template.loader import render_to_string

from kap.audit.access import LogUnwritable

log = logging.getLogger(__name__)


class FailClosed:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, error):
        if not isinstance(error, LogUnwritable):
            return None
        log.critical("The log of openings cannot be written (%s). Records stay closed until it can.", error)
        page = render_to_string("audit/unwritable.html")
        return HttpResponse(page, status=503, headers={"Retry-After": "60", "Cache-Control": "no-store"})
