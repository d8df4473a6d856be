"""The intake session: the note, with the client's answers beside it, and the way on to the medical evaluation."""

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from intake import actions
from intake.models import Submission
from intake.sent_forms import sections_of
from intake.views import pages
from intake.views.staff import measure_row, seen_course
from kap.accounts.permissions import Can, allowed, requires
from kap.accounts.second.proof import proves_again
from kap.core import clock
from kap.core.once import once
from kap.notes import editor
from kap.notes.models import Kind
from kap.pathway import gates
from kap.pathway.actions import advance
from kap.pathway.stages import Stage
from scheduling.models import Appointment, Service


@requires(Can.OPEN_CHART)
@never_cache
@proves_again("sign the note of the intake session", when=editor.signs)
def session_note(request, course):
    """Written and signed by a licensed therapist; read by the care team."""
    course = seen_course(request, course)
    submission = Submission.objects.filter(course=course).first()
    at_intake = course.stage == Stage.INTAKE
    context = {
        "submission": submission,
        "sections": sections_of(submission) if submission else [],
        "measures": [measure_row(asked) for asked in pages.measures_of(course)],
        "steps": gates.ask("medical", course) if at_intake else [],
        "may_send": at_intake and allowed(request.user, Can.SIGN_INTAKE_SESSION),
    }
    return editor.page(
        request, course=course, kind=Kind.INTAKE, held_at=_held_at(course), sign=actions.sign_session,
        then=reverse("intake:session_note", args=[course.pk]), template="intake/session_note.html", context=context,
    )  # fmt: skip


def _held_at(course):
    """When the intake session took place: its newest appointment that has begun; None if it was not booked."""
    found = Appointment.objects.filter(
        attendees__course=course,
        service__code=Service.Code.INTAKE,
        cancelled_at=None,
        starts_at__lte=clock.now(),
    )
    return found.order_by("-starts_at").values_list("starts_at", flat=True).first()


@requires(Can.SIGN_INTAKE_SESSION)
@require_POST
@once
def to_medical(request, course):
    """Through the gate; what is still missing comes back in words, to the page where the button was pressed."""
    course = seen_course(request, course)
    advance(course=course, gate="medical", by=request.user)
    messages.success(request, f"{course.client.name} is sent to the medical evaluation.")
    return redirect("intake:session_note", course.pk)
