"""Default deny: a view that does not say who may use it is refused."""

from django.core.exceptions import PermissionDenied


class DefaultDeny:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if hasattr(view, "requires"):
            return None
        raise PermissionDenied(f"{view.__module__}.{getattr(view, '__name__', view)} declares no permission.")
