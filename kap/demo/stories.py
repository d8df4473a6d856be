"""How far each client has come, as stories told along the clinic's calendar.

A story is a generator: it yields the instant at which it goes on, and then acts as if it were that instant. One that
reaches beyond the present simply stays where it is, so that the day of making looks like any working day.
Days are counted from today: -1 is yesterday.
"""

from decimal import Decimal

from kap.demo.acts import after, booking, dosing, early, medical
from kap.demo.legs import MINUTE, Story, course, evaluation, forms, intake, next_dose, taken, until_prepared
from kap.demo.world import Case
from kap.measures import actions as measures
from kap.measures.models import Occasion
from scheduling import actions as scheduling
from scheduling.models import Mode


def enquiry(case: Case) -> Story:
    days = {"Ruth Abernathy": -1, "Kit Lawson": -2, "Oscar Bennett": -4}
    yield case.world.at(days[case.person.name], f"1{case.rng.randint(0, 6)}:25")
    early.enquire(case, by_phone=case.person.name == "Ruth Abernathy")


def intake_half(case: Case) -> Story:
    yield case.world.at(-case.rng.randint(1, 4), f"19:{case.rng.randint(10, 50)}")
    early.register(case)
    early.fill_in(case, sections=("details", "emergency_contact"))
    yield case.world.at(-1, f"20:{case.rng.randint(10, 50)}")
    early.fill_in(
        case,
        sections=case.pick((("companion", "health"), ("companion", "health", "mental_health"), ("health",))),
    )
    if case.person.name == "Samuel Ortega":
        yield case.world.at(-1, "21:05")
        early.take(case)


def intake_safety(case: Case) -> Story:
    """An answer above zero to the last question of the PHQ-9, this morning."""
    yield case.world.at(-5, "18:20")
    early.register(case)
    early.fill_in(case, sections=("details", "emergency_contact", "companion"))
    yield from taken(case, -3)
    yield case.world.at(-2, "20:15")
    early.fill_in(case, sections=("health", "mental_health", "substances"))
    yield min(case.world.at(0, "07:42"), case.world.now - 20 * MINUTE)
    early.answer_baseline(case, item_9=1, only=("phq9",))


def intake_sent(case: Case) -> Story:
    yield from forms(case, -4)
    if case.person.name == "Peter Lang":
        yield from taken(case, -1)
        booking.book(case, "intake", day=2, at="14:00")


def intake_session_today(case: Case) -> Story:
    yield from forms(case, -7)
    yield from taken(case, -4)
    met = booking.book(case, "intake", day=0, at="16:00", within=3)
    yield met.ends_at + 5 * MINUTE
    early.draft_intake_session(case, met)


def medical_pool(case: Case) -> Story:
    day = -9 if case.person.name == "Tessa Morrow" else -12
    yield from intake(case, day, risk=case.person.name == "Andre Whitlock")


def medical_taken(case: Case) -> Story:
    yield from intake(case, -13)
    yield case.world.at(-2, "08:30")
    medical.take(case)
    booking.book(case, "evaluation", day=case.rng.randint(1, 3), at="11:30")


def medical_deciding(case: Case) -> Story:
    yield from intake(case, -14)
    yield case.world.at(-5, "08:30")
    medical.take(case)
    seen = booking.book(case, "evaluation", day=-4, at="15:00", within=4)
    yield seen.ends_at + 5 * MINUTE
    medical.examine(case)
    booking.hold(case, seen)


def preparation_booked(case: Case) -> Story:
    """At preparation; the session is tomorrow or soon after."""
    yield from intake(case, -16)
    yield from evaluation(case, -8)
    yield case.world.at(-2, "11:10")
    booking.book(case, "preparation", day=1 if case.person.name == "Lee Warren" else 2, at="11:00")
    if case.person.diagnosis == "F43.10":
        measures.ask(
            course=case.course,
            instrument="pcl5",
            occasion=Occasion.BASELINE,
            due_at=case.world.at(1, "09:00"),
            by=case.therapist,
        )


def preparation_signed(case: Case) -> Story:
    day = 4 if case.person.name == "Isaac Moreau" else 6
    yield from until_prepared(case, 0)
    yield from next_dose(case, day, booked_on=-1)


def dosing_today(case: Case) -> Story:
    """Today's dose, with a companion who has not answered."""
    yield from course(case, -8, case.person.cycles)
    yield from next_dose(case, 0, booked_on=-5, at=case.world.dose_today, within=1)


def dosing_tomorrow(case: Case) -> Story:
    yield from course(case, -6, case.person.cycles, every=7)
    yield case.world.at(-4, "13:20")
    medical.order(case, rise=Decimal("1.2"), sessions=6)
    yield from next_dose(case, 1, booked_on=-4, at="13:00", within=1)
    met = booking.book(case, "preparation", day=0, at="10:30", mode=Mode.VIDEO, within=2)
    yield met.starts_at - 2 * MINUTE
    after.arrive(case, met)
    yield met.ends_at + 3 * MINUTE
    booking.hold(case, met)


def integration_today(case: Case) -> Story:
    """Held this morning; the note is begun and not signed."""
    yield from course(
        case, -2, case.person.cycles, every=7, at="13:00", after_at="09:00", signed=False, lead=9, within=1
    )
    follow = case.dose.integration
    yield follow.starts_at - 70 * MINUTE
    after.answer_due(case, case.person.cycles)
    yield follow.starts_at - 4 * MINUTE
    after.arrive(case, follow)
    yield follow.ends_at + 2 * MINUTE
    booking.hold(case, follow)
    after.draft_note(case)


def integration_open(case: Case) -> Story:
    """Yesterday's dose; the client has cancelled its integration, and nobody has booked another."""
    yield from course(case, -1, 1, at="09:30", after_at="11:00", signed=False, lead=9, within=1)
    yield case.world.at(-1, "18:50")
    case.act = "cancelling the integration"
    scheduling.cancel(
        appointment=case.dose.integration, reason="client", note="Child ill; calls back", by=case.admin
    )
    booking.book(case, "check_in", day=0, at="17:30", mode=Mode.PHONE, within=2)


def integration_late(case: Case) -> Story:
    """She did not come to the integration of her last dose; so long ago that its window has closed in any week."""
    yield from course(case, -9, case.person.cycles, signed=False)
    follow = case.dose.integration
    yield follow.starts_at + 25 * MINUTE
    case.act = "not come"
    scheduling.no_show(appointment=follow, by=case.admin)


def integration_done(case: Case) -> Story:
    """Between two doses; the next one is booked."""
    number = ("Amara Osborne", "Felix Grant", "Simone Hartley", "Victor Amsel").index(case.person.name)
    last = (-5, -6, -4, -8)[number]
    yield from course(case, last, case.person.cycles, every=7 if number == 1 else 6)
    yield from next_dose(case, (3, 5, 8, 11)[number], booked_on=-1, confirmed=number == 1)


def remote(case: Case) -> Story:
    """At home, by video, with a chaperone."""
    yield from course(case, -6 if case.person.cycles == 1 else -5, case.person.cycles, every=8)
    yield from next_dose(
        case, 2 if case.person.cycles == 1 else 9, booked_on=-2, confirmed=case.person.cycles == 1
    )


def follow_up(case: Case) -> Story:
    soon = case.person.name == "Nadia Petrov"
    yield from course(case, -10 if soon else -9, case.person.cycles, every=6)
    yield case.world.at(-6, "10:40")
    after.to_follow_up(case)
    yield case.world.at(-4, "19:30")
    if soon:
        after.answer_due(case, case.person.cycles, Occasion.FINAL)
    booking.book(case, "follow_up", day=2 if soon else 7, at="15:00")


def completed(case: Case) -> Story:
    last = -26 if case.person.cycles < 6 else -19
    yield from course(case, last, case.person.cycles, every=7 if case.person.cycles < 6 else 5)
    yield case.world.at(last + 4, "10:10")
    after.to_follow_up(case)
    met = booking.book(case, "follow_up", day=last + 7, at="15:00", mode=Mode.VIDEO)
    yield case.world.at(last + 6, "20:10")
    after.answer_due(case, case.person.cycles, Occasion.FINAL)
    yield met.ends_at + 20 * MINUTE
    booking.hold(case, met)
    after.complete(case)


def declined(case: Case) -> Story:
    """An aneurysm named on the forms: the prescriber declines and names other care."""
    yield from intake(case, -24, changes={"health": {"aneurysm_or_bleed": "yes"}})
    yield case.world.at(-16, "08:20")
    medical.take(case)
    seen = booking.book(case, "evaluation", day=-15, at="09:00")
    yield seen.ends_at + 10 * MINUTE
    draft = medical.examine(
        case, reasons="Known aneurysm under watch; a rise of pressure is a danger. Referred back for TMS."
    )
    medical.decide(case, draft, "decline", "contraindicated")
    booking.hold(case, seen)


def deferred(case: Case) -> Story:
    yield from _deferred(
        case, -20, "Irregular pulse at the visit. ECG and a letter of the cardiologist first."
    )


def resumed(case: Case) -> Story:
    yield from _deferred(case, -34, "Overactive thyroid just found. Treat first, then see again.")
    yield case.world.at(-5, "14:20")
    after.resume(case, "Thyroid values are normal by the letter of her physician; she wishes to go on.")
    booking.book(case, "evaluation", day=2, at="09:00")


def _deferred(case: Case, day: int, why: str) -> Story:
    yield from intake(case, day)
    yield case.world.at(day + 9, "08:20")
    medical.take(case)
    seen = booking.book(case, "evaluation", day=day + 10, at="09:00")
    yield seen.ends_at + 10 * MINUTE
    draft = medical.examine(case, reasons=why)
    medical.decide(case, draft, "defer", "awaiting_clearance")
    booking.hold(case, seen)


def withdrawn(case: Case) -> Story:
    yield from course(case, -21, case.person.cycles)
    yield case.world.at(-12, "16:15")
    after.leave(
        case,
        "withdrawn",
        "client_choice",
        "Called: the first session was enough for him, he thanks the team and stops.",
    )


def transferred(case: Case) -> Story:
    yield from course(case, -24, case.person.cycles)
    yield case.world.at(-16, "11:15")
    after.leave(
        case,
        "transferred",
        "moved_care",
        "Moves to Oregon at the end of the month; care goes on there.",
    )


def not_dosed(case: Case) -> Story:
    """The second session closed without medicine; another is booked."""
    yield from course(case, -20, case.person.cycles)
    yield from next_dose(case, -11, booked_on=-15, at="09:30")
    yield case.dose.starts_at - 17 * 60 * MINUTE
    booking.confirm_companion(case)
    yield case.dose.ends_at
    dosing.not_given(case)
    yield from next_dose(case, 6, booked_on=-3)


STORIES = {
    "enquiry": enquiry, "intake_half": intake_half, "intake_safety": intake_safety, "intake_sent": intake_sent,
    "intake_session_today": intake_session_today, "medical_pool": medical_pool, "medical_taken": medical_taken,
    "medical_deciding": medical_deciding, "preparation": preparation_booked, "preparation_signed": preparation_signed,
    "dosing_today": dosing_today, "dosing_tomorrow": dosing_tomorrow, "integration_today": integration_today,
    "integration_open": integration_open, "integration_late": integration_late, "integration_done": integration_done,
    "remote": remote, "follow_up": follow_up, "completed": completed, "declined": declined, "deferred": deferred,
    "resumed": resumed, "withdrawn": withdrawn, "transferred": transferred, "not_dosed": not_dosed,
}  # fmt: skip
