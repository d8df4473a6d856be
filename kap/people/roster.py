"""The roster as shown: who may do what where, and what ends soon."""

from dataclasses import dataclass, field

from kap.core import protocol
from kap.core.models import ProtocolVersion
from kap.people import credentials
from kap.people.models import Provider


@dataclass
class Row:
    provider: Provider
    roles: str
    states: list[str]
    next_up: credentials.Chip | None
    worries: list[credentials.Chip] = field(default_factory=list)
    gaps: dict[str, str] = field(default_factory=dict)

    @property
    def blocked(self) -> list[str]:
        """What does not work today: ended credentials, and what was never there."""
        ended = [
            words
            for chip in self.worries
            if chip.ended
            for role, words in chip.blocks.items()
            if role not in self.gaps
        ]
        return [*self.gaps.values(), *dict.fromkeys(ended)]


def listed():
    """Every provider with account, roles and credentials, in the same four queries however many there are."""
    return (
        Provider.objects.select_related("user")
        .prefetch_related("user__grants", "credentials")
        .order_by("-user__is_active", "user__name")
    )


def warn_days() -> tuple[int, ...]:
    """The clinic's steps of warning (usually 90, 30 and 7 days), from its newest protocol."""
    newest = ProtocolVersion.objects.order_by("-signed_at").first()
    return tuple((newest.rules if newest else protocol.shipped()).credentials.warn_days)


def row(provider, day, steps) -> Row:
    roles = provider.user.roles
    chips = [credentials.chip(c, roles, day, steps) for c in credentials.newest(provider)]
    return Row(
        provider=provider,
        roles=provider.user.role_words,
        states=credentials.states(provider, roles, day),
        next_up=next((chip for chip in chips if chip.credential.expires_on >= day), None),
        worries=[chip for chip in chips if chip.tone != "ok"],
        gaps=credentials.gaps(provider, roles, day),
    )
