"""Which boxes hold what must be typed anew and never be written into a page: passwords, PINs, codes."""

WHOLE = ("again", "secret", "second_code")
PARTS = ("pin", "credential")


def is_secret(name: str, value: str = "") -> bool:
    """`name` of a box, with or without a form's prefix. A box named only "code" is one where digits stand in it:
    diagnoses and events have codes, too."""
    last = name.lower().rsplit("-", 1)[-1]
    words = last.split("_")
    if last == "code":
        return "".join(value.split()).replace("-", "").isdigit()
    return last in WHOLE or any(word in PARTS or word.startswith("password") for word in words)
