import pytest

from tests.factories.core import ClinicFactory
from tests.factories.pathway import CourseFactory
from tests.factories.people import ClientFactory, TeamMemberFactory, UserFactory


@pytest.fixture
def clinic(db):
    return ClinicFactory()


@pytest.fixture
def ana(clinic):
    return ClientFactory(with_user=True, legal_name="Ana Lee", chosen_name="Robin")


@pytest.fixture
def course(ana):
    return CourseFactory(client=ana)


@pytest.fixture
def mara(course):
    mara = UserFactory(roles=["therapist"], name="Mara Quinn")
    TeamMemberFactory(client=course.client, user=mara)
    return mara
