"""Asked before a message about questions is sent."""

from kap.measures.models import Request


def still_stands(message) -> str:
    """Why it need not be sent; "" while the questions wait. Cause: "measures.request:<id>"."""
    waiting = Request.objects.open().filter(pk=message.cause.rpartition(":")[2]).exists()
    return "" if waiting else "Answered, or no longer asked"
