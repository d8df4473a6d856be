"""The clinic's side of the forms: reading them as sent, and entering them for a client on the phone."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from intake.drafts import Drafts, can_change
from intake.forms import OnBehalfForm
from intake.models import Submission
from intake.place import Place
from intake.sent_forms import sections_of
from intake.task_list import build
from intake.views import pages
from kap.accounts.permissions import Can, allowed, requires
from kap.audit import access
from kap.core.once import once
from kap.measures import instruments
from kap.measures.scoring import score
from kap.pathway import gates
from kap.pathway.models import Course
from kap.pathway.stages import Stage

ON_BEHALF = "kap_on_behalf"


def seen_course(request, pk) -> Course:
    """The course, if this person cares for its client; 404 to strangers."""
    courses = Course.objects.visible_to(request.user).select_related("client", "client__user", "protocol")
    return get_object_or_404(courses, pk=pk)


@requires(Can.OPEN_CHART)
@never_cache
@require_safe
def forms(request, course):
    """The answers as they were sent, flags beside them; before that, how far the client is, without a word of it."""
    course = seen_course(request, course)
    access.opened(request, "forms", client=course.client, thing=course)
    sent = list(Submission.objects.filter(course=course).defer("content"))
    wanted = request.GET.get("number", "")
    chosen = next((one for one in sent if str(one.number) == wanted), sent[0] if sent else None)
    context = {
        "course": course, "client": course.client, "submissions": sent, "submission": chosen,
        "may_enter": allowed(request.user, Can.EDIT_CLIENT_DETAILS) and can_change(course),
        "may_write": allowed(request.user, Can.SIGN_INTAKE_SESSION),
        "measures": [measure_row(asked) for asked in pages.measures_of(course)],
        "steps": gates.ask("medical", course) if course.stage == Stage.INTAKE else [],
    }  # fmt: skip
    if chosen:
        context |= {"sections": sections_of(chosen), "flags": list(chosen.flags.all())}
    else:
        tasks = build(Place(course, request.user, on_behalf=True), Drafts.of(course), [], [], None)
        context["progress"] = [task for group in tasks.groups for task in group.tasks if task.counts]
        context["list"] = tasks
    return render(request, "intake/forms.html", context)


def measure_row(asked) -> dict:
    response = asked.response
    found = score(response.instrument, response.answers) if response else None
    return {
        "request": asked,
        "instrument": instruments.get(asked.instrument),
        "response": response,
        "score": found,
    }


def for_client(view):
    """Hands the view the forms of a client of hers, once she has said that the client asks for it."""

    def found(request, course, *args, **kwargs):
        course = seen_course(request, course)
        if str(course.pk) not in request.session.get(ON_BEHALF, []):
            return redirect("intake:for_enter", course.pk)
        return view(request, Place(course, request.user, on_behalf=True), *args, **kwargs)

    return never_cache(found)


@requires(Can.EDIT_CLIENT_DETAILS)
@never_cache
def enter(request, course):
    """Drafts are the client's own: they open to staff only while the client asks for help with them."""
    course = seen_course(request, course)
    form = OnBehalfForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        access.opened(request, "forms", client=course.client, thing=course, purpose="entered for the client")
        request.session[ON_BEHALF] = [*request.session.get(ON_BEHALF, [])[-20:], str(course.pk)]
        return redirect("intake:for_tasks", course.pk)
    context = {"course": course, "client": course.client, "form": form, "open": can_change(course)}
    return render(request, "intake/enter.html", context, status=422 if form.errors else 200)


@requires(Can.EDIT_CLIENT_DETAILS)
@require_safe
@for_client
def tasks(request, place):
    return pages.task_list(request, place)


@requires(Can.EDIT_CLIENT_DETAILS)
@require_safe
@for_client
def section(request, place, key):
    return pages.open_section(request, place, key)


@requires(Can.EDIT_CLIENT_DETAILS)
@for_client
def page(request, place, key, page):
    return pages.show_page(request, place, key, page)


@requires(Can.EDIT_CLIENT_DETAILS)
@require_POST
@for_client
def autosave(request, place, key, page):
    return pages.autosave(request, place, key, page)


@requires(Can.EDIT_CLIENT_DETAILS)
@require_safe
@for_client
def crisis(request, place):
    return pages.crisis(request, place)


@requires(Can.EDIT_CLIENT_DETAILS)
@require_safe
@for_client
def check(request, place):
    return pages.check_answers(request, place)


@requires(Can.EDIT_CLIENT_DETAILS)
@require_POST
@once
@for_client
def send(request, place):
    return pages.send(request, place)


@requires(Can.EDIT_CLIENT_DETAILS)
@require_safe
@for_client
def sent(request, place):
    """Sent for the client: back to the answers as the clinic reads them. Opened before that, it says nothing."""
    if not place.course.submissions.exists():
        return redirect(place.tasks)
    request.session[ON_BEHALF] = [
        pk for pk in request.session.get(ON_BEHALF, []) if pk != str(place.course.pk)
    ]
    messages.success(request, f"The forms of {place.client.name} are sent.")
    return redirect("intake:forms", place.course.pk)
