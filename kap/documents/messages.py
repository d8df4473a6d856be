"""Asked before a message about signing is sent."""

from kap.documents.models import SignatureRequest


def still_stands(message) -> str:
    """Why it need not be sent any more; "" while the text waits. Cause: "documents.request:<id>"."""
    request = SignatureRequest.objects.filter(pk=message.cause.rpartition(":")[2]).first()
    waiting = request is not None and SignatureRequest.objects.open().filter(pk=request.pk).exists()
    return "" if waiting else "Signed, declined or no longer asked for"
