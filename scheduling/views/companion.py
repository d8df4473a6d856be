"""The companion's own page, reached by her link: when, where, what is expected. Nothing of the treatment."""

from datetime import timedelta

from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from kap.accounts.permissions import public
from kap.audit import access
from kap.core import clock
from kap.core.errors import Refused
from kap.core.once import once
from kap.documents import chaperone
from kap.people.models import Contact
from scheduling import actions, tokens
from scheduling.appointment_page import AppointmentPage
from scheduling.forms import AnswerForm
from scheduling.models import Appointment, Mode, Service

AFTERWARDS = timedelta(hours=12)  # until she has brought the client home; it shows where a client lives


@public("a signed link of the companion's own; shows logistics, never the chart")
@require_http_methods(["GET", "HEAD", "POST"])
@once
def companion(request, token):
    """GET shows, POST answers. A link for another time or another person says so and leads to the phone."""
    link = tokens.read(token)
    if link is None:
        raise Http404
    contact, one = who_and_what(link)
    if contact is None:
        return render(request, "scheduling/companion_stale.html", status=410)
    request.link_actor_label = contact.audit_label
    page = AppointmentPage(one, request.user)
    access.opened(request, "companion_link", client=page.client, thing=one)
    form = AnswerForm(request.POST or None)
    if request.method == "POST":
        answered = answer(request, one, contact, form)
        if answered == "yes" and chaperone.waiting(page.client):
            return redirect("scheduling:companion_agreement", token=token)
        if answered is not None:
            return redirect("scheduling:companion_thanks", answer=answered)
    context = {
        "page": page,
        "a": one,
        "contact": contact,
        "form": form,
        "address": address_for(one, page.client),
    }
    if one.companion_confirmed_at and chaperone.waiting(page.client):
        context["agreement"] = reverse("scheduling:companion_agreement", args=[token])
    return render(request, "scheduling/companion.html", context, status=422 if form.is_bound else 200)


def who_and_what(link: tokens.CompanionLink):
    """The contact and the appointment that the link still fits, or (None, None).

    It ends with the visit, with her being a contact, and by itself where nobody notes how the visit went.
    """
    fitting = Appointment.objects.select_related("service", "location", "room", "companion")
    one = fitting.filter(
        pk=link.appointment, version=link.version, companion=link.contact, companion__ended_at=None,
        service__code=Service.Code.DOSING, ends_at__gt=clock.now() - AFTERWARDS,
    ).first()  # fmt: skip
    return (one.companion, one) if one is not None and one.is_live else (None, None)


def answer(request, one: Appointment, contact: Contact, form: AnswerForm) -> str | None:
    """ "yes", "no", or None where something is missing and the page is shown again."""
    try:
        if request.POST.get("answer") == "no":
            actions.decline_companion(appointment=one, by=contact)
            return "no"
        if form.is_valid():
            actions.confirm_companion(appointment=one, by=contact)
            return "yes"
    except Refused as refused:
        form.add_error(None, refused.reasons)
    return None


def address_for(one: Appointment, client) -> str:
    return f"{one.location.name}, {one.location.address}" if one.mode == Mode.IN_PERSON else client.address


@public("a signed link of the companion's own; shows the agreement that she signs, never the chart")
@require_http_methods(["GET", "HEAD", "POST"])
@once
def companion_agreement(request, token):
    """A session at home: the chaperone reads and signs what she takes on, after she has said that she can come."""
    link = tokens.read(token)
    if link is None:
        raise Http404
    contact, one = who_and_what(link)
    if contact is None:
        return render(request, "scheduling/companion_stale.html", status=410)
    request.link_actor_label = contact.audit_label
    return chaperone.agreement(
        request, client=AppointmentPage(one, request.user).client, contact=contact,
        then=reverse("scheduling:companion_thanks", args=["yes"]), back=reverse("scheduling:companion", args=[token]),
    )  # fmt: skip


@public("says thank you; names nobody")
@require_http_methods(["GET", "HEAD"])
def companion_thanks(request, answer):
    return render(request, "scheduling/companion_thanks.html", {"yes": answer == "yes"})
