"""Whether a provider's numbers can be right, and how far off the end of a credential is. Pure.

A number that passes may still not be hers: these sums catch slips of the finger, nothing else.
"""

import re
from collections.abc import Iterable
from datetime import date

from kap.core.levels import Finding, Level

NPI_PREFIX = "80840"  # "health" and "USA" of the card number standard, put before an NPI for its Luhn sum
# First letter of a DEA number: registrants that may prescribe or supply. Mid-level practitioners have M.
DEA_TYPES = frozenset("ABCDEFGHJKLMPRSTUX")


def luhn_ok(digits: str) -> bool:
    """True when the sum of the digits, each second one from the right doubled, ends in 0."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def npi_problem(text: str) -> str | None:
    """What is wrong with an NPI in words, or None. Spaces and dashes are let pass."""
    digits = re.sub(r"[\s-]", "", text or "")
    if not re.fullmatch(r"[0-9]{10}", digits):
        return "An NPI has 10 digits. Count them and type it again."
    if digits[0] not in "12":
        return "An NPI begins with 1 or 2. Check the number with the provider."
    if not luhn_ok(NPI_PREFIX + digits):
        return "This NPI's last digit does not fit the others. Check it for a mistyped or swapped digit."
    return None


def npi_ok(text: str) -> bool:
    return npi_problem(text) is None


def dea_problem(text: str) -> str | None:
    """What is wrong with a DEA number in words, or None.

    Two letters (the second may be a 9), six digits and a check digit: the last digit of
    (1st + 3rd + 5th) + 2 × (2nd + 4th + 6th). The second letter is that of the surname when the number was
    given, which may since have changed, so it is not compared.
    """
    number = re.sub(r"[\s-]", "", text or "").upper()
    if not re.fullmatch(r"[A-Z][A-Z9][0-9]{7}", number):
        return "A DEA number has two letters and 7 digits, such as AB1234563. Type it again."
    if number[0] not in DEA_TYPES:
        return f"A DEA number does not begin with {number[0]}. Check the first letter."
    d = [int(digit) for digit in number[2:]]
    if (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 != d[6]:
        return (
            "This DEA number's last digit does not fit the others. Check it for a mistyped or swapped digit."
        )
    return None


def dea_ok(text: str) -> bool:
    return dea_problem(text) is None


def days_left(expires_on: date, today: date) -> int:
    """0 on the last day, on which it is still good; below 0 once it has ended."""
    return (expires_on - today).days


def is_expired(expires_on: date, today: date) -> bool:
    """A credential is good through its last day, in the location's zone."""
    return today > expires_on


def warning_step(expires_on: date, today: date, warn_days: Iterable[int]) -> int | None:
    """The step of the ladder that is reached (90, 30 or 7; the nearest to the end), 0 once ended, or None."""
    if is_expired(expires_on, today):
        return 0
    reached = [step for step in warn_days if days_left(expires_on, today) <= step]
    return min(reached, default=None)


def warning_due(
    expires_on: date, today: date, warned_at_step: int | None, warn_days: Iterable[int]
) -> int | None:
    """The step to warn of now, if it has not been warned of yet; None otherwise.

    Steps that were jumped over (the program was off, or the credential was entered late) are not made up for.
    """
    step = warning_step(expires_on, today, warn_days)
    if step is None or (warned_at_step is not None and warned_at_step <= step):
        return None
    return step


def judge(name: str, expires_on: date | None, today: date, warn_days: Iterable[int]) -> Finding | None:
    """What there is to say of a credential called `name` ("DEA registration"); None when all is well.

    An ended one is hard and never overridden.
    """
    if expires_on is None:
        return Finding(
            "credential_no_end_date",
            Level.HARD,
            f"{name}: no expiry date is on record.",
            "Enter it on the roster.",
            "clinic rule",
            overridable=False,
        )
    if is_expired(expires_on, today):
        return Finding(
            "credential_expired",
            Level.HARD,
            f"{name} expired on {expires_on:%-d %B %Y}.",
            "Enter the renewed credential on the roster, or choose another provider.",
            "clinic rule: an expired credential is never overridden",
            overridable=False,
        )
    if warning_step(expires_on, today, warn_days) is None:
        return None
    left = days_left(expires_on, today)
    when = "today" if left == 0 else "tomorrow" if left == 1 else f"in {left} days"
    return Finding(
        "credential_expiring",
        Level.SOFT,
        f"{name} expires {when}, on {expires_on:%-d %B %Y}.",
        "Renew it and enter the new date on the roster.",
        "clinic rule",
    )
