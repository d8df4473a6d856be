"""Medicine given: inside the order, seen by a second person or said why not."""

from datetime import datetime
from decimal import Decimal

from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action
from kap.core.errors import Refused, Stale
from kap.core.levels import Finding, Level, hard, soft
from kap.core.units import amount
from kap.pathway.models import Setting
from kap.worklist import actions as worklist
from sessions import facts
from sessions.actions.common import in_time, prove, running
from sessions.flowsheet import Flowsheet
from sessions.limits import BOOSTER, DOSE, can_give, check_count, check_volume
from sessions.links import session_path
from sessions.models import Administration
from sessions.words import said_in_words

INJECTED = ("iv", "im")
HELD_IN_MOUTH = ("sl",)


def give(
    *, session, dose_mg: Decimal, given_at: datetime | None = None, given_by: str = "", witness=None, pin: str = "",
    not_witnessed_reason: str = "", is_booster: bool = False, volume_ml: Decimal | None = None,
    lozenge_held_minutes: int | None = None, lozenge_after: str = "", soft_reason: str = "", by,
) -> Administration:  # fmt: skip
    """Record medicine given in a running session.

    dose_mg: mg of ketamine. given_by: printed name, who records it if not said; at home the client. witness: a
    second person, proven by her PIN at this screen; without one a reason. soft_reason: why less than the order's
    range; the prescriber is told. volume_ml is checked against the strength on the order.
    Raises Refused (outside the order, wrong PIN), Stale, PermissionDenied.
    """
    if witness is not None and witness.pk == by.pk:
        raise Refused("The witness must be somebody else than you.")
    prove(witness, pin, by)
    return _give(
        session=session, dose_mg=dose_mg, given_at=given_at, given_by=given_by, witness=witness,
        not_witnessed_reason=not_witnessed_reason, is_booster=is_booster, volume_ml=volume_ml,
        lozenge_held_minutes=lozenge_held_minutes, lozenge_after=lozenge_after, soft_reason=soft_reason, by=by,
    )  # fmt: skip


@action("dosing.give")
def _give(
    *, session, dose_mg, given_at, given_by, witness, not_witnessed_reason, is_booster, volume_ml, lozenge_held_minutes,
    lozenge_after, soft_reason, by,
) -> Administration:  # fmt: skip
    require(by, Can.GIVE_DOSE)
    session = running(session, started=True)
    at = in_time(given_at, session, "The dose", earliest=session.started_at)
    at = max(at, session.started_at)
    sheet = Flowsheet(session)
    found = against(sheet, dose_mg, is_booster=is_booster, volume_ml=volume_ml)
    if stops := hard(found):
        raise Refused([str(f) for f in stops])
    low = soft(found)
    if low and len(soft_reason.strip()) < 5:
        raise Refused([*[f.words for f in low], "Say why below; the prescriber is told."])
    if witness is None and len(not_witnessed_reason.strip()) < 5:
        raise Refused("Name the second person who saw it, or say why there was none.")
    _not_twice(sheet, dose_mg, at)
    with said_in_words():
        made = Administration.objects.create(
            session=session, order=session.order, dose_mg=dose_mg, route=session.route, is_booster=is_booster,
            given_at=at, given_by=_giver(session, given_by, by), volume_ml=volume_ml,
            lozenge_held_minutes=lozenge_held_minutes if session.route in HELD_IN_MOUTH else None,
            lozenge_after=lozenge_after if session.route in HELD_IN_MOUTH else "", witness=witness,
            not_witnessed_reason="" if witness else not_witnessed_reason.strip()[:300],
            soft_reason=soft_reason.strip()[:300] if low else "", recorded_at=clock.now(), recorded_by=by,
        )  # fmt: skip
    if session.first_dose_at is None or at < session.first_dose_at:
        session.first_dose_at = at
        session.save(update_fields=["first_dose_at"])
    if low:
        _acknowledge(made, low, session, by)
    return made


def against(
    sheet: Flowsheet, dose_mg: Decimal, *, is_booster: bool, volume_ml: Decimal | None = None
) -> list[Finding]:
    """Everything that stands against this amount now, by the order and the protocol."""
    session, order, rules = sheet.session, sheet.session.order, sheet.rules
    used = (
        Administration.objects.filter(order=order, strike=None).exclude(session=session)
        .values("session").distinct().count()
    )  # fmt: skip
    found = check_count(used, facts.order_facts(order))
    kind = BOOSTER if is_booster else DOSE
    found += can_give(sheet.given, dose_mg, facts.order_facts(order), rules, kind=kind)
    if is_booster:
        found += _booster_of_order(order, dose_mg)
    strength = facts.strength_mg_per_ml(order)
    if volume_ml is not None and strength and session.route in INJECTED:
        found += hard(check_volume(dose_mg, volume_ml, strength, rules))
    return found


def _booster_of_order(order, dose_mg) -> list[Finding]:
    if order.booster_max_mg is None:
        words, mend = "This order allows no booster.", "Ask the prescriber for a new order."
    elif dose_mg > order.booster_max_mg:
        words = f"The order allows a booster of at most {amount(order.booster_max_mg, 'mg')}."
        mend = "Give less, or ask the prescriber for a new order."
    else:
        return []
    return [Finding("booster_of_order", Level.HARD, words, mend, "the order", overridable=False)]


def _not_twice(sheet: Flowsheet, dose_mg, at) -> None:
    """Two people who record the same dose: the second is told."""
    for one in sheet.standing_doses:
        if one.dose_mg == dose_mg and abs((one.given_at - at).total_seconds()) < 60:
            at = one.given_at.astimezone(facts.zone(sheet.session.appointment))
            raise Stale(f"{one.recorded_by.name} has recorded this dose already, given at {at:%H:%M}.")


def _giver(session, given_by: str, by) -> str:
    if given_by.strip():
        return " ".join(given_by.split())[:160]
    return session.course.client.name if session.setting == Setting.REMOTE else by.name


def _acknowledge(made: Administration, found, session, by) -> None:
    client = session.course.client
    worklist.raise_item(
        key=f"low_dose:{made.pk}", kind=worklist.Kind.PREDOSE_HELD, urgency=worklist.Urgency.TODAY,
        title=f"Less than ordered was given: {client.name}", client=client,
        detail=f"{found[0].words} {made.soft_reason}"[:500], link=session_path(session), link_words="Open the session",
        for_role="prescriber", by=by,
    )  # fmt: skip
