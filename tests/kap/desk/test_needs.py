"""The rows of "Needs you"."""

from datetime import timedelta

import pytest

from kap.core import clock
from kap.desk import needs
from kap.desk.days import local
from tests.factories.pathway import CourseFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


def test_the_pool_is_one_question_whether_or_not_somebody_waits(at, django_assert_num_queries):
    user = UserFactory(roles=["therapist"])
    assert user.may("see_pool")
    with django_assert_num_queries(1):
        assert needs._pools(user) == []
    now = clock.now()
    at(now - timedelta(days=3))
    CourseFactory(stage="intake")
    at(now)
    CourseFactory(stage="intake")
    with django_assert_num_queries(1):
        (row,) = needs._pools(user)
    assert row.title == "2 clients wait in the pool"
    assert row.detail == f"The first since {local(now - timedelta(days=3)):%-d %b}."
