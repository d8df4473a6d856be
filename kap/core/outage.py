"""The database was busy or away: what a person is told, and what she typed is kept.

Every write is one transaction (kap.core.actions), so a statement that was given up leaves nothing half-written. Where the
connection broke, nobody knows whether the last step was saved before it did; the words say so.
"""

import uuid

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, UnreadablePostError
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from kap.core.confidential import is_secret

BUSY = (
    "55P03",
    "57014",
    "40P01",
    "40001",
)  # lock and statement timeout, deadlock, serialization: rolled back
RETRY_SECONDS = 10


def kind(error: BaseException | None) -> str:
    """`busy`: given up in time, nothing was written. `away`: the connection broke. "": another fault."""
    if not isinstance(error, OperationalError | InterfaceError):
        return ""
    code = getattr(error.__cause__, "pgcode", None) or ""
    if code in BUSY:
        return "busy"
    return "away" if not code or code.startswith(("08", "57", "25P03", "53")) else ""


def typed(request, what: str) -> list[tuple[str, str]]:
    """What was sent, to be sent again by one press. Passwords and codes have to be given anew.

    The button's token goes along, so that a step which was saved after all is not done twice. Where the connection broke,
    the token may be used up although nothing was saved: the page asks to look first, and gets a new one.
    """
    if request.method != "POST":
        return []
    try:
        sent = [(name, value) for name, values in request.POST.lists() for value in values]
    except (UnreadablePostError, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent):
        return []
    kept = [(name, value) for name, value in sent if not is_secret(name, value)]
    if what == "away":
        kept = [(name, str(uuid.uuid4()) if name == "once" else value) for name, value in kept]
    return kept


def _came_from(request) -> str:
    """The page with the button: many addresses only take what is sent to them."""
    back = request.META.get("HTTP_REFERER", "")
    ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return back if ours else "/"


def page(request, what: str) -> HttpResponse:
    """503 with a way on. Asks nothing of database, session or user: they may be what is away."""
    words = {
        "what": what, "fields": typed(request, what), "sent": request.method == "POST",
        "address": request.get_full_path(),
        "look": _came_from(request),
    }  # fmt: skip
    if request.headers.get("X-Autosave"):
        answer = HttpResponse("Not saved yet: the database is busy.", status=503, content_type="text/plain")
    else:
        answer = HttpResponse(render_to_string("busy.html", words), status=503)
    answer["Retry-After"] = str(RETRY_SECONDS)
    answer["Cache-Control"] = "no-store, private"
    return answer
