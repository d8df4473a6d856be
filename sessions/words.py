"""What the database refuses in the dosing room, in words for the person who tried."""

from contextlib import contextmanager

from django.db import IntegrityError

from kap.core.actions import constraint_name
from kap.core.errors import Refused, Stale

# constraint or trigger -> (whether somebody else was first, words)
REFUSALS = {
    "one_open_session_per_course": (True, "Another session of this client is open. Close it first."),
    "dosing_number_once_per_course": (True, "This session was opened a moment ago on another device."),
    "started_with_all_its_evidence": (False, "The medicine may not start before every paper is there."),
    "second_person_is_another": (False, "The second person must be somebody else than the one who starts."),
    "remote_start_knows_the_place": (
        False, "Record where the client is, the emergency number and the photo ID first.",
    ),
    "dose_in_a_running_session": (False, "A dose can be recorded only while the session runs, on its own order."),
    "dose_within_the_session_maximum": (False, "This would be more than the order allows in one session."),
    "booster_within_the_order": (False, "The order allows no such booster now."),
    "doses_within_the_order": (False, "The order's doses are used up. Ask the prescriber for a new order."),
    "witness_is_not_the_giver": (False, "The witness must be somebody else than the one who records the dose."),
    "dose_witnessed_or_said_why_not": (False, "Name a witness, or say why there was none."),
    "discharged_into_someones_care": (False, "Name the companion who took charge."),
    "blood_pressure_has_both_numbers": (False, "The upper pressure must be above the lower one. Swap them?"),
    "vitals_hold_something": (False, "Enter at least one value."),
    "event_resolves_after_its_onset": (False, "The event cannot end before it began."),
}  # fmt: skip


@contextmanager
def said_in_words():
    """The Python rules speak first; what slips past them (two people at once) is refused by name and said here."""
    try:
        yield
    except IntegrityError as error:
        name = constraint_name(error)
        if name == "started_on_evidence_in_force":
            raise Refused(_started_on(error)) from error
        if name not in REFUSALS:
            raise
        was_first, words = REFUSALS[name]
        raise (Stale if was_first else Refused)(words) from error


def _started_on(error) -> str:
    """The trigger says which paper does not hold."""
    why = str(error.__cause__).splitlines()[0].partition("may not start: ")[2].strip()
    return (
        f"The medicine may not start: {why}." if why else "The medicine may not start: a paper does not hold."
    )
