"""Locations, rooms and kinds of appointment: the admin's lists."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kap.accounts.permissions import Can, requires
from kap.core.context import current_clinic
from kap.core.errors import Refused
from kap.core.once import once
from scheduling import actions, looks
from scheduling.choices import uuid_of
from scheduling.forms import LocationForm, RoomForm, ServiceForm
from scheduling.models import Location, Mode, Room, Service

METHODS = ["GET", "HEAD", "POST"]
PER_PAGE = 10
ROOMS = 20  # of one location on the list of all; its own page has them all


@requires(Can.MANAGE_SETTINGS)
@require_safe
def places(request):
    """All locations with their rooms; `?location=` one of them with every room."""
    only = uuid_of(request.GET.get("location"))
    rooms = Room.objects.all() if only else Room.objects.all()[: ROOMS + 1]
    locations = Location.objects.filter(pk=only) if only else Location.objects.all()
    locations = locations.prefetch_related(Prefetch("rooms", rooms, to_attr="some_rooms"))
    page = Paginator(locations, PER_PAGE).get_page(request.GET.get("page"))
    for place in page:
        place.more = only is None and len(place.some_rooms) > ROOMS
        place.shown_rooms = place.some_rooms[:ROOMS] if place.more else place.some_rooms
    return render(request, "scheduling/places.html", {"page_obj": page, "only": only})


def saved(request, form, save, words, back):
    """Save or say why not; None means that the form is shown again."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        save(**form.cleaned_data, by=request.user)
    except Refused as refused:
        form.add_error(None, refused.reasons)
        return None
    messages.success(request, words)
    return redirect(back)


def form_page(request, form, title, button, back):
    context = {"form": form, "title": title, "button": button, "back": back}
    return render(request, "scheduling/place_form.html", context, status=422 if form.is_bound else 200)


@requires(Can.MANAGE_SETTINGS)
@require_http_methods(METHODS)
@once
def location(request, pk=None):
    """A new one, or another address of one."""
    known = get_object_or_404(Location, pk=pk) if pk else None
    initial = vars(known) if known else {"zone": getattr(current_clinic(request), "zone", "")}
    form = LocationForm(request.POST or None, initial=initial)

    def save(**data):
        return actions.save_location(location=known, **data)

    done = saved(request, form, save, _("Location saved."), "scheduling:places")
    title = known.name if known else _("New location")
    return done or form_page(request, form, title, _("Save location"), "scheduling:places")


@requires(Can.MANAGE_SETTINGS)
@require_http_methods(METHODS)
@once
def room_new(request, pk):
    at = get_object_or_404(Location, pk=pk, closed_at=None)
    form = RoomForm(request.POST or None)

    def save(**data):
        return actions.save_room(location=at, **data)

    done = saved(request, form, save, _("Room added."), "scheduling:places")
    title = _("New room at %(place)s") % {"place": at.name}
    return done or form_page(request, form, title, _("Add room"), "scheduling:places")


@requires(Can.MANAGE_SETTINGS)
@require_http_methods(METHODS)
@once
def room(request, pk):
    known = get_object_or_404(Room.objects.select_related("location"), pk=pk, closed_at=None)
    form = RoomForm(request.POST or None, initial=vars(known))

    def save(**data):
        return actions.save_room(room=known, location=known.location, **data)

    done = saved(request, form, save, _("Room saved."), "scheduling:places")
    return done or form_page(request, form, known.name, _("Save room"), "scheduling:places")


@requires(Can.MANAGE_SETTINGS)
@require_POST
@once
def room_close(request, pk):
    actions.close_room(room=get_object_or_404(Room, pk=pk), by=request.user)
    messages.success(request, _("Room closed: it can no longer be booked."))
    return redirect("scheduling:places")


@requires(Can.MANAGE_SETTINGS)
@require_POST
@once
def location_close(request, pk):
    actions.close_location(location=get_object_or_404(Location, pk=pk), by=request.user)
    messages.success(request, _("Location closed: it can no longer be booked."))
    return redirect("scheduling:places")


@requires(Can.MANAGE_SETTINGS)
@require_safe
def services(request):
    rows = [
        {
            "service": s,
            "stage": looks.STAGES.get(s.code, ""),
            "modes": ", ".join(str(Mode(m).label) for m in s.modes),
        }
        for s in Service.objects.all()
    ]
    return render(request, "scheduling/services.html", {"rows": rows})


@requires(Can.MANAGE_SETTINGS)
@require_http_methods(METHODS)
@once
def service(request, pk):
    known = get_object_or_404(Service, pk=pk)
    form = ServiceForm(request.POST or None, initial=vars(known))

    def save(**data):
        return actions.save_service(service=known, **data)

    done = saved(request, form, save, _("Kind of appointment saved."), "scheduling:services")
    return done or form_page(request, form, known.name, _("Save"), "scheduling:services")
