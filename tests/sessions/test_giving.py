"""What may be given now: inside the order, the session and the interval."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.order_limits import CLINIC, OrderFacts
from kap.core.levels import Level, hard, worst
from kap.core.protocol import shipped
from sessions.limits import (
    BOOSTER,
    DOSE,
    Given,
    can_give,
    check_count,
    check_fasting,
    check_interval,
    check_volume,
    earliest_next_dose,
    room_left_mg,
)

P = shipped()
TODAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 17, tzinfo=UTC)
HARD, SOFT, INFO = Level.HARD, Level.SOFT, Level.INFO


def order(route="im", low="20", high="40", most=None, **more):
    minutes = 40 if route == "iv" else None
    return OrderFacts(
        **{
            "route": route,
            "setting": CLINIC,
            "dose_min_mg": D(low),
            "dose_max_mg": D(high),
            "session_max_mg": D(most or high),
            "doses": 4,
            "infusion_minutes": minutes,
        }
        | more
    )


def codes(findings):
    return {f.code: f.level for f in findings}


def give(mg, *before, one=None, kind=None):
    return can_give(
        [Given(D(m), k) for m, k in before], D(mg), one or order("im", "20", "40", "60"), P, kind=kind
    )


@pytest.mark.parametrize(
    "mg, code",
    [
        ("20", None),
        ("40", None),
        ("40.01", "dose_above_range"),
        ("61", "session_maximum"),
        ("19.99", "dose_below_range"),
        ("0", "amount_not_above_zero"),
        ("-5", "amount_not_above_zero"),
    ],
)
def test_the_first_dose_lies_inside_the_range(mg, code):
    told = give(mg)
    assert (told[0].code if told else None) == code


def test_below_the_range_only_warns_above_it_stops_for_good():
    assert give("10")[0].level is SOFT
    above = give("50")[0]
    assert above.level is HARD
    assert not above.overridable


def test_a_dose_may_be_split_where_the_route_allows_it():
    assert give("20", ("20", DOSE), kind=DOSE) == []
    assert codes(give("21", ("20", DOSE), kind=DOSE)) == {"dose_above_range": HARD}
    lozenge = order("sl", "100", "200", "300")
    assert codes(give("100", ("100", DOSE), one=lozenge, kind=DOSE)) == {"dose_already_given": HARD}


@pytest.mark.parametrize(
    "mg, before, told",
    [
        ("20", [("40", DOSE)], {}),
        ("20.01", [("40", DOSE)], {"booster_too_large", "session_maximum"}),
        ("11", [("20", DOSE)], {"booster_too_large"}),
        ("5", [("40", DOSE), ("5", BOOSTER)], {"booster_repeated"}),
        ("20", [("20", DOSE), ("20", DOSE)], {}),
    ],
)
def test_one_booster_of_at_most_half_the_dose(mg, before, told):
    assert set(codes(give(mg, *before))) == set(told)


def test_no_booster_without_a_dose_and_no_dose_after_a_booster():
    assert set(codes(give("20", kind=BOOSTER))) == {"booster_without_dose"}
    assert "dose_after_booster" in codes(give("5", ("20", DOSE), ("5", BOOSTER), kind=DOSE))


@given(st.lists(st.decimals("0.1", 80, places=1), max_size=6))
def test_whatever_is_tried_the_session_maximum_and_one_booster_hold(amounts):
    one, given_ = order("im", "20", "40", "60"), []
    for mg in amounts:
        kind = BOOSTER if given_ else DOSE
        if not hard(can_give(given_, mg, one, P)):
            given_.append(Given(mg, kind))
    assert sum(g.amount_mg for g in given_) <= one.session_max_mg
    assert sum(g.kind == BOOSTER for g in given_) <= 1
    assert room_left_mg(given_, one) == one.session_max_mg - sum(g.amount_mg for g in given_)


@pytest.mark.parametrize("given_, told", [(0, False), (3, False), (4, True), (9, True)])
def test_never_more_doses_than_ordered(given_, told):
    assert [f.overridable for f in check_count(given_, order(doses=4))] == ([False] if told else [])


@pytest.mark.parametrize(
    "hours, own, level",
    [(48, None, None), (47.9, None, SOFT), (48, 72, HARD), (72, 72, None), (30, 24, SOFT), (-1, None, HARD)],
)
def test_time_between_two_doses(hours, own, level):
    told = check_interval(NOW - timedelta(hours=hours), NOW, order(interval_hours=own), P)
    assert worst(told) == level


def test_no_interval_before_the_first_dose():
    assert check_interval(None, NOW, order(), P) == []


@given(st.integers(1, 400))
def test_at_the_earliest_next_dose_nothing_is_hard(own):
    at = earliest_next_dose(NOW, P, own)
    assert not hard(check_interval(NOW, at, order(interval_hours=own), P))


@pytest.mark.parametrize(
    "mg, ml, strength, told",
    [
        ("35", "0.7", "50", set()),
        ("35", "0.74", "50", {"volume_does_not_fit"}),
        ("35", "0.35", "100", set()),
        ("35", "0.7", "100", {"volume_does_not_fit"}),
        ("35", "1.4", "25", {"strength_unusual"}),
        ("35", "0", "50", {"volume_not_above_zero"}),
    ],
)
def test_volume_and_strength_must_make_the_dose(mg, ml, strength, told):
    assert set(codes(check_volume(D(mg), D(ml), D(strength), P))) == told


@pytest.mark.parametrize(
    "food, fluid, told",
    [
        (4, 2, set()),
        (3.9, 2, {"fasting_solids"}),
        (8, 1.9, {"fasting_clear_fluids"}),
        (None, 3, {"fasting_solids_unknown"}),
        (1, None, {"fasting_solids", "fasting_clear_fluids_unknown"}),
    ],
)
def test_fasting(food, fluid, told):
    def ago(hours):
        return None if hours is None else NOW - timedelta(hours=hours)

    found = check_fasting(ago(food), ago(fluid), NOW, P)
    assert set(codes(found)) == told
    assert not hard(found)
