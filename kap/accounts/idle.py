"""When a sign-in ends by itself: nothing done for a while, or twelve hours on.

What counts as doing something: a request that a person made, or her keys and touches, of which the page tells.
What a page asks by itself (polling, autosave, tries again) says so by a header and does not count.

The last activity must be exact to the second without writing a row with every request. So it travels in a signed
cookie, bound to the session's key, that each answer renews; the row of the sign-in follows at most once a minute
and speaks only where the cookie is missing. An old cookie played again can only shorten the time.
"""

import hashlib
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.utils.module_loading import import_string

from kap.accounts.models import SignIn
from kap.core import clock, cookies

STAFF_SECONDS = 15 * 60
CLIENT_SECONDS = 30 * 60
WHOLE_SECONDS = 12 * 60 * 60  # from the sign-in on, whatever is done
WARN_SECONDS = 2 * 60
KEPT_SECONDS = 60  # between two writes of the row
OWNER_SECONDS = 24 * 60 * 60  # for so long the cookie still says whose browser this was

BEGAN, ROOMS = "kap_began", "kap_rooms"  # keys of the session
COCKPIT = "dosing:session"  # a page that was opened here: its room, while the session in it is under way, never signs out
AUTOMATIC = ("X-Automatic", "X-Autosave")
_SALT = "kap.accounts.idle"
SEEN = "kap_seen"  # the cookie


def on() -> bool:
    """Read when asked, so that a test can turn it on. Always on in production and in the demonstration."""
    return settings.SESSION_LIMITS


def seconds_now() -> float:
    return clock.now().timestamp()


def limit_of(user) -> int:
    """Seconds without activity after which the sign-in ends. Somebody who is both counts as staff."""
    return STAFF_SECONDS if user.is_staff_member else CLIENT_SECONDS


def verdict(*, now: float, last: float, began: float, limit: int, live: bool) -> str:
    """ "open", "lock" (the page is covered, the same person goes on) or "out". All in seconds.

    `live`: a dosing session is under way in a room that was opened here. It locks and never signs out.
    """
    whole = now - began >= WHOLE_SECONDS and not live
    if whole:
        return "out"
    if now - last >= limit:
        return "lock" if limit == STAFF_SECONDS or live else "out"
    return "open"


# ---------------------------------------------------------------- the cookie


@dataclass(frozen=True)
class Seen:
    """`at`: last activity; `kept`: when the row was last written. Seconds of the clinic's clock."""

    user: str
    at: float
    kept: float
    of_this_session: bool = True


def read(request) -> Seen | None:
    """None when there is none, it was altered, or it is a day old."""
    try:
        digest, user, at, kept = signing.loads(cookies.read(request, SEEN), salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    now = seconds_now()
    if now - at >= OWNER_SECONDS:
        return None
    return Seen(
        user, min(at, now), kept, digest == _digest(request.session.session_key)
    )  # `at` may be rounded up


def write(response, request, seen: Seen) -> None:
    value = signing.dumps(
        [_digest(request.session.session_key), seen.user, round(seen.at, 1), round(seen.kept, 1)], salt=_SALT
    )
    cookies.keep(response, SEEN, value, OWNER_SECONDS)


def forget(response) -> None:
    cookies.drop(response, SEEN)


def _digest(key) -> str:
    return hashlib.sha256(f"{_SALT}:{key}".encode()).hexdigest()[:20]


# ---------------------------------------------------------------- beginning, activity


def begin(sender, request, user, **kwargs) -> None:
    """Every sign-in (Django's signal): the twelve hours start; what the one before left here goes."""
    from kap.accounts import lock

    request.session[BEGAN] = seconds_now()
    lock.forget(request.session, user)


def last_activity(request, began: float) -> tuple[float, float]:
    """When something was done last, and when the row was last written."""
    seen = read(request)
    if seen is not None and seen.of_this_session:
        return max(seen.at, began), seen.kept
    row = (
        SignIn.objects.filter(session_key=request.session.session_key)
        .values_list("last_seen_at", flat=True)
        .first()
    )
    kept = row.timestamp() if row else 0.0
    return max(kept, began), kept


def counts(request) -> bool:
    """Whether a person made this request."""
    return not any(request.headers.get(name) for name in AUTOMATIC)


# ---------------------------------------------------------------- the room


def remember_room(request, response) -> None:
    """A cockpit was shown: from now on this browser may stand in a room where a session is under way."""
    match = request.resolver_match
    if match is None or match.view_name != COCKPIT or response.status_code != 200 or request.method != "GET":
        return
    pk, known = str(match.kwargs["pk"]), request.session.get(ROOMS, [])
    if pk not in known:
        request.session[ROOMS] = [*known[-3:], pk]


def rooms(user, session) -> list[dict]:
    """Of the rooms opened in this sign-in, those with a session under way: {"id", "room", "since", "due"}; no name."""
    opened = session.get(ROOMS, [])
    return import_string(settings.LIVE_ROOMS)(user, opened) if opened else []


def is_live(user, session) -> bool:
    return bool(rooms(user, session))
