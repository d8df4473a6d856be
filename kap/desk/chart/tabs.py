"""What each tab of the chart shows besides the overview. Lists are paged; reading is logged by the view."""

from django.core.paginator import Paginator
from django.db.models import Count, Max, Prefetch, Q
from django.utils.translation import gettext_lazy as _

from kap.accounts.models import User
from kap.accounts.permissions import Can
from kap.audit.access import EMERGENCY
from kap.audit.models import AccessLog
from kap.desk.chart import cards, plan, timeline
from kap.desk.links import link
from kap.desk.needs import note_link
from kap.documents.models import Document, Signature, SignatureRequest
from kap.measures.instruments import get as instrument
from kap.measures.models import Request as MeasureRequest
from kap.measures.models import Response
from kap.notes import forms as note_forms
from kap.notes.models import Note
from kap.people.models import Client, Contact
from sessions.models import DosingSession

PER_PAGE = 25
WHO = {"system": "The system", "anonymous": "Somebody by link", "contact": "A contact by link"}


def page_of(request, rows, per_page=PER_PAGE):
    return Paginator(rows, per_page).get_page(request.GET.get("page"))


def timeline_tab(request, client, course) -> dict:
    return {"entries": timeline.entries(client, request.user, timeline.PAGE, every_move=True)}


def notes_tab(request, client, course) -> dict:
    """Signed notes open to read, with their addenda; drafts are their author's alone."""
    notes = (
        Note.objects.visible_to(request.user)
        .filter(client=client)
        .defer("content")
        .select_related("author", "integration_session")
        .prefetch_related("addenda")
        .order_by("-created_at")
    )
    page = page_of(request, notes, 10)
    shown = [
        {"note": note, "sections": note_forms.filled(note.kind, note.body), "href": note_link(note)}
        for note in page
    ]
    own = request.user.may(Can.KEEP_PSYCHOTHERAPY_NOTES)  # whose pages emergency access does not open
    own = own and Client.objects.cared_for_by(request.user).filter(pk=client.pk).exists()
    return {"page_obj": page, "notes": shown, "own_notes": own}


def dosing_tab(request, client, course) -> dict:
    sessions = (
        DosingSession.objects.filter(course__client=client)
        .select_related("appointment__location", "integration_session", "course")
        .annotate(
            highest=Max("vitalss__systolic_mmhg", filter=Q(vitalss__strike=None)),
            events=Count("adverseevents", filter=Q(adverseevents__strike=None), distinct=True),
        )
        .order_by("-opened_at")
    )
    page = page_of(request, sessions)
    amounts = timeline.amounts_of(list(page))
    rows = [
        {"session": one, "amount_mg": amounts.get(one.pk), "href": link("dosing:session", one.pk)}
        for one in page
    ]
    return {"page_obj": page, "sessions": rows, "upcoming": list(plan.upcoming(course)) if course else []}


def measures_tab(request, client, course) -> dict:
    waiting = MeasureRequest.objects.filter(client=client, response=None, cancelled_at=None).order_by(
        "due_at"
    )[:20]
    page = page_of(request, Response.objects.filter(client=client).order_by("-authored_at"))
    return {
        "page_obj": page,
        "due": [{"name": instrument(one.instrument).name, "request": one} for one in waiting],
        "responses": [{"name": instrument(one.instrument).name, "response": one} for one in page],
        "outcomes": cards.outcomes_of(course, plan.read(course)) if course else None,
    }


def medical_tab(request, client, course) -> dict:
    if course is None:
        return {}
    submission = course.submissions.defer("content").order_by("-number").first()
    return {
        "evaluations": course.evaluations.defer("content").select_related("decided_by", "author")[:10],
        "orders": course.orders.defer("content").select_related("signed_by", "author").order_by("-created_at")[:10],
        "diagnoses": course.diagnoses.filter(ended_at=None).select_related("made_by"),
        "submission": submission,
        "flags": submission.flags.order_by("level", "created_at") if submission else [],
        "links": [
            row for row in (
                {"label": "Evaluation", "href": link("intake:evaluation", course.pk)},
                {"label": "Order", "href": link("intake:order", course.pk)},
                {"label": "Treatment plan", "href": link("intake:plan", course.pk)},
                {"label": "Forms as sent", "href": link("intake:forms", course.pk)},
            ) if row["href"]
        ],
    }  # fmt: skip


def documents_tab(request, client, course) -> dict:
    found = (
        Document.objects.filter(client=client)
        .defer("content", "html")
        .select_related("template", "withdrawal", "pdf")
        .defer("pdf__body", "content", "html")
        .prefetch_related(Prefetch("signatures", Signature.objects.order_by("signed_at")))
        .order_by("-frozen_at")
    )
    page = page_of(request, found)
    asked = SignatureRequest.objects.filter(client=client, document=None, cancelled_at=None).select_related(
        "template"
    )
    return {
        "page_obj": page, "documents": [_document(one) for one in page], "asked": asked.order_by("asked_at")[:20],
        "ask_href": link("documents:ask", course.pk) if course and request.user.may("send_for_signature") else "",
    }  # fmt: skip


def _document(document) -> dict:
    return {
        "document": document, "standing": cards.standing(document), "signatures": list(document.signatures.all()),
        "href": link("documents:document", document.pk),
        "pdf": link("documents:pdf", document.pk) if getattr(document, "pdf", None) else "",
    }  # fmt: skip


def access_tab(request, client, course) -> dict:
    """Who opened this record, newest first; names for the people behind the labels."""
    page = page_of(request, AccessLog.objects.filter(client_id=client.pk).order_by("-at"), 40)
    return {"page_obj": page, "openings": openings(page)}


SEEN = {  # kinds whose own word says little to a client, who reads this list too
    "today": _("the day’s list"),
    "worklist": _("list of tasks"),
    "worklist item": _("task"),
    "pool": _("list of those who wait"),
    "pipeline": _("list of courses"),
    "pipeline_step": _("step of the course"),
    "steps": _("next steps"),
    "details": _("details and contacts"),
    "logistics": _("appointments and contacts"),
}


def openings(rows) -> list[dict]:
    rows = list(rows)
    names = names_of({row.actor for row in rows})
    return [
        {
            "row": row,
            "who": names.get(row.actor, row.actor),
            "what": SEEN.get(row.kind) or row.kind.replace("_", " "),
            "emergency": row.purpose == EMERGENCY,
        }
        for row in rows
    ]


def names_of(labels) -> dict[str, str]:
    """Audit labels in words: two queries at most. An account that is gone stays a label."""
    by_kind: dict = {}
    for label in labels:
        kind, _, key = label.partition(":")
        by_kind.setdefault(kind, {})[key] = label
    named = {label: WHO.get(label.partition(":")[0], label) for label in labels}
    for kind, model in (("user", User), ("contact", Contact)):
        keys = by_kind.get(kind, {})
        if keys:
            for pk, name in model.objects.filter(pk__in=list(keys)).values_list("pk", "name"):
                named[keys[str(pk)]] = name
    return named


BUILD = {
    "timeline": timeline_tab,
    "notes": notes_tab,
    "dosing": dosing_tab,
    "measures": measures_tab,
    "medical": medical_tab,
    "documents": documents_tab,
    "access": access_tab,
}
# What the read is called in the log.
KIND = {"overview": "chart", "access": "access_log"}


def kind_of(tab: str) -> str:
    return KIND.get(tab, f"chart_{tab}")
