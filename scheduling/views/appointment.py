"""One appointment and what is done with it. Each change has its own small page, so that nothing needs a script."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kap.accounts.permissions import Can, requires
from kap.audit import access
from kap.core.errors import Refused
from kap.core.once import once
from scheduling import actions
from scheduling.appointment_page import AppointmentPage
from scheduling.forms import CancelForm, CompanionForm, SpokeForm
from scheduling.models import Appointment
from scheduling.move_page import MovePage
from scheduling.refusals import OutOfWindow, Taken


def found(request, pk) -> Appointment:
    """Strangers get 404."""
    visible = Appointment.objects.visible_to(request.user).select_related(
        "service", "location", "room", "companion"
    )
    return get_object_or_404(visible, pk=pk)


def shown(request, template, appointment, status=200, **more):
    page = AppointmentPage(appointment, request.user)
    return render(
        request, f"scheduling/{template}.html", {"page": page, "a": appointment, **more}, status=status
    )


@requires(Can.SEE_CALENDAR)
@require_safe
def appointment(request, pk):
    one = found(request, pk)
    access.opened(request, "appointment", client=AppointmentPage(one, request.user).client, thing=one)
    return shown(request, "appointment", one)


@requires(Can.BOOK)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def cancel(request, pk):
    one = found(request, pk)
    form = CancelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.cancel(appointment=one, **form.cleaned_data, by=request.user)
        except Refused as refused:
            return shown(request, "cancel", one, 409, form=form, errors=words(refused))
        messages.success(request, _("Cancelled. The client is told by email, where there is an address."))
        return redirect("scheduling:appointment", pk=pk)
    return shown(request, "cancel", one, 422 if form.is_bound else 200, form=form)


@requires(Can.BOOK)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def move(request, pk):
    one = found(request, pk)
    if request.method != "POST":
        return shown(request, "move", one, move=MovePage(one, request.GET))
    page = MovePage(one, request.POST)
    sent = page.sent()
    if sent is None:
        return shown(
            request, "move", one, 422, move=page, errors=[{"href": "#times", "words": _("Choose a time.")}]
        )
    try:
        actions.move(appointment=one, **sent, by=request.user)
    except (Taken, OutOfWindow) as closed:
        near = [page.choice(offer) for offer in closed.times[:3]] if isinstance(closed, Taken) else []
        return shown(request, "move", one, 409, move=page, near=near, errors=words(closed))
    except Refused as refused:
        return shown(request, "move", one, 409, move=page, errors=words(refused))
    messages.success(request, _("Moved. The client is told by email, where there is an address."))
    return redirect("scheduling:appointment", pk=pk)


@requires(Can.SEE_CALENDAR)
@require_POST
@once
def arrive(request, pk):
    actions.arrive(appointment=found(request, pk), by=request.user)
    messages.success(request, _("Noted: the client is here."))
    return redirect("scheduling:appointment", pk=pk)


@requires(Can.SEE_CALENDAR)
@require_POST
@once
def no_show(request, pk):
    actions.no_show(appointment=found(request, pk), by=request.user)
    messages.success(request, _("Noted: the client did not come."))
    return redirect("scheduling:appointment", pk=pk)


@requires(Can.BOOK, Can.ANSWER_PRE_DOSE)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def companion_name(request, pk):
    """Choose who it will be; she is asked at once, where she has an email address."""
    one = found(request, pk)
    client = AppointmentPage(one, request.user).client
    form = CompanionForm(request.POST or None, client=client, initial={"contact": one.companion_id})
    if request.method == "POST" and form.is_valid():
        try:
            actions.name_companion(appointment=one, contact=form.cleaned_data["contact"], by=request.user)
        except Refused as refused:
            return shown(
                request, "companion_name", one, 409, form=form, spoke=SpokeForm(), errors=words(refused)
            )
        messages.success(request, _("Named, and asked by email where there is an address."))
        return redirect("scheduling:appointment", pk=pk)
    return shown(request, "companion_name", one, 422 if form.is_bound else 200, form=form, spoke=SpokeForm())


@requires(Can.BOOK, Can.ANSWER_PRE_DOSE)
@require_POST
@once
def companion_spoke(request, pk):
    """Staff spoke with the companion and note her yes."""
    one = found(request, pk)
    spoke = SpokeForm(request.POST)
    if not spoke.is_valid():
        client = AppointmentPage(one, request.user).client
        form = CompanionForm(client=client, initial={"contact": one.companion_id})
        errors = [{"href": "#id_spoke", "words": spoke.errors["spoke"][0]}]
        return shown(request, "companion_name", one, 422, form=form, spoke=spoke, errors=errors)
    actions.confirm_companion(appointment=one, by=request.user)
    messages.success(request, _("Noted: the companion has confirmed."))
    return redirect("scheduling:appointment", pk=pk)


def words(refused: Refused) -> list[dict]:
    return [{"href": "#times", "words": reason} for reason in refused.reasons]
