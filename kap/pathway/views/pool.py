"""Who waits for a therapist or a prescriber; and how somebody gets there: an enquiry by phone."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kap.accounts.permissions import Can, Role, requires
from kap.audit import access
from kap.core.errors import Refused, Stale
from kap.core.once import once
from kap.pathway import actions
from kap.pathway.forms import AssignForm, CourseForm, EnquiryForm
from kap.pathway.models import Course
from kap.people.models import Client

SHOWN = 50


def waiting(user) -> int:
    """For the menu."""
    return Course.objects.pool_for(user).count()


@requires(Can.SEE_POOL)
@require_safe
def pool(request):
    """Name and the date of asking, nothing clinical. The longest wait comes first."""
    roles = request.user.roles
    pools = []
    if roles & {Role.THERAPIST, Role.ADMIN}:
        pools.append(
            _pool("Waiting for a therapist", Role.THERAPIST, Course.objects.waiting_for_therapist(), roles)
        )
    if roles & {Role.PRESCRIBER, Role.ADMIN}:
        pools.append(
            _pool("Waiting for a prescriber", Role.PRESCRIBER, Course.objects.waiting_for_prescriber(), roles)
        )
    access.opened_many(request, "pool", {course.client_id for pool in pools for course in pool["courses"]})
    return render(request, "pathway/pool.html", {"pools": pools})


def _pool(title, role, courses, roles):
    total = courses.count()
    shown = list(courses.select_related("client").order_by("stage_since", "created_at")[:SHOWN])
    return {
        "title": title, "id": f"for-{role}", "role": role, "courses": shown, "total": total, "more": total - len(shown),
        "may_take": role in roles, "may_assign": Role.ADMIN in roles,
    }  # fmt: skip


@requires(Can.TAKE_FROM_POOL)
@require_POST
@once
def take(request, course):
    """Of two who press at once one gets the client, the other is told who."""
    found = get_object_or_404(Course.objects.takeable_by(request.user).select_related("client"), pk=course)
    try:
        actions.take(course=found, by=request.user)
    except Stale as stale:
        messages.warning(request, " ".join(stale.reasons))
        return redirect("pathway:pool")
    messages.success(request, f"You have taken {found.client.name}.")
    return redirect("pathway:steps", course=found.pk)


@requires(Can.MANAGE_CARE_TEAM)
@require_http_methods(["GET", "POST"])
def assign(request, course):
    found = get_object_or_404(Course.objects.pool_for(request.user).select_related("client"), pk=course)
    role = actions.waits_for(found)
    form = AssignForm(request.POST or None, role=role)
    if request.method == "POST" and form.is_valid():
        user = form.cleaned_data["user"]
        try:
            actions.assign(course=found, user=user, by=request.user)
        except Refused as refused:
            messages.warning(request, " ".join(refused.reasons))
        else:
            messages.success(request, f"{user.name} has {found.client.name} now.")
        return redirect("pathway:pool")
    context = {"form": form, "course": found, "role": Role(role).label.lower()}
    return render(request, "pathway/assign.html", context, status=422 if form.errors else 200)


@requires(Can.ADD_CLIENT)
@require_http_methods(["GET", "POST"])
@once
def enquiry_new(request):
    """Somebody has called. With or without an email; warned when she may be on record already."""
    form = EnquiryForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            course = actions.add_enquiry(
                details=form.details(), setting=data["setting"], privacy_read=data["privacy_read"],
                takes=data.get("takes", False), by=request.user,
            )  # fmt: skip
        except Refused as refused:
            form.add_error(None, " ".join(refused.reasons))
        else:
            messages.success(request, f"{course.client.name} is entered as {course.client.kap_number}.")
            return redirect(_after(request.user, course))
    if form.alike:
        access.opened_many(request, "similar_names", form.alike)
    return render(request, "pathway/enquiry.html", {"form": form}, status=422 if form.errors else 200)


def _after(user, course) -> str:
    if Course.objects.listed_for(user).filter(pk=course.pk).exists():
        return reverse("pathway:steps", args=[course.pk])
    return reverse("pathway:pool")


@requires(Can.ADD_CLIENT)
@require_http_methods(["GET", "POST"])
@once
def course_new(request, client):
    """A new course for somebody who was here before."""
    found = get_object_or_404(Client.objects.listed_for(request.user), pk=client)
    form = CourseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            course = actions.open_course(client=found, setting=form.cleaned_data["setting"], by=request.user)
        except Refused as refused:
            form.add_error(None, " ".join(refused.reasons))
        else:
            messages.success(request, "A new course of treatment is open.")
            return redirect("pathway:steps", course=course.pk)
    access.opened(request, "details", client=found)
    context = {"form": form, "client": found}
    return render(request, "pathway/course_new.html", context, status=422 if form.errors else 200)
