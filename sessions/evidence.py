"""The dosing room's answers to the gates, each computed live. The gate table names them as sessions.evidence.<name>.

`subject` is a session, an appointment about to be opened (`sessions.entry.Entry`), or a plan to book.
"""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.urls import reverse

from intake.prescribers import licence_gaps
from kap.accounts.permissions import Can, Role, allowed
from kap.core import clock
from kap.measures.models import Response
from kap.pathway.gates import Missing
from kap.pathway.models import Setting
from scheduling.models import Appointment, Service, State
from sessions import facts
from sessions.checklists import FINE
from sessions.entry import active_order, appointment_of, signed_preparation
from sessions.flowsheet import Flowsheet
from sessions.limits import check_count, check_interval
from sessions.models import Administration, DosingSession

SAFE_BANDS = ("none", "low", "moderate")  # of the C-SSRS; "incomplete" is not an answer


def _order_for(course, subject):
    route, setting = getattr(subject, "route", ""), getattr(subject, "setting", "")
    appointment = appointment_of(subject)
    day = facts.today_of(appointment) if appointment else clock.now().date()
    if route and setting:
        return active_order(course, route, setting, day)
    return course.orders.active(day).first()


def doses_left(course, subject=None):
    """The order's count of sessions is not used up. Sessions in which nothing was given do not count."""
    order = _order_for(course, subject)
    link = reverse("intake:order", args=[course.pk])
    if order is None:
        return Missing("There is no active order to take a dose from.", "Ask the prescriber for one.", link)
    given = Administration.objects.filter(order=order, strike=None)
    used = given.exclude(session_id=getattr(subject, "pk", None)).values("session").distinct().count()
    for finding in check_count(used, facts.order_facts(order)):
        return Missing(finding.words, finding.mend, link)


def doses_left_to_book(course, subject=None):
    """The order's count still holds when the doses that are booked and not given yet are counted, too."""
    order = _order_for(course, subject)
    if order is None:
        return doses_left(course, subject)
    given = Administration.objects.filter(order=order, strike=None)
    used = given.values("session").distinct().count()
    ahead = _booked_ahead(course, order).exclude(dosing_session__in=given.values("session")).count()
    for finding in check_count(used, facts.order_facts(order), ahead):
        return Missing(finding.words, finding.mend, reverse("intake:order", args=[course.pk]))


def _booked_ahead(course, order):
    """Dosing appointments that will take a dose from this order."""
    live = Appointment.objects.filter(
        attendees__course=course, service__code=Service.Code.DOSING, route=order.route, setting=order.setting
    )
    return live.filter(Q(state=State.BOOKED, ends_at__gte=clock.now()) | Q(state=State.ARRIVED))


def preparation_signed(course, subject=None):
    if signed_preparation(course) is None:
        return Missing(
            "The preparation is not signed.",
            "The therapist writes and signs it.",
            reverse("dosing:preparation", args=[course.pk]),
        )


def minimum_interval(course, subject=None):
    """Elapsed hours from the last dose of this course to the planned beginning. A prescriber may override the
    protocol's soft limit."""
    order = _order_for(course, subject)
    if order is None:
        return None  # order_active and doses_left say so already
    given = Administration.objects.filter(session__course=course, strike=None)
    last = given.exclude(session_id=getattr(subject, "pk", None)).order_by("-given_at").first()
    appointment = appointment_of(subject)
    planned = getattr(appointment or subject, "starts_at", None)
    at = max(clock.now(), planned) if planned else clock.now()
    found = check_interval(last.given_at if last else None, at, facts.order_facts(order), course.rules)
    link = reverse("dosing:open", args=[appointment.pk]) if appointment else ""
    return [Missing(f.words, f.mend, link, overridable=f.is_soft) for f in found]


FEW = 2  # lines named one by one; of more, how many: the check itself lists them


def pre_dose_answered(course, subject):
    """Every line of the check; at home also the licence for the state where the client is. Lines that nobody has
    answered yet are named while they are few; a problem is always named."""
    held = Flowsheet(subject).held_by_lines()
    base = reverse("dosing:session", args=[subject.pk])
    waiting = [code for code, finding in held.items() if finding.code == f"{code}_open"]
    found = []
    if len(waiting) > FEW:
        words = f"{len(waiting)} lines are not answered yet."
        found.append(Missing(words, "Answer them in the pre-dose check.", f"{base}#line-{waiting[0]}"))
        held = {code: finding for code, finding in held.items() if code not in waiting}
    found += [Missing(finding.words, finding.mend, f"{base}#line-{code}") for code, finding in held.items()]
    return found + _licence_there(subject, base)


def _licence_there(session, base):
    """At home the prescriber must hold a licence in the state where the client is at this moment."""
    if session.setting != Setting.REMOTE or not session.remote_state:
        return []
    day = facts.today_of(session.appointment)
    order = active_order(session.course, session.route, session.setting, day)
    if order is None:
        return []
    gaps = licence_gaps(order.signed_by, session.remote_state, day)
    mend = "Do not dose. Book a prescriber who is licensed there."
    return [Missing(words, mend, f"{base}#remote") for words in gaps]


def _today_from(session) -> datetime:
    """Midnight where the dose is given."""
    zone = ZoneInfo(session.appointment.location.zone)
    return datetime.combine(clock.today(zone), time(), zone)


def safety_screen_today(course, subject):
    """The C-SSRS of today. High risk stops a dose at home; in the clinic a prescriber may override it
    with her reason (clinical.md §1 and §6). An unanswered question is not "no risk"."""
    link = reverse("dosing:safety", args=[subject.pk])
    newest = (
        Response.objects.filter(course=course, instrument="cssrs", authored_at__gte=_today_from(subject))
        .order_by("-authored_at")
        .first()
    )
    if newest is None:
        return Missing("The safety screen was not asked today.", "A therapist or prescriber asks it.", link)
    if newest.band == "high":
        remote = subject.setting == Setting.REMOTE
        mend = "Stay with the client and act on the alert."
        return Missing(
            "Today's safety screen says high risk.",
            mend if remote else f"{mend} A prescriber may pass this with a reason.",
            reverse("worklist:list") if remote else "",
            overridable=not remote,
        )
    if newest.band not in SAFE_BANDS:
        return Missing("Today's safety screen is not complete.", "Ask the questions that are open.", link)


def vitals_in_limits(course, subject):
    """Inside the protocol's bands and the order's limits, or released by a prescriber as they stand."""
    sheet = Flowsheet(subject)
    day = facts.today_of(subject.appointment)
    order = subject.order or active_order(course, subject.route, subject.setting, day)
    base = reverse("dosing:session", args=[subject.pk])
    return [
        Missing(
            f.words,
            f.mend,
            f"{base}#{'vitals' if 'missing' in f.code else 'release'}",
        )
        for f in sheet.held_by_vitals(order)
    ]


def two_staff_present(course, subject):
    """In the clinic two members of staff. At home the prescriber or therapist on video and the chaperone."""
    base = reverse("dosing:session", args=[subject.pk])
    if subject.setting == Setting.REMOTE:
        return _present_at_home(subject, base)
    if subject.second_person_id is None:
        return Missing(
            "A second person has not confirmed being in the room.",
            "That person signs in and says so, or enters a PIN here.",
            f"{base}#second",
        )
    if not allowed(subject.second_person, Can.CHART_VITALS):
        return Missing(
            f"{subject.second_person.name} may no longer chart a session.",
            "Name another second person.",
            f"{base}#second",
        )


def _present_at_home(session, base):
    answers = Flowsheet(session).answers
    found = []
    video, companion = answers.get("video"), answers.get("companion")
    if not (video and video.answer == FINE and video.role in (Role.PRESCRIBER, Role.THERAPIST)):
        words = "No prescriber or therapist has confirmed being on live video."
        found.append(Missing(words, "Whoever is on video answers that line.", f"{base}#line-video"))
    if not (companion and companion.answer == FINE):
        words = "The chaperone is not confirmed to be in the room."
        found.append(
            Missing(words, "See the companion on camera, then answer that line.", f"{base}#line-companion")
        )
    return found


def discharge_signed(course, subject):
    """`subject`: the session. Left against advice is signed on the same form and counts, too."""
    session = subject or course.dosing_sessions.order_by("-opened_at").first()
    if session is None or not isinstance(session, DosingSession) or not hasattr(session, "discharge"):
        link = reverse("dosing:session", args=[session.pk]) if session else reverse("dosing:rooms")
        return Missing("The discharge is not signed.", "Go through the discharge checklist.", link)
