"""Looks at the calendar every minute (kap.outbox.watch): who must still act before a dose. Running again changes nothing."""

from datetime import timedelta

from django.utils.translation import gettext as _

from kap.core import clock
from scheduling.actions.companions import raise_missing
from scheduling.models import Appointment, Service, State

ASK_PEOPLE_FROM = timedelta(hours=48)


def run(*, by) -> None:
    """A dose in the next two days whose companion has not confirmed is shown to the care team."""
    now = clock.now()
    soon = Appointment.objects.filter(
        service__code=Service.Code.DOSING, state=State.BOOKED, companion_confirmed_at=None,
        starts_at__gt=now, starts_at__lte=now + ASK_PEOPLE_FROM,
    ).select_related("companion", "service")  # fmt: skip
    for dosing in soon:
        who = dosing.companion
        why = _("%(name)s has not answered.") % {"name": who.name} if who else _("Nobody is named.")
        raise_missing(dosing, why, once=True, by=by)
