"""What a message says: our times with their zone, links that work from outside, and no clinical word."""

import re

import pytest

from kap.outbox import catalogue
from kap.outbox.models import Message
from kap.outbox.render import rendered

CLINICAL = re.compile(
    r"ketamin|dosing|\bdose|infus|lozenge|psycho|therap|integration|preparation|intake|medic|consent|evaluation|"
    r"depress|suicid|PHQ|diagnos|treatment",
    re.IGNORECASE,
)
CONTEXT = {
    "what": "Visit", "starts_at": "2026-11-19T21:00:00+00:00", "ends_at": "2026-11-19T23:30:00+00:00",
    "was_at": "2026-11-18T21:00:00+00:00", "closes_at": "2026-11-20T21:00:00+00:00", "zone": "America/Los_Angeles",
    "where": "Alder House, 12 Alder Street", "path": "/x/1", "code": "482913", "role": "Driver",
    "client_first_name": "Ana", "provider": "Mara Quinn", "credential": "Professional licence", "expires_on": "03-Dec-2026",
}  # fmt: skip


def words_of(kind, **context):
    return rendered(
        Message(kind=kind, to_name="Ana Lee", to_address="a@mail.example", context={**CONTEXT, **context})
    )


@pytest.mark.parametrize("kind", sorted(catalogue.CATALOGUE))
def test_no_message_holds_a_clinical_word(clinic, kind):
    words = words_of(kind)
    for part in (words.subject, words.text, re.sub(r"<[^>]+>", " ", words.html)):
        assert not CLINICAL.search(part), CLINICAL.search(part)


@pytest.mark.parametrize("kind", sorted(catalogue.CATALOGUE))
def test_subject_text_and_html_are_whole(clinic, kind):
    words = words_of(kind)
    assert words.subject
    assert "\n" not in words.subject
    assert "%(" not in words.subject + words.text
    assert "{{" not in words.text + words.html
    assert "http://" in words.text
    assert "988" in words.text
    assert words.text.count("\n\n\n") == 0


@pytest.mark.parametrize(
    "kind", [code for code, kind in catalogue.CATALOGUE.items() if "starts_at" in kind.uses]
)
def test_times_are_the_clinics_with_their_zone(clinic, kind):
    words = words_of(kind)
    assert "13:00" in words.text
    assert "PST" in words.text
    assert "19 Nov" in words.text


def test_a_location_elsewhere_shows_its_own_zone(clinic):
    assert "14:00 (MST)" in words_of("appointment_24h", zone="America/Denver").text


def test_links_are_absolute(clinic, settings):
    settings.SITE_URL = "https://alder.example"
    assert "https://alder.example/x/1" in words_of("client_invitation").text


def test_a_safety_alert_says_only_that_something_needs_you(clinic):
    assert words_of("safety_alert").subject == "Please sign in: something needs you"


def test_the_page_of_messages_hides_codes_and_links_that_open_an_account(clinic):
    row = Message(kind="sign_in_code", to_address="a@mail.example", context=CONTEXT)
    assert "482913" in rendered(row).text
    assert "482913" not in rendered(row, hide_secrets=True).text
    assert "/x/1" not in rendered(row, hide_secrets=True).html


def test_names_are_escaped_in_html(clinic):
    row = Message(kind="document_copy", to_name="<b>Ana</b>", to_address="a@mail.example", context=CONTEXT)
    assert "<b>Ana" not in rendered(row).html
    assert "<b>Ana" in rendered(row).text
