"""Intake forms: answers of an ordinary client, drafts, and forms that are sent.

course = IntakeFactory()                  # at intake, with account, questionnaires asked
fill_in(course); answer_measures(course)  # everything answered, nothing sent
submission = sent()                       # sent by the client through the real actions
"""

import copy

import factory

from intake import questions
from intake.actions import save_page, send_forms
from intake.follow import open_forms
from intake.models import Draft
from kap.measures.actions import answer
from kap.measures.models import Request
from tests.factories.core import ClinicFactory
from tests.factories.pathway import CourseFactory
from tests.factories.people import ClientFactory


def no_to_all(key: str, **given) -> dict:
    """ "No" to every yes/no question of a section."""
    section = questions.get(key)
    return {q.key: "no" for q in section.questions if q.kind == questions.Kind.YES_NO_UNSURE} | given


ANSWERS = {
    "details": {
        "legal_name": "Hana Ito", "birth_date": {"month": "8", "day": "3", "year": "1984"}, "sex_at_birth": "female",
        "street": "12 Elm Street", "city": "Riverside", "state": "California", "postcode": "92501",
        "time_zone": "America/Los_Angeles", "phone": "951 555 0142", "email": "hana@mail.example",
        "safe_ways": ["phone", "email"], "voicemail": "first_name_only", "subject_line": "no",
    },
    "emergency_contact": {
        "name": "Kenji Ito", "relation": "brother", "phone": "951 555 0143", "may_know": "safety_only",
    },
    "companion": {"setting": "clinic", "who": "later"},
    "health": no_to_all(
        "health", heart_attack_or_stroke="no", height={"amount": "66", "unit": "in"},
        weight={"amount": "150", "unit": "lb"},
    ),
    "mental_health": no_to_all("mental_health", decisions="self"),
    "substances": no_to_all("substances", ketamine_pcp="never", other_substances=["none"]),
    "medicines": {
        "takes": "yes", "grapefruit": "no",
        "list": [{"name": "sertraline", "dose_amount": "50", "dose_unit": "mg", "how_often": "daily"}],
    },
    "allergies": {
        "ketamine_reaction": "no", "has": "yes", "list": [{"substance": "penicillin", "reaction": "rash"}],
    },
    "safety": no_to_all("safety"),
    "goals": {"seeking_help_for": ["depression"], "hopes": "To sleep through the night."},
}  # fmt: skip


def answers(**changes) -> dict:
    """The ordinary answers with some changed: answers(safety={"suicide_plan": "yes"})."""
    made = copy.deepcopy(ANSWERS)
    for section, some in changes.items():
        made[section].update(some)
    return made


class IntakeFactory(CourseFactory):
    """A course at intake, its client with an account, as after the privacy notice."""

    stage = "intake"
    client = factory.SubFactory(
        ClientFactory, with_user=True, legal_name="Hana Ito", email="hana@mail.example"
    )

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        ClinicFactory()
        course = super()._create(model_class, *args, **kwargs)
        if course.stage == "intake":
            open_forms(course=course, by=course.client.user or _system())
        return course


def _system():
    from kap.core.actions import System

    return System("tests")


def fill_in(course, made: dict | None = None, *, by=None, only=None) -> None:
    """Save every page of every section, as the client would."""
    made = made or answers()
    for section in questions.SECTIONS:
        if only is not None and section.key not in only:
            continue
        pages = dict.fromkeys(section.page_of(q) for q in section.questions)
        for page in pages:
            typed = {q.key: made[section.key][q.key] for q in section.questions
                     if section.page_of(q) == page and q.key in made[section.key]}  # fmt: skip
            save_page(
                course=course, section=section.key, page=page, answers=typed, by=by or course.client.user
            )


def answer_measures(course, *, by=None, **scores) -> None:
    """answer_measures(course, phq9=1): one score for every item; by default 1 and, for item 9, 0."""
    for request in Request.objects.filter(course=course, response=None, cancelled_at=None):
        if request.instrument not in ("phq9", "gad7"):
            continue
        score = scores.get(request.instrument, 1)
        count = 9 if request.instrument == "phq9" else 7
        given = {str(n): score for n in range(1, count + 1)}
        if request.instrument == "phq9" and "phq9" not in scores:
            given["9"] = 0
        answer(request=request, answers=given, by=by or course.client.user)


def sent(course=None, made: dict | None = None, *, by=None):
    """Forms filled in and sent through the real actions; the Submission."""
    course = course or IntakeFactory()
    fill_in(course, made, by=by)
    answer_measures(course, by=by)
    return send_forms(course=course, by=by or course.client.user)


def draft(course, section: str, given: dict) -> Draft:
    return Draft.objects.create(
        course=course, section=section, questions_version=questions.VERSION, answers=given
    )
