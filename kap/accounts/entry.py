"""What every way of signing in shares: opening the session, and where to go then."""

from django.contrib.auth import login
from django.urls import NoReverseMatch, reverse

from kap.accounts import sign_ins
from kap.audit import access
from kap.core.addresses import inside

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def safe_next(request, wanted: str = "") -> str:
    """An address of ours that was asked for before signing in, or ''."""
    return inside(wanted or request.POST.get("next", "") or request.GET.get("next", ""))


def sign_in(request, user) -> None:
    """A new session key, known by its owner so that it can be ended, and a line in the log."""
    login(request, user, backend=BACKEND)
    sign_ins.begin(request=request, by=user)
    access.opened(request, "sign_in", purpose="account")


def home(user) -> str:
    for name in ("desk:today" if user.is_staff_member else "desk:portal", "accounts:account"):
        try:
            return reverse(name)
        except NoReverseMatch:
            continue
    return "/"
