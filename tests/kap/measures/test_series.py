"""Points over time for charts: only totals of one version are compared, and a gap is no zero."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from kap.core import clock
from kap.measures import series
from kap.measures.models import Response
from tests.factories import measures as make
from tests.factories.measures import phq9


def test_the_last_is_compared_with_the_baseline(course):
    make.answered(course, answers=phq9(3, 3, 3, 3, 3))
    clock.advance(timedelta(days=30))
    make.answered(course, answers=phq9(0, 0, 0, 0, 0, 0, 0, 1), occasion="final")
    (phq,) = series.of_course(course)
    assert (phq.baseline.total, phq.latest.total, phq.change) == (18, 1, -17)
    assert (phq.response, phq.remission) == (True, True)
    assert phq.max_total == 27


def test_a_gap_is_kept_but_not_drawn(course):
    make.answered(course)
    clock.advance(timedelta(days=1))
    make.answered(course, answers={**phq9(), "2": None}, occasion="final")
    (phq,) = series.of_course(course)
    assert len(phq.points) == 2
    assert len(phq.scored) == 1
    assert (phq.change, phq.response) == (None, None)


def test_another_version_is_not_compared(course):
    now = clock.now()
    for version, total, days in (("1999", 20, 0), ("2026", 10, 9)):
        Response.objects.create(
            client=course.client, course=course, instrument="phq9", version=version, occasion="baseline", answers={},
            total=total, complete=True, authored_at=now + timedelta(days=days), answered_by="system:tests",
        )  # fmt: skip
    (phq,) = series.of_course(course)
    assert phq.baseline is phq.latest
    assert phq.change is None


def test_one_question_to_the_database_however_many_points(course):
    for n in range(3):
        make.answered(course, occasion="after_dose", about=f"6b1f0d3e-8a4e-4e0e-9f0a-00000000000{n}")
    with CaptureQueriesContext(connection) as queries:
        assert len(series.of_course(course)[0].points) == 3
    assert len(queries) == 1
