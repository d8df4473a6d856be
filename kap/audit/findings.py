"""What the checks of the audit say: something is wrong, or something a person should know."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`where`: table, trigger or batch. A remark is no proof of anything wrong, and does not fail the check."""

    check: str
    where: str
    words: str
    remark: bool = False

    def __str__(self):
        return f"{self.check}: {self.where}: {self.words}"
