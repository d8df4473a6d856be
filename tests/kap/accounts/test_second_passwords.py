"""Passwords: long, not known, no rules about signs; easy for password managers and for people who paste."""

import re

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from kap.accounts.passwords import is_known
from tests.factories.core import ClinicFactory
from tests.factories.people import PASSWORD, UserFactory

NAMES = ("Mara", "Quinn", "mara@alderhouse.example", "Alder House")

KNOWN = [
    "passwordpassword1", "PasswordPassword", "P@ssw0rdP@ssw0rd", "!!!!sunshine!!!!2024", "dragon-dragon-dragon",
    "iloveyou iloveyou",
    "qwertyuiopasdfgh", "poiuytrewqlkjhgf", "1qaz2wsx3edc4rfv", "123456789012345", "987654321098765", "abcdefghijklmnop",
    "aaaaaaaaaaaaaaaa", "abcabcabcabcabcab", "1212121212121212", "zaq12wsxzaq12wsx", "correct horse battery staple",
    "ketamineclinic2026!", "ketamine therapy clinic", "Alder House 2026!", "maraquinn maraquinn", "QuinnMara19841984",
    "qwertyiloveyou123", "welcomeadmin2026!", "letmeinletmeinletmein",
]  # fmt: skip
OWN = [
    "teapot violin gravel sunrise", "purple-otter-climbs-stairs", "maple river quiet lantern", "four ordinary words here",
    "k7#Vq2!xP9mZ_r4Tw", "Quinn keeps seven grey geese", "my dragon eats blue cheese", "夜の雨は静かに窓をたたいている音",
    "the clinic of seven lanterns",
]  # fmt: skip


@pytest.mark.parametrize("password", KNOWN)
def test_what_somebody_who_guesses_tries_early_is_refused(password):
    assert is_known(password, NAMES)
    assert is_known(password.upper(), NAMES)


@pytest.mark.parametrize("password", OWN)
def test_passphrases_and_random_passwords_pass(password):
    assert not is_known(password, NAMES)


@pytest.mark.django_db
@pytest.mark.parametrize(("password", "good"), [
    ("teapot violin gravel sunrise", True), ("teapot violin ", False), ("mara quinn mara quinn", False),
    ("alderhousealderhouse", False), ("passwordpassword1", False), ("all small letters no digit", True),
])  # fmt: skip
def test_the_clinic_asks_for_length_and_nothing_composed(password, good):
    ClinicFactory(name="Alder House")
    user = UserFactory.build(email="mara@alderhouse.example", name="Mara Quinn")
    if good:
        return validate_password(password, user)
    with pytest.raises(ValidationError):
        validate_password(password, user)
    return None


def test_no_reading_of_the_list_takes_long():
    import time

    is_known("warm up the short list")
    began = time.perf_counter()
    for password in KNOWN + OWN:
        is_known(password, NAMES)
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("length", [200, 10_000])
def test_a_hostile_length_does_not_hold_the_server_up(length):
    import time

    began = time.perf_counter()
    is_known("ab" * (length // 2))
    is_known("aab" * (length // 3))
    assert time.perf_counter() - began < 2


@pytest.mark.django_db
def test_boxes_are_friendly_to_password_managers(client):
    ClinicFactory()
    user = UserFactory(roles=["therapist"])
    door = client.get("/sign-in/staff/").content.decode()
    assert re.search(r'name="email"[^>]*autocomplete="username"', door)
    assert re.search(r'name="password"[^>]*autocomplete="current-password"', door)
    client.force_login(user)
    page = client.get("/account/password/").content.decode()
    assert page.count('autocomplete="new-password"') == 2
    assert "onpaste" not in page
    answer = client.post(
        "/account/password/",
        {"password": PASSWORD, "new_password": "passwordpassword1", "again": "passwordpassword1"},
    )
    assert answer.status_code == 422
    assert b"too easy to guess" in answer.content
