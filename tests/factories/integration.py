"""Integrations, through the dosing room and the actions.

scene = dosed_and_home()                    # a discharged first dose; scene.integration_session is open
clock.advance(timedelta(hours=27)); integrated(scene)
next_dose(scene); …; at_follow_up(scene); final_answers(scene)
"""

from datetime import timedelta

from integration import actions
from integration.models import IntegrationSession
from kap.core import clock
from kap.measures import actions as measures
from kap.measures.models import Request
from kap.notes import actions as notes
from kap.pathway import actions as pathway
from kap.pathway.models import Course
from scheduling import actions as scheduling
from sessions import actions as dosing
from tests.factories.dosing import (
    FIT,
    GO,
    dosed,
    dosing_appointment,
    integration_appointment,
    read,
    ready_to_dose,
)
from tests.factories.measures import TESTS, answered, phq9
from tests.factories.notes import full_body

CSSRS_NO = {"1": 0, "2": 0, "3": None, "4": None, "5": None, "6": 0, "6a": None}
MINUTES_TO_HOME = 125


def discharged(scene) -> IntegrationSession:
    """Given, watched for two hours, and home with the companion."""
    if not hasattr(scene, "session"):
        dosed(scene)
    clock.advance(timedelta(minutes=MINUTES_TO_HOME))
    read(scene, **GO)
    dosing.discharge(
        session=scene.session,
        answers=FIT,
        companion=scene.companion,
        printed_name=scene.monitor.name,
        by=scene.monitor,
    )
    scene.session.refresh_from_db()
    scene.course = Course.objects.select_related("client", "protocol").get(pk=scene.course.pk)
    scene.integration_session = IntegrationSession.objects.get(dosing=scene.session)
    return scene.integration_session


def dosed_and_home(booked=True, **scene):
    """`booked=False`: its integration was cancelled while the session went on."""
    made = ready_to_dose(**scene)
    answered(made.course, "phq9", phq9(3, 3, 3, 2, 2, 2, 2, 1))
    dosed(made)
    if not booked:
        scheduling.cancel(appointment=made.integration, reason="client", by=made.therapist)
    discharged(made)
    return made


def screened(scene, **yes):
    return actions.screen_safety(
        integration=scene.integration_session, answers=CSSRS_NO | yes, by=scene.therapist
    )


def drafted(scene, by=None):
    by = by or scene.therapist
    note = notes.start(course=scene.course, kind="integration", about=scene.session.pk, by=by)
    return notes.save_draft(note=note, body=full_body("integration"), revision=note.revision, by=by)


def integrated(scene, held_at=None) -> IntegrationSession:
    """Screened, written and signed now (or as held at that time)."""
    screened(scene)
    drafted(scene)
    scene.integration_session = actions.sign(
        integration=scene.integration_session, printed_name=scene.therapist.name, held_at=held_at or clock.now(),
        by=scene.therapist,
    )  # fmt: skip
    return scene.integration_session


def next_dose(scene, days=7) -> IntegrationSession:
    """A second (third …) dose, a week on."""
    clock.advance(timedelta(days=days))
    scene.appointment = dosing_appointment(scene)
    scene.integration = integration_appointment(scene)
    del scene.session
    return discharged(scene)


def at_follow_up(scene):
    pathway.advance(course=scene.course, gate="follow_up", by=scene.therapist)
    scene.course.refresh_from_db()
    return scene.course


def final_answers(scene, score=0) -> None:
    for request in Request.objects.filter(course=scene.course, occasion="final", response=None):
        count = {"phq9": 9, "gad7": 7}[request.instrument]
        measures.answer(request=request, answers={str(n): score for n in range(1, count + 1)}, by=TESTS)
