"""Whoever has left the pathway reads words of her own, not the same sentence for every way out."""

import pytest

from kap.desk.portal import home_of
from kap.pathway.stages import Stage
from tests.factories.core import ClinicFactory
from tests.factories.pathway import CourseFactory

pytestmark = pytest.mark.django_db


def test_each_way_out_has_words_of_its_own():
    ClinicFactory()
    said = {}
    for stage in (Stage.WITHDRAWN, Stage.TRANSFERRED, Stage.DECLINED, Stage.COMPLETED):
        course = CourseFactory(stage=stage)
        said[stage] = home_of(course.client).step.text
    assert len(set(said.values())) == 4
    assert "yours to choose" in said[Stage.WITHDRAWN]
    assert "another team" in said[Stage.TRANSFERRED]
