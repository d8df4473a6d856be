"""The PIN by which a second person witnesses a dose at the first one's screen."""

from itertools import pairwise

from kap.accounts import limits
from kap.core.errors import Refused

SHORTEST, LONGEST = 4, 6


def problem(pin: str) -> str | None:
    """What is wrong with a new PIN in words, or None."""
    if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
        return f"Use {SHORTEST} to {LONGEST} digits."
    if len(set(pin)) == 1:
        return "Use more than one digit: a PIN like this is guessed first."
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    if steps in ({1}, {9}):
        return "Use digits that do not simply count up or down."
    return None


def proves(user, raw: str) -> bool:
    """Whether this is the person's PIN.

    Raises Refused after five wrong ones in five minutes, with the wait; and after twenty wrong ones in a day, however
    many right ones were between them: then it is somebody who tries, and a new PIN ends it.
    """
    who = str(user.pk)
    if wait := limits.spend(limits.PIN, who):
        raise Refused(limits.wait_words(wait))
    if limits.spend(limits.PIN_DAY, who):
        raise Refused(
            f"Too many wrong PINs for {user.name} today. Use the password or another device, or set a new PIN under Account."
        )
    if not user.check_pin(raw):
        return False
    limits.forget(limits.PIN, who)
    limits.give_back(limits.PIN_DAY, who)
    return True
