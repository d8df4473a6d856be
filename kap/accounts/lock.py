"""The lock: the session stays, the person in it does not, until she proves that it is her.

What makes a session signed in is taken out of it and kept aside, so that every view sees nobody there. All else
(the second factor it has seen, waiting words) stays. Clients are not locked but signed out: a code lets them in.
"""

from dataclasses import dataclass

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, logout
from django.contrib.auth.models import AnonymousUser
from django.utils.crypto import constant_time_compare
from django.views.decorators.debug import sensitive_variables

from kap.accounts import actions, idle, limits, pins, typed
from kap.accounts.models import SignIn, User
from kap.accounts.second import actions as second
from kap.accounts.second import state
from kap.audit import access
from kap.core import clock
from kap.core.actions import System
from kap.core.errors import Refused

KEY = "kap_locked"
# When another person signs in over the lock; all else was the locked one's.
STAYS = {SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY, idle.BEGAN, typed.KEY}
BY = System("accounts.unlock")
WRONG = "This does not fit. Type it again."
AGAIN = "This sign-in has ended. Sign in again; what you typed on the page is kept while it stays open."


@dataclass(frozen=True)
class Locked:
    user: User
    rooms: list  # of sessions under way, see idle.rooms
    whole_left: float  # seconds until a full sign-in is needed

    @property
    def by_pin(self) -> bool:
        """A PIN is enough where a session is under way, and nowhere else."""
        return bool(self.rooms) and bool(self.user.pin)

    @property
    def can_unlock(self) -> bool:
        return bool(self.rooms) or self.whole_left > 0


def close(request) -> None:
    session = request.session
    session[KEY] = {name: session.pop(name) for name in (SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY)}
    session.pop(state.PROVED_AT, None)
    request.user = AnonymousUser()


def sign_out(request) -> None:
    """The session is gone, and with it the row by which its owner knows it."""
    kept = request.session.get(KEY)
    user = request.user if request.user.is_authenticated else None
    if kept and user is None:
        user = User.objects.filter(pk=kept[SESSION_KEY]).first()
    if user is not None:
        actions.sign_out(key=request.session.session_key or "", by=user)
    logout(request)


def forget(session, user) -> None:
    """Somebody signed in: the lock is over. Of another person nothing stays: neither rooms nor what was proved or
    begun, nor a word that was to be said to her; but for what she typed, which is sealed to her."""
    was = session.pop(KEY, None)
    if was and was[SESSION_KEY] != str(user.pk):
        for name in set(session.keys()) - STAYS:
            session.pop(name)


def of(request) -> Locked | None:
    """Who is behind the lock; None without one, or when the account or its password changed meanwhile."""
    kept = request.session.get(KEY)
    if not kept:
        return None
    user = User.objects.filter(pk=kept[SESSION_KEY], is_active=True).first()
    if user is None or not user.is_staff_member:
        return None
    if not constant_time_compare(kept[HASH_SESSION_KEY], user.get_session_auth_hash()):
        return None
    left = request.session.get(idle.BEGAN, 0) + idle.WHOLE_SECONDS - idle.seconds_now()
    return Locked(user, idle.rooms(user, request.session), left)


@sensitive_variables()
def open_again(request, locked: Locked, secret: str) -> str:
    """What is wrong, or "" when the same person is in again, in the same session under a new key."""
    if not locked.can_unlock or locked.user.locked_at is not None:
        return AGAIN
    if problem := _judge(request, locked, secret):
        return problem
    session, old = request.session, request.session.session_key
    session.update(session.pop(KEY))
    session.cycle_key()
    SignIn.objects.filter(session_key=old).update(session_key=session.session_key, last_seen_at=clock.now())
    request.user = locked.user
    access.opened(request, "unlock", purpose="account")
    return ""


@sensitive_variables()
def _judge(request, locked: Locked, secret: str) -> str:
    user = locked.user
    if locked.by_pin and secret.isdigit() and len(secret) <= pins.LONGEST:
        try:
            right = pins.proves(user, secret)
        except Refused as refused:
            return " ".join(refused.reasons)
    else:
        address = limits.address_of(request)
        wait = limits.spend_all((limits.PASSWORD_ACCOUNT, user.email), (limits.PASSWORD_ADDRESS, address))
        if wait:
            return limits.wait_words(wait)
        right = user.check_password(secret)
        if right:
            limits.forget(limits.PASSWORD_ACCOUNT, user.email)
            limits.give_back(limits.PASSWORD_ADDRESS, address)
            second.forget_failures(user=user, by=user)
    if right:
        return ""
    second.count_failure(email=user.email, by=BY)
    request.link_actor_label = user.audit_label
    access.opened(request, "unlock_failed", purpose="account")
    return WRONG
