"""The tests themselves run with the application's rights."""

import pytest
from django.db import connection


@pytest.mark.django_db
def test_tests_run_as_the_application_in_a_test_database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user, current_database()")
        current, session, database = cursor.fetchone()
    assert (current, session) == ("kap_app", "kap_app")
    assert database.startswith("test_")


@pytest.mark.django_db
def test_the_application_owns_no_table():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = 'kap_app'"
        )
        assert cursor.fetchone() == (0,)
