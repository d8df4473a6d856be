import pytest

from tests.factories.core import ClinicFactory
from tests.factories.pathway import CourseFactory
from tests.factories.people import ClientFactory, TeamMemberFactory, UserFactory


@pytest.fixture
def course(db):
    ClinicFactory()
    return CourseFactory(client=ClientFactory(with_user=True, legal_name="Ana Lee"), stage="intake")


@pytest.fixture
def mara(course):
    mara = UserFactory(roles=["therapist"], name="Mara Quinn", email="mara@alderhouse.example")
    TeamMemberFactory(client=course.client, user=mara)
    return mara
