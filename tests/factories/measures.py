"""Questionnaires asked and answered, through the actions."""

from kap.core import clock
from kap.core.actions import System
from kap.measures import actions
from tests.factories.pathway import CourseFactory
from tests.factories.people import ClientFactory

TESTS = System("tests")


def asked(course=None, instrument: str = "phq9", occasion: str = "baseline", about=None, due_at=None):
    if course is None:
        course = CourseFactory(client=ClientFactory(with_user=True))
    return actions.ask(
        course=course,
        instrument=instrument,
        occasion=occasion,
        about=about,
        due_at=due_at or clock.now(),
        by=TESTS,
    )


def phq9(*scores, nine: int = 0) -> dict[str, int]:
    """Answers of a PHQ-9: the given scores for items 1 to 8 (the rest 1), item 9, and the unscored one."""
    values = [*scores, *([1] * (8 - len(scores)))]
    return {**{str(n + 1): value for n, value in enumerate(values)}, "9": nine}


def answered(course=None, instrument: str = "phq9", answers=None, **wanted):
    request = asked(course, instrument, **wanted)
    return actions.answer(request=request, answers=answers or phq9(), by=TESTS)
