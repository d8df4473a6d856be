"""What sent answers become in the client's own record."""

from decimal import Decimal

import pytest

from intake import record, safety
from intake.us_states import state_code
from tests.factories.intake import answers


def test_the_address_stands_in_one_line_and_the_state_in_two_letters():
    fields = record.client_fields(answers()["details"])
    assert fields["address"] == "12 Elm Street, Riverside, California 92501"
    assert fields["state"] == "CA"
    assert fields["birth_date"].isoformat() == "1984-08-03"
    assert (fields["email_ok"], fields["text_ok"], fields["voicemail_ok"]) == (True, False, True)


@pytest.mark.parametrize(
    "typed, code", [("ca", "CA"), ("C.A.", "CA"), ("new  york", "NY"), ("Calif", ""), ("", "")]
)
def test_a_state_is_recognised_never_guessed(typed, code):
    assert state_code(typed) == code


@pytest.mark.parametrize(
    "row, amount, unit, often",
    [
        ({"dose_amount": "0,5", "dose_unit": "mg", "how_often": "daily"}, Decimal("0.5"), "mg", "Once a day"),
        ({"dose_amount": "half a tablet", "dose_unit": "unsure", "how_often": "needed"}, None, "",
         "half a tablet, Only when needed"),
        ({"dose_amount": "50", "dose_unit": "unsure", "how_often": "unsure"}, None, "", "50"),
        ({"dose_amount": "", "dose_unit": "mg", "how_often": "daily"}, None, "", "Once a day"),
        ({"dose_amount": "-3", "dose_unit": "mg", "how_often": "daily"}, None, "", "-3 mg, Once a day"),
        ({"dose_amount": "1e9", "dose_unit": "mg", "how_often": "daily"}, None, "", "1e9 mg, Once a day"),
    ],
)  # fmt: skip
def test_an_amount_that_is_no_number_is_kept_in_words(row, amount, unit, often):
    made = record.medicines({"medicines": {"takes": "yes", "list": [{"name": "x", **row}]}})[0]
    assert (made["dose_amount"], made["dose_unit"], made["how_often"]) == (amount, unit, often)


def test_none_is_an_answer_and_not_knowing_is_not():
    assert record.medicines({"medicines": {"takes": "none"}}) == []
    assert record.medicines({"medicines": {"takes": "unsure"}}) is None
    assert record.allergies({"allergies": {"has": "none", "ketamine_reaction": "no"}}) == []
    assert record.allergies({"allergies": {"has": "unsure", "ketamine_reaction": "no"}}) is None


def test_a_reaction_to_ketamine_is_an_allergy_even_if_no_other_is_named():
    rows = record.allergies({"allergies": {"has": "none", "ketamine_reaction": "yes"}})
    assert [row["substance"] for row in rows] == ["ketamine or esketamine"]


def test_one_person_may_be_both_emergency_contact_and_driver():
    around = record.people_around(
        answers(companion={"who": "now", "name": "kenji  ito", "relation": "brother", "phone": "9515550143",
                           "email": "k@mail.example", "adult": "yes"})
    )  # fmt: skip
    assert [(p.roles, p.is_adult) for p in around] == [(("is_emergency", "is_driver"), True)]


def test_somebody_who_may_not_be_an_adult_is_no_driver():
    around = record.people_around(
        answers(companion={"who": "now", "name": "Mia", "relation": "niece", "phone": "1", "adult": "unsure"})
    )
    assert [p.name for p in around] == ["Kenji Ito"]


@pytest.mark.parametrize(
    "given, codes",
    [
        ({"suicidal_thoughts": "yes", "suicide_plan": "no"}, []),
        ({"suicidal_thoughts": "yes", "suicide_plan": "yes"}, ["suicide_plan"]),
        ({"suicidal_thoughts": "unsure", "suicide_plan": "unsure"}, ["suicide_plan_unsure"]),
        ({"suicidal_thoughts": "no", "suicide_plan": "yes"}, []),
        ({"suicide_attempt": "yes", "suicide_attempt_when": "under_3_months"}, ["suicide_attempt_recent"]),
        ({"suicide_attempt": "yes", "suicide_attempt_when": "under_1_year"}, []),
    ],
)
def test_plan_intent_and_a_recent_attempt_call_a_clinician(given, codes):
    assert [alert.code for alert in safety.alerts(given)] == codes
