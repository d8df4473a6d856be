"""Finding a free time as the booking page does, and booking it."""

from datetime import timedelta

from kap.core import clock
from kap.demo.world import Case, StoryBroke, stay_minutes
from kap.people import actions as people
from scheduling import actions as scheduling
from scheduling import availability
from scheduling.models import Mode
from scheduling.plans import DosingPlan

PARTS = {
    "intake": ("therapist",), "evaluation": ("prescriber",), "preparation": ("therapist",), "integration": ("therapist",),
    "check_in": ("therapist",), "follow_up": ("therapist",), "dosing": ("therapist", "monitor"),
}  # fmt: skip
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SOONER = (-1, -2, -3)  # days before the wanted one, tried when none from it on has room
LATER = 4  # days after all these, tried last: nobody is left without a dose for a week that is full


def book(
    case: Case, code: str, *, day: int, at: str = "11:00", mode=Mode.IN_PERSON, within: int = 6, by=None
):
    """The free time nearest to `at` on the first possible day from `day` on (offsets from today)."""
    case.act = f"booking ({code})"
    wish = _wish(case, code, mode)
    for offset in range(day, day + within):
        found = availability.find(
            wish, start=case.world.at(offset, "00:00"), end=case.world.at(offset + 1, "00:00")
        )
        if offers := _round(found):
            offer = availability.nearest(offers, case.world.at(offset, at), 1)[0]
            made = scheduling.book(
                service=wish.service, client=case.client, course=case.course, starts_at=offer.starts_at,
                location=wish.location, mode=mode, room=offer.room, staff=offer.staff,
                by=by or case.admin,
            )  # fmt: skip
            case.again()
            return made
    raise StoryBroke(f"{case.person.name}, {case.act}: no free time from day {day} within {within} days.")


def _wish(case, code, mode):
    service = case.world.services[code]
    seats = tuple(availability.Seat((one,)) for one in case.seats(*PARTS[code]))
    rooms = tuple(availability.suitable_rooms(case.location, service)) if mode == Mode.IN_PERSON else ()
    on_call = case.seats("prescriber") if code == "dosing" else ()
    return availability.Wish(service, case.location, mode, seats, rooms, case.client, on_call)


def _round(offers):
    """People book at full and half hours, when they can."""
    return [o for o in offers if o.starts_at.minute in (0, 30)] or list(offers)


def book_dose(case: Case, *, day: int, at: str = "13:00", after: str | None = None, within: int = 5):
    """A dose and its integration, at times that hold its window whether the session ends as planned or as it will.

    `after`: the integration nearest to that time of the day.
    """
    case.act = "booking a dosing session"
    mode = Mode.VIDEO if case.remote else Mode.IN_PERSON
    dosing, follow = _wish(case, "dosing", mode), _wish(case, "integration", mode)
    rules = case.course.rules.integration
    for offset in _days(day, within):
        found = availability.find_pairs(
            dosing, follow, window=(rules.opens_hours, rules.closes_hours), start=case.world.at(offset, "00:00"),
            end=case.world.at(offset + 1, "00:00"),
        )  # fmt: skip
        safe = [pair for pair in found if _safe(case, pair, dosing.length)]
        if not safe:
            continue
        pair = availability.nearest(_round(safe), case.world.at(offset, at), 1)[0]
        case.dose = scheduling.book_dosing(
            course=case.course, plan=_plan(case, pair, after, mode, dosing.length), by=case.therapist
        )
        case.again()
        return case.dose
    raise StoryBroke(f"{case.person.name}, {case.act}: no pair of times around day {day}.")


def _days(day: int, within: int) -> list[int]:
    """Offsets to try, in order. Where only one day will do (`within` 1), no later one is tried."""
    later = range(day + within, day + within + LATER) if within > 1 else ()
    return [*range(day, day + within), *(day + back for back in SOONER), *later]


def _safe(case, pair, planned) -> list:
    """The integrations of the pair that are inside the window after the planned end and after the real one."""
    rules, taken = case.course.rules.integration, timedelta(minutes=stay_minutes(case.person.route))
    opens = pair.starts_at + max(planned, taken) + rules.opens_hours * HOUR
    closes = pair.starts_at + min(planned, taken) + rules.closes_hours * HOUR
    return [offer for offer in (pair.integration, *pair.others) if opens <= offer.starts_at <= closes]


def _plan(case, pair, after, mode, planned) -> DosingPlan:
    choices = _round(_safe(case, pair, planned))
    if after:
        wanted = case.world.at(case.world.offset(pair.starts_at + 2 * DAY), after)
        chosen = availability.nearest(choices, wanted, 1)[0]
    else:
        chosen = choices[min(case.rng.randrange(3), len(choices) - 1)]
    return DosingPlan(
        starts_at=pair.starts_at, location=case.location, route=case.person.route, setting=case.person.setting,
        staff=case.seats("therapist", "monitor"), on_call=case.seats("prescriber"), room=pair.dosing.room,
        integration_starts_at=chosen.starts_at, integration_staff=case.seats("therapist"), integration_mode=mode,
        integration_room=chosen.room,
    )  # fmt: skip


def name_companion(case: Case) -> None:
    case.act = "naming the companion"
    case.dose = scheduling.name_companion(appointment=case.dose, contact=case.companion, by=case.therapist)


def confirm_companion(case: Case) -> None:
    """By her own link."""
    case.act = "the companion confirms"
    case.dose = scheduling.confirm_companion(appointment=case.dose, by=case.companion)


def hold(case: Case, appointment) -> None:
    """She came (noted a few minutes before), and it has been held."""
    appointment.refresh_from_db()
    if appointment.state == "booked":
        with clock.at(min(clock.now(), appointment.starts_at - timedelta(minutes=4))):
            scheduling.arrive(appointment=appointment, by=case.admin)
    scheduling.finish(appointment=appointment, by=case.therapist)


def replace_companion(case: Case, name: str) -> None:
    case.act = "replacing the companion"
    contact = people.add_contact(
        client=case.client, name=name, relation="friend", phone="951 555 0177", is_driver=True, is_adult=True,
        email=f"{'.'.join(name.lower().split())}@mail.test", by=case.therapist,
    )  # fmt: skip
    case.dose = scheduling.name_companion(appointment=case.dose, contact=contact, by=case.therapist)
