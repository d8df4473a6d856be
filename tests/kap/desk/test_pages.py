"""Who sees which page, and what it says."""

import pytest

pytestmark = pytest.mark.django_db


def page(client, user, path):
    client.force_login(user)
    return client.get(path)


def test_today_of_a_therapist_shows_the_day(client, thursday, gate_says):
    gate_says(companion_confirmed="Driver not confirmed.")
    answer = page(client, thursday.mara.user, "/today/")
    assert answer.status_code == 200
    words = answer.content.decode()
    for part in ("Dana Reyes – safety answer on PHQ-9", "Theo Kask", "Marcus Bell", "Driver not confirmed"):
        assert part in words
