"""The worker's part: lease a job, render, seal, store. A worker that dies loses its lease, and another goes on."""

import logging
import time
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.urls import reverse

from kap.core import clock
from kap.core.actions import System, action
from kap.documents import pdf, seal
from kap.documents.canonical import sha256
from kap.documents.models import Document, DocumentPdf, RenderJob
from kap.worklist.actions import Kind, Urgency, close, raise_item

log = logging.getLogger(__name__)
RENDER = System("render")
LEASE = timedelta(minutes=3)
PAUSE = timedelta(seconds=20)  # after a failed try, times the number of tries
MOST = 20  # in one run, so that the task stays inside its time limit
SPAN_SECONDS = 45.0  # no document is begun after that: one may take pdf_process.SECONDS


def render_owed(limit: int = MOST) -> int:
    """Make the PDFs that are owed, the oldest first. Returns how many were tried."""
    tried, began = 0, time.monotonic()
    while tried < limit and time.monotonic() - began < SPAN_SECONDS and (job := claim(by=RENDER)):
        tried += 1
        try:
            made = pdf.render(job.document)
            store(job=job, body=seal.seal(made.body), pages=made.pages, by=RENDER)
        except Exception as error:
            log.warning("The PDF of document %s was not made: %s", job.pk, type(error).__name__)
            put_off(job=job, error=f"{type(error).__name__}: {error}", by=RENDER)
    tell_of_failures(by=RENDER)
    return tried


@action("documents.claim_render")
def claim(*, by) -> RenderJob | None:
    """One job, leased; its number of tries is raised first, so that a document which kills its worker is given up, too."""
    now = clock.now()
    job = RenderJob.objects.due(now).order_by("asked_at").select_for_update(skip_locked=True).first()
    if job is None:
        return None
    job.attempts, job.lease_until = job.attempts + 1, now + LEASE
    job.save(update_fields=["attempts", "lease_until"])
    job.document = Document.objects.select_related("client").get(pk=job.pk)
    return job


@action("documents.store_pdf")
def store(*, job, body: bytes, pages: int, by) -> None:
    """Keep the sealed PDF. If another worker was quicker, hers stays."""
    now = clock.now()
    try:
        with transaction.atomic():
            DocumentPdf.objects.create(
                document_id=job.pk, body=body, sha256=sha256(body), pages=pages, sealed=True, rendered_at=now
            )
    except IntegrityError:
        log.info("The PDF of document %s was there already.", job.pk)
    RenderJob.objects.filter(pk=job.pk).update(done_at=now, lease_until=None, last_error="")
    close(key=f"document_failed:{job.pk}", by=by)


@action("documents.put_off_render")
def put_off(*, job, error: str, by) -> None:
    RenderJob.objects.filter(pk=job.pk, attempts=job.attempts, done_at=None).update(
        lease_until=clock.now() + PAUSE * job.attempts, last_error=error[:300]
    )


@action("documents.tell_of_failed_renders")
def tell_of_failures(*, by) -> None:
    """After five tries a person is told; the document itself stays whole and readable."""
    for job in RenderJob.objects.given_up(clock.now()).select_related("document__client"):
        raise_item(
            key=f"document_failed:{job.pk}", kind=Kind.DOCUMENT_FAILED, urgency=Urgency.TODAY,
            title=f"No PDF: {job.document.title}", client=job.document.client,
            detail="The signed document is whole; only its PDF could not be made. Open it and try again.",
            link=reverse("documents:document", args=[job.pk]), link_words="Open the document", by=by,
        )  # fmt: skip
