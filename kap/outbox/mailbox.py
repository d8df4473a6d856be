"""The demonstration's mail server: keeps the mail in a table, where a page shows it."""

from django.core.mail.backends.base import BaseEmailBackend

from kap.core import clock
from kap.core.actions import System, action
from kap.outbox.models import MailboxItem


class DemoMailbox(BaseEmailBackend):
    def send_messages(self, email_messages) -> int:
        for mail in email_messages:
            keep(mail=mail, by=System("demo mailbox"))
        return len(email_messages)


@action("outbox.keep_demo_mail")
def keep(*, mail, by) -> None:
    html = next(
        (part.content for part in getattr(mail, "alternatives", []) if part.mimetype == "text/html"), ""
    )
    for address in mail.recipients():
        MailboxItem.objects.create(
            to_address=address[:254],
            subject=mail.subject[:300],
            body=mail.body,
            html=html,
            sent_at=clock.now(),
        )
