"""A provider's working hours and time away. Admins change them; she sees her own."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kap.accounts.permissions import Can, requires
from kap.core import clock
from kap.core.errors import Refused
from kap.core.once import once
from kap.people.models import Provider
from scheduling import actions
from scheduling.forms import EndShiftForm, ShiftForm, TimeOffForm
from scheduling.hours_page import HoursPage
from scheduling.models import Shift, TimeOff


def found(request, pk) -> Provider:
    provider = get_object_or_404(Provider.objects.select_related("user"), pk=pk)
    if not request.user.may(Can.MANAGE_ROSTER) and provider.user_id != request.user.pk:
        raise Http404
    return provider


def shown(request, provider, status=200, *, shift=None, off=None, **more):
    page = HoursPage(provider, request)
    context = {
        "page": page, "provider": provider, "shift_form": shift or ShiftForm(initial={"from_date": page.today}),
        "off_form": off or TimeOffForm(zone=page.zone), "form": shift or off, **more,
    }  # fmt: skip
    return render(request, "scheduling/shifts.html", context, status=status)


@requires(Can.MANAGE_ROSTER, Can.SEE_CALENDAR)
@require_safe
def shifts(request, pk):
    return shown(request, found(request, pk))


@requires(Can.MANAGE_ROSTER)
@require_POST
@once
def shift_add(request, pk):
    provider = found(request, pk)
    form = ShiftForm(request.POST)
    if form.is_valid():
        try:
            actions.add_shift(provider=provider, **form.cleaned_data, by=request.user)
        except Refused as refused:
            form.add_error(None, refused.reasons)
        else:
            messages.success(request, _("Shift added."))
            return redirect("scheduling:shifts", pk=pk)
    return shown(request, provider, 422, shift=form)


@requires(Can.MANAGE_ROSTER)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def shift_end(request, pk):
    """The last day is asked; what would then lie outside the hours is shown before anything is saved."""
    shift = get_object_or_404(Shift.objects.select_related("provider__user", "location"), pk=pk)
    today = clock.today(shift.location.zone)
    form = EndShiftForm(request.POST or None, initial={"last_day": today})
    touched = []
    if request.method == "POST" and form.is_valid():
        try:
            actions.end_shift(shift=shift, **form.cleaned_data, by=request.user)
        except Refused as refused:
            touched = getattr(refused, "appointments", [])
            form.add_error(None, refused.reasons)
        else:
            messages.success(
                request, _("The shift ends on %(day)s.") % {"day": form.cleaned_data["last_day"]}
            )
            return redirect("scheduling:shifts", pk=shift.provider_id)
    context = {"shift": shift, "form": form, "touched": touched}
    return render(request, "scheduling/shift_end.html", context, status=422 if form.is_bound else 200)


@requires(Can.MANAGE_ROSTER)
@require_POST
@once
def time_off_add(request, pk):
    provider = found(request, pk)
    form = TimeOffForm(request.POST, zone=HoursPage(provider, request).zone)
    touched = []
    if form.is_valid():
        data = form.cleaned_data
        try:
            actions.add_time_off(
                provider=provider, starts_at=data["starts_at"], ends_at=data["ends_at"], why=data["why"],
                keep=request.POST.get("keep") == "1", by=request.user,
            )  # fmt: skip
        except Refused as refused:
            touched = getattr(refused, "appointments", [])
            form.add_error(None, refused.reasons)
        else:
            messages.success(request, _("Time off added."))
            return redirect("scheduling:shifts", pk=pk)
    return shown(request, provider, 422, off=form, touched=touched)


@requires(Can.MANAGE_ROSTER)
@require_POST
@once
def time_off_cancel(request, pk):
    off = get_object_or_404(TimeOff, pk=pk)
    actions.cancel_time_off(time_off=off, by=request.user)
    messages.success(request, _("Time off cancelled: the time can be booked again."))
    return redirect("scheduling:shifts", pk=off.provider_id)
