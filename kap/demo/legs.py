"""The legs of a client's way, told one after another: from the enquiry to a dose and its integration.

Each yields the instant at which it goes on, like the stories that are made of them. Days are counted from today.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from kap.demo.acts import after, booking, dosing, early, medical
from kap.demo.world import Case
from scheduling.models import Mode

Story = Iterator[datetime]
LEAD = 17  # days from the enquiry to the first dose
MINUTE = timedelta(minutes=1)


def intake(case: Case, day: int, *, risk=False, changes=None, session_day=None) -> Story:
    """From the enquiry to medical evaluation: about a week."""
    yield from forms(case, day, item_9=1 if risk else 0, changes=changes)
    yield from taken(case, day + 3, risk=risk)
    met = booking.book(case, "intake", day=session_day or day + 5, at=case.pick(("10:00", "14:00", "16:00")))
    yield met.ends_at + 12 * MINUTE
    early.sign_intake_session(case, met, risk=risk)


def forms(case: Case, day: int, *, item_9=0, changes=None) -> Story:
    """Registered in the evening, finished the next day or the one after."""
    yield case.world.at(day, f"{case.rng.randint(17, 21)}:{case.rng.randint(10, 55)}")
    early.register(case)
    early.fill_in(case, sections=("details", "emergency_contact", "companion"), changes=changes)
    yield case.world.at(
        day + case.rng.randint(1, 2), f"{case.rng.randint(10, 20)}:{case.rng.randint(10, 55)}"
    )
    early.fill_in(case, changes=changes)
    early.answer_baseline(case, item_9=item_9)
    if item_9:
        early.answer_screener(case)
    early.send(case)


def taken(case: Case, day: int, *, risk=False) -> Story:
    yield case.world.at(day, f"09:{case.rng.randint(10, 50)}")
    early.take(case)
    if risk:
        yield case.world.at(day, "09:55")
        early.acknowledge_alerts(case)


def evaluation(case: Case, day: int) -> Story:
    """Taken by the prescriber, seen, cleared, ordered, planned, consented: at preparation."""
    yield case.world.at(day, f"08:{case.rng.randint(15, 50)}")
    medical.take(case)
    mode = Mode.VIDEO if case.rng.random() < 0.3 else Mode.IN_PERSON
    seen = booking.book(case, "evaluation", day=day + 1, at=case.pick(("09:00", "11:30", "15:00")), mode=mode)
    yield seen.ends_at + 9 * MINUTE
    medical.evaluate(case, seen)
    yield seen.ends_at + 100 * MINUTE
    medical.plan(case, sessions=_planned(case))
    yield seen.ends_at + 11 * 60 * MINUTE
    medical.consent(case)


def _planned(case: Case) -> int:
    """Six, as clinics of this kind usually plan; those whose story is told have had what was planned."""
    return case.person.cycles if case.person.story in ("completed", "follow_up") else 6


def preparation(case: Case, day: int, at="10:30") -> Story:
    yield case.world.at(day - 3, "10:20")
    met = booking.book(case, "preparation", day=day, at=at)
    yield met.ends_at + 10 * MINUTE
    medical.prepare(case, met)


def until_prepared(case: Case, first_dose: int) -> Story:
    yield from intake(case, first_dose - LEAD)
    yield from evaluation(case, first_dose - LEAD + 8)
    yield from preparation(case, first_dose - 3)


def cycle(
    case: Case, number: int, day: int, *, at=None, after_at=None, signed=True, lead=4, within=4
) -> Story:
    """One dose with its integration: booked `lead` days ahead, companion confirmed, given, questionnaires, note."""
    yield case.world.at(day - lead, "12:10")
    at = at or case.pick(("09:30", "13:00"))
    booking.book_dose(case, day=day, at=at, after=after_at, within=within)
    booking.name_companion(case)
    yield case.world.at(day - 3, "18:40")
    booking.confirm_companion(case)
    yield case.dose.ends_at + 4 * MINUTE
    dosing.whole(case)
    follow = case.dose.integration
    if not signed:
        return
    yield follow.starts_at - 50 * MINUTE
    after.answer_due(case, number)
    yield follow.ends_at + 14 * MINUTE
    after.integrate(case, follow)


def course(case: Case, last: int, cycles: int, *, every=6, **last_one) -> Story:
    """Up to and with the last of `cycles` doses on day `last`; from the third on at a higher dose."""
    first = last - every * (cycles - 1)
    yield from until_prepared(case, first)
    for number in range(1, cycles + 1):
        day = first + every * (number - 1)
        if number == 3:
            yield case.world.at(day - 4, "11:40")
            medical.order(case, rise=Decimal("1.2"), sessions=6)
        yield from cycle(case, number, day, **(last_one if number == cycles else {}))


def next_dose(
    case: Case,
    day: int,
    *,
    confirmed=False,
    booked_on: int | None = None,
    at="09:30",
    after_at=None,
    within=4,
) -> Story:
    """Booked for a day to come."""
    yield case.world.at(
        min(day - 4, -1) if booked_on is None else booked_on, f"15:{case.rng.randint(10, 50)}"
    )
    booking.book_dose(case, day=day, at=at, after=after_at, within=within)
    booking.name_companion(case)
    if confirmed:
        yield case.world.at(-1, "19:20")
        booking.confirm_companion(case)
