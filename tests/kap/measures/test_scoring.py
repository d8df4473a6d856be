"""Scores, bands and safety: tables first, then properties that hold for every set of answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kap.measures import instruments
from kap.measures.scoring import (
    Change,
    Urgency,
    comparable,
    reliable_change,
    remission,
    response,
    score,
)


def same(code, value, **changed):
    """The same answer to every scored item, some changed."""
    return {item.key: value for item in instruments.get(code).scored_items} | {
        key.removeprefix("i"): answer for key, answer in changed.items()
    }


def adding_up(code, total):
    """Answers that add up to this total, filled from the first item on."""
    left, answers = total, {}
    for item in instruments.get(code).scored_items:
        answers[item.key] = min(left, max(item.scores))
        left -= answers[item.key]
    return answers


@pytest.mark.parametrize(
    "code, total, band",
    [
        ("phq9", 0, "minimal"), ("phq9", 4, "minimal"), ("phq9", 5, "mild"), ("phq9", 9, "mild"),
        ("phq9", 10, "moderate"), ("phq9", 14, "moderate"), ("phq9", 15, "moderately severe"),
        ("phq9", 19, "moderately severe"), ("phq9", 20, "severe"), ("phq9", 27, "severe"),
        ("gad7", 4, "minimal"), ("gad7", 5, "mild"), ("gad7", 10, "moderate"), ("gad7", 14, "moderate"),
        ("gad7", 15, "severe"), ("gad7", 21, "severe"),
        ("pcl5", 30, "below cut-off"), ("pcl5", 31, "at or above cut-off"),
    ],
)  # fmt: skip
def test_bands_at_their_edges(code, total, band):
    result = score(code, adding_up(code, total))
    assert (result.total, result.band, result.complete) == (total, band, True)
    assert str(result.band_words)


def test_the_difficulty_question_does_not_count():
    result = score("phq9", same("phq9", 0) | {"difficulty": 3})
    assert (result.total, result.unscored) == (0, {"difficulty": 3})


@pytest.mark.parametrize("code", ["phq9", "gad7", "pcl5"])
@pytest.mark.parametrize("skipped", [None, "absent"])
def test_a_skipped_item_is_never_a_zero(code, skipped):
    answers = same(code, 1)
    if skipped is None:
        answers["3"] = None
    else:
        del answers["3"]
    result = score(code, answers)
    assert (result.total, result.band, result.complete, result.missing_items) == (None, "", False, ("3",))


@pytest.mark.parametrize("wrong", [-1, 4, True, "2", 1.0, 1.5])
def test_a_score_that_the_item_does_not_offer_is_refused(wrong):
    with pytest.raises(ValueError):
        score("phq9", {"1": wrong})


def test_an_unknown_item_is_refused():
    with pytest.raises(KeyError):
        score("phq9", {"11": 0})


@pytest.mark.parametrize(
    "answer, codes, urgency",
    [
        (None, [], None),
        (0, [], None),
        (1, ["phq9_item9"], Urgency.NOW_SCREEN),
        (2, ["phq9_item9_same_day"], Urgency.SAME_DAY),
        (3, ["phq9_item9_same_day"], Urgency.SAME_DAY),
    ],
)
@pytest.mark.parametrize("others", [0, None])
def test_item_nine_raises_alarm_even_if_the_rest_is_empty(answer, codes, urgency, others):
    result = score("phq9", same("phq9", others, i9=answer))
    assert [finding.code for finding in result.safety] == codes
    assert result.urgency == urgency
    assert result.show_crisis is bool(codes)


@pytest.mark.parametrize(
    "answers, total, complete",
    [
        ({"1": 0}, 0, True),
        ({"1": 0, "2": None, "3": None}, 0, True),
        ({"1": 1}, None, False),
        ({"1": 1, "2": 0}, None, False),
        ({"1": 2, "2": 1, "3": 0}, 3, True),
        ({"1": 4, "2": 4, "3": 4}, 12, True),
        ({}, None, False),
    ],
)
def test_audit_c_lets_only_never_drinkers_skip(answers, total, complete):
    result = score("audit_c", answers)
    assert (result.total, result.complete) == (total, complete)


def test_audit_c_ignores_what_a_never_drinker_answered_before():
    assert score("audit_c", {"1": 0, "2": 3, "3": 2}).total == 0


@pytest.mark.parametrize(
    "sex, total, positive",
    [("female", 2, False), ("female", 3, True), ("male", 3, False), ("male", 4, True), (None, 3, True),
     ("intersex", 3, True), ("default", 2, False)],
)  # fmt: skip
def test_audit_c_cut_off_by_sex_with_the_lower_one_where_it_is_not_known(sex, total, positive):
    answers = {"1": 1, "2": total - 1, "3": 0}
    assert score("audit_c", answers, sex=sex).positive is positive


def test_the_clinic_may_set_the_pcl5_cut_off():
    answers = adding_up("pcl5", 32)
    assert score("pcl5", answers).positive is True
    assert score("pcl5", answers, cut=33).positive is False


def test_pcl5_clusters():
    result = score("pcl5", same("pcl5", 1))
    assert result.subscores == {"B": 5, "C": 2, "D": 7, "E": 6}
    assert score("pcl5", same("pcl5", 1, i7=None)).subscores == {"B": 5, "C": None, "D": 7, "E": 6}


@pytest.mark.parametrize(
    "high, provisional",
    [
        (["1", "6", "8", "9", "15", "16"], True),
        (["5", "7", "13", "14", "19", "20"], True),
        (["6", "8", "9", "15", "16"], False),
        (["1", "8", "9", "15", "16"], False),
        (["1", "6", "8", "15", "16"], False),
        (["1", "6", "8", "9", "15"], False),
    ],
)
def test_pcl5_provisional_pattern(high, provisional):
    answers = same("pcl5", 1) | dict.fromkeys(high, 2)
    assert score("pcl5", answers).provisional is provisional


def test_pcl5_pattern_is_unknown_while_an_item_is_missing():
    assert score("pcl5", same("pcl5", 4, i20=None)).provisional is None


NO = {"1": 0, "2": 0, "6": 0}


@pytest.mark.parametrize(
    "answers, band",
    [
        (NO, "none"),
        (NO | {"1": 1}, "low"),
        (NO | {"2": 1, "3": 0, "4": 0, "5": 0}, "low"),
        (NO | {"2": 1, "3": 1, "4": 0, "5": 0}, "moderate"),
        (NO | {"2": 1, "3": 1, "4": 1, "5": 0}, "high"),
        (NO | {"2": 1, "3": 0, "4": 0, "5": 1}, "high"),
        (NO | {"6": 1, "6a": 0}, "moderate"),
        (NO | {"6": 1, "6a": 1}, "high"),
        ({}, "incomplete"),
        ({"1": 0, "2": 0}, "incomplete"),
        ({"1": 1, "2": 0}, "incomplete"),
        (NO | {"1": None}, "incomplete"),
        (NO | {"2": 1}, "incomplete"),
        (NO | {"2": 1, "3": 1, "4": None, "5": 0}, "incomplete"),
        (NO | {"6": 1}, "incomplete"),
        ({"2": 1, "4": 1}, "high"),
        ({"6": 1, "6a": 1}, "high"),
        (NO | {"4": 1}, "high"),  # a yes that should not have been asked for may only raise the level
    ],
)
def test_screener_triage(answers, band):
    result = score("cssrs", answers)
    assert (result.band, result.total) == (band, None)
    assert str(result.band_words)


@pytest.mark.parametrize(
    "answers, codes, urgency, blocks",
    [
        (NO, [], None, False),
        (NO | {"1": 1}, ["cssrs_low"], Urgency.NOW_SCREEN, False),
        (NO | {"6": 1, "6a": 0}, ["cssrs_moderate"], Urgency.SAME_DAY, False),
        (NO | {"6": 1, "6a": 1}, ["cssrs_high"], Urgency.IMMEDIATE, True),
        (
            NO | {"2": 1, "3": 1, "4": None, "5": 0},
            ["cssrs_moderate", "cssrs_incomplete"],
            Urgency.SAME_DAY,
            False,
        ),
        ({}, ["cssrs_incomplete"], Urgency.ASK, False),
    ],
)
def test_screener_says_how_soon_to_act(answers, codes, urgency, blocks):
    result = score("cssrs", answers)
    assert [finding.code for finding in result.safety] == codes
    assert result.urgency == urgency
    assert any(finding.blocks_remote for finding in result.safety) is blocks


@pytest.mark.parametrize(
    "baseline, now, expected",
    [(20, 10, True), (20, 11, False), (15, 8, False), (15, 7, True), (1, 0, True), (0, 0, None), (None, 4, None),
     (20, None, None), (10, 20, False)],
)  # fmt: skip
def test_response_is_a_drop_of_at_least_half(baseline, now, expected):
    assert response(baseline, now) is expected


@pytest.mark.parametrize(
    "code, total, expected",
    [("phq9", 4, True), ("phq9", 5, False), ("gad7", 4, True), ("gad7", 5, False), ("pcl5", 0, None),
     ("phq9", None, None)],
)  # fmt: skip
def test_remission(code, total, expected):
    assert remission(code, total) is expected


@pytest.mark.parametrize(
    "code, baseline, now, expected",
    [
        ("phq9", 20, 14, Change.IMPROVED), ("phq9", 20, 15, Change.UNCHANGED), ("phq9", 10, 16, Change.WORSE),
        ("gad7", 10, 6, Change.IMPROVED), ("gad7", 10, 7, Change.UNCHANGED), ("pcl5", 40, 35, Change.IMPROVED),
        ("audit_c", 8, 2, None), ("phq9", None, 3, None),
    ],
)  # fmt: skip
def test_reliable_change(code, baseline, now, expected):
    assert reliable_change(code, baseline, now) == expected


def test_the_clinic_may_ask_for_a_larger_change():
    assert reliable_change("pcl5", 40, 30, points=15) == Change.UNCHANGED


def test_only_complete_scores_of_one_version_are_comparable():
    full, partial = score("phq9", same("phq9", 1)), score("phq9", {"1": 1})
    assert comparable(full, full)
    assert not comparable(full, partial)
    assert not comparable(full, score("gad7", same("gad7", 1)))


def any_answers(code):
    items = instruments.get(code).items
    return st.fixed_dictionaries({item.key: st.sampled_from([None, *sorted(item.scores)]) for item in items})


@given(
    st.sampled_from(["phq9", "gad7", "pcl5"]).flatmap(
        lambda code: st.tuples(st.just(code), any_answers(code))
    )
)
def test_a_total_exists_exactly_if_nothing_is_missing(drawn):
    code, answers = drawn
    result = score(code, answers)
    given_scores = [answers[item.key] for item in instruments.get(code).scored_items]
    assert result.complete is (None not in given_scores) is (not result.missing_items)
    assert result.total == (sum(given_scores) if result.complete else None)
    assert bool(result.band) is result.complete


@given(any_answers("cssrs"))
def test_an_unanswered_screener_is_never_low_or_none_and_a_yes_never_lowers(answers):
    result = score("cssrs", answers)
    if result.missing_items:
        assert result.band in ("incomplete", "high")
    order = ["none", "low", "moderate", "high"]
    for key in answers:
        raised = score("cssrs", answers | {key: 1})
        if "incomplete" not in (result.band, raised.band):
            assert order.index(raised.band) >= order.index(result.band)
