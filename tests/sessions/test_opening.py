"""Opening the room: what the gate asks, and two people at once."""

from datetime import timedelta

import pytest

from kap.core import clock
from kap.core.errors import Refused, Stale
from kap.pathway.gates import GateClosed
from sessions import actions
from sessions.models import DosingSession
from tests.factories.dosing import opened, ready_to_dose

pytestmark = pytest.mark.django_db


def closed(scene) -> str:
    with pytest.raises(GateClosed) as caught:
        opened(scene)
    assert not DosingSession.objects.exists()
    scene.course.refresh_from_db()
    assert scene.course.stage == "preparation"
    return " ".join(caught.value.reasons)


def test_opening_moves_the_course_to_dosing_and_numbers_the_session():
    scene = ready_to_dose()
    session = opened(scene)
    scene.course.refresh_from_db()
    assert (scene.course.stage, session.number, session.route) == ("dosing", 1, "sl")
    assert session.opened_by == scene.monitor


def test_the_second_opener_is_told_who_was_first():
    scene = ready_to_dose()
    opened(scene)
    with pytest.raises(Stale, match="Ana Ruiz opened this session at"):
        opened(scene, by=scene.therapist)
    assert DosingSession.objects.count() == 1


def test_without_a_signed_preparation_the_room_stays_shut():
    scene = ready_to_dose(prepared=False)
    assert "preparation is not signed" in closed(scene)


def test_a_withdrawn_consent_shuts_the_room():
    scene = ready_to_dose()
    from kap.documents.models import Withdrawal

    Withdrawal.objects.create(
        document=scene.consent, printed_name=scene.client.legal_name, withdrawn_by="system:tests"
    )
    assert "not in force" in closed(scene)


def test_a_companion_who_has_not_confirmed_shuts_the_room():
    scene = ready_to_dose()
    scene.appointment.companion_confirmed_at = scene.appointment.companion_confirmed_by = None
    scene.appointment.save()
    assert "has not confirmed" in closed(scene)


def test_an_expired_licence_shuts_the_room():
    scene = ready_to_dose()
    scene.prescriber_provider.credentials.filter(kind="licence").update(
        expires_on=clock.now().date() - timedelta(days=2)
    )
    assert closed(scene)


def test_a_session_is_opened_on_its_day():
    scene = ready_to_dose()
    scene.appointment.starts_at += timedelta(days=2)
    scene.appointment.ends_at += timedelta(days=2)
    scene.appointment.save()
    with pytest.raises(Refused, match="on the day it is booked"):
        opened(scene)


def test_a_cancelled_appointment_is_not_opened():
    scene = ready_to_dose()
    scene.appointment.state = "cancelled"
    scene.appointment.cancel_reason = "clinic"
    scene.appointment.cancelled_at, scene.appointment.cancelled_by = clock.now(), "system:tests"
    scene.appointment.save()
    with pytest.raises(Refused, match="not a dosing appointment that stands"):
        opened(scene)


def test_an_admin_opens_nothing():
    from django.core.exceptions import PermissionDenied

    from tests.factories.people import UserFactory

    scene = ready_to_dose()
    with pytest.raises(PermissionDenied):
        actions.open_session(appointment=scene.appointment, by=UserFactory(roles=["admin"]))
