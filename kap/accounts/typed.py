"""What somebody had typed when her sign-in turned out to have ended: kept, sealed, and offered to be sent again.

For forms that are sent without script. A form of a page with script never leaves its page: the page is covered.
"""

import json

from django.views.decorators.debug import sensitive_variables

from kap.core import vault
from kap.core.confidential import is_secret
from kap.core.errors import Refused

KEY = "kap_typed"
PLACE = "session|typed"
LARGEST = 1024 * 1024  # characters of JSON; a form of ours is far below
NEVER = ("csrfmiddlewaretoken",)  # made anew; the token of a button stays, so that a second press acts once


@sensitive_variables()
def keep(request, owner: str) -> bool:
    """Lay the fields of this POST aside for `owner`, the id of who typed them. Passwords are left out."""
    fields = [
        [name, values]
        for name, values in request.POST.lists()
        if name not in NEVER and not any(is_secret(name, value) for value in values)
    ]
    text = json.dumps({"path": request.get_full_path(), "fields": fields})
    if not fields or len(text) > LARGEST:
        return False
    request.session[KEY] = {"owner": owner, "sealed": vault.seal(PLACE, owner, text)}
    return True


@sensitive_variables()
def of(request) -> dict | None:
    """{"path", "fields": [(name, value)]} of the person who is signed in; another's is never opened."""
    kept = request.session.get(KEY)
    if not kept or kept["owner"] != str(request.user.pk):
        return None
    try:
        found = json.loads(vault.unseal(PLACE, kept["owner"], kept["sealed"]))
    except Refused:  # its key went meanwhile
        return None
    return {**found, "fields": [(name, value) for name, values in found["fields"] for value in values]}


def drop(request) -> None:
    request.session.pop(KEY, None)
