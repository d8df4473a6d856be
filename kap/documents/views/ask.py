"""The staff's side: what a client has been asked to sign, and asking for more."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from kap.accounts.permissions import Can, requires
from kap.audit import access
from kap.core.errors import Refused
from kap.core.once import once
from kap.documents import actions, lists
from kap.documents.forms import AskForm
from kap.documents.models import SignatureRequest
from kap.pathway.models import Course

PER_PAGE = 20


@requires(Can.SEND_FOR_SIGNATURE)
@require_http_methods(["GET", "HEAD", "POST"])
@once
def ask(request, pk):
    course = get_object_or_404(Course.objects.visible_to(request.user).select_related("client"), pk=pk)
    form = AskForm(request.POST or None, choices=lists.texts_to_ask(course))
    if request.method == "POST" and form.is_valid():
        kind, route = form.cleaned_data["text"].split("|")
        try:
            asked = actions.ask_to_sign(course=course, kind=kind, route=route, by=request.user)
            messages.success(request, f"Asked: {asked.template.title}.")
            return redirect("documents:ask", pk=pk)
        except Refused as refused:
            form.add_error("text", refused.reasons)
    access.opened(request, "signatures", client=course.client, thing=course)
    requests = SignatureRequest.objects.filter(course=course).select_related(
        "template", "document", "document__withdrawal"
    )
    requests = requests.defer("document__content", "document__html").order_by("-asked_at", "pk")
    context = {
        "course": course, "client": course.client, "form": form, "has_texts": bool(form.fields["text"].choices),
        "page_obj": Paginator(requests, PER_PAGE).get_page(request.GET.get("page")),
    }  # fmt: skip
    return render(request, "documents/ask.html", context, status=422 if form.errors else 200)


@requires(Can.SEND_FOR_SIGNATURE)
@require_POST
def cancel(request, pk):
    wanted = get_object_or_404(SignatureRequest.objects.visible_to(request.user), pk=pk)
    try:
        actions.cancel_request(request=wanted, by=request.user)
        messages.success(request, "No longer asked for.")
    except Refused as refused:
        messages.info(request, " ".join(refused.reasons))
    return redirect("documents:ask", pk=wanted.course_id)
