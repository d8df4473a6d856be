"""Refusals that a person reads. Each says what is wrong and how to mend it."""


class Refused(Exception):
    """An action that may not happen now. `reasons` are sentences for the person who asked."""

    def __init__(self, reasons, link: str = ""):
        self.reasons = [reasons] if isinstance(reasons, str) else [str(reason) for reason in reasons]
        self.link = link
        super().__init__(" ".join(self.reasons))


class Stale(Refused):
    """Somebody else, or an earlier click, was first."""


class AnonymousAction(Exception):
    """An action was called without saying who acts. A programming error, never shown."""
