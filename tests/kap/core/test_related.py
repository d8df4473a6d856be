"""People of a row by one query, and none once they are there."""

import pytest

from kap.core.related import attach
from kap.people.models import TeamMember
from sessions.models import DosingSession
from tests.factories.dosing import dosed, ready_to_dose

pytestmark = pytest.mark.django_db
PEOPLE = ("opened_by", "started_by", "second_person", "ended_by")


def test_all_of_them_come_in_one_query_and_empty_ones_stay_empty(django_assert_num_queries):
    scene = ready_to_dose()
    dosed(scene)
    row, same = (DosingSession.objects.get(pk=scene.session.pk) for _ in range(2))
    with django_assert_num_queries(1):
        attach(row, *PEOPLE)
    with django_assert_num_queries(0):
        found = [getattr(row, name) for name in PEOPLE]
    assert found == [getattr(same, name) for name in PEOPLE]
    assert found[0] is not None
    assert found[-1] is None


def test_nobody_costs_no_query(django_assert_num_queries):
    row = DosingSession()
    with django_assert_num_queries(0):
        attach(row, *PEOPLE)
        assert row.ended_by is None


def test_two_models_at_once_are_a_mistake():
    with pytest.raises(ValueError, match="too many values"):
        attach(TeamMember(), "client", "user")
