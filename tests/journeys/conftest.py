"""A clinic that really runs: gunicorn, worker, beat, PostgreSQL, a Redis-protocol server, SMTP and Chromium."""

import email
import email.policy
import logging
import os
import re
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from urllib.parse import quote

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.db import connections
from playwright.sync_api import Browser, Page

from kap.core import clock
from kap.ops.readiness import free_port
from kap.ops.stack import Stack, stack
from tests.browser import chromium, context, watched

logging.getLogger("mail.log").setLevel(
    logging.WARNING
)  # aiosmtpd tells every command; a failure drowns in it


class Postbox:
    """The SMTP server's memory."""

    def __init__(self):
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 kept"


@dataclass
class Clinic:
    stack: Stack
    postbox: Postbox
    browser: Browser
    pages: list[Page] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.stack.url

    def visitor(self, *, size="desktop", theme="light", **more) -> Page:
        """A new person at a new device."""
        page = watched(context(self.browser, self.url, size=size, theme=theme, **more).new_page())
        self.pages.append(page)
        return page

    def mail(self, to: str, *, subject: str = "", seconds: float = 30) -> EmailMessage:
        """The newest mail to this address, waited for; each is handed out once."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for mail in reversed(self.postbox.mails):
                if to in str(mail["To"]) and subject.lower() in str(mail["Subject"]).lower():
                    self.postbox.mails.remove(mail)
                    return mail
            time.sleep(0.2)
        seen = [(str(m["To"]), str(m["Subject"])) for m in self.postbox.mails]
        raise AssertionError(
            f"No mail to {to} about {subject!r}. Seen: {seen}\n{self.stack.log('worker')[-3000:]}"
        )

    def body(self, mail: EmailMessage) -> str:
        return mail.get_body(("plain",)).get_content()

    def link_in(self, mail: EmailMessage) -> str:
        return re.search(r"https?://\S+", self.body(mail)).group(0).rstrip(".,)")

    def code_in(self, mail: EmailMessage) -> str:
        return re.search(r"\b(\d{6})\b", self.body(mail)).group(1)

    def move_to(self, instant: datetime) -> None:
        """All processes live at this instant from now on."""
        clock.move_to(instant)

    def later(self, **parts) -> None:
        clock.advance(timedelta(**parts))


@pytest.fixture
def clinic(transactional_db, tmp_path) -> Clinic:
    live = connections["default"].settings_dict
    login = f"{quote(live['USER'])}:{quote(live['PASSWORD'], safe='')}"
    database = f"postgres://{login}@{live['HOST']}:{live['PORT']}/{live['NAME']}"
    postbox = Postbox()
    smtp = Controller(postbox, hostname="127.0.0.1", port=free_port())
    smtp.start()
    env = {
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(smtp.port),
        "KAP_CLOCK_FILE": str(settings.CLOCK_FILE),
        "KAP_SWEEP_SECONDS": "1",
        "DJANGO_SETTINGS_MODULE": "kap.settings",
    }
    try:
        with (
            stack(database, os.environ["REDIS_URL"], folder=tmp_path / "stack", env=env) as running,
            chromium() as browser,
        ):
            made = Clinic(running, postbox, browser)
            yield made
            faults = [fault for page in made.pages for fault in page.faults]
            assert not faults, faults
    finally:
        smtp.stop()
        clock.reset()
