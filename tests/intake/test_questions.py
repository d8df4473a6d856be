"""The intake questions are data that hold together, and every error says how to mend it."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake import questions
from intake.questions import Kind

TODAY = date(2026, 11, 20)
ALL = [(section, question) for section in questions.SECTIONS for question in section.questions]
VERBS = {"Enter", "Choose", "Add", "Write", "Tell", "Shorten", "Remove", "Check"}


def every_question():
    for section, question in ALL:
        yield section, question
        for part in question.fields:
            yield section, part


def good_answer(question):
    """An answer that needs nothing mended."""
    if question.kind is Kind.REPEATING:
        return [{part.key: good_answer(part) for part in question.fields}]
    if question.options:
        first = question.options[0].value
        return [first] if question.kind is Kind.MULTI else first
    return {
        Kind.PHONE: "951 555 0142",
        Kind.EMAIL: "hana@example.com",
        Kind.DATE3: {"day": "3", "month": "8", "year": "1984"},
        Kind.NUMBER_UNIT: {"amount": "70", "unit": question.ranges[0].unit} if question.ranges else None,
    }.get(question.kind, "some words")


def full(section):
    return {question.key: good_answer(question) for question in section.questions}


def test_sections_follow_the_groups_of_the_task_list():
    groups = [section.group for section in questions.SECTIONS]
    assert list(dict.fromkeys(groups)) == list(questions.GROUPS)
    assert [section.key for section in questions.SECTIONS] == [
        "details", "emergency_contact", "companion", "health", "mental_health", "substances", "medicines",
        "allergies", "safety", "goals",
    ]  # fmt: skip
    assert all(section.minutes > 0 and str(section.title) for section in questions.SECTIONS)


def test_keys_and_choices_are_unique():
    for section in questions.SECTIONS:
        keys = [question.key for question in section.questions]
        assert len(keys) == len(set(keys))
    for _section, question in every_question():
        values = [choice.value for choice in question.options]
        assert len(values) == len(set(values))
        assert bool(values) is (question.kind in (Kind.CHOICE, Kind.MULTI, Kind.YES_NO_UNSURE))
        assert bool(question.fields) is (question.kind is Kind.REPEATING)
        assert bool(question.ranges) is (question.kind is Kind.NUMBER_UNIT)


def test_conditions_name_questions_and_answers_that_exist():
    for section, question in ALL:
        for rule in question.show_if:
            parent = questions.get(rule.section or section.key).question(rule.question)
            assert {choice.value for choice in parent.options} >= set(rule.any_of), question.key
            if not rule.section:
                assert section.questions.index(parent) < section.questions.index(question)


def test_the_safety_screen_asks_one_thing_a_page_and_says_why():
    section = questions.get("safety")
    assert section.one_per_page
    assert all(str(question.why_we_ask) for question in section.questions)
    assert len({section.page_of(question) for question in section.questions}) == len(section.questions)


def test_pages_of_a_section_are_not_torn_apart():
    for section in questions.SECTIONS:
        order = [section.page_of(question) for question in section.questions]
        assert len(list(dict.fromkeys(order))) == sum(
            a != b for a, b in zip([None, *order], order, strict=False)
        )


@pytest.mark.parametrize("section", questions.SECTIONS, ids=lambda section: section.key)
def test_a_full_set_of_answers_is_complete_and_an_empty_one_is_not(section):
    assert questions.validate(section, full(section), today=TODAY) == {}
    assert questions.is_complete(section.key, full(section), today=TODAY)
    assert not questions.is_complete(section, {})
    assert questions.is_started(section, full(section))
    assert not questions.is_started(section, {})


@pytest.mark.parametrize("section", questions.SECTIONS, ids=lambda section: section.key)
def test_every_visible_required_question_is_asked_for_and_no_other(section):
    wanted = {question.key for question in questions.visible_questions(section, {}) if question.required}
    assert set(questions.validate(section, {})) == wanted


def says_how(words):
    assert words.split()[0] in VERBS, words
    assert "invalid" not in words.lower()
    assert not words.endswith(": ")


def test_every_required_message_starts_with_what_to_do():
    for _section, question in every_question():
        if question.required:
            says_how(questions.missing_words(question))


def test_birth_date_says_how_to_write_it():
    for wrong in (
        {},
        {"day": "31", "month": "2", "year": "1984"},
        {"day": "3", "month": "8", "year": "84"},
        "1984-08-03",
    ):
        errors = questions.validate(
            "details", full(questions.get("details")) | {"birth_date": wrong}, today=TODAY
        )
        assert errors == {"birth_date": "Enter your birth date, for example 3 8 1984"}


def test_a_birth_date_ahead_is_noticed():
    answers = full(questions.get("details")) | {"birth_date": {"day": "21", "month": "11", "year": "2026"}}
    assert questions.validate("details", answers, today=TODAY) == {
        "birth_date": "Enter a date in the past: Birth date"
    }
    assert questions.validate("details", answers, today=date(2026, 11, 21)) == {}


@pytest.mark.parametrize(
    "section, key, wrong",
    [
        ("details", "phone", "call me"), ("details", "phone", "12345"), ("details", "phone", "1" * 30),
        ("details", "phone", "951 555 0142; drop"), ("details", "email", "hana@example"), ("details", "email", "hana"),
        ("details", "email", "a@b@example.com"), ("details", "sex_at_birth", "other"),
        ("details", "legal_name", "x" * 201),
        ("details", "legal_name", "Ha\x00na"), ("details", "legal_name", "\ud800"), ("details", "legal_name", ["Hana"]),
        ("details", "safe_ways", "phone"), ("details", "safe_ways", ["pigeon"]), ("details", "safe_ways", [["phone"]]),
        ("health", "weight", {"amount": "heavy", "unit": "kg"}), ("health", "weight", {"amount": "7", "unit": "kg"}),
        ("health", "weight", {"amount": "70", "unit": ""}), ("health", "weight", {"amount": "-70", "unit": "kg"}),
        ("health", "weight", {"amount": "1e9", "unit": "kg"}), ("health", "weight", {"amount": "NaN", "unit": "kg"}),
        ("health", "pregnant", "perhaps"), ("health", "pregnant", {"a": 1}), ("goals", "hopes", "x" * 4001),
        ("substances", "other_substances", ["none", "cannabis"]), ("medicines", "list", "aspirin"),
        ("medicines", "list", []), ("medicines", "list", [{}]),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_met_with_what_to_do(section, key, wrong):
    errors = questions.validate(section, full(questions.get(section)) | {key: wrong}, today=TODAY)
    assert list(errors) == [key]
    says_how(errors[key])


@pytest.mark.parametrize(
    "phone", ["951 555 0142", "(951) 555-0142", "+1 951.555.0142", "951-555-0142 ext. 12", "+44 20 7946 0000"]
)
def test_phone_numbers_as_people_write_them(phone):
    assert (
        questions.validate("emergency_contact", full(questions.get("emergency_contact")) | {"phone": phone})
        == {}
    )


def test_errors_in_a_card_name_the_card_and_the_field():
    rows = [
        {"name": "sertraline", "dose_unit": "mg", "how_often": "daily"},
        {},
        {"dose_amount": "5", "dose_unit": "oz"},
    ]
    errors = questions.validate("medicines", {"takes": "yes", "list": rows, "grapefruit": "no"})
    assert set(errors) == {"list.2.name", "list.2.dose_unit", "list.2.how_often"}


def test_too_many_cards_are_refused():
    row = {"name": "x", "dose_unit": "mg", "how_often": "daily"}
    errors = questions.validate("medicines", {"takes": "yes", "list": [row] * 31, "grapefruit": "no"})
    says_how(errors["list"])


def test_taking_none_is_an_answer_and_an_empty_list_is_not():
    assert questions.is_complete("medicines", {"takes": "none", "grapefruit": "no"})
    assert not questions.is_complete("medicines", {"takes": "yes", "list": [], "grapefruit": "no"})
    assert not questions.is_complete("medicines", {"grapefruit": "no"})


def test_a_companion_can_be_added_later():
    assert questions.is_complete("companion", {"setting": "unsure", "who": "later"})
    assert not questions.is_complete("companion", {"setting": "home", "who": "now"})


def keys(section, answers, everything=None):
    return {question.key for question in questions.visible_questions(section, answers, everything)}


@pytest.mark.parametrize("answer, shown", [("yes", True), ("unsure", True), ("no", False), (None, False)])
def test_follow_ups_appear_after_yes_and_not_sure(answer, shown):
    assert ("suicide_plan" in keys("safety", {"suicidal_thoughts": answer})) is shown


@pytest.mark.parametrize(
    "sex, shown", [("female", True), ("intersex", True), ("not_said", True), (None, True), ("male", False)]
)
def test_pregnancy_is_asked_unless_sex_at_birth_is_male(sex, shown):
    assert ("pregnant" in keys("health", {}, {"details": {"sex_at_birth": sex}})) is shown


def test_an_answer_left_behind_by_a_hidden_question_decides_nothing():
    everything = {"details": {"sex_at_birth": "male"}}
    answers = {"pregnant": "no", "may_become_pregnant": "yes"}
    assert "may_become_pregnant" not in keys("health", answers, everything)
    assert questions.kept("health", answers, everything) == {}


def test_what_is_kept_is_visible_given_and_trimmed():
    answers = {
        "takes": "yes",
        "list": [{"name": " Zoloft ", "junk": "1"}, {"name": " "}],
        "grapefruit": "",
        "x": 1,
    }
    assert questions.kept("medicines", answers) == {"takes": "yes", "list": [{"name": "Zoloft"}]}


def test_pages_in_order_skip_those_with_nothing_to_ask():
    assert questions.pages("details", {}) == ["name", "birth", "address", "contact"]
    assert (
        questions.next_page("safety", "suicidal_thoughts", {"suicidal_thoughts": "no"}) == "suicide_attempt"
    )
    assert questions.next_page("safety", "suicidal_thoughts", {"suicidal_thoughts": "yes"}) == "suicide_plan"
    assert questions.next_page("details", "contact", {}) is None
    with pytest.raises(KeyError):
        questions.next_page("details", "nowhere", {})


def test_one_page_is_checked_by_itself():
    assert set(questions.validate("details", {}, page="birth")) == {"birth_date", "sex_at_birth"}


def test_check_answers_reads_like_a_person_wrote_it():
    answers = full(questions.get("details")) | {"safe_ways": ["phone", "email"], "chosen_name": ""}
    rows = {row.key: row for row in questions.summary_rows("details", answers)}
    assert rows["birth_date"].value == "August 3, 1984"
    assert rows["safe_ways"].value == "Phone call, Email"
    assert (rows["chosen_name"].value, rows["chosen_name"].answered) == ("Not answered", False)
    assert rows["sex_at_birth"].page == "birth"


def test_cards_and_numbers_in_check_answers():
    rows = [{"name": "sertraline", "dose_amount": "50", "dose_unit": "mg", "how_often": "daily"}, {}]
    (_takes, cards, _fruit) = questions.summary_rows("medicines", {"takes": "yes", "list": rows})
    assert cards.values == ("sertraline · 50 · mg · Once a day",)
    weight = {"weight": {"amount": "70", "unit": "kg"}, "height": {"amount": "", "unit": "in"}}
    shown = {row.key: row.value for row in questions.summary_rows("health", weight)}
    assert (shown["weight"], shown["height"]) == ("70 kilograms", "Not answered")


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def some_answers(draw):
    section = draw(st.sampled_from(questions.SECTIONS))
    names = {question.key: question for question in section.questions}
    answers = {}
    for key in draw(st.lists(st.sampled_from(sorted(names)), unique=True)):
        options = [choice.value for choice in names[key].options]
        answers[key] = draw(st.sampled_from([*options, good_answer(names[key])]) | junk)
    return section, answers


@settings(max_examples=300)
@given(some_answers())
def test_whatever_comes_in_errors_are_words_and_nothing_breaks(drawn):
    section, answers = drawn
    for words in questions.validate(section, answers, today=TODAY).values():
        says_how(words)
    assert len(questions.summary_rows(section, answers)) == len(questions.visible_questions(section, answers))
    questions.kept(section, answers)


@given(some_answers())
def test_keeping_twice_changes_nothing(drawn):
    section, answers = drawn
    once = questions.kept(section, answers)
    assert questions.kept(section, once) == once


@pytest.mark.parametrize("nothing", [None, [], "text", 5])
def test_answers_that_are_no_answers(nothing):
    assert questions.validate("goals", nothing)


def test_a_question_may_appear_when_only_its_own_page_hides_it():
    from intake.questions.visibility import may_appear

    health = questions.get("health")
    question = health.question("may_become_pregnant")
    assert may_appear(health, question, {}, {"details": {"sex_at_birth": "female"}})
    assert not may_appear(health, question, {}, {"details": {"sex_at_birth": "male"}})
