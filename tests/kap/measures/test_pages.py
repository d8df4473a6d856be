"""The questionnaire as the client meets it: a question a page, back, skip, resume, check, send, help at once."""

import pytest
from django.urls import reverse

from kap.measures import instruments
from kap.measures.models import Request, Response
from kap.worklist.models import Item
from tests.factories import measures as make
from tests.factories.measures import phq9
from tests.factories.people import ClientFactory, UserFactory


@pytest.fixture
def signed_in(client, course):
    client.force_login(course.client.user)
    return client


def page(response) -> str:
    return response.content.decode()


def fill(client, request, answers):
    for key, value in answers.items():
        data = {"act": "skip"} if value is None else {"answer": str(value)}
        answer = client.post(reverse("measures:question", args=[request.pk, key]), data)
        assert answer.status_code == 302
    return answer


def test_one_question_a_page_with_the_exact_words_and_four_answers(signed_in, course):
    request = make.asked(course)
    first = signed_in.get(reverse("measures:take", args=[request.pk]))
    text = page(signed_in.get(first.url))
    instrument = instruments.get("phq9")
    assert instrument.items[0].text in text
    assert instrument.items[1].text not in text
    assert instrument.stem in text
    assert text.count('type="radio"') == 4
    assert "checked" not in text
    assert "question 1 of 10" in text


def test_the_whole_way_through_with_a_skip_and_a_change(signed_in, course):
    request = make.asked(course)
    answers = {**phq9(), "difficulty": None}
    last = fill(signed_in, request, {**answers, "4": None})
    check = reverse("measures:check", args=[request.pk])
    assert last.url == check
    assert page(signed_in.get(check)).count("Not answered") == 2
    changed = signed_in.post(reverse("measures:question", args=[request.pk, "4"]), {"answer": "3"})
    assert changed.url == check
    sent = signed_in.post(check)
    assert sent.url == reverse("measures:sent", args=[request.pk])
    assert "Your answers are sent" in page(signed_in.get(sent.url))
    response = Response.objects.get()
    assert (response.total, response.answers["4"], response.answers["difficulty"]) == (10, 3, None)


def test_she_goes_on_where_she_stopped_and_can_go_back(signed_in, course):
    request = make.asked(course)
    fill(signed_in, request, {"1": 2, "2": 1})
    assert signed_in.get(reverse("measures:take", args=[request.pk])).url.endswith("/question/3")
    third = page(signed_in.get(reverse("measures:question", args=[request.pk, "3"])))
    assert reverse("measures:question", args=[request.pk, "2"]) in third
    second = page(signed_in.get(reverse("measures:question", args=[request.pk, "2"])))
    assert 'value="1" checked' in second


def test_continuing_without_a_choice_says_what_to_do(signed_in, course):
    request = make.asked(course)
    for data in ({}, {"answer": "9"}, {"answer": "x"}, {"answer": "1\x00"}):
        answer = signed_in.post(reverse("measures:question", args=[request.pk, "1"]), data)
        assert answer.status_code == 422
        assert "Choose one of the answers, or skip this question." in page(answer)
    assert Request.objects.get().draft == {}


def test_item_nine_shows_help_at_once_on_a_full_page_and_then_goes_on_to_the_screener(signed_in, course):
    request = make.asked(course)
    fill(signed_in, request, {**phq9(nine=1), "difficulty": None})
    answer = signed_in.post(reverse("measures:check", args=[request.pk]))
    assert answer.url == reverse("measures:crisis", args=[request.pk])
    text = page(signed_in.get(answer.url))
    for words in ("Call 988", "Text 988", "Alder House", "I am safe, go on", "911"):
        assert words in text
    screener = Request.objects.get(instrument="cssrs")
    assert reverse("measures:take", args=[screener.pk]) in text
    assert Item.objects.count() == 1
    lead = page(signed_in.get(reverse("measures:question", args=[screener.pk, "1"])))
    assert "In the past month:" in lead
    assert "In the past month:" not in page(
        signed_in.get(reverse("measures:question", args=[screener.pk, "6"]))
    )


def test_the_screener_asks_three_to_five_only_after_a_yes_to_two(signed_in, course):
    request = make.asked(course, "cssrs")
    after = fill(signed_in, request, {"1": 0, "2": 0})
    assert after.url.endswith("/question/6")
    assert signed_in.get(reverse("measures:question", args=[request.pk, "3"])).status_code == 302
    after = fill(signed_in, request, {"2": 1})
    assert after.url.endswith("/question/3")


def test_the_way_back_is_kept_and_is_only_ever_ours(signed_in, course):
    request = make.asked(course)
    for away in ("https://evil.example/", "//evil.example/x", "\\\\evil.example", "javascript:alert(1)"):
        answer = signed_in.get(reverse("measures:take", args=[request.pk]), {"back": away})
        assert "evil" not in answer.url
        assert "javascript" not in answer.url
    answer = signed_in.get(reverse("measures:take", args=[request.pk]), {"back": "/intake/tasks"})
    assert answer.url.endswith("?back=%2Fintake%2Ftasks")
    assert 'href="/intake/tasks"' in page(signed_in.get(answer.url))
    fill(signed_in, request, {**phq9(), "difficulty": 0})
    sent = signed_in.post(reverse("measures:check", args=[request.pk]) + "?back=/intake/tasks")
    assert 'href="/intake/tasks"' in page(signed_in.get(sent.url))


def test_strangers_get_404(client, course):
    request = make.asked(course)
    for user in (ClientFactory(with_user=True).user, UserFactory(roles=["therapist"])):
        client.force_login(user)
        assert client.get(reverse("measures:take", args=[request.pk])).status_code == 404
    client.force_login(UserFactory(roles=["admin"]))
    assert client.get(reverse("measures:take", args=[request.pk])).status_code == 403


def test_staff_enter_what_is_read_out_and_are_told_what_to_do(client, course, mara):
    client.force_login(mara)
    request = make.asked(course)
    address = reverse("measures:enter", args=[request.pk])
    assert client.get(reverse("measures:take", args=[request.pk])).url == address
    assert client.post(address, {}).status_code == 422
    answers = {f"q_{key}": value for key, value in phq9(nine=2).items()}
    text = page(client.post(address, answers, follow=True))
    assert "Speak with the client today" in text
    assert Response.objects.get().answered_by == mara.audit_label
    assert (
        "checked"
        not in page(client.get(reverse("measures:enter", args=[make.asked(course, "gad7").pk]))).split(
            "<main"
        )[1]
    )


def test_an_answered_questionnaire_cannot_be_opened_again(signed_in, course):
    request = make.asked(course)
    fill(signed_in, request, {**phq9(), "difficulty": 0})
    signed_in.post(reverse("measures:check", args=[request.pk]))
    assert signed_in.get(reverse("measures:take", args=[request.pk])).url == reverse(
        "measures:sent", args=[request.pk]
    )
    assert signed_in.post(reverse("measures:check", args=[request.pk])).status_code == 302
    assert Response.objects.count() == 1
