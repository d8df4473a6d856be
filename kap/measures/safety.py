"""What follows from an answer that must not wait: the item, the message to the care team, the next questions.

Runs inside `measures.answer`, in its transaction. Source of the rules: clinical.md §6, safety actions.
"""

from kap.accounts.models import User
from kap.accounts.permissions import Role
from kap.core import clock
from kap.measures.scoring import Score, Urgency
from kap.outbox.actions import owe
from kap.people.models import TeamMember
from kap.worklist.actions import Kind, raise_item
from kap.worklist.actions import Urgency as ItemUrgency

ITEM_URGENCY = {
    Urgency.ASK: ItemUrgency.TODAY,
    Urgency.NOW_SCREEN: ItemUrgency.NOW,
    Urgency.SAME_DAY: ItemUrgency.NOW,
    Urgency.IMMEDIATE: ItemUrgency.NOW,
}


def act_on(response, result: Score, *, by) -> None:
    for finding in result.safety:
        item = raise_item(
            key=f"measure:{response.pk}:{finding.code}", kind=Kind.SAFETY, urgency=ITEM_URGENCY[finding.urgency],
            title=finding.words, client=response.client, detail=finding.mend, by=by,
        )  # fmt: skip
        alert(item, by=by)
    if response.instrument == "phq9" and result.safety:
        from kap.measures.actions import ask

        ask(
            course=response.course, instrument="cssrs", occasion=response.occasion, due_at=clock.now(),
            about=response.about or response.pk, by=by,
        )  # fmt: skip


def alert(item, *, by) -> None:
    """One message to each clinician of the care team; before anyone has taken the client, to every therapist.

    It says only "Please sign in: something needs you".
    """
    for user in people_to_tell(item.client):
        owe(
            key=f"safety:{item.pk}:{user.pk}", kind="safety_alert", send_at=clock.now(), to_address=user.email,
            to_name=user.name, context={"path": f"/worklist/{item.pk}"}, cause=f"worklist.item:{item.pk}", by=by,
        )  # fmt: skip


def people_to_tell(client) -> list[User]:
    members = TeamMember.objects.current().filter(client=client).values("user")
    team = list(User.objects.filter(pk__in=members, is_active=True))
    return team or list(User.objects.with_role(Role.THERAPIST))
