"""The clinic's day, for dates on evaluations, orders and plans. A clinic's day ends at its own midnight."""

from datetime import date

from kap.core import clock
from kap.core.context import current_clinic

HOME_ZONE = "UTC"  # only until the first set-up has made the clinic


def clinic_zone(request=None) -> str:
    clinic = current_clinic(request)
    return clinic.zone if clinic else HOME_ZONE


def clinic_today(request=None) -> date:
    return clock.today(clinic_zone(request))
