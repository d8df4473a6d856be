"""How a message leaves the house. Email only: SMTP by default, a provider of Anymail by EMAIL_BACKEND."""

import hashlib
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from kap.outbox.render import Rendered


def message_id(message) -> str:
    """The same for every try, so that a mailbox can tell a repeat after a crash from a second message."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<kap-{message.pk}-{hashlib.sha256(message.key.encode()).hexdigest()[:16]}@{domain}>"


def send(message, words: Rendered) -> None:
    """Hand it over, or raise what went wrong."""
    mail = EmailMultiAlternatives(
        subject=words.subject,
        body=words.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[formataddr((message.to_name, message.to_address)) if message.to_name else message.to_address],
        headers={"Message-ID": message_id(message), "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(words.html, "text/html")
    mail.send(fail_silently=False)
