import pytest

from tests.factories.core import ClinicFactory
from tests.factories.notes import author_for
from tests.factories.pathway import CourseFactory
from tests.factories.people import ClientFactory


@pytest.fixture
def course(db):
    ClinicFactory()
    return CourseFactory(client=ClientFactory(legal_name="Ana Lee"), stage="preparation")


@pytest.fixture
def mara(course):
    return author_for(course)
