"""Observations, adverse events, calls."""

from datetime import timedelta

import pytest

from kap.core import clock
from kap.core.errors import Refused
from kap.worklist.models import Item
from sessions import actions
from sessions.models import AdverseEvent, Observation
from tests.factories.dosing import dosed, ready_to_dose

pytestmark = pytest.mark.django_db


def event(scene, **changes):
    given = (
        dict(code="nausea", grade=1, relatedness="possible", action="watched", outcome="ongoing") | changes
    )
    return actions.record_event(session=scene.session, by=scene.monitor, **given)


def test_a_mild_event_is_a_line_of_the_sheet():
    scene = ready_to_dose()
    dosed(scene)
    made = event(scene)
    assert not made.serious
    assert not Item.objects.filter(kind="adverse_event").exists()


@pytest.mark.parametrize(
    ("changes", "serious"),
    [
        ({"grade": 4}, True),
        ({"serious_reasons": ["hospital"]}, True),
        ({"code": "seizure", "grade": 2}, False),
    ],
)
def test_what_cannot_wait_reaches_the_care_team(changes, serious):
    scene = ready_to_dose()
    dosed(scene)
    made = event(scene, **changes)
    item = Item.objects.get(kind="adverse_event")
    assert made.serious is serious
    assert item.urgency == "now"
    assert ("MedWatch" in item.detail) is serious


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "hiccups"}, "Event: choose one"),
        ({"grade": 7}, "Grade"),
        ({"outcome": "resolved"}, "when it was over"),
        ({"code": "other"}, "say in words"),
        ({"serious_reasons": ["bad luck"]}, "from the list"),
    ],
)
def test_an_event_that_says_nothing_is_refused(changes, words):
    scene = ready_to_dose()
    dosed(scene)
    with pytest.raises(Refused, match=words):
        event(scene, **changes)
    assert not AdverseEvent.objects.exists()


def test_an_event_does_not_end_before_it_began():
    scene = ready_to_dose()
    dosed(scene)
    with pytest.raises(Refused, match="cannot end before it began"):
        event(scene, outcome="resolved", resolved_at=clock.now() - timedelta(minutes=5))


def test_a_call_stands_on_the_work_list_and_in_the_sheet():
    scene = ready_to_dose()
    dosed(scene)
    actions.call_prescriber(session=scene.session, by=scene.monitor)
    assert Observation.objects.get().words == "Called Dr. Osei."
    assert Item.objects.get(kind="vitals_limit").for_role == "prescriber"
