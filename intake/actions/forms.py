"""The client's forms: saving, sending, and what follows from sending."""

import json

from django.db.models import Max
from django.utils.translation import gettext as _

from intake import questions, record
from intake.drafts import Drafts, can_change, known_already
from intake.evidence.forms import REQUIRED_MEASURES
from intake.forms_dynamic import digest
from intake.models import Draft, Flag, Submission
from intake.safety import alerts
from intake.screening import screen
from kap.accounts.permissions import Can, allowed
from kap.core import clock
from kap.core.actions import System, action, audit_label
from kap.core.errors import Refused, Stale
from kap.documents.canonical import canonical, sha256
from kap.measures import instruments, scoring
from kap.measures.models import Occasion, Request
from kap.measures.safety import alert as tell_care_team
from kap.outbox.actions import drop
from kap.pathway.actions import lock
from kap.pathway.models import Course
from kap.pathway.models import Setting as Place
from kap.people import actions as people
from kap.people.models import Contact
from kap.worklist.actions import Kind, raise_item

__all__ = ["Conflict", "changed_since", "content_of", "may_fill_in", "save_page", "send_forms"]

BASELINE = REQUIRED_MEASURES


class Conflict(Stale):
    """The page's answers changed elsewhere. `theirs` is the draft as it is now; nothing of either is lost."""

    def __init__(self, theirs: Draft):
        self.theirs = theirs
        super().__init__(_("These answers were changed in another window since you opened this page."))


def may_fill_in(by, course) -> bool:
    """The client herself; on her behalf, staff of her care team who may edit her details; the product."""
    if isinstance(by, System):
        return True
    if course.client.user_id and getattr(by, "pk", None) == course.client.user_id:
        return True
    return (
        allowed(by, Can.EDIT_CLIENT_DETAILS) and Course.objects.visible_to(by).filter(pk=course.pk).exists()
    )


def _must_be_open(course, by) -> None:
    if not may_fill_in(by, course):
        raise Refused(_("Only the client, or the care team on the client’s behalf, can fill in these forms."))
    if not can_change(course):
        raise Refused(
            _("Your forms are with your care team now. Tell them about changes; they write them down.")
        )


@action("intake.save_page")
def save_page(
    *, course, section: str, page: str, answers: dict, seen: str | None = None, done: bool = False, by
) -> Draft:
    """Keep the answers of one page; unfinished ones are welcome.

    `seen` is the mark (`forms_dynamic.digest`) of the page's answers when it was opened. `done`: the client pressed
    Continue, so that an answer about suicide reaches the care team in this same transaction; while she is still
    typing, it does not. Raises Conflict, Refused, KeyError for an unknown section.
    """
    _must_be_open(course, by)
    asked = [q.key for q in questions.get(section).questions if questions.get(section).page_of(q) == page]
    draft, _made = Draft.objects.select_for_update().get_or_create(
        course=course, section=section,
        defaults={"questions_version": questions.VERSION, "answers": known_already(course.client, section)},
    )  # fmt: skip
    now = {key: value for key, value in draft.answers.items() if key in asked}
    new = {**now, **{key: value for key, value in answers.items() if key in asked}}
    if seen is not None and digest(now) not in (seen, digest(new)):
        raise Conflict(draft)
    draft.answers = {**draft.answers, **new}
    draft.questions_version, draft.revision, draft.saved_at = (
        questions.VERSION,
        draft.revision + 1,
        clock.now(),
    )
    draft.done_at = clock.now() if done and questions.is_complete(section, draft.answers) else None
    draft.save(update_fields=["answers", "questions_version", "revision", "saved_at", "done_at"])
    if done and section == "safety":
        _raise_alerts(course, draft.answers, by)
    return draft


def _raise_alerts(course, answers, by) -> None:
    for found in alerts(answers):
        item = raise_item(
            key=f"intake:{course.pk}:{found.code}", kind=Kind.SAFETY, urgency=found.urgency, title=found.words,
            client=course.client, detail=found.mend, by=by,
        )  # fmt: skip
        tell_care_team(item, by=by)


@action("intake.send_forms")
def send_forms(*, course, by) -> Submission:
    """Freeze the forms as they stand, write the client's details, screen, and alert, all in one transaction.

    Pressed twice with nothing changed in between, the first submission is returned; after a change the next number
    is made. Raises Refused with what is not answered yet.
    """
    course = lock(course)
    _must_be_open(course, by)
    drafts = Drafts.of(course, lock=True)
    answered = _baseline(course)
    if missing := _not_ready(drafts, answered):
        raise Refused(missing)
    last = course.submissions.first()
    content = _content(course, drafts, answered)
    before = content_of(last) if last else None
    if before and _same(before, content):
        return last
    submission = _freeze(course, content, by)
    _write_details(course, content["answers"], before["answers"] if before else {}, by)
    _flag(course, submission, content["answers"], answered)
    _raise_alerts(course, content["answers"].get("safety", {}), by)
    drop(cause=f"intake.course:{course.pk}", why="Sent", by=by)
    return submission


def _baseline(course) -> dict:
    """{instrument: Response or None} of the questionnaires asked before treatment."""
    asked = Request.objects.filter(course=course, occasion=Occasion.BASELINE, cancelled_at=None, about=None)
    return {request.instrument: request.response for request in asked.select_related("response")}


def _not_ready(drafts, answered) -> list[str]:
    missing = [_("Finish “%(title)s”.") % {"title": section.title} for section in drafts.unfinished()]
    return missing + [
        _("Answer “%(title)s”.") % {"title": instruments.get(code).title}
        for code in BASELINE
        if answered.get(code) is None
    ]


def _content(course, drafts, answered) -> dict:
    """Answers by key for rules, and in the words that were shown, for people."""
    kept = drafts.kept()
    shown = [
        {
            "section": section.key,
            "title": str(section.title),
            "rows": [
                {
                    "question": row.key,
                    "words": str(section.question(row.key).words),
                    "answer": list(row.values),
                }
                for row in questions.summary_rows(section, kept[section.key], kept)
            ],
        }
        for section in questions.SECTIONS
    ]
    measures = {
        code: {"response": response.pk, "version": response.version, "answers": response.answers}
        for code, response in sorted(answered.items())
        if response is not None
    }
    return {
        "client": {"id": course.client_id, "number": course.client.kap_number},
        "course": course.pk,
        "questions_version": questions.VERSION,
        "answers": kept,
        "shown": shown,
        "measures": measures,
    }


def _same(before: dict, content: dict) -> bool:
    """Whether frozen content says what would be sent now."""
    now = json.loads(canonical({"answers": content["answers"], "measures": content["measures"]}))
    return before["answers"] == now["answers"] and before["measures"] == now["measures"]


def changed_since(submission, drafts, requests) -> bool:
    """Whether the drafts say something else than what was sent. `requests`: the baseline ones, with responses."""
    answered = {request.instrument: request.response for request in requests if request.about is None}
    return not _same(content_of(submission), _content(submission.course, drafts, answered))


def _freeze(course, content, by) -> Submission:
    number = (course.submissions.aggregate(last=Max("number"))["last"] or 0) + 1
    sent_at = clock.now()
    body = canonical({**content, "number": number, "sent_at": sent_at, "sent_by": audit_label(by)})
    return Submission.objects.create(
        course=course, number=number, questions_version=questions.VERSION, content=body, sha256=sha256(body),
        sent_at=sent_at, sent_by=audit_label(by),
    )  # fmt: skip


def content_of(submission) -> dict:
    """The frozen content, read back."""
    return json.loads(bytes(submission.content))


def _write_details(course, answers, before, by) -> None:
    """Her own record: who she is, who is around her, what she takes and cannot take."""
    client, fields = course.client, record.client_fields(answers["details"])
    fields["email"] = fields["email"] or client.email  # left empty, the address she signs in with stays
    people.update_client(client=client, **fields, by=by)
    now = {person.key: person for person in record.people_around(answers)}
    standing = {
        " ".join(c.name.casefold().split()): c for c in Contact.objects.filter(client=client, ended_at=None)
    }
    for person in record.people_around(before):
        if person.key not in now and person.key in standing:
            people.end_contact(contact=standing[person.key], by=by)
    for key, person in now.items():
        _write_contact(client, standing.get(key), person, by)
    if (rows := record.allergies(answers)) is not None:
        people.set_allergies(client=client, rows=rows, by=by)
    if (rows := record.medicines(answers)) is not None:
        people.set_medicines(client=client, rows=rows, by=by)


def _write_contact(client, standing, person, by) -> None:
    fields = {
        "name": person.name,
        "relation": person.relation,
        "phone": person.phone,
        "email": person.email,
        "is_adult": person.is_adult,
        **{role: role in person.roles for role in ("is_emergency", "is_driver", "is_chaperone")},
    }
    if standing:
        people.change_contact(contact=standing, **fields, by=by)
    else:
        people.add_contact(client=client, **fields, by=by)


def _flag(course, submission, answers, answered) -> None:
    born = questions.read_date(answers["details"].get("birth_date"))
    today = Drafts(course).today
    findings = screen(
        answers,
        age=_age(born, today),
        measures={code: scoring.score(code, r.answers) for code, r in answered.items() if r is not None},
        remote=course.setting == Place.REMOTE or answers.get("companion", {}).get("setting") == "home",
        limits=course.rules.eligibility,
    )
    Flag.objects.bulk_create(
        Flag(
            submission=submission, code=one.code, level=str(one.level.value), words=str(one.words)[:400],
            mend=str(one.mend)[:400], source=str(one.source)[:200], section=one.section, question=one.question,
        )
        for one in findings
    )  # fmt: skip


def _age(born, day) -> int | None:
    return None if born is None else day.year - born.year - ((day.month, day.day) < (born.month, born.day))
