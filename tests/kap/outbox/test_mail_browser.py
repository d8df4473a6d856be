"""A mail as a mail program shows it, on a small phone."""

import pytest
from django.test import override_settings
from django.urls import reverse

from kap.outbox import dispatch
from kap.outbox.models import MailboxItem
from tests.browser import chromium, context

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_long_address_of_a_mail_breaks_on_a_small_phone(clinic, owed, live_server):
    shown = override_settings(
        DEMO=True, EMAIL_BACKEND="kap.outbox.mailbox.DemoMailbox", SITE_URL="https://kap.example"
    )
    with shown:
        owed(kind="sign_in_code", context={"path": "/link/" + "4f9a" * 40, "code": "482913"})
        dispatch.dispatch()
        item = MailboxItem.objects.get()
        pages = [reverse(f"outbox:{name}", args=[item.pk]) for name in ("mailbox_item", "mailbox_html")]
        with chromium() as browser:
            page = context(browser, live_server.url, size="phone").new_page()
            for path in pages:
                assert page.goto(live_server.url + path).status == 200
                assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
                assert "4f9a" * 40 in page.evaluate("document.body.textContent")
