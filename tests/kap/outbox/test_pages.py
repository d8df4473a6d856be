"""The page of messages, and the demonstration's mailbox."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from kap.core import clock
from kap.outbox import dispatch
from kap.outbox.models import MailboxItem, Message, State
from tests.factories.people import ClientFactory, TeamMemberFactory, UserFactory


@pytest.fixture
def admin(client, clinic):
    user = UserFactory(roles=["admin"])
    client.force_login(user)
    return user


def test_each_tab_shows_its_own(client, admin, owed):
    owed(key="a", kind="client_invitation")
    failed = owed(key="b")
    Message.objects.filter(pk=failed.pk).update(
        state="failed", ended_at=clock.now(), why="Not delivered after 8 tries"
    )
    page = client.get(reverse("outbox:list")).content.decode()
    assert "Invitation of a client" in page
    assert "Copy of a signed document" not in page
    assert (
        "Not delivered after 8 tries"
        in client.get(reverse("outbox:list"), {"tab": "failed"}).content.decode()
    )


def test_a_failed_message_is_read_and_sent_again(client, admin, owed):
    row = owed()
    Message.objects.filter(pk=row.pk).update(
        state="failed", ended_at=clock.now(), why="No", last_error="451", attempts=8
    )
    assert "Send again" in client.get(reverse("outbox:message", args=[row.pk])).content.decode()
    client.post(reverse("outbox:retry", args=[row.pk]))
    dispatch.dispatch()
    row.refresh_from_db()
    assert row.state == State.SENT
    assert len(mail.outbox) == 1
    client.post(reverse("outbox:retry", args=[row.pk]))
    assert len(mail.outbox) == 1


def test_a_therapist_sees_only_what_goes_to_her_clients(client, clinic, owed):
    mara, ana, other = UserFactory(roles=["therapist"]), ClientFactory(), ClientFactory()
    TeamMemberFactory(client=ana, user=mara)
    hers, not_hers = owed(key="a", client=ana), owed(key="b", client=other)
    client.force_login(mara)
    assert client.get(reverse("outbox:message", args=[hers.pk])).status_code == 200
    assert client.get(reverse("outbox:message", args=[not_hers.pk])).status_code == 404
    assert client.post(reverse("outbox:retry", args=[not_hers.pk])).status_code == 404


@pytest.mark.parametrize("role", ["client", "monitor", "prescriber"])
def test_others_do_not_see_the_outbox(client, clinic, role):
    client.force_login(UserFactory(roles=[role]))
    assert client.get(reverse("outbox:list")).status_code == 403


def test_the_mailbox_exists_only_in_the_demonstration(client, clinic, settings):
    settings.DEMO = False
    assert client.get(reverse("outbox:mailbox")).status_code == 404
    settings.DEMO = True
    assert "No mail here yet" in client.get(reverse("outbox:mailbox")).content.decode()


def test_the_demonstrations_mail_is_kept_and_its_links_can_be_clicked(client, clinic, settings, owed):
    settings.DEMO = True
    settings.EMAIL_BACKEND = "kap.outbox.mailbox.DemoMailbox"
    settings.SITE_URL = "http://testserver"
    owed(kind="sign_in_code", context={"path": "/link/abc", "code": "482913"})
    dispatch.dispatch()
    item = MailboxItem.objects.get()
    page = client.get(reverse("outbox:mailbox_item", args=[item.pk])).content.decode()
    assert 'href="http://testserver/link/abc"' in page
    assert "482913" in page
    assert client.get(reverse("outbox:mailbox_html", args=[item.pk])).status_code == 200
    assert item.subject in client.get(reverse("outbox:mailbox"), {"to": "ana"}).content.decode()


def test_the_rules_of_the_watch_run_one_by_one(clinic, monkeypatch, caplog):
    from kap.outbox import watch

    ran = []
    monkeypatch.setattr("kap.outbox.credentials.warn_expiring", lambda *, by: 1 / 0)
    monkeypatch.setattr("kap.notes.watch.run", lambda *, by: ran.append(by))
    monkeypatch.setattr(
        watch, "RULES", ("kap.outbox.credentials.warn_expiring", "kap.notes.watch.run", "no.such.thing")
    )
    monkeypatch.setattr(watch, "find_spec", lambda name: None if name == "no.such" else name)
    assert watch.run() == ["kap.outbox.credentials.warn_expiring"]
    assert len(ran) == 1


def test_an_expiring_licence_is_told_once_per_step_to_provider_and_admins(clinic, at):
    from kap.core.actions import System
    from kap.outbox.credentials import warn_expiring
    from tests.factories.people import CredentialFactory

    admin = UserFactory(roles=["admin"])
    credential = CredentialFactory(expires_on=clock.today("America/Los_Angeles") + timedelta(days=89))
    for _ in range(2):
        warn_expiring(by=System("watch"))
    told = set(Message.objects.values_list("to_address", flat=True))
    assert told == {admin.email, credential.provider.user.email}
    assert Message.objects.count() == 2
    clock.advance(timedelta(days=60))
    warn_expiring(by=System("watch"))
    assert Message.objects.count() == 4
