"""Complete answers to every intake question of one client, made from the questions' own data.

"No" to every danger, and what the cast says of her: medicines, allergy, companion. `changes` make a story of it.
"""

from datetime import date

from intake import questions
from intake.questions.kinds import Kind
from kap.demo import words
from kap.demo.world import Case

OFTEN = {"Every morning": "daily", "If needed": "needed", "Twice a day": "twice"}
STREETS = (
    "12 Elm Street",
    "408 Mission Inn Avenue",
    "77 Orchard Lane",
    "9 Canyon Crest Drive",
    "231 Magnolia Avenue",
)
CITIES = (("Riverside", "92501"), ("Corona", "92882"), ("Norco", "92860"), ("Redlands", "92373"))


def of(case: Case, changes: dict | None = None) -> dict[str, dict]:
    """{section: {question: answer}}, valid and whole."""
    made = {section.key: _no_to_all(section) for section in questions.SECTIONS}
    for part in (_details, _emergency, _companion, _health, _mind, _medicines, _goals):
        for section, given in part(case).items():
            made[section].update(given)
    for section, given in (changes or {}).items():
        made[section].update(given)
    return made


def _no_to_all(section) -> dict:
    return {q.key: "no" for q in section.questions if q.kind is Kind.YES_NO_UNSURE}


def _details(case) -> dict:
    person, born = case.person, date.fromisoformat(case.person.born)
    city, postcode = case.pick(CITIES)
    return {
        "details": {
            "legal_name": person.name, "chosen_name": person.chosen, "pronouns": person.pronouns,
            "birth_date": {"month": str(born.month), "day": str(born.day), "year": str(born.year)},
            "sex_at_birth": person.sex, "street": case.pick(STREETS), "city": city, "state": "CA", "postcode": postcode,
            "time_zone": "America/Los_Angeles", "phone": phone(case, 0), "email": case.email,
            "safe_ways": ["phone", "email"], "voicemail": "first_name_only", "subject_line": "no",
        }
    }  # fmt: skip


def phone(case, number: int) -> str:
    """From the range kept for fiction."""
    return f"951 555 01{(sum(map(ord, case.person.name)) + 37 * number) % 100:02d}"


def _emergency(case) -> dict:
    return {
        "emergency_contact": {
            "name": f"Robin {case.person.name.split()[-1]}", "relation": "sibling", "phone": phone(case, 1),
            "may_know": "safety_only",
        }
    }  # fmt: skip


def _companion(case) -> dict:
    return {
        "companion": {
            "setting": "home" if case.remote else "clinic", "who": "now", "name": case.companion_name,
            "relation": "partner", "phone": phone(case, 2), "adult": "yes",
            "email": f"{'.'.join(case.companion_name.lower().split())}@mail.test",
        }
    }  # fmt: skip


def _health(case) -> dict:
    pounds = round(float(case.person.weight_kg) * 2.2046)
    pressure = {}
    if any(name == "lisinopril" for name, *_ in case.person.medicines):
        pressure = {"high_blood_pressure": "yes", "blood_pressure_controlled": "yes"}
    return {
        "health": {
            "height": {"amount": str(case.rng.randint(63, 73)), "unit": "in"},
            "weight": {"amount": str(pounds), "unit": "lb"}, **pressure,
        }
    }  # fmt: skip


def _mind(case) -> dict:
    tried = [
        {"name": name, "dose": f"{amount} {unit}", "weeks": "12", "outcome": "some"}
        for name, amount, unit, _often in case.person.medicines
        if name in ("sertraline", "bupropion")
    ] or [{"name": "escitalopram", "dose": "20 mg", "weeks": "10", "outcome": "not"}]
    return {
        "mental_health": {
            "diagnosis": "yes", "diagnosis_what": "Depression, about six years ago.", "talk_therapy": "yes",
            "talk_therapy_outcome": "some", "antidepressants": "yes", "antidepressant_trials": tried, "decisions": "self",
        },
        "substances": {"ketamine_pcp": "never", "other_substances": ["none"]},
    }  # fmt: skip


def _medicines(case) -> dict:
    rows = [
        {"name": name, "dose_amount": amount, "dose_unit": unit, "how_often": OFTEN[often]}
        for name, amount, unit, often in case.person.medicines
    ]
    allergy = case.person.allergy
    return {
        "medicines": {"takes": "yes", "list": rows} if rows else {"takes": "none"},
        "allergies": {"has": "yes", "list": [{"substance": allergy[0], "reaction": allergy[1]}]}
        if allergy
        else {"has": "none"},
    }


def _goals(case) -> dict:
    reasons = {"F43.10": ["ptsd"], "F41.1": ["anxiety"]}.get(case.person.diagnosis, ["depression"])
    return {
        "goals": {
            "seeking_help_for": reasons, "hopes": case.pick(words.HOPES), "what_different": case.pick(words.DIFFERENT),
            "worries": case.pick(words.WORRIES), "strengths": case.pick(words.STRENGTHS),
            "support_network": f"{case.companion_name.split()[0]}, and two friends from work.",
        }
    }  # fmt: skip


def scores(code: str, total: int, *, item_9: int = 0) -> dict:
    """Answers of a PHQ-9 or GAD-7 that add up to `total` (at most 3 an item), spread evenly; item 9 as given."""
    keys = [str(n) for n in range(1, (8 if code == "phq9" else 7) + 1)]
    rest = min(total - (item_9 if code == "phq9" else 0), 3 * len(keys))
    made = {key: rest // len(keys) + (place < rest % len(keys)) for place, key in enumerate(keys)}
    if code == "phq9":
        made["9"] = item_9
    return made


def gad(total: int) -> int:
    """What goes with a PHQ-9 total: a little less, and never above its own scale."""
    return min(21, round(total * 0.72))
