"""Where somebody is signed in: the rows that its owner and the admin see, and what keeps them true."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from kap.accounts import idle, lock
from kap.accounts.models import SignIn
from kap.core import clock
from kap.core.actions import action

# The first that fits; each also names itself in the string of those below it.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/|FxiOS", "Firefox"),
    ("Chrome/|CriOS|Chromium", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Mac OS X|Macintosh", "Mac"), ("Linux", "Linux"),
)  # fmt: skip


def device(user_agent: str) -> str:
    """The browser and the machine in words, as its owner would call them."""
    browser = next((words for part, words in BROWSERS if re.search(part, user_agent)), "")
    system = next((words for part, words in SYSTEMS if re.search(part, user_agent)), "")
    return " on ".join(part for part in (browser, system) if part) or "Unknown device"


@dataclass(frozen=True)
class Device:
    pk: int
    words: str
    address: str
    since: datetime
    last_active: datetime
    here: bool
    locked: bool


@action("accounts.sign_in")
def begin(*, request, by) -> None:
    """The row of a fresh sign-in, by the clinic's clock; rows of this person that lead nowhere go."""
    SignIn.objects.create_from_request(request)
    now = clock.now()
    hers = SignIn.objects.filter(user=by)
    hers.filter(session_key=request.session.session_key).update(created_at=now, last_seen_at=now)
    there = Session.objects.filter(session_key__in=hers.values("session_key")).values("session_key")
    hers.exclude(session_key__in=there).delete()


def active(key: str, at: float) -> None:
    """Told at most once a minute (idle.KEPT_SECONDS); an `update()`, so that it costs one statement."""
    UserSession.objects.filter(session_key=key).update(last_seen_at=datetime.fromtimestamp(at, UTC))


def of(user, here: str = "") -> list[Device]:
    """Newest activity first. `here`: the key of the session that asks. Ended and run-out sign-ins are left out."""
    rows = list(SignIn.objects.filter(user=user).order_by("-last_seen_at", "-pk"))
    stores = {
        s.session_key: s.get_decoded()
        for s in Session.objects.filter(session_key__in=[r.session_key for r in rows])
    }
    found = []
    for row in rows:
        state = _state(user, row, stores.get(row.session_key), row.session_key == here)
        if state != "out":
            found.append(
                Device(row.pk, device(row.user_agent), row.ip, row.created_at, row.last_seen_at,
                       row.session_key == here, state == "lock")
            )  # fmt: skip
    return found


def _state(user, row, session, here) -> str:
    if session is None:
        return "out"
    if here:
        return "open"
    state = idle.verdict(
        now=idle.seconds_now(), last=row.last_seen_at.timestamp() + idle.KEPT_SECONDS,
        began=session.get(idle.BEGAN, row.created_at.timestamp()), limit=idle.limit_of(user),
        live=idle.is_live(user, session),
    )  # fmt: skip
    return "lock" if state == "open" and lock.KEY in session else state
