"""Between the password and the second factor: who it is, for ten minutes, in a session that is not signed in."""

from dataclasses import dataclass

from kap.accounts.models import User
from kap.core import clock

KEY = "kap_pending"
LASTS_SECONDS = 10 * 60


@dataclass(frozen=True)
class Pending:
    user: User
    goal: str


def begin(request, user, goal: str) -> None:
    request.session.cycle_key()  # a key from before the password must not become one from after it
    request.session[KEY] = {
        "user": str(user.pk), "hash": user.get_session_auth_hash(), "at": clock.now().timestamp(), "goal": goal,
    }  # fmt: skip


def of(request) -> Pending | None:
    """None when nobody gave a password here, it is too long ago, or it was changed since."""
    kept = request.session.get(KEY)
    if not kept or not 0 <= clock.now().timestamp() - kept["at"] < LASTS_SECONDS:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True, locked_at=None).first()
    if user is None or user.get_session_auth_hash() != kept["hash"] or not user.is_staff_member:
        return None
    return Pending(user, kept["goal"])


def end(request) -> None:
    request.session.pop(KEY, None)
