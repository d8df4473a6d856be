"""Reading a signed document: on the page, and as PDF."""

from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import mark_safe
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kap.accounts.permissions import Can, allowed, requires
from kap.audit import access
from kap.core.errors import Refused
from kap.documents import actions, lists
from kap.documents.models import RENDER_TRIES, Document, DocumentPdf
from kap.documents.verify import verify


def shell(user) -> str:
    return "client.html" if allowed(user, Can.USE_PORTAL) and not user.is_staff_member else "staff.html"


@requires(Can.OPEN_CHART, Can.USE_PORTAL)
@require_safe
def document(request, pk):
    found = (
        Document.objects.visible_to(request.user)
        .with_pdf()
        .select_related("client", "withdrawal", "render_job")
    )
    row = get_object_or_404(found, pk=pk)
    access.opened(request, "document", client=row.client, thing=row)
    words, tone = lists.standing(row)
    own = row.client.user_id == request.user.pk
    may_withdraw = row.kind in lists.SIGNED_BY_CLIENT and not getattr(row, "withdrawal", None)
    context = {
        "shell": shell(request.user), "document": row, "client": row.client, "signatures": list(row.signatures.all()),
        # Frozen from our own templates, which escape what people typed.
        "fragment": mark_safe(bytes(row.html).decode("utf-8")),  # noqa: S308
        "standing": words, "standing_tone": tone, "failed": _failed(row), "own": own,
        "may_withdraw": may_withdraw and (own or allowed(request.user, Can.SEND_FOR_SIGNATURE)),
        "checks": verify(row) if "check" in request.GET else None,
    }  # fmt: skip
    return render(request, "documents/document.html", context)


def _failed(row) -> bool:
    job = getattr(row, "render_job", None)
    return job is not None and job.done_at is None and job.attempts >= RENDER_TRIES


@csp_update({"object-src": ["'self'"]})  # the browser's own viewer shows it as an object of the page
@requires(Can.OPEN_CHART, Can.USE_PORTAL)
@require_safe
def pdf(request, pk):
    """The sealed PDF; `?save` sends it as a file."""
    row = get_object_or_404(Document.objects.visible_to(request.user).defer("content", "html"), pk=pk)
    stored = DocumentPdf.objects.filter(document=row).first()
    if stored is None:
        messages.info(request, _("The PDF is being prepared. The document below is complete without it."))
        return redirect("documents:document", pk=pk)
    access.opened(request, "document pdf", client=row.client_id, thing=row)
    name = f"{slugify(row.get_kind_display())}-{row.frozen_at:%Y-%m-%d}.pdf"
    way = "attachment" if "save" in request.GET else "inline"
    return HttpResponse(
        bytes(stored.body), content_type="application/pdf",
        headers={"Content-Disposition": f'{way}; filename="{name}"', "Cache-Control": "no-store, private"},
    )  # fmt: skip


@requires(Can.OPEN_CHART)
@require_POST
def render_again(request, pk):
    row = get_object_or_404(Document.objects.visible_to(request.user), pk=pk)
    try:
        actions.render_again(document=row, by=request.user)
        messages.success(request, "The PDF is being prepared again.")
    except Refused as refused:
        messages.info(request, " ".join(refused.reasons))
    return redirect("documents:document", pk=pk)
