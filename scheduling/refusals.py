"""Why a time cannot be had, and which times can."""

from collections.abc import Callable

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from kap.core.errors import Refused, Stale


class Taken(Refused):
    """Somebody was first. `times` are the three nearest starts that are free now (dosing: pairs).

    They are worked out when they are asked for, after the transaction has ended and its locks are gone:
    two hundred losers of one race would otherwise wait for each other's answers.
    """

    def __init__(self, what: str = "", search: Callable[[], list] | None = None):
        self._search = search
        words = what or _("That time has just been taken.")
        super().__init__(f"{words} {_('Choose one of the nearest free times.')}")

    @cached_property
    def times(self) -> list:
        return self._search() if self._search else []


class OutOfWindow(Refused):
    """The dose and its integration would part further than the protocol allows. `times`: integration starts that fit."""

    def __init__(self, reasons, search: Callable[[], list] | None = None):
        self._search = search
        super().__init__(reasons)

    @cached_property
    def times(self) -> list:
        return self._search() if self._search else []


def stale(appointment) -> Stale:
    return Stale(
        _("This appointment is %(state)s already. Look at it again before you change it.")
        % {"state": appointment.get_state_display().lower()}
    )
