"""States by the words a person types: one list, kept in kap.people."""

from kap.people.us_states import STATES

CODES = {name.casefold(): code for code, name in STATES}


def state_code(typed: str) -> str:
    """CA for "ca", "C.A." and "California"; "" when it is neither a code nor a full name: nothing is guessed."""
    words = " ".join(typed.replace(".", "").split())
    return words.upper() if words.upper() in CODES.values() else CODES.get(words.casefold(), "")
