"""A clinic at work, and a course whose medical side is taken as settled: that is tested where it is written."""

import pytest
from hypothesis import HealthCheck, settings

from kap.pathway import gates
from tests.factories.pathway import CourseFactory
from tests.factories.people import UserFactory
from tests.factories.scheduling import working_clinic

# A busy machine makes slow examples, not wrong ones.
settings.register_profile("patient", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("patient")


@pytest.fixture
def clinic(db):
    return working_clinic()


@pytest.fixture
def desk(db):
    """The admin who books."""
    return UserFactory(roles=["admin"])


@pytest.fixture
def course(db):
    return CourseFactory(stage="preparation")


@pytest.fixture
def ordered(monkeypatch):
    """Order and doses are other rooms' evidence."""
    for key in ("order_active", "doses_left", "doses_left_to_book"):
        settled = gates.Evidence(gates.EVIDENCE[key].words, f"{__name__}.nothing_missing")
        monkeypatch.setitem(gates.EVIDENCE, key, settled)


def nothing_missing(course, subject):
    return None
