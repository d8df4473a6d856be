"""The clinic's details, and the versions of its clinical numbers."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from kap.accounts.permissions import Can, requires
from kap.accounts.second.proof import proves_again
from kap.core import protocol
from kap.core.clinic import change_clinic, sign_protocol
from kap.core.context import current_clinic
from kap.core.errors import Refused
from kap.core.models import ProtocolVersion
from kap.core.once import once
from kap.desk import days
from kap.desk.chart.tabs import page_of
from kap.desk.forms import ClinicForm
from kap.desk.protocol_form import SignForm, VersionForm, changes_in, groups_of, proposed, text_of
from kap.pathway.models import Course
from kap.pathway.stages import CLOSED

SEE = (Can.MANAGE_SETTINGS, Can.SIGN_PROTOCOL)
SHIPPED = UUID(int=0)  # what the first version of a clinic starts from; no signed version has this key


@requires(*SEE)
@require_safe
def settings(request):
    versions = (
        ProtocolVersion.objects.select_related("signed_by")
        .annotate(count=Count("courses"))
        .defer("body")
        .order_by("-signed_at", "pk")
    )
    page = page_of(request, versions)
    open_courses = dict(
        Course.objects.exclude(stage__in=CLOSED).order_by().values_list("protocol").annotate(n=Count("pk"))
    )
    context = {
        "versions": [{"version": one, "open": open_courses.get(one.pk, 0)} for one in page],
        "page_obj": page,
        "may_change": request.user.may(Can.MANAGE_SETTINGS), "may_sign": request.user.may(Can.SIGN_PROTOCOL),
    }  # fmt: skip
    return render(request, "desk/settings.html", context)


@requires(Can.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def clinic(request):
    form = ClinicForm(request.POST or None, instance=current_clinic(request))
    if request.method == "POST" and form.is_valid():
        change_clinic(clinic=current_clinic(None), by=request.user, **form.cleaned_data)
        messages.success(request, "The clinic's details are saved.")
        return redirect("desk:settings")
    return render(request, "desk/settings_clinic.html", {"form": form}, status=422 if form.errors else 200)


@requires(Can.OPEN_CHART, *SEE)
@require_safe
def protocol_version(request, version):
    shown = get_object_or_404(ProtocolVersion.objects.select_related("signed_by"), pk=version)
    courses = Course.objects.filter(protocol=shown).exclude(stage__in=CLOSED).count()
    context = {
        "version": shown, "groups": groups_of(shown.rules.entries(), body=shown.body), "courses": courses,
        "newest": ProtocolVersion.objects.latest() == shown, "may_sign": request.user.may(Can.SIGN_PROTOCOL),
    }  # fmt: skip
    return render(request, "desk/protocol.html", context)


@requires(Can.SIGN_PROTOCOL)
@require_http_methods(["GET", "POST"])
@proves_again(
    "sign a new version of the clinical numbers", when=lambda request: "printed_name" in request.POST
)
@once
def protocol_new(request):
    """Two steps on one address: numbers, then what is signed. The first version may take the shipped numbers as they are."""
    current = _current()
    first = current.pk == SHIPPED
    if request.method == "GET":
        about = {
            "base": current.pk,
            "effective_on": days.today(),
            "version": current.version if first else None,
        }
        return _numbers(request, current, VersionForm(initial=about))
    form = VersionForm(request.POST)
    if not form.is_valid():
        return _numbers(request, current, form, status=422)
    if form.cleaned_data["base"] != current.pk:
        problem = f"Version {current.version} was signed while you were at it. Look at its numbers, then start again."
        return _numbers(request, current, form, [problem], status=409)
    changes, problems = changes_in(request.POST, current.body, current.rules.entries())
    if not changes and not problems and not first:
        problems = ["Change at least one number; as it stands the new version would be the old one."]
    made = None if problems else _proposed(current, changes, form, problems)
    if problems:
        return _numbers(request, current, form, problems, status=422)
    return _sign(request, current, form, changes, made)


def _current() -> ProtocolVersion:
    """The newest signed version; in a clinic that has none yet, the numbers that ship, not stored and signed by nobody."""
    newest = ProtocolVersion.objects.order_by("-signed_at").first()
    return newest or ProtocolVersion(pk=SHIPPED, version=protocol.shipped().version, body=protocol.default())


def _proposed(current, changes, form, problems):
    wanted = {name: form.cleaned_data[name] for name in ("version", "effective_on")}
    try:
        return proposed(current, changes, **wanted)
    except protocol.ProtocolError as error:
        problems += error.problems
        return None


def _numbers(request, current, form, problems=(), status=200):
    posted = request.POST if request.method == "POST" else None
    context = {
        "form": form, "current": current, "first": current.pk == SHIPPED,
        "groups": groups_of(current.rules.entries(), posted, current.body),
        "errors": [{"href": "", "words": words} for words in problems] or None,
    }  # fmt: skip
    return render(request, "desk/protocol_new.html", context, status=status)


def _sign(request, current, form, changes, made):
    signing = "printed_name" in request.POST
    signature = SignForm(request.POST if signing else None, by=request.user)
    problems = []
    if signing and signature.is_valid():
        try:
            body = protocol.with_values(
                current.body, changes, version=made.version, effective_on=made.effective_on
            )
            sign_protocol(body=body, reason=form.cleaned_data["reason"], by=request.user)
        except Refused as refused:
            problems = refused.reasons
        else:
            messages.success(request, f"Version {made.version} is signed. New courses run under it.")
            return redirect("desk:settings")
    context = {
        "form": signature, "about": form, "made": made, "current": current,
        "all_numbers": groups_of(made.entries()) if current.pk == SHIPPED else None,
        "differences": [
            {"old": old, "new": new, "was": text_of(old.value), "now": text_of(new.value)}
            for old, new in protocol.differences(current.rules, made)
        ],
        "changes": [(f"at:{path}", request.POST[f"at:{path}"]) for path in changes],
        "errors": [{"href": "", "words": words} for words in problems] or None,
    }  # fmt: skip
    return render(request, "desk/protocol_sign.html", context, status=422 if signing else 200)
