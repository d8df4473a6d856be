"""Enquiry, forms, the pool, the intake session."""

from intake import actions as intake
from intake import questions
from kap.accounts.permissions import Role
from kap.demo import answers, words
from kap.demo.acts.booking import hold
from kap.demo.world import DEMO, Case
from kap.measures import actions as measures
from kap.measures.models import Occasion, Request
from kap.notes import actions as notes
from kap.notes.models import Kind as NoteKind
from kap.pathway import actions as pathway
from kap.people import actions as people
from kap.worklist import actions as worklist
from kap.worklist.models import Item


def enquire(case: Case, *, by_phone=False, invite=True) -> None:
    """Entered by the admin from a phone call; `by_phone`: without an email address."""
    case.act = "enquiry"
    details = {
        "legal_name": case.person.name,
        "pronouns": case.person.pronouns,
        "phone": answers.phone(case, 0),
    }
    if not by_phone:
        details["email"] = case.email
    case.course = pathway.add_enquiry(details=details, by=case.admin)
    case.again()
    if invite and not by_phone:
        people.invite_client(client=case.client, by=case.admin)


def register(case: Case) -> None:
    """She registers herself on the public page, reads the privacy notice, and her forms open."""
    case.act = "registration"
    case.user = intake.open_client_account(name=case.person.name, email=case.email, by=DEMO)
    case.course = intake.register(user=case.user, by=case.user)
    case.again()


def fill_in(case: Case, *, sections=None, changes=None) -> None:
    """Every page of the sections (all that are left, if none are named), as she would save them."""
    case.act = "forms"
    case.answers = case.answers or answers.of(case, changes)
    made = case.answers
    for section in questions.SECTIONS:
        if section.key in case.filled or (sections is not None and section.key not in sections):
            continue
        case.filled.add(section.key)
        given = made[section.key]
        pages = questions.pages(section, given, made)
        for page in pages:
            asked = {
                q.key: given[q.key]
                for q in section.questions
                if section.page_of(q) == page and q.key in given
            }
            intake.save_page(
                course=case.course,
                section=section.key,
                page=page,
                answers=asked,
                done=page == pages[-1],
                by=case.user,
            )


def answer_baseline(case: Case, *, item_9: int = 0, only=None) -> None:
    case.act = "questionnaires"
    for request in _open(case, Occasion.BASELINE):
        if only is None or request.instrument in only:
            total = case.phq(0) if request.instrument == "phq9" else answers.gad(case.phq(0))
            given = answers.scores(request.instrument, total, item_9=item_9)
            measures.answer(request=request, answers=given, by=case.user)


def answer_screener(case: Case) -> None:
    """The C-SSRS that follows item 9: a wish not to wake up, nothing more."""
    case.act = "safety screener"
    for request in Request.objects.filter(
        course=case.course, instrument="cssrs", response=None, cancelled_at=None
    ):
        given = {"1": 1, "2": 0, "3": None, "4": None, "5": None, "6": 0, "6a": None}
        measures.answer(request=request, answers=given, by=case.user)


def _open(case, occasion):
    wanted = Request.objects.filter(course=case.course, occasion=occasion, response=None, cancelled_at=None)
    return wanted.filter(instrument__in=["phq9", "gad7"]).order_by("instrument")


def send(case: Case) -> None:
    case.act = "sending the forms"
    intake.send_forms(course=case.course, by=case.user)
    case.again()


def take(case: Case) -> None:
    """The case's therapist takes her from the pool."""
    case.act = "taking from the pool"
    pathway.take(course=case.course, by=case.therapist)
    case.again()


def acknowledge_alerts(case: Case) -> None:
    case.act = "answering the safety alert"
    for item in Item.objects.filter(client=case.client, kind="safety", acknowledged_at=None):
        worklist.acknowledge(item=item, what_was_done=words.ALERT_DONE, by=case.therapist)


def sign_intake_session(case: Case, appointment, *, risk=False) -> None:
    case.act = "intake session"
    note = draft_intake_session(case, appointment, risk=risk)
    intake.sign_session(note=note, printed_name=case.therapist.name, by=case.therapist)
    hold(case, appointment)
    case.act = "sending to medical evaluation"
    pathway.advance(course=case.again(), gate="medical", by=case.therapist)
    case.again()


def draft_intake_session(case: Case, appointment, *, risk=False):
    note = notes.start(
        course=case.course, kind=NoteKind.INTAKE, held_at=appointment.starts_at, by=case.therapist
    )
    body = words.INTAKE | (words.RISK_NAMED if risk else {})
    return notes.save_draft(note=note, body=body, revision=note.revision, by=case.therapist)


def join_as_monitor(case: Case) -> None:
    people.join_team(client=case.client, user=case.monitor, role=Role.MONITOR, by=case.therapist)
