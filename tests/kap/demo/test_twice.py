"""Two demonstrations of the same moment are alike; a story that is refused leaves nothing behind."""

from datetime import UTC, datetime

import pytest

from kap.core import clock
from kap.core.errors import Refused
from kap.core.models import Clinic
from kap.demo import build, cast, stories
from kap.demo.world import StoryBroke
from kap.measures.models import Response
from kap.outbox.models import Message
from scheduling.models import Appointment
from sessions.models import Vitals
from tests.conftest import empty_database

pytestmark = pytest.mark.django_db(transaction=True)
FEW = tuple(
    p for p in cast.CLIENTS if p.name in ("Priya Shah", "Graham Pruitt", "Dana Reyes", "Helen Strand")
)


def _facts():
    return (
        list(
            Appointment.objects.order_by("starts_at", "service__code").values_list(
                "starts_at", "service__code", "state"
            )
        ),
        list(
            Vitals.objects.order_by("measured_at").values_list(
                "measured_at", "systolic_mmhg", "heart_rate_bpm"
            )
        ),
        list(Response.objects.order_by("authored_at", "instrument").values_list("instrument", "total")),
        Message.objects.count(),
    )


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 22, 18, 34, tzinfo=UTC),  # a Sunday, half past ten in the clinic
        datetime(2026, 11, 4, 5, 30, tzinfo=UTC),  # late in the evening, days after the clocks changed
    ],
)
def test_the_same_moment_makes_the_same_clinic(moment):
    made = []
    for _ in range(2):
        with clock.at(moment):
            build.build(say=lambda text: None, people=FEW)
        made.append(_facts())
        empty_database()
    assert made[0] == made[1]
    assert len(made[0][0]) > 8


def test_a_refusal_names_the_client_and_leaves_the_database_empty(monkeypatch):
    def refused(case):
        yield case.world.at(-3)
        case.act = "sending the forms"
        raise Refused("Finish “Goals and hopes”.")

    monkeypatch.setitem(stories.STORIES, "declined", refused)
    with pytest.raises(StoryBroke, match=r"(?s)Helen Strand, sending the forms.*Goals and hopes"):
        build.build(say=lambda text: None, people=FEW)
    assert not Clinic.objects.exists()
