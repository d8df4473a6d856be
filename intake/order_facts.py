"""What an order is judged by: its own numbers, the client's weight and age, and the doses that were given before."""

from datetime import date
from decimal import Decimal

from django.db.models import Max, Min, Sum

from intake.dose_rules import PreviousDose, check_telemedicine
from intake.models import Decision, Order
from intake.order_extras import Extras, check_extras
from intake.order_limits import CLINIC, REMOTE, OrderFacts, OrderLimits, check_order
from intake.prescribers import prescribing_gaps
from kap.core.levels import Finding, Level, by_weight
from kap.core.units import bmi
from kap.pathway.models import Setting

WHERE = {Setting.IN_CLINIC: CLINIC, Setting.REMOTE: REMOTE}


def clearing_evaluation(course, today: date):
    """The newest decision, if it clears this course today; else None. An older clearance does not outlive a refusal."""
    latest = newest_decided(course)
    clears = latest is not None and latest.decision in (Decision.CLEAR, Decision.CONDITIONS)
    return latest if clears and latest.valid_until >= today else None


def newest_decided(course):
    return course.evaluations.filter(decided_at__isnull=False).order_by("-decided_at").first()


def in_person_on(client) -> date | None:
    """The last day on which a prescriber of ours saw her in person, or None."""
    return client.telemedicine_bases.filter(basis="in_person").aggregate(last=Max("valid_from"))["last"]


def order_state(order) -> str:
    """Whose licence counts: in the clinic the state of the visit, at home the state where she lives."""
    client = order.course.client
    if order.setting == Setting.REMOTE:
        return client.state or order.evaluation.patient_state
    return order.evaluation.patient_state or client.state


def doses_used(order) -> int:
    """Sessions under this order in which medicine was given, or is being given now."""
    return order.dosing_sessions.filter(started_at__isnull=False).exclude(outcome="not_dosed").count()


def previous_dose(course) -> PreviousDose | None:
    """The last session in which medicine was given, struck entries left out."""
    session = course.dosing_sessions.filter(first_dose_at__isnull=False).order_by("-first_dose_at").first()
    if session is None:
        return None
    given = session.administrations.filter(strike=None).aggregate(total=Sum("dose_mg"))["total"]
    if not given:
        return None
    vitals = session.vitalss.filter(strike=None).aggregate(low=Min("moaas"), high=Max("systolic_mmhg"))
    worst = session.adverseevents.filter(strike=None).aggregate(worst=Max("grade"))["worst"]
    return PreviousDose(given, session.route, worst, vitals["low"], vitals["high"])


def facts_of(order) -> OrderFacts:
    return OrderFacts(
        route=order.route,
        setting=WHERE.get(order.setting, ""),
        dose_min_mg=order.dose_min_mg,
        dose_max_mg=order.dose_max_mg,
        session_max_mg=order.session_max_mg,
        doses=order.sessions,
        infusion_minutes=order.infusion_minutes,
        limits=OrderLimits(
            systolic_max_mmhg=order.start_systolic_max_mmhg, diastolic_max_mmhg=order.start_diastolic_max_mmhg
        ),
    )


def order_findings(order: Order, today: date, by=None) -> list[Finding]:
    """All that is to be said of an order before it is signed, hard first. `by`: whose credentials are asked."""
    course = order.course
    age = course.client.age_on(today)
    if age is None:
        return [
            _no("birth_date_missing", "The birth date is not known.", "Enter it in the client's details.")
        ]
    before = previous_dose(course)
    height = order.evaluation.height_cm
    found = check_order(
        facts_of(order), order.weight_kg, order.weight_measured_on, today, before is None, age, course.rules,
        previous=before, bmi=bmi(order.weight_kg, height) if height else None,
    )  # fmt: skip
    found += check_extras(extras_of(order), today, course.rules)
    if order.setting == Setting.REMOTE:
        found += check_telemedicine(today, in_person_on(course.client), course.rules)
    cleared = clearing_evaluation(course, today)
    if cleared is None or cleared.pk != order.evaluation_id:
        found.append(_no("not_cleared", "The evaluation this order rests on does not clear the client today.",
                         "Decide a new evaluation, then write the order on it."))  # fmt: skip
    if by is not None:
        found += [_no("credential", words, "Enter it on the roster, or let a colleague sign.")
                  for words in prescribing_gaps(by, order_state(order), today)]  # fmt: skip
    return by_weight(found)


def extras_of(order) -> Extras:
    return Extras(**{name: getattr(order, name) for name in Extras.__dataclass_fields__})


def _no(code, words, mend):
    return Finding(code, Level.HARD, words, mend, "clinic rule", overridable=False)


def per_kg(dose_mg: Decimal, weight_kg: Decimal) -> Decimal:
    return round(dose_mg / weight_kg, 2)
