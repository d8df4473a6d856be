"""The demonstration is whole, plausible, and made of today."""

from collections import Counter
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import Count, F

from integration.models import IntegrationSession
from kap.core import clock
from kap.demo import build, cast
from kap.documents.models import Document
from kap.measures.models import Response
from kap.outbox.models import MailboxItem, Message, State
from kap.pathway.models import Course
from kap.people.models import Client
from kap.worklist.models import Item
from scheduling.models import Appointment, Room, Shift
from sessions.models import DosingSession, Vitals


def test_everybody_stands_where_the_story_says(demo):
    stages = Counter(Course.objects.values_list("stage", flat=True))
    assert Client.objects.count() == len(cast.CLIENTS) == 40
    assert sum(stages.values()) == 40
    assert stages["enquiry"] == 3
    assert stages["completed"] == 2
    assert {stage: stages[stage] for stage in ("declined", "deferred", "withdrawn", "transferred")} == {
        "declined": 1, "deferred": 1, "withdrawn": 1, "transferred": 1,
    }  # fmt: skip
    assert stages["intake"] >= 5
    assert stages["medical"] >= 5
    assert stages["preparation"] >= 3
    assert stages["integration"] >= 8
    assert stages["follow_up"] == 2


def test_the_clinic_has_its_places_and_works_at_weekends(demo):
    assert Room.objects.count() == 4
    assert set(Shift.objects.values_list("weekday", flat=True)) == set(range(7))


def test_weeks_of_past_and_of_future_are_booked(demo):
    starts = sorted(Appointment.objects.exclude(state="cancelled").values_list("starts_at", flat=True))
    assert starts[0] < demo.now - timedelta(weeks=6)
    assert starts[-1] > demo.now + timedelta(days=9)
    today = [one for one in starts if demo.local(one).date() == demo.today]
    assert len(today) >= 4


def test_nobody_is_left_waiting_in_the_past(demo):
    """What is over is held, cancelled or not come; nothing of last week is still merely booked."""
    left = Appointment.objects.filter(state__in=["booked", "arrived"], ends_at__lt=demo.at(0, "00:00"))
    assert list(left) == []


def test_today_a_dose_can_be_opened_and_its_companion_is_missing(demo):
    doses = Appointment.objects.filter(service__code="dosing", state="booked", companion_confirmed_at=None)
    today = [one for one in doses if demo.local(one.starts_at).date() == demo.today]
    assert [one.attendees.get().client.legal_name for one in today] == ["Marcus Bell"]
    assert today[0].companion is not None


def test_every_dose_has_its_papers_its_readings_and_its_integration(demo):
    given = DosingSession.objects.filter(first_dose_at__isnull=False)
    assert given.count() >= 35
    assert not given.filter(consent=None).exists()
    assert given.filter(ended_at__isnull=False).count() == given.count()
    assert given.annotate(n=Count("vitalss")).filter(n__lt=4).count() == 0
    assert IntegrationSession.objects.count() == given.count()
    late = IntegrationSession.objects.filter(signed_at__isnull=False).exclude(timing="in_window")
    assert list(late.values_list("course__client__legal_name", flat=True)) == []  # no story tells of one
    assert DosingSession.objects.filter(outcome="not_dosed").count() == 1
    assert Vitals.objects.filter(strike__isnull=False).exists()


def test_scores_move(demo):
    client = Client.objects.get(legal_name="June Ashworth")
    totals = Response.objects.filter(client=client, instrument="phq9").order_by("authored_at")
    assert list(totals.values_list("total", flat=True)) == [19, 12, 10]


def test_documents_are_signed_and_their_pdfs_owed(demo):
    kinds = Counter(Document.objects.values_list("kind", flat=True))
    assert {
        "kap_consent",
        "medical_evaluation",
        "order",
        "treatment_plan",
        "session_record",
        "course_summary",
    } <= set(kinds)
    assert not Document.objects.filter(signatures=None).exists()


def test_what_somebody_must_see_to_is_on_the_list(demo):
    kinds = Counter(Item.objects.filter(acknowledged_at=None).values_list("kind", flat=True))
    assert kinds["safety"] >= 1
    waiting = Item.objects.filter(acknowledged_at=None, kind__startswith="integration")
    names = {item.client.legal_name for item in waiting}
    assert names - {"Theodore Kask"} == {"Priya Shah", "Leila Haddad"}
    assert set(waiting.filter(client__legal_name="Leila Haddad").values_list("kind", flat=True)) == {
        "integration_late"
    }
    # His note is begun and not signed; late in the evening his window has closed, too.
    theo = IntegrationSession.objects.filter(course__client__legal_name="Theodore Kask", signed_at=None).get()
    assert ("Theodore Kask" in names) == (theo.closes_at < demo.now)
    assert kinds["companion_missing"] >= 1


def test_the_past_of_the_outbox_is_settled(demo):
    assert not Message.objects.filter(state=State.OWED, send_at__lt=demo.now - timedelta(minutes=1)).exists()
    states = Counter(Message.objects.values_list("state", flat=True))
    assert states[State.SENT] > 300
    assert states[State.FAILED] == 0
    assert Message.objects.filter(state=State.OWED, send_at__gt=demo.now).count() > 20
    sent = Message.objects.filter(state=State.SENT)
    assert not sent.filter(ended_at__gt=F("send_at") + timedelta(hours=1)).exists()


def test_it_is_of_today_and_says_so_when_asked_again(demo, capsys):
    assert not build.is_stale()
    call_command("demo")
    assert "already" in capsys.readouterr().out
    with clock.at(demo.now + timedelta(days=1)):
        assert build.is_stale()


def test_refresh_is_refused_outside_the_demonstration(demo, settings):
    assert not settings.DEMO
    with pytest.raises(CommandError, match="KAP_MODE=demo"):
        call_command("demo", refresh=True)
    assert Client.objects.exists()


def test_production_never_gets_a_demonstration(demo, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="never in a clinic"):
        call_command("demo")


def test_logins_are_told(capsys):
    call_command("demo", logins=True)
    said = capsys.readouterr().out
    assert all(member.email in said for member in cast.STAFF)
    assert "mailbox" in said


def test_the_mailbox_is_empty_where_mail_is_not_the_demonstrations(demo):
    assert MailboxItem.objects.count() == 0
