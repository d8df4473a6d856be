"""What may be ordered and given. Tables of the clinical reference, and properties that must hold for any dose."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.order_limits import CLINIC, REMOTE, OrderFacts, OrderLimits, PreviousDose
from kap.core.levels import Level, hard, worst
from kap.core.protocol import ROUTES, default, load, shipped, with_values
from sessions.limits import (
    check_order,
    check_rise,
    check_telemedicine,
    check_weight,
    iv_equivalent_mg_per_kg,
    order_ends_on,
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


def judge(one, weight="80", *, measured=TODAY, first=False, age=40, **more):
    return check_order(one, None if weight is None else D(weight), measured, TODAY, first, age, P, **more)


def codes(findings):
    return {f.code: f.level for f in findings}


def test_an_ordinary_order_has_nothing_to_say():
    for route, high in (("iv", "40"), ("im", "40"), ("sl", "150"), ("oral", "150"), ("in", "60")):
        assert judge(order(route, "20", high)) == []


@pytest.mark.parametrize(
    "route, most, weight, level",
    [
        ("iv", "100", "120", None),
        ("iv", "100.01", "120", SOFT),
        ("iv", "150", "120", SOFT),
        ("iv", "150.01", "120", HARD),
        ("im", "100", "120", None),
        ("im", "101", "120", SOFT),
        ("im", "151", "120", HARD),
        ("iv", "60", "60", None),
        ("iv", "61", "60", SOFT),
        ("iv", "90", "60", SOFT),
        ("iv", "91", "60", HARD),
        ("im", "60", "60", None),
        ("im", "61", "60", SOFT),
        ("im", "91", "60", HARD),
        ("sl", "300", "120", None),
        ("sl", "301", "120", SOFT),
        ("sl", "450", "120", SOFT),
        ("sl", "451", "120", HARD),
        ("oral", "240", "60", None),
        ("oral", "241", "60", SOFT),
        ("oral", "360", "60", SOFT),
        ("oral", "361", "60", HARD),
        ("in", "100", "120", None),
        ("in", "101", "120", SOFT),
        ("in", "151", "120", HARD),
    ],
)
def test_limits_by_route_at_and_past_the_edge(route, most, weight, level):
    assert worst(judge(order(route, "20", "20", most), weight)) == level


def test_the_cross_route_rule_catches_what_the_routes_own_limits_let_pass():
    # 300 mg under the tongue is within 300 mg, but 0.29 of it is 1.74 mg/kg at 50 kg
    assert codes(judge(order("sl", "100", "300"), "50"))["iv_equivalent_above_hard"] is HARD
    assert codes(judge(order("in", "50", "100"), "45"))["iv_equivalent_above_soft"] is SOFT


@pytest.mark.parametrize(
    "high, first, told", [("150", True, False), ("151", True, True), ("151", False, False)]
)
def test_a_first_lozenge_above_150_mg_is_asked_about(high, first, told):
    assert ("first_dose_high" in codes(judge(order("sl", "50", high), "100", first=first))) is told


@pytest.mark.parametrize(
    "minutes, code", [(40, None), (30, None), (29, "infusion_short"), (None, "infusion_minutes_missing")]
)
def test_a_fast_infusion_is_asked_about(minutes, code):
    assert list(codes(judge(order("iv", infusion_minutes=minutes)))) == ([code] if code else [])


@pytest.mark.parametrize("route", ROUTES)
def test_at_home_only_by_mouth(route):
    told = codes(judge(order(route, setting=REMOTE)))
    assert ("remote_route" in told) is (route not in ("sl", "oral"))


def test_nothing_by_needle_at_home_may_be_overridden():
    assert not any(f.overridable for f in judge(order("im", setting=REMOTE)) if f.code == "remote_route")


def test_a_first_dose_at_home_is_told():
    assert codes(judge(order("sl", setting=REMOTE), first=True)) == {"remote_first_dose": INFO}


@pytest.mark.parametrize("days, old", [(0, False), (30, False), (31, True)])
def test_the_weight_may_be_30_days_old(days, old):
    told = check_weight(D(80), TODAY - timedelta(days=days), TODAY, P)
    assert [f.code for f in told] == (["weight_old"] if old else [])


@pytest.mark.parametrize(
    "weight, measured, code",
    [
        (None, TODAY, "weight_missing"),
        ("80", None, "weight_missing"),
        ("0", TODAY, "weight_not_above_zero"),
        ("-5", TODAY, "weight_not_above_zero"),
        ("80", TODAY + timedelta(days=1), "weight_in_future"),
    ],
)
def test_without_a_sound_weight_there_is_no_order(weight, measured, code):
    (finding,) = judge(order(), weight, measured=measured)
    assert (finding.code, finding.level, finding.overridable) == (code, HARD, False)


def test_a_high_bmi_asks_for_another_weight():
    assert codes(judge(order(), "110", bmi=D("30.1"))) == {"weight_bmi": INFO}
    assert judge(order(), "110", bmi=D(30)) == []


@pytest.mark.parametrize("age, level", [(17, HARD), (18, None), (65, None), (66, SOFT)])
def test_age(age, level):
    assert worst(judge(order(high="40"), first=True, age=age)) == level


def test_nobody_under_18_whatever_the_prescriber_says():
    assert not any(f.overridable for f in judge(order(), age=17) if f.code == "age_below_minimum")


def test_an_older_client_may_start_low_without_a_question():
    assert judge(order(low="10", high="20"), "80", first=True, age=80) == []


@pytest.mark.parametrize(
    "change, code",
    [
        ({"dose_min_mg": D(0)}, "dose_not_above_zero"),
        ({"dose_min_mg": D(41)}, "dose_range_reversed"),
        ({"dose_max_mg": D(45)}, "dose_above_session_maximum"),
        ({"doses": 0}, "doses_below_one"),
        ({"route": "tea"}, "route_unknown"),
        ({"setting": ""}, "setting_unknown"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_before_all_else(change, code):
    finding = judge(replace(order(), **change))[0]
    assert (finding.code, finding.overridable) == (code, False)
    assert finding.mend


@pytest.mark.parametrize("doses, told", [(1, True), (3, True), (4, False), (6, False), (8, True)])
def test_an_unusual_number_of_doses_is_only_told(doses, told):
    assert codes(judge(order(doses=doses))) == ({"series_unusual": INFO} if told else {})


@pytest.mark.parametrize("hours, told", [(None, False), (48, False), (47, True)])
def test_an_order_for_doses_close_together_is_asked_about(hours, told):
    assert ("interval_short" in codes(judge(order(interval_hours=hours)))) is told


@pytest.mark.parametrize(
    "mg, previous, told",
    [
        ("50", PreviousDose(D(40), "im"), set()),
        ("50.5", PreviousDose(D(40), "im"), {"rise_large"}),
        ("41", PreviousDose(D(40), "im", worst_ae_grade=2), {"rise_after_trouble"}),
        ("41", PreviousDose(D(40), "im", worst_ae_grade=1), set()),
        ("41", PreviousDose(D(40), "im", lowest_moaas=2), {"rise_after_trouble"}),
        ("41", PreviousDose(D(40), "im", lowest_moaas=3), set()),
        ("41", PreviousDose(D(40), "im", highest_systolic_mmhg=180), {"rise_after_trouble"}),
        ("41", PreviousDose(D(40), "im", highest_systolic_mmhg=179), set()),
        ("40", PreviousDose(D(40), "im", worst_ae_grade=4), set()),
        ("30", PreviousDose(D(40), "im", worst_ae_grade=4), set()),
        ("40", PreviousDose(D(100), "sl"), {"rise_large"}),  # IM reaches the blood three times as much
        ("100", PreviousDose(D(40), "im"), {"rise_large"}),
    ],
)
def test_a_raised_dose_is_asked_about(mg, previous, told):
    assert set(codes(check_rise("im", D(mg), previous, P))) == told


def test_all_faults_of_an_order_are_told_at_once_hard_first():
    told = judge(
        order("im", "20", "160", setting=REMOTE, doses=1), "80", measured=date(2026, 1, 1), age=70, first=True
    )
    assert [f.level.weight for f in told] == sorted((f.level.weight for f in told), reverse=True)
    assert {"remote_route", "dose_mg_above_hard", "weight_old", "age_start_low", "series_unusual"} <= set(
        codes(told)
    )


@given(
    st.sampled_from(sorted(ROUTES)),
    st.decimals(1, 1000, places=1),
    st.decimals(1, 1000, places=1),
    st.decimals(30, 250, places=1),
)
def test_more_is_never_judged_milder(route, one, other, weight):
    less, more = sorted((one, other))
    mild = worst(judge(order(route, "1", "1", str(less)), str(weight)))
    strong = worst(judge(order(route, "1", "1", str(more)), str(weight)))
    assert (strong.weight if strong else -1) >= (mild.weight if mild else -1)


@given(st.sampled_from(sorted(ROUTES)), st.decimals(1, 1000, places=1), st.decimals(30, 250, places=1))
def test_nothing_above_a_hard_limit_passes_unsaid(route, mg, weight):
    limits = P.route(route)
    over = mg > limits.hard_mg or (limits.hard_mg_per_kg and mg / weight > limits.hard_mg_per_kg)
    over = over or iv_equivalent_mg_per_kg(route, mg, weight, P) > P.dosing.iv_equivalent_hard_mg_per_kg
    assert bool(hard(judge(order(route, "1", "1", str(mg)), str(weight)))) is bool(over)


def test_the_clinics_own_numbers_rule():
    own = load(with_values(default(), {"routes.im.soft_mg": "30"}, version="x", effective_on=TODAY))
    assert "dose_mg_above_soft" in codes(check_order(order(), D(80), TODAY, TODAY, False, 40, own))


@pytest.mark.parametrize(
    "today, in_person, level",
    [
        (date(2026, 12, 31), None, INFO),
        (date(2027, 1, 1), None, HARD),
        (date(2027, 1, 1), date(2026, 5, 1), None),
        (date(2027, 1, 1), date(2027, 2, 1), HARD),
        (date(2026, 3, 1), date(2026, 3, 1), None),
    ],
)
def test_remote_prescribing_ends_with_its_legal_basis(today, in_person, level):
    told = check_telemedicine(today, in_person, P)
    assert worst(told) == level
    assert all(not f.overridable for f in hard(told))


def test_an_order_ends():
    assert order_ends_on(date(2026, 1, 1), P) == date(2026, 6, 30)


def test_limits_of_an_order_begin_empty():
    assert OrderFacts("im", CLINIC, D(1), D(1), D(1), 1).limits == OrderLimits()
