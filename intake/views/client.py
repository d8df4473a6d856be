"""The client's pages: the public start, registering, and her forms."""

from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from intake import actions, privacy_notice
from intake.forms import PrivacyByPhoneForm, RegisterForm
from intake.place import Place
from intake.task_list import minutes_in_all
from intake.views import pages
from kap.accounts import codes, entry, limits
from kap.accounts.even import evenly
from kap.accounts.permissions import Can, allowed, public, requires
from kap.core.errors import Refused
from kap.core.once import once
from kap.pathway.models import Course
from kap.pathway.stages import Stage

REGISTER = limits.Limit("register", 10, 15 * 60)


@public("what the treatment is and whom it suits, before anybody signs in")
@require_safe
def start(request):
    """Also the front page for people who are not signed in."""
    return render(
        request,
        "intake/start.html",
        {"signed_in": allowed(request.user, Can.USE_PORTAL), "minutes": minutes_in_all()},
    )


@public("anybody may ask for an account; a code to her email address opens it")
@never_cache
@evenly
@require_http_methods(["GET", "POST"])
def register(request):
    """Name and email address, then the same way as signing in: it looks the same whether the address is known."""
    if request.user.is_authenticated:
        return redirect(entry.home(request.user) if request.user.is_staff_member else "intake:welcome")
    form = RegisterForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            wait = _ask_for_code(request, **form.cleaned_data)
            if not wait:
                return redirect("accounts:code")
            form.add_error(None, limits.wait_words(wait))
            status = 429
    return render(request, "intake/register.html", {"form": form}, status=status)


def _ask_for_code(request, *, name, email) -> int:
    """Seconds to wait, or 0 when the code is on its way."""
    if wait := limits.spend(REGISTER, limits.address_of(request)):
        return wait
    actions.open_client_account(name=name, email=email, by=actions.REGISTRATION)
    return codes.begin(request, email=email, next_path=reverse("intake:welcome"))


@requires(Can.USE_PORTAL)
@never_cache
@require_http_methods(["GET", "POST"])
@once
def welcome(request):
    """Signed in for the first time: the privacy notice, and with it the client's record and her forms are opened."""
    if (course := own_course(request)) is not None:
        return redirect("intake:privacy" if course.stage == Stage.ENQUIRY else "intake:tasks", *(
            [course.pk] if course.stage == Stage.ENQUIRY else []))  # fmt: skip
    if hasattr(request.user, "client"):
        return redirect(
            entry.home(request.user)
        )  # a course that has ended; a new one is opened by the clinic
    if request.method == "POST":
        actions.register(user=request.user, by=request.user)
        return redirect("intake:tasks")
    context = {"notice": privacy_notice.current(), "first": True}
    return render(request, "intake/privacy.html", context)


@requires(Can.USE_PORTAL, Can.ADD_CLIENT)
@never_cache
@require_http_methods(["GET", "POST"])
@once
def privacy(request, course):
    """The privacy notice of one course: the client reads it, or staff record that they read it to her."""
    course, by_phone = _course_for_notice(request, course)
    form = PrivacyByPhoneForm(request.POST or None) if by_phone else None
    context = {"notice": privacy_notice.current(), "course": course, "client": course.client, "form": form}
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            actions.open_forms(course=course, by=request.user)
        except Refused as refused:
            context["errors"] = [{"href": "", "words": words} for words in refused.reasons]
            return render(request, "intake/privacy.html", context, status=422)
        return redirect(_after_notice(request, course, by_phone))
    return render(
        request, "intake/privacy.html", context, status=422 if form is not None and form.errors else 200
    )


def _course_for_notice(request, pk):
    """The course, and whether staff record it. Identity only: an admin at the desk may, too."""
    courses = Course.objects.select_related("client", "client__user", "protocol")
    if own := courses.filter(pk=pk, client__user=request.user).first():
        return own, False
    found = (
        courses.listed_for(request.user).filter(pk=pk).first()
        if allowed(request.user, Can.ADD_CLIENT)
        else None
    )
    if found is None:
        raise Http404
    return found, True


def _after_notice(request, course, by_phone) -> str:
    if not by_phone:
        return reverse("intake:tasks")
    sees = Course.objects.visible_to(request.user).filter(pk=course.pk).exists()
    return reverse("intake:forms", args=[course.pk]) if sees else entry.home(request.user)


def own_course(request) -> Course | None:
    """The signed-in client's open course, newest first; None when there is none."""
    mine = Course.objects.filter(client__user=request.user).select_related(
        "client", "client__user", "protocol"
    )
    return mine.open().order_by("-created_at").first()


def own_place(view):
    """Hands the view the client's own forms; before the privacy notice is acknowledged, that comes first."""

    def found(request, *args, **kwargs):
        course = own_course(request)
        if course is None:
            return redirect("intake:welcome")
        if course.stage == Stage.ENQUIRY:
            return redirect("intake:privacy", course.pk)
        return view(request, Place(course, request.user), *args, **kwargs)

    return never_cache(found)


@requires(Can.USE_PORTAL)
@require_safe
@own_place
def tasks(request, place):
    return pages.task_list(request, place)


@requires(Can.USE_PORTAL)
@require_safe
@own_place
def section(request, place, key):
    return pages.open_section(request, place, key)


@requires(Can.USE_PORTAL)
@own_place
def page(request, place, key, page):
    return pages.show_page(request, place, key, page)


@requires(Can.USE_PORTAL)
@require_POST
@own_place
def autosave(request, place, key, page):
    return pages.autosave(request, place, key, page)


@requires(Can.USE_PORTAL)
@require_safe
@own_place
def crisis(request, place):
    return pages.crisis(request, place)


@requires(Can.USE_PORTAL)
@require_safe
@own_place
def check(request, place):
    return pages.check_answers(request, place)


@requires(Can.USE_PORTAL)
@require_POST
@once
@own_place
def send(request, place):
    return pages.send(request, place)


@requires(Can.USE_PORTAL)
@require_safe
@own_place
def sent(request, place):
    submission = place.course.submissions.first()
    if submission is None:
        return redirect(place.tasks)
    return render(
        request, "intake/sent.html", {"place": place, "client": place.client, "submission": submission}
    )
