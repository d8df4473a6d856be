"""Courses, walked by legal moves to the stage a test needs.

CourseFactory(stage="preparation") has the moves enquiry → intake → medical → preparation on record. A closed
stage is left from the enquiry, except completed, which goes the whole way.
"""

import factory
from factory.django import DjangoModelFactory

from kap.core import clock
from kap.pathway.models import Course, Setting, StageMove
from kap.pathway.stages import ALONG, EXIT_REASONS, EXITS, Stage


def way_to(stage: str) -> list[str]:
    """The stages a course passes to stand at `stage`, itself included."""
    if stage in EXITS:
        return [Stage.ENQUIRY, stage]
    if stage == Stage.COMPLETED:
        return [*ALONG, Stage.COMPLETED]
    return list(ALONG[: ALONG.index(stage) + 1])


def move(course, to: str, *, reason: str = "", words: str = "", at=None) -> StageMove:
    """Insert one move straight into the table; the trigger takes the course along."""
    made = StageMove.objects.create(
        course=course, from_stage=course.stage, to_stage=to, at=at or clock.now(), by_label="system:tests",
        reason=reason or (EXIT_REASONS[Stage(to)][-1] if to in EXITS else ""), words=words,
    )  # fmt: skip
    course.refresh_from_db(fields=["stage", "stage_since"])
    return made


class CourseFactory(DjangoModelFactory):
    class Meta:
        model = Course

    client = factory.SubFactory("tests.factories.people.ClientFactory")
    protocol = factory.SubFactory("tests.factories.core.ProtocolVersionFactory")
    number = factory.LazyAttribute(lambda o: o.client.courses.count() + 1)
    setting = Setting.IN_CLINIC
    privacy_acknowledged_at = factory.LazyFunction(clock.now)

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        stage = kwargs.pop("stage", Stage.ENQUIRY)
        course = super()._create(model_class, *args, **kwargs)
        for step in way_to(stage):
            move(course, step)
        return course
