"""Is anything overdue in the outbox?"""

from datetime import timedelta

from django.db.models import Count, Min
from django.db.models.functions import Greatest

from kap.core import clock
from kap.core.health import Check
from kap.outbox.models import Message

LIMIT = timedelta(minutes=5)


def lag() -> Check:
    """Well while nothing has been due for more than five minutes. A row waiting after a failed try is not due."""
    now = clock.now()
    found = Message.objects.due(now).aggregate(n=Count("pk"), oldest=Min(Greatest("send_at", "lease_until")))
    if not found["n"]:
        return Check("outbox", True, "nothing is due")
    late = now - found["oldest"]
    words = f"{found['n']} due, the oldest for {int(late.total_seconds())} s"
    return Check("outbox", late < LIMIT, words)
