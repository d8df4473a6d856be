"""Signing by typed name: the name must be the account's own."""

from kap.core.errors import Refused, Stale


class DraftChanged(Stale):
    """Somebody else saved the draft in between. `draft` is the row as it is now; nothing of either is lost."""

    def __init__(self, draft, words: str):
        self.draft = draft
        super().__init__(words)


def typed_name(printed_name: str, by) -> str:
    """The name as typed, tidied. Raises Refused when it is not the signer's own."""
    name = " ".join(printed_name.split())
    if name.casefold() != " ".join(by.name.split()).casefold():
        raise Refused(f"Type your name as it is on your account: {by.name}.")
    return name


def same_revision(draft, revision: int) -> None:
    """Raises DraftChanged when the page was opened on an older state of the draft."""
    if draft.revision != revision:
        raise DraftChanged(
            draft,
            "This draft was changed in another window or by a colleague. Reload to go on with the newest text.",
        )
