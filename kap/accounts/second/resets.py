"""Who may take part when somebody has lost her second factor. One asks, a third person confirms.

Both are admins. Where no other admin is left, prescribers stand in: every clinic has one, she is licensed in
her own name, and she already answers for overrides. A clinic of two people cannot do it among themselves; who
runs its server can: `manage.py reset_second_factor`.
"""

from datetime import timedelta

from kap.accounts.models import User
from kap.accounts.permissions import Role

LASTS = timedelta(hours=24)


def askers(person) -> list:
    return _admins_or_prescribers(but={person.pk})


def confirmers(person, asker_id) -> list:
    return _admins_or_prescribers(but={person.pk, asker_id})


def may_ask(user, person) -> bool:
    return user.pk in {one.pk for one in askers(person)}


def may_confirm(user, reset) -> bool:
    return user.pk in {one.pk for one in confirmers(reset.user, reset.asked_by_id)}


def confirmable(user, waiting) -> set:
    """The keys of those resets that she may confirm: two queries, however many wait."""
    admins, prescribers = (
        set(User.objects.with_role(role).values_list("pk", flat=True))
        for role in (Role.ADMIN, Role.PRESCRIBER)
    )
    found = set()
    for reset in waiting:
        but = {reset.user_id, reset.asked_by_id}
        if user.pk in (admins - but or prescribers - but):
            found.add(reset.pk)
    return found


def _admins_or_prescribers(but: set) -> list:
    for role in (Role.ADMIN, Role.PRESCRIBER):
        if found := list(User.objects.with_role(role).exclude(pk__in=but).order_by("name")):
            return found
    return []
