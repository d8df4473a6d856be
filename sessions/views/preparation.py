"""The preparation note of a course: written and signed by a therapist, then pinned into the dosing room."""

from django.shortcuts import get_object_or_404
from django.urls import reverse

from kap.accounts.permissions import Can, requires
from kap.accounts.second.proof import proves_again
from kap.notes import editor
from kap.notes.models import Kind
from kap.pathway.models import Course
from scheduling.models import Appointment, Service, State


@requires(Can.SIGN_PREPARATION, Can.OPEN_CHART)
@proves_again("sign the preparation note", when=editor.signs)
def preparation(request, pk):
    """Written once per course; what changes later is added to it."""
    found = Course.objects.visible_to(request.user).select_related("client", "protocol")
    course = get_object_or_404(found, pk=pk)
    held = (
        Appointment.objects.filter(attendees__course=course, service__code=Service.Code.PREPARATION)
        .exclude(state__in=[State.CANCELLED, State.NO_SHOW]).order_by("-starts_at").first()
    )  # fmt: skip
    return editor.page(
        request, course=course, kind=Kind.PREPARATION, held_at=held.starts_at if held else None,
        then=reverse("dosing:preparation", args=[course.pk]), template="dosing/preparation.html",
        context={"held": held},
    )  # fmt: skip
