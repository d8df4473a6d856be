"""Which records are open to this person by emergency access; asked once a request, and only when one is opened."""

from functools import partial

from django.utils.functional import SimpleLazyObject

from kap.people import break_glass


class Emergencies:
    """`request.emergencies`: client id -> row. `request.emergency_banner`: those of the records opened here."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.emergencies = SimpleLazyObject(lambda: break_glass.live_of(request.user))
        request.emergency_banner = partial(_banner, request)
        return self.get_response(request)


def _banner(request) -> list:
    opened = getattr(request, "opened_clients", None)
    return [row for key, row in request.emergencies.items() if key in opened] if opened else []
