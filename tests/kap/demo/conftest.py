import pytest

from kap.demo import build
from tests.conftest import empty_database


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker):
    """The whole demonstration, made once for the module. Tests only read it."""
    with django_db_blocker.unblock():
        yield build.build(say=lambda text: None)
        empty_database()
