"""Typing that is saved unasked: what is kept, what two windows do, what is refused in words."""

import re

import pytest
from django.urls import reverse

from intake.models import Draft
from tests.factories.intake import IntakeFactory
from tests.intake.paper import Paper
from tests.intake.test_forms_client import page

pytestmark = pytest.mark.django_db


@pytest.fixture
def course():
    return IntakeFactory()


def autosave(browser, key, name, given, version="", asked=None):
    data = {"version": version, "asked": asked or " ".join(given), **given}
    return browser.post(reverse("intake:autosave", args=[key, name]), data, headers={"X-Autosave": "1"})


def test_autosave_answers_with_the_time_and_the_next_version(client, course):
    client.force_login(course.client.user)
    shown = Paper(client).open(page("goals", "hopes"))
    answer = autosave(client, "goals", "hopes", {"hopes": "Re"}, shown.form.fields["version"])
    assert answer.status_code == 200
    assert re.fullmatch(r"\d\d:\d\d", answer.json()["saved_at"])
    again = autosave(client, "goals", "hopes", {"hopes": "Rest"}, answer.json()["version"])
    assert again.status_code == 200
    assert Draft.objects.get().revision == 2


def test_two_windows_on_one_page_lose_nothing(client, course):
    client.force_login(course.client.user)
    version = Paper(client).open(page("goals", "hopes")).form.fields["version"]
    autosave(client, "goals", "hopes", {"hopes": "Rest"}, version)
    answer = autosave(client, "goals", "hopes", {"hopes": "Peace"}, version)
    assert answer.status_code == 409
    assert answer.json()["theirs"].startswith("Hopes: Rest")
    shown = Paper(client).open(page("goals", "hopes"))
    data = {**shown.fields(), "version": version, "hopes": "Peace"}
    answer = client.post(page("goals", "hopes"), data)
    assert answer.status_code == 409
    assert b"Rest" in answer.content
    assert b"Peace" in answer.content
    mended = Paper(client)._show(answer, page("goals", "hopes")).press()
    assert mended.path != page("goals", "hopes")
    assert Draft.objects.get().answers["hopes"] == "Peace"


def test_a_text_that_is_too_long_is_refused_in_words_and_the_old_one_stays(client, course):
    client.force_login(course.client.user)
    autosave(client, "goals", "hopes", {"hopes": "Rest"})
    answer = autosave(client, "goals", "hopes", {"hopes": "x" * 5000})
    assert answer.status_code == 422
    assert answer.json()["errors"]["hopes"][0].startswith("Shorten this to 4000 characters")
    assert Draft.objects.get().answers["hopes"] == "Rest"


@pytest.mark.parametrize(
    "nasty", ["\x00", "a\x00b", "<script>alert(1)</script>", "\ud83d\ude00", "x" * 200_000, "{{7*7}}"]
)
def test_odd_text_breaks_nothing(client, course, nasty):
    client.force_login(course.client.user)
    shown = Paper(client).open(page("goals", "hopes"))
    data = {**shown.fields(), "hopes": nasty.encode("utf-16", "surrogatepass").decode("utf-16")}
    assert client.post(page("goals", "hopes"), data).status_code in (302, 422)
    assert autosave(client, "goals", "hopes", {"hopes": data["hopes"]}).status_code in (200, 422)
    assert b"<script>alert" not in client.get(page("goals", "hopes")).content


def test_choices_that_are_not_offered_count_as_no_answer(client, course):
    client.force_login(course.client.user)
    data = {
        "asked": "seeking_help_for",
        "shown": "seeking_help_for",
        "seeking_help_for": ["nonsense", "depression"],
    }
    client.post(page("goals", "reasons"), data)
    assert Draft.objects.get().answers["seeking_help_for"] == ["depression"]
