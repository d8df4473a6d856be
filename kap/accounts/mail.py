"""Mail about accounts. It is owed like every other message, in the transaction of its cause.

The outbox stands to the right of this app, so it is named in the settings and looked up when needed.
"""

from django.conf import settings
from django.utils.module_loading import import_string


def owe(*, by, **message):
    """`context` holds only the path of the link and, for signing in, the code."""
    return import_string(settings.OWE)(by=by, **message)
