"""The chaperone's agreement, read and signed by a contact who came by her own link.

The app that knows the link (scheduling) finds the contact and calls `agreement`; she sees the text and the
client's first name, nothing else.
"""

from django.shortcuts import redirect, render

from kap.audit import access
from kap.core import clock
from kap.core.errors import Refused, Stale
from kap.documents import actions
from kap.documents.forms import SignForm
from kap.documents.models import Kind, SignatureRequest


def waiting(client) -> SignatureRequest | None:
    """The agreement that waits for this client's chaperone, if any."""
    found = SignatureRequest.objects.open().filter(client=client, template__kind=Kind.CHAPERONE_AGREEMENT)
    return found.select_related("template", "client", "course").order_by("-asked_at").first()


def has_signed(course, contact) -> bool:
    """Whether an agreement signed by this very contact is in force for the course."""
    agreements = course.documents.in_force(clock.now()).filter(kind=Kind.CHAPERONE_AGREEMENT)
    return agreements.signed_by(contact).exists()


def agreement(request, *, client, contact, then: str, back: str):
    """One view body for GET and POST. `then`: where she goes when nothing is left to sign; `back`: her own page."""
    wanted = waiting(client)
    if wanted is None:
        return redirect(then)
    form = SignForm(
        request.POST if request.method == "POST" else None,
        sections=wanted.template.sections,
        names=[contact.name],
    )
    if form.is_valid():
        try:
            actions.sign_request(
                request=wanted, printed_name=form.cleaned_data["printed_name"], initials=form.initials(),
                address=access.client_address(request), user_agent=request.headers.get("User-Agent", ""), by=contact,
            )  # fmt: skip
            return redirect(then)
        except Stale:
            return redirect(then)
        except Refused as refused:
            form.add_error("printed_name", refused.reasons)
    access.opened(request, "text to sign", client=client, thing=wanted)
    context = {"wanted": wanted, "form": form, "client_first_name": client.first_name, "back": back}
    return render(request, "documents/chaperone.html", context, status=422 if form.errors else 200)
