"""The questionnaires are data: complete, coded, and worded as published."""

import dataclasses

import pytest

from kap.measures import instruments


@pytest.mark.parametrize(
    "code, items, scored, top, panel",
    [
        ("phq9", 10, 9, 27, "44249-1"),
        ("gad7", 7, 7, 21, "69737-5"),
        ("pcl5", 20, 20, 80, None),
        ("audit_c", 3, 3, 12, "72109-2"),
        ("cssrs", 7, 7, 7, "93373-9"),
    ],
)
def test_each_instrument_has_its_items_its_range_and_its_code(code, items, scored, top, panel):
    one = instruments.get(code)
    assert (len(one.items), len(one.scored_items), one.max_total) == (items, scored, top)
    assert one.loinc_panel == panel
    assert one.copyright
    assert one.source
    assert one.version
    assert str(one.title)


def test_all_gives_each_code_once():
    assert tuple(one.code for one in instruments.all()) == instruments.CODES


def test_keys_are_unique_and_every_item_has_words_and_distinct_answers():
    for one in instruments.all():
        keys = [item.key for item in one.items]
        assert len(keys) == len(set(keys))
        for item in one.items:
            assert item.text.strip() == item.text != ""
            assert len(item.scores) == len(item.answers) >= 2


def test_item_nine_is_worded_as_published():
    item = instruments.get("phq9").item("9")
    assert item.text == "Thoughts that you would be better off dead or of hurting yourself in some way"
    assert (item.loinc, item.answer(1).text) == ("44260-8", "Several days")


def test_an_instrument_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        instruments.get("phq9").name = "other"


def test_unknown_code_and_item_are_refused():
    with pytest.raises(KeyError):
        instruments.get("../settings")
    with pytest.raises(KeyError):
        instruments.get("phq9").item("10")
    with pytest.raises(KeyError):
        instruments.get("phq9").item("1").answer(4)


@pytest.mark.parametrize(
    "answers, asked",
    [
        ({}, ["1", "2", "6"]),
        ({"2": 0}, ["1", "2", "6"]),
        ({"2": 1}, ["1", "2", "3", "4", "5", "6"]),
        ({"2": 1, "6": 1}, ["1", "2", "3", "4", "5", "6", "6a"]),
        ({"2": 0, "6": 1}, ["1", "2", "6", "6a"]),
    ],
)
def test_the_screener_asks_on_only_after_a_yes(answers, asked):
    assert [item.key for item in instruments.get("cssrs").asked(answers)] == asked


@pytest.mark.parametrize("first, asked", [(0, 1), (1, 3), (4, 3)])
def test_who_never_drinks_is_not_asked_how_much(first, asked):
    assert len(instruments.get("audit_c").asked({"1": first})) == asked
