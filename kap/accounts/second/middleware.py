"""Staff without a second factor can do nothing but set one up; sessions that never saw it are asked first.

Holds for sessions from before the rule too, and for a client who becomes staff. Runs after DefaultDeny.
"""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from kap.accounts.second import proof, state


def before_second(view):
    """The view serves to get through: open to staff who have not."""
    view.before_second = True
    return view


class SecondFactor:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        open_to_all = not getattr(view, "requires", ()) or getattr(view, "before_second", False)
        if open_to_all or not state.on() or not request.user.is_authenticated or state.is_ready(request):
            return None
        if not request.user.is_staff_member:
            return None
        if not state.is_through(request) and not state.lacks(request.user):
            goal = request.get_full_path() if request.method == "GET" else "/"
            return proof.to_proof(request, goal, "go_on")
        where = reverse("accounts:factors")
        if request.headers.get("X-Autosave"):
            return HttpResponse(status=401)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": where})
        return redirect(where)
