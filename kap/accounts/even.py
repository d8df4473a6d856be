"""Answers that tell nothing by how long they take: at the doors where an address alone is asked for.

For a known address a row is written and a mail is owed, for an unknown one nothing; whoever measures would know which
addresses are ours. So each answer waits until the same time is over. Passwords need no waiting: one slow hash is
made for either kind of address, and takes nearly all of the time.
"""

import functools
import time

from django.conf import settings


def evenly(view):
    """What is sent is answered after settings.EVEN_SECONDS at the earliest, whatever came of it."""

    @functools.wraps(view)
    def waited(request, *args, **kwargs):
        if request.method != "POST":
            return view(request, *args, **kwargs)
        until = time.monotonic() + settings.EVEN_SECONDS
        try:
            return view(request, *args, **kwargs)
        finally:
            time.sleep(max(0.0, until - time.monotonic()))

    return waited
