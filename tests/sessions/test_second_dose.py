"""The next dose of a course: numbered on, the interval asked about, the integration before it signed."""

from datetime import timedelta

import pytest

from kap.core import clock
from kap.pathway import actions as pathway
from kap.pathway.gates import GateClosed
from sessions.entry import Entry
from tests.factories.dosing import dosing_appointment, integration_appointment, opened
from tests.factories.integration import dosed_and_home, integrated, next_dose

pytestmark = pytest.mark.django_db


def again(scene, hours):
    clock.advance(timedelta(hours=hours))
    scene.appointment = dosing_appointment(scene)
    scene.integration = integration_appointment(scene)
    del scene.session


def test_the_second_dose_is_number_two():
    scene = dosed_and_home()
    clock.advance(timedelta(hours=27))
    integrated(scene)
    next_dose(scene)
    assert scene.session.number == 2


def test_an_unsigned_integration_keeps_the_next_dose_back():
    scene = dosed_and_home()
    again(scene, 72)
    with pytest.raises(GateClosed, match=r"[Ii]ntegration"):
        opened(scene)


def test_a_short_interval_is_passed_only_by_a_prescriber_with_her_reason():
    scene = dosed_and_home()
    clock.advance(timedelta(hours=27))
    integrated(scene)
    again(scene, 6)
    with pytest.raises(GateClosed, match="less than 48 is asked about"):
        opened(scene)
    pathway.override(
        course=scene.course, gate="enter_dosing", evidence="minimum_interval", about=Entry(scene.appointment, scene.course),
        reason="Twice a week was planned for this week.", printed_name=scene.prescriber.name, by=scene.prescriber,
    )  # fmt: skip
    assert opened(scene).number == 2
