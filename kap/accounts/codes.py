"""Signing in by emailed link and code, as the browser lives it.

The browser that asked may type the code at once; another one opens the link and types the code there. For an
address that nobody here has, everything looks the same and no code ever fits.
"""

import uuid
from dataclasses import dataclass

from kap.accounts import actions, limits, tokens
from kap.accounts.models import SignInCode, User
from kap.accounts.permissions import Role
from kap.core import clock
from kap.core.actions import System

SESSION_KEY = "kap_code"
BY = System("accounts.sign_in")
# The last of the tries ends a code (actions.use_code), so it ends nobody's, too.
_NOBODY = limits.Limit("code-nobody", actions.CODE_TRIES - 1, int(actions.CODE_LASTS.total_seconds()))


@dataclass(frozen=True)
class Asked:
    """What this browser asked for: the row it may open ("" for nobody's address), the address, where to go on.

    `until`: when a code for it runs out, seconds.
    """

    row: str
    nobody: str
    email: str
    next_path: str
    until: float = 0


def begin(request, *, email: str, next_path: str = "") -> int:
    """Send a code if the address is a client's, and remember it in this browser.

    Returns the seconds to wait when too many were asked for, else 0. Takes the same way for every address.
    """
    wait = limits.spend_all((limits.MAIL_ACCOUNT, email), (limits.MAIL_ADDRESS, limits.address_of(request)))
    if wait:
        return wait
    user = User.objects.filter(email__iexact=email.strip(), is_active=True).prefetch_related("grants").first()
    row = None
    if user is not None and Role.CLIENT in user.roles and not user.is_staff_member:
        row = actions.send_code(user=user, next_path=next_path, by=BY)
    request.session[SESSION_KEY] = {
        "row": str(row.pk) if row else "", "nobody": uuid.uuid4().hex, "email": email.strip(), "next_path": next_path,
        "until": (clock.now() + actions.CODE_LASTS).timestamp(),
    }  # fmt: skip
    return 0


def asked(request) -> Asked | None:
    kept = request.session.get(SESSION_KEY)
    return Asked(**kept) if kept else None


def by_link(token: str) -> SignInCode | None:
    return SignInCode.objects.select_related("user").filter(link_hash=tokens.token_hash(token)).first()


def try_link(request, row: SignInCode | None, code: str) -> tuple[str, int]:
    """Outcome and seconds to wait. Who holds the link has read the mail, so only the row's own tries count."""
    if wait := limits.spend(limits.CODE_ADDRESS, limits.address_of(request)):
        return "wait", wait
    return (actions.use_code(row=row, code=code, by=BY) if row else "ended"), 0


def try_here(request, seen: Asked, code: str) -> tuple[str, int, SignInCode | None]:
    """The same in the browser that asked. It has proved nothing yet, so tries count against the account."""
    wait = limits.spend_all(
        (limits.CODE_ACCOUNT, seen.email), (limits.CODE_ADDRESS, limits.address_of(request))
    )
    if wait:
        return "wait", wait, None
    row = SignInCode.objects.select_related("user").filter(pk=seen.row).first() if seen.row else None
    if row is None:
        ended = limits.spend(_NOBODY, seen.nobody) or seen.until <= clock.now().timestamp()
        return ("ended" if ended else "wrong"), 0, None
    outcome = actions.use_code(row=row, code=code, by=BY)
    if outcome == "signed_in":
        limits.forget(limits.CODE_ACCOUNT, seen.email)
    return outcome, 0, row
