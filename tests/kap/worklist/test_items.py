"""Who sees what waits, who may answer it, and that a safety alert is answered by a clinician, in words."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from kap.audit.models import AccessLog
from kap.core import clock
from kap.core.actions import System
from kap.core.errors import Refused, Stale
from kap.worklist import actions
from kap.worklist.models import Item, Kind, Urgency
from tests.factories.core import ClinicFactory
from tests.factories.pathway import CourseFactory
from tests.factories.people import ClientFactory, TeamMemberFactory, UserFactory

TESTS = System("tests")
DONE = "Spoke with her on the phone; she is safe, we meet at four."


def raised(key="k", kind=Kind.SAFETY, urgency=Urgency.NOW, **more):
    return actions.raise_item(key=key, kind=kind, urgency=urgency, title="PHQ-9 item 9", by=TESTS, **more)


@pytest.fixture
def mara(client, db):
    ClinicFactory()
    user = UserFactory(roles=["therapist"], name="Mara Quinn")
    client.force_login(user)
    return user


@pytest.fixture
def ana(mara):
    ana = ClientFactory(legal_name="Ana Lee")
    TeamMemberFactory(client=ana, user=mara)
    return ana


def test_the_care_team_sees_an_item_and_nobody_else_does(client, mara, ana):
    item, other = raised(client=ana), UserFactory(roles=["therapist"])
    assert Item.objects.visible_to(mara).get() == item
    assert not Item.objects.visible_to(other).exists()
    client.force_login(other)
    assert client.get(reverse("worklist:item", args=[item.pk])).status_code == 404
    assert client.post(reverse("worklist:item", args=[item.pk]), {"what_was_done": DONE}).status_code == 404


def test_a_safety_alert_is_seen_by_every_therapist_until_one_has_taken_the_client(mara):
    other = UserFactory(roles=["therapist"])
    course = CourseFactory(stage="intake")
    raised(client=course.client)
    raised(key="late", kind=Kind.MEASURE_OVERDUE, client=course.client)
    assert Item.objects.visible_to(mara).get().kind == Kind.SAFETY
    assert not Item.objects.visible_to(UserFactory(roles=["admin"])).exists()
    TeamMemberFactory(client=course.client, user=other)
    assert not Item.objects.visible_to(mara).exists()
    assert Item.objects.visible_to(other).count() == 2


def test_clinic_items_go_to_their_role(mara):
    raised(kind=Kind.MESSAGE_FAILED, for_role="admin")
    assert not Item.objects.visible_to(mara).exists()
    assert Item.objects.visible_to(UserFactory(roles=["admin"])).exists()


def test_a_safety_alert_needs_words_for_what_was_done(client, mara, ana):
    item = raised(client=ana)
    answer = client.post(reverse("worklist:item", args=[item.pk]), {"what_was_done": "ok"})
    assert answer.status_code == 422
    assert "whom you spoke to" in answer.content.decode()
    assert ">ok</textarea>" in answer.content.decode().replace("\n", "")
    assert client.post(reverse("worklist:item", args=[item.pk]), {"what_was_done": DONE}).status_code == 302
    item.refresh_from_db()
    assert (item.acknowledged_by, item.what_was_done) == (mara, DONE)


def test_the_second_to_answer_is_told_who_was_first(client, mara, ana):
    item = raised(client=ana)
    stale = Item.objects.get(pk=item.pk)
    actions.acknowledge(item=item, what_was_done=DONE, by=mara)
    with pytest.raises(Stale, match="Mara Quinn"):
        actions.acknowledge(item=stale, what_was_done=DONE, by=mara)
    page = client.post(
        reverse("worklist:item", args=[item.pk]), {"what_was_done": DONE}, follow=True
    ).content.decode()
    assert "Mara Quinn has answered this already" in page


def test_only_a_clinician_answers_a_safety_alert(mara, ana):
    for role in ("monitor", "admin"):
        with pytest.raises(PermissionDenied):
            actions.acknowledge(item=raised(client=ana), what_was_done=DONE, by=UserFactory(roles=[role]))


def test_no_rule_closes_a_safety_alert_and_neither_does_raw_sql(mara, ana):
    item = raised(client=ana)
    assert actions.close(key="k", by=TESTS) == 0
    sql = "UPDATE worklist_item SET acknowledged_at = now(), closed_by_rule = true WHERE id = %s"
    with (
        pytest.raises(IntegrityError, match="safety_alert_says_what_was_done"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, [item.pk])
    raised(key="soft", kind=Kind.UNSIGNED_NOTE, client=ana)
    assert actions.close(key="soft", by=TESTS) == 1


def test_raising_twice_is_one_item_also_after_it_was_answered(mara, ana):
    item = raised(client=ana)
    actions.acknowledge(item=item, what_was_done=DONE, by=mara)
    assert raised(client=ana).acknowledged_at is not None
    assert Item.objects.count() == 1


def test_the_most_urgent_comes_first(client, mara, ana):
    raised(key="soon", kind=Kind.UNSIGNED_NOTE, urgency=Urgency.SOON, client=ana)
    raised(key="now", client=ana)
    raised(key="today", kind=Kind.ADVERSE_EVENT, urgency=Urgency.TODAY, client=ana)
    assert [i.urgency for i in Item.objects.open().visible_to(mara).by_urgency()] == ["now", "today", "soon"]


def test_opening_the_list_and_an_item_is_on_the_log_of_reads(client, mara, ana):
    item = raised(client=ana)
    client.get(reverse("worklist:list"))
    client.get(reverse("worklist:item", args=[item.pk]))
    assert set(AccessLog.objects.filter(client_id=ana.pk).values_list("kind", flat=True)) == {
        "worklist",
        "worklist item",
    }


def test_answered_items_stay_readable(client, mara, ana):
    item = raised(client=ana)
    actions.acknowledge(item=item, what_was_done=DONE, by=mara)
    assert item.title not in client.get(reverse("worklist:list")).content.decode().split("<main")[1]
    assert item.title in client.get(reverse("worklist:list"), {"show": "done"}).content.decode()
    assert DONE in client.get(reverse("worklist:item", args=[item.pk])).content.decode()


def test_too_short_words_are_refused_by_the_action_too(mara, ana):
    with pytest.raises(Refused, match="whom you spoke to"):
        actions.acknowledge(item=raised(client=ana), what_was_done="  done  ", by=mara)


def test_an_alert_is_not_sent_once_somebody_has_acted(mara, ana):
    from kap.outbox.models import Message
    from kap.worklist.messages import still_stands

    item = raised(client=ana)
    message = Message(cause=f"worklist.item:{item.pk}")
    assert still_stands(message) == ""
    actions.acknowledge(item=item, what_was_done=DONE, by=mara)
    assert still_stands(message)
    assert clock.now() >= item.raised_at
