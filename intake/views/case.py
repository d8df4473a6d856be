"""What every page of one medical case shares: the course, who it is about, its tabs, what is still missing."""

from dataclasses import dataclass

from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from kap.accounts.permissions import Can
from kap.core import clock
from kap.core.errors import Refused
from kap.pathway import gates
from kap.pathway.models import Course
from kap.pathway.stages import Stage


@dataclass(frozen=True)
class Tab:
    label: str
    href: str
    current: bool


@dataclass(frozen=True)
class Chip:
    words: str
    tone: str
    icon: str
    detail: str = ""
    href: str = ""


def visible_course(request, pk) -> Course:
    """The course, or 404 for strangers."""
    courses = Course.objects.visible_to(request.user).select_related("client", "protocol")
    return get_object_or_404(courses, pk=pk)


def case(request, course, current: str, **more) -> dict:
    """Context of a case page. `current`: evaluation, order or plan."""
    steps = gates.ask("preparation", course) if course.stage == Stage.MEDICAL else []
    return {
        "course": course,
        "client": course.client,
        "tabs": tabs(course, current),
        "chips": chips(course.client),
        "steps": steps,
        "may_evaluate": request.user.may(Can.EVALUATE),
        "may_order": request.user.may(Can.ORDER),
        "may_go_on": bool(steps)
        and not gates.closed(steps)
        and request.user.may(gates.GATES["preparation"].can),
        **more,
    }


def tabs(course, current: str) -> list[Tab]:
    pages = (("evaluation", "Evaluation"), ("order", "Order"), ("plan", "Treatment plan"))
    return [
        Tab("Chart", reverse("desk:chart", args=[course.client_id]), False),
        *(Tab(label, reverse(f"intake:{name}", args=[course.pk]), name == current) for name, label in pages),
    ]


def chips(client) -> list[Chip]:
    """Allergies, always: named, none, or not asked yet."""
    named = [row.substance for row in client.allergies.filter(ended_at=None)]
    if named:
        return [Chip(f"Allergies: {', '.join(named)}", "danger", "exclamation-octagon")]
    if client.allergies_checked_on:
        return [Chip("No known allergies", "neutral", "shield-check")]
    return [Chip("Allergies: not asked yet", "warn", "question-circle")]


def first_error(refused: Refused) -> list[dict]:
    """A refusal for the summary at the top of the page."""
    return [{"href": "", "words": reason} for reason in refused.reasons]


def saved(draft) -> JsonResponse:
    """What autosave.js wants after a save."""
    return JsonResponse(
        {"saved_at": timezone.localtime(clock.now()).strftime("%H:%M"), "version": draft.revision}
    )


def in_conflict(changed, href: str) -> JsonResponse:
    """Somebody saved in between: say so, and where the newest text is."""
    words = " ".join(changed.reasons)
    return JsonResponse(
        {"conflict": words, "href": href, "link": "Open the newest text in a new tab"}, status=409
    )


def with_errors(form) -> JsonResponse:
    return JsonResponse({"errors": {name: list(words) for name, words in form.errors.items()}}, status=422)
