"""A button pressed twice acts once.

The form carries a token ({% once %}); the view is wrapped in @once. The first press writes the token before
it acts, in a transaction of its own; a second press finds it and is sent to the first one's result.
"""

import functools
import time
import uuid

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from kap.core.models import OnceToken

WAIT_SECONDS = 6


def once(view):
    @functools.wraps(view)
    def wrapped(request, *args, **kwargs):
        key = _key(request)
        if key is None:
            return view(request, *args, **kwargs)
        label = getattr(request.user, "audit_label", "") or "anonymous"
        try:
            with transaction.atomic():
                OnceToken.objects.create(key=key, user_label=label)
        except IntegrityError:
            return _answer_again(request, key, label)
        try:
            response = view(request, *args, **kwargs)
        except BaseException:
            OnceToken.objects.filter(key=key).delete()
            raise
        if response.status_code in (301, 302, 303):
            OnceToken.objects.filter(key=key).update(location=response["Location"][:500])
        else:
            OnceToken.objects.filter(key=key).delete()  # nothing was done: a mended form may be sent again
        return response

    return wrapped


def _key(request):
    if request.method != "POST":
        return None
    try:
        return uuid.UUID(request.POST.get("once", ""))
    except ValueError:
        return None


def _answer_again(request, key, label):
    """Wait for the first press to end, then go where it went; somebody else's press says nothing of where."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        token = OnceToken.objects.filter(key=key, user_label=label).first()
        if token is None or token.location:
            break
        time.sleep(0.1)
    if token is not None and token.location:
        return redirect(token.location)
    messages.info(request, "That button was pressed twice. Check below whether it was saved.")
    back = request.META.get("HTTP_REFERER", "")
    same_site = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return redirect(back if same_site else "/")
