"""Coded diagnoses of a course: added, made principal, ended. Ended, not deleted."""

from intake import diagnoses
from intake.days import clinic_today
from intake.models import Diagnosis
from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action, audit_label
from kap.core.errors import Refused, Stale
from kap.pathway import actions as pathway

__all__ = ["add_diagnosis", "end_diagnosis", "make_principal"]


@action("intake.add_diagnosis")
def add_diagnosis(
    *, course, code: str, principal: bool = False, treatment_resistant: bool = False, adequate_trials: int = 0,
    trials: str = "", by,
) -> Diagnosis:  # fmt: skip
    """A diagnosis from the clinic's table, good today. The first that can be treated becomes the principal one.

    Treatment resistance needs its trials: how many were adequate (Protocol), and which they were. Raises Refused, Stale.
    """
    require(by, Can.EVALUATE)
    course = pathway.lock(course)
    row = diagnoses.get(code, clinic_today())
    if row is None:
        raise Refused(
            f"“{diagnoses.tidy(code)}” is not a code of the clinic's table today. Search by its words."
        )
    live = course.diagnoses.filter(ended_at=None)
    if live.filter(code=row.code).exists():
        raise Stale(f"{row} is on the list already.")
    least = course.rules.eligibility.adequate_trials_count
    if treatment_resistant and not diagnoses.is_treatment_resistant(adequate_trials, course.rules):
        raise Refused(f"Treatment-resistant needs at least {least} adequate trials without response.")
    if treatment_resistant and not trials.strip():
        raise Refused("Write down the trials: medicine, dose, weeks, outcome.")
    can_lead = row.standing in (diagnoses.INDICATION, diagnoses.CLINIC)
    if principal and not can_lead:
        raise Refused(
            f"{row} cannot be the principal diagnosis: {diagnoses.STANDINGS[row.standing].lower()}."
        )
    leads = can_lead and (principal or not live.filter(is_principal=True).exists())
    if leads:
        live.filter(is_principal=True).update(is_principal=False)
    words = f"Adequate trials: {adequate_trials}\n{trials.strip()}" if adequate_trials else trials.strip()
    return Diagnosis.objects.create(
        course=course, code=row.code, words=row.words[:160], is_principal=leads,
        treatment_resistant=treatment_resistant, trials=words, made_by=by,
    )  # fmt: skip


@action("intake.make_principal")
def make_principal(*, diagnosis, by) -> Diagnosis:
    """The one that is treated first. Raises Refused for a diagnosis that may only stand beside another."""
    require(by, Can.EVALUATE)
    course = pathway.lock(diagnosis.course)
    diagnosis = _live(diagnosis)
    row = diagnoses.get(diagnosis.code, clinic_today())
    if row is None or row.standing not in (diagnoses.INDICATION, diagnoses.CLINIC):
        raise Refused(f"{diagnosis.code} cannot be the principal diagnosis.")
    course.diagnoses.filter(ended_at=None, is_principal=True).update(is_principal=False)
    diagnosis.is_principal = True
    diagnosis.save(update_fields=["is_principal"])
    return diagnosis


@action("intake.end_diagnosis")
def end_diagnosis(*, diagnosis, by) -> Diagnosis:
    """No longer held. It stays readable. Raises Stale."""
    require(by, Can.EVALUATE)
    pathway.lock(diagnosis.course)
    diagnosis = _live(diagnosis)
    diagnosis.is_principal = False
    diagnosis.ended_at, diagnosis.ended_by = clock.now(), audit_label(by)
    diagnosis.save(update_fields=["is_principal", "ended_at", "ended_by"])
    return diagnosis


def _live(diagnosis) -> Diagnosis:
    diagnosis = Diagnosis.objects.select_for_update().get(pk=diagnosis.pk)
    if diagnosis.ended_at:
        raise Stale(f"{diagnosis.code} has ended already.")
    return diagnosis
