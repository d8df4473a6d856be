"""Freezing, signing, asking to sign, declining, withdrawing. What is signed is only ever added to."""

from django.db import IntegrityError, models, transaction
from django.urls import NoReverseMatch, reverse

from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import System, action, audit_label, constraint_name
from kap.core.errors import Refused, Stale
from kap.documents import fragments
from kap.documents.canonical import canonical, sha256
from kap.documents.models import Document, Kind, RenderJob, Signature, SignatureRequest, Template, Withdrawal
from kap.documents.names import name_problem
from kap.documents.rules import best_template, in_months, missing_initials
from kap.outbox import nudge
from kap.outbox.actions import drop, owe
from kap.people.models import Client, Contact
from kap.worklist.actions import Kind as ItemKind
from kap.worklist.actions import Urgency, raise_item


@action("documents.freeze")
def freeze(
    *, client, course, kind: str, title: str, content: dict, html: str = "", template=None, route: str = "",
    setting: str = "", about=None, valid_until=None, by,
) -> Document:  # fmt: skip
    """Freeze what is about to be signed: canonical bytes, their hash, the HTML as shown; and owe its PDF.

    `html` is a fragment in our own markup (no scripts, no styles); left empty, it is made from
    `content["sections"]` ([{title, text, rows: [[label, value]]}]). The hash covers the fragment, too.
    Call `sign` in the same transaction, so that the PDF never shows it unsigned.
    """
    html = html or fragments.record(content)
    shown = html.encode("utf-8")
    now = clock.now()
    body = canonical(
        {
            "kind": kind, "title": title, "route": route, "setting": setting, "about": _key(about),
            "client": {
                "id": client.pk, "number": client.kap_number, "legal_name": client.legal_name,
                "birth_date": client.birth_date,
            },
            "course": getattr(course, "pk", None), "frozen_at": now, "frozen_by": audit_label(by),
            "template": {"id": template.pk, "version": template.version} if template else None,
            "html_sha256": sha256(shown), "content": content,
        }
    )  # fmt: skip
    document = Document.objects.create(
        client=client, course=course, kind=kind, route=route, setting=setting, template=template, title=title,
        about=_key(about), content=body, html=shown, sha256=sha256(body), frozen_at=now, valid_until=valid_until,
    )  # fmt: skip
    RenderJob.objects.create(document=document)
    nudge.after_commit(_render)
    return document


def _render() -> None:
    nudge.send("kap.documents.tasks.render_owed")


def _key(thing):
    return getattr(thing, "pk", thing)


@action("documents.sign")
def sign(
    *, document, printed_name: str, capacity: str, meaning: str, address=None, user_agent: str = "", by
) -> Signature:
    """One person's typed name under a frozen document. Raises Refused for another's name, Stale when signed already."""
    if problem := name_problem(printed_name, by, document.client):
        raise Refused(problem)
    try:
        with transaction.atomic():
            return Signature.objects.create(
                document=document, signer=audit_label(by), printed_name=" ".join(printed_name.split()),
                capacity=capacity, meaning=meaning, address=address, user_agent=user_agent[:200],
                signed_at=clock.now(), sha256=document.sha256,
            )  # fmt: skip
    except IntegrityError as error:
        if constraint_name(error) == "document_signed_once_each":
            raise Stale("You have signed this already.") from error
        raise


@action("documents.ask_to_sign")
def ask_to_sign(*, course, kind: str, route: str = "", by) -> SignatureRequest:
    """Put the newest text of a kind before the client; a request that is open already is returned.

    `route` picks the consent for that route. Raises Refused when the clinic has published no such text.
    """
    if not isinstance(by, System):
        require(by, Can.SEND_FOR_SIGNATURE)
    template = best_template(list(Template.objects.filter(kind=kind)), route=route, setting=course.setting)
    if template is None:
        raise Refused(
            "There is no published text for this route and setting. Check the order's route, or publish the text."
        )
    request, made = SignatureRequest.objects.get_or_create(
        course=course, template=template, document=None, declined_at=None, cancelled_at=None,
        defaults={"client": course.client, "asked_by": audit_label(by)},
    )  # fmt: skip
    if made and kind != Kind.CHAPERONE_AGREEMENT:  # the chaperone reads it behind the link she confirms with
        cause, path = f"documents.request:{request.pk}", _path("documents:sign", request)
        _tell(course.client, "signature_wanted", cause, path, by)
    return request


def _path(name: str, thing) -> str:
    try:
        return reverse(name, args=[thing.pk])
    except NoReverseMatch:
        return "/"


def _tell(client: Client, kind: str, cause: str, path: str, by) -> None:
    owe(
        key=f"{kind}:{cause}", kind=kind, send_at=clock.now(), to_address=client.email, to_name=client.name,
        client=client, context={"path": path}, cause=cause, by=by,
    )  # fmt: skip


def _locked(request) -> SignatureRequest:
    """The request, locked; Stale when it has ended."""
    request = SignatureRequest.objects.select_for_update().get(pk=request.pk)
    if request.document_id:
        raise Stale("This is signed already.")
    if request.declined_at or request.cancelled_at:
        raise Stale("This request has ended. Ask your care team for a new one.")
    return request


def _must_be_signer(request, by) -> str:
    """The client herself; for the chaperone agreement, a contact of hers by her link. Returns the capacity."""
    if request.template.kind == Kind.CHAPERONE_AGREEMENT:
        if isinstance(by, Contact) and by.client_id == request.client_id and by.ended_at is None:
            return "chaperone"
        raise Refused("The chaperone signs this in person, by the link in the email.")
    if request.client.user_id and getattr(by, "pk", None) == request.client.user_id:
        return "client"
    raise Refused("Only the person named may sign this. Staff cannot sign for a client.")


@action("documents.sign_request")
def sign_request(
    *, request, printed_name: str, initials: dict | None = None, address=None, user_agent: str = "", by
) -> Document:
    """The client (or a chaperone by her link) signs: freeze, sign, owe the copy, all in one transaction.

    `initials`: {section key: letters}, needed where the section asks for them. Raises Refused, Stale.
    """
    request = _locked(request)
    capacity = _must_be_signer(request, by)
    template, initials = request.template, {k: v.strip().upper() for k, v in (initials or {}).items()}
    reasons = [
        name_problem(printed_name, by, request.client),
        *missing_initials(template.sections, initials).values(),
    ]
    if reasons := [reason for reason in reasons if reason]:
        raise Refused(reasons)
    document = freeze(
        client=request.client, course=request.course, kind=template.kind, title=template.title,
        content={"sections": template.sections, "initials": initials, "version": template.version},
        html=fragments.consent(template, initials), template=template, route=template.route,
        setting=template.setting, about=request.pk,
        valid_until=in_months(clock.now(), template.valid_months) if template.valid_months else None, by=by,
    )  # fmt: skip
    sign(
        document=document, printed_name=printed_name, capacity=capacity, address=address, user_agent=user_agent, by=by,
        meaning=Signature.Meaning.AGREES if capacity == "chaperone" else fragments.meaning_of(template.kind),
    )  # fmt: skip
    request.document = document
    request.save(update_fields=["document"])
    drop(cause=f"documents.request:{request.pk}", why="Signed", by=by)
    if capacity == "client":
        _tell(
            request.client, "document_copy", f"documents.document:{document.pk}", _path("documents:document", document),
            by,
        )  # fmt: skip
    return document


@action("documents.ask_first")
def ask_first(*, request, words: str, by) -> SignatureRequest:
    """The client wants to talk before she signs: her words go to the care team, the request stays open."""
    request = _locked(request)
    _must_be_signer(request, by)
    if not words.strip():
        raise Refused("Write what you would like to ask.")
    request.question = words.strip()[:4000]
    request.save(update_fields=["question"])
    _item(request, "question", f"Question before signing: {request.template.title}", request.question, by)
    return request


@action("documents.decline")
def decline(*, request, words: str, by) -> SignatureRequest:
    """The client does not sign. No reason is demanded; the care team is told."""
    request = _locked(request)
    _must_be_signer(request, by)
    request.declined_at, request.declined_words = clock.now(), words.strip()[:4000]
    request.save(update_fields=["declined_at", "declined_words"])
    drop(cause=f"documents.request:{request.pk}", why="Declined", by=by)
    _item(request, "declined", f"Not signed: {request.template.title}", request.declined_words, by)
    return request


def _item(request, what: str, title: str, detail: str, by) -> None:
    stamp = int(clock.now().timestamp())
    raise_item(
        key=f"signature:{request.pk}:{what}:{stamp}", kind=ItemKind.SIGNATURE, urgency=Urgency.TODAY, title=title,
        client=request.client, detail=detail, link=_path("documents:ask", request.course), link_words="Open signatures",
        by=by,
    )  # fmt: skip


@action("documents.cancel_request")
def cancel_request(*, request, by) -> SignatureRequest:
    """Asked by mistake, or replaced by a newer text."""
    require(by, Can.SEND_FOR_SIGNATURE)
    request = _locked(request)
    request.cancelled_at = clock.now()
    request.save(update_fields=["cancelled_at"])
    drop(cause=f"documents.request:{request.pk}", why="No longer asked for", by=by)
    return request


@action("documents.withdraw")
def withdraw(*, document, printed_name: str, reason: str = "", by) -> Withdrawal:
    """A consent taken back, by the client herself or by a clinician to whom she said it. The gates close at once."""
    own = document.client.user_id and getattr(by, "pk", None) == document.client.user_id
    if not own:
        require(by, Can.SEND_FOR_SIGNATURE)
    if problem := name_problem(printed_name, by, document.client):
        raise Refused(problem)
    if not own and len(reason.strip()) < 10:
        raise Refused("Write when and how the client told you, so that others understand.")
    try:
        with transaction.atomic():
            made = Withdrawal.objects.create(
                document=document, reason=reason.strip()[:4000], printed_name=" ".join(printed_name.split()),
                withdrawn_at=clock.now(), withdrawn_by=audit_label(by),
            )  # fmt: skip
    except IntegrityError as error:
        raise Stale("This is withdrawn already.") from error
    raise_item(
        key=f"withdrawal:{document.pk}", kind=ItemKind.SIGNATURE, urgency=Urgency.NOW, client=document.client,
        title=f"Withdrawn: {document.title}", detail=made.reason, link=_path("documents:document", document),
        link_words="Open the document", by=by,
    )  # fmt: skip
    return made


@action("documents.publish_template")
def publish_template(
    *, kind: str, title: str, sections: list[dict], route: str = "", setting: str = "", valid_months: int | None = None,
    by,
) -> Template:  # fmt: skip
    """The next version of a text. Earlier versions stay as they were signed."""
    if not isinstance(by, System):
        require(by, Can.MANAGE_SETTINGS)
    faults = fragments.section_faults(sections)
    if faults:
        raise Refused(faults)
    last = (
        Template.objects.filter(kind=kind, route=route, setting=setting).aggregate(n=models.Max("version"))[
            "n"
        ]
        or 0
    )
    return Template.objects.create(
        kind=kind, title=title, sections=sections, route=route, setting=setting, valid_months=valid_months,
        version=last + 1, published_by=audit_label(by), published_at=clock.now(),
    )  # fmt: skip


@action("documents.publish_defaults")
def publish_defaults(*, by) -> list[Template]:
    """The texts that ship, where the clinic has none of that kind yet. Running it again changes nothing."""
    from kap.documents import texts

    made = []
    for text in texts.shipped():
        if not Template.objects.filter(
            kind=text["kind"], route=text["route"], setting=text["setting"]
        ).exists():
            made.append(publish_template(**text, by=by))
    return made


@action("documents.render_again")
def render_again(*, document, by) -> RenderJob:
    """Five tries have failed and somebody has mended the cause: five fresh tries."""
    require(by, Can.OPEN_CHART)
    job = RenderJob.objects.select_for_update().get(pk=document.pk)
    if job.done_at:
        raise Stale("The PDF is ready.")
    job.attempts, job.lease_until, job.last_error = 0, None, ""
    job.save(update_fields=["attempts", "lease_until", "last_error"])
    nudge.after_commit(_render)
    return job
