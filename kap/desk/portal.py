"""The client's own page: one next step, her appointments, what is due, her documents. Every word is translated.

`next_step` looks at the sources in the order in which they matter to her and takes the first.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from kap.core import clock
from kap.core.templatetags.kap import clock as clock_words
from kap.core.templatetags.kap import day_time, num
from kap.desk import days
from kap.desk.links import link
from kap.documents.models import Document, SignatureRequest
from kap.measures.instruments import get as instrument
from kap.measures.models import Request as MeasureRequest
from kap.pathway.models import Setting
from kap.pathway.stages import Reason, Stage
from scheduling.models import Appointment, Service, StaffOn, State

COUNTDOWN_DAYS = 7
DOCUMENTS = 12
TASKS = 10  # of each kind; the next ones follow when these are done


@dataclass(frozen=True)
class Step:
    """The card at the top. Without `href` there is nothing to press: it only tells."""

    title: str
    text: str = ""
    label: str = ""
    href: str = ""


@dataclass
class Home:
    client: object
    course: object = None
    step: Step | None = None
    appointment: object = None
    later: list = field(default_factory=list)
    own_zone: str = ""
    countdown: list = field(default_factory=list)
    tasks: list = field(default_factory=list)
    documents: list = field(default_factory=list)


def home_of(client) -> Home:
    """All that the page says, in about ten queries."""
    course = client.courses.select_related("protocol").order_by("-number").first()
    upcoming = list(upcoming_of(client))
    home = Home(client, course, appointment=upcoming[0] if upcoming else None, later=upcoming[1:])
    home.own_zone = other_zone(client)
    signatures, measures = list(to_sign(client)), list(to_answer(client))
    home.tasks = tasks_of(course, signatures, measures, upcoming)
    home.step = next_step(course, home.tasks, upcoming)
    dosing = next((one for one in upcoming if one.service.code == Service.Code.DOSING), None)
    if dosing and course and dosing.starts_at - clock.now() <= timedelta(days=COUNTDOWN_DAYS):
        home.countdown = countdown(dosing, course, client)
    home.documents = documents_of(client)
    return home


def upcoming_of(client):
    return (
        Appointment.objects.filter(attendees__client=client)
        .upcoming()
        .select_related("service", "location", "room", "companion")
        .prefetch_related(
            Prefetch("staff", StaffOn.objects.filter(on_call=False).select_related("provider__user"))
        )
        .order_by("starts_at")[:6]
    )


def to_sign(client):
    waiting = SignatureRequest.objects.open().for_the_client().filter(client=client)
    return waiting.select_related("template").order_by("asked_at")[:TASKS]


def to_answer(client):
    """Due until tomorrow; later ones would only worry her."""
    soon = clock.now() + timedelta(days=1)
    waiting = MeasureRequest.objects.filter(client=client, response=None, cancelled_at=None, due_at__lte=soon)
    return waiting.exclude(course__stage__in=(Stage.ENQUIRY, Stage.INTAKE)).order_by("due_at")[:TASKS]


def other_zone(client) -> str:
    """Her own zone, where its clock differs from the clinic's right now; else ""."""
    if not client.zone:
        return ""
    now = clock.now()
    same = now.astimezone(ZoneInfo(client.zone)).utcoffset() == now.astimezone(days.zone()).utcoffset()
    return "" if same else client.zone


# --- what is to be done ----------------------------------------------------------------------------------------------


def tasks_of(course, signatures, measures, upcoming) -> list[dict]:
    """Everything that waits for her, most important first. Keys as components/task_list.html wants them."""
    tasks = _first_tasks(course)
    tasks += [
        {
            "label": _("Read and sign: %(title)s") % {"title": request.template.title}, "status": "todo",
            "href": link("documents:sign", request.pk), "button": _("Read and sign"),
            "hint": _("You can ask first, or say no"),
        }
        for request in signatures
    ]  # fmt: skip
    tasks += [
        {
            "label": str(instrument(request.instrument).title), "href": link("measures:take", request.pk),
            "status": "started" if request.draft else "todo", "button": _("Answer"),
            "hint": _("A few short questions. Due %(day)s") % {"day": days.near(request.due_at)},
        }
        for request in measures
    ]  # fmt: skip
    tasks += [_companion_task(one) for one in upcoming if _lacks_companion(one)]
    return [task for task in tasks if task["href"]]


def _first_tasks(course) -> list[dict]:
    if course is None:
        return []
    if course.privacy_acknowledged_at is None:
        return [
            {
                "label": _("Read the privacy notice"), "href": link("intake:privacy", course.pk), "status": "todo",
                "button": _("Read it"), "hint": _("It says what we keep about you, and who sees it"),
            }
        ]  # fmt: skip
    if course.stage in (Stage.ENQUIRY, Stage.INTAKE) and not course.submissions.exists():
        done = course.drafts.filter(done_at__isnull=False).count()
        return [
            {
                "label": _("Your forms"), "href": link("intake:tasks"), "status": "started" if done else "todo",
                "button": _("Continue your forms") if done else _("Start your forms"),
                "hint": _("You can stop at any time; what you wrote is kept"),
            }
        ]  # fmt: skip
    return []


def _lacks_companion(appointment) -> bool:
    return appointment.service.code == Service.Code.DOSING and appointment.companion_id is None


def _companion_task(appointment) -> dict:
    """She names the person herself, who is asked at once."""
    remote = appointment.setting == Setting.REMOTE
    day = {"day": days.near_time(appointment.starts_at)}
    return {
        "label": _("Tell us who will be with you") if remote else _("Tell us who will take you home"),
        "href": link("scheduling:bring", appointment.pk),
        "status": "todo",
        "button": _("Name the person"),
        "hint": _("For %(day)s: an adult you trust, with a phone number.") % day,
    }


def next_step(course, tasks, upcoming) -> Step:
    """The single most useful thing: a task, else the next appointment, else what we are doing meanwhile."""
    if tasks:
        first = tasks[0]
        return Step(first["label"], first["hint"], first["button"], first["href"])
    if upcoming:
        one = upcoming[0]
        if one.state == State.ARRIVED:
            return Step(_("We know you are here"), _("Somebody will be with you soon."))
        is_today = days.local(one.starts_at).date() == days.today()
        return Step(
            _("See you today")
            if is_today
            else _("Nothing to do until %(day)s") % {"day": days.near(one.starts_at)},
            _("Your next appointment: %(what)s at %(time)s.")
            % {"what": one.service.name, "time": clock_words(one.starts_at)},
        )
    return _meanwhile(course)


def _meanwhile(course) -> Step:
    if course is None:
        return Step(_("Nothing to do right now"), _("We will write to you when there is something new."))
    words = {
        Stage.ENQUIRY: _("We are getting your forms ready and will write to you."),
        Stage.INTAKE: _("Your forms are with us. A therapist will get in touch to find a time."),
        Stage.MEDICAL: _("A doctor is looking at your answers. We will write to you with the next step."),
        Stage.PREPARATION: _("We will get in touch to find a time for your next session."),
        Stage.DOSING: _("Rest today. Your team is in touch with you."),
        Stage.INTEGRATION: _("We will get in touch to find a time for your next session."),
        Stage.FOLLOW_UP: _("Your sessions are done. We will ask you now and then how you are."),
        Stage.WITHDRAWN: _(
            "You chose to stop, and that is always yours to choose. Thank you for your trust. Your documents stay here; "
            "if you ever want to talk, or to begin again, call us."
        ),
        Stage.TRANSFERRED: _(
            "Your care goes on with another team now, and we wish you well there. Your documents stay here for you and "
            "for those who treat you; call us when something is missing."
        ),
        Stage.DEFERRED: _("Call us when you want to go on, or with any question."),
        Stage.DECLINED: _(
            "We looked at your answers with care. This treatment is not the right one for you at this time, and that "
            "says nothing about you. Please call us: we explain why, and help you to find the care that is."
        ),
    }
    text = words.get(course.stage, _("Your treatment with us is finished. Your documents stay here for you."))
    if course.stage == Stage.DEFERRED:
        return Step(_("Your treatment is paused"), " ".join(filter(None, [_why_paused(course), text])))
    return Step(_("Nothing to do right now"), text)


def _why_paused(course) -> str:
    """The coded reason as she may read it; what the care team wrote beside it is in her record."""
    words = {
        Reason.AWAITING_CLEARANCE: _("We are waiting for a test result or a letter from another doctor."),
        Reason.LIFE_EVENT: _("You go on when it suits you better."),
        Reason.ADVERSE_EVENT: _("We want to be sure first that going on is safe for you."),
        Reason.NO_RESPONSE: _("We could not reach you."),
    }
    last = course.moves.filter(to_stage=Stage.DEFERRED).order_by("-at").first()
    return words.get(last.reason, "") if last else ""


# --- before a dose ---------------------------------------------------------------------------------------------------


def countdown(appointment, course, client) -> list[dict]:
    """What to do by when before the dose: hours of fasting from the protocol, medicines as the prescriber wrote."""
    start, fasting = appointment.starts_at, course.rules.fasting
    solids, fluids = float(fasting.solids_hours), float(fasting.clear_fluids_hours)
    remote = appointment.setting == Setting.REMOTE
    rows = [
        {
            "when": day_time(start - timedelta(hours=solids)),
            "words": _("Last meal. Then nothing to eat for %(hours)s hours.")
            % {"hours": num(fasting.solids_hours)},
        },
        {
            "when": day_time(start - timedelta(hours=fluids)),
            "words": _("Last clear drink, such as water. Then nothing for %(hours)s hours.")
            % {"hours": num(fasting.clear_fluids_hours)},
        },
    ]
    for medicine in client.medicines.filter(ended_at=None).exclude(hold_words=""):
        rows.append({"when": _("Medicines"), "words": f"{medicine.name}: {medicine.hold_words}"})
    rows.append(
        {
            "when": _("With you") if remote else _("The way home"),
            "words": _companion_words(appointment, remote),
        }
    )
    rows.append(
        {"when": _("At the start"), "words": _("Phone off. Loose clothes. Nothing to decide that day.")}
    )
    hours = {"hours": course.rules.discharge.no_driving_hours}
    rows.append(
        {
            "when": _("Afterwards"),
            "words": _("No driving for %(hours)s hours, and not before you have slept.") % hours,
        }
    )
    return rows


def _companion_words(appointment, remote) -> str:
    if appointment.companion is None:
        return _("Nobody named yet. We cannot start without an adult who is there for you.")
    name = {"name": appointment.companion.name}
    if appointment.companion_confirmed_at is None:
        return _("%(name)s has not confirmed yet.") % name
    return (_("%(name)s stays with you.") if remote else _("%(name)s takes you home.")) % name


# --- what is on paper ------------------------------------------------------------------------------------------------


def documents_of(client) -> list[dict]:
    found = (
        Document.objects.filter(client=client)
        .select_related("pdf", "withdrawal")
        .defer("content", "html", "pdf__body")
        .order_by("-frozen_at")[:DOCUMENTS]
    )
    return [
        {
            "document": one, "href": link("documents:document", one.pk), "withdrawn": getattr(one, "withdrawal", None),
            "pdf": link("documents:pdf", one.pk) if getattr(one, "pdf", None) else "",
        }
        for one in found
    ]  # fmt: skip
