"""Care teams: who opens whose chart, and for how long."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from kap.core import clock
from kap.core.errors import Refused, Stale
from kap.people import actions
from kap.people.models import Client
from tests.factories.core import ClinicFactory
from tests.factories.people import ClientFactory, TeamMemberFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    ClinicFactory()
    return UserFactory(roles=["admin"])


@pytest.fixture
def mara():
    return UserFactory(roles=["therapist"], name="Mara Quinn")


def opens(user, client):
    return Client.objects.visible_to(user).filter(pk=client.pk).exists()


def test_joining_opens_the_chart_and_leaving_closes_it(admin, mara):
    june = ClientFactory()
    assert not opens(mara, june)
    member = actions.join_team(client=june, user=mara, role="therapist", by=admin)
    assert opens(mara, june)
    actions.leave_team(member=member, by=admin)
    assert not opens(mara, june)
    with pytest.raises(Stale, match="left this care team already"):
        actions.leave_team(member=member, by=admin)


def test_joining_twice_is_one_membership(admin, mara):
    june = ClientFactory()
    one = actions.join_team(client=june, user=mara, role="therapist", by=admin)
    two = actions.join_team(client=june, user=mara, role="therapist", by=admin)
    assert one == two
    assert june.team.count() == 1


def test_a_cover_ends_by_itself(admin, mara, at):
    at(2026, 11, 19, 14, 0)
    june = ClientFactory()
    actions.join_team(
        client=june,
        user=mara,
        role="therapist",
        until=clock.now() + timedelta(days=3),
        why="Holiday",
        by=admin,
    )
    assert opens(mara, june)
    at(2026, 11, 22, 14, 1)
    assert not opens(mara, june)


def test_the_later_end_wins_and_no_end_wins_over_all(admin, mara):
    june, now = ClientFactory(), clock.now()

    def join(days):
        until = now + timedelta(days=days) if days else None
        return actions.join_team(client=june, user=mara, role="therapist", until=until, by=admin).until

    assert join(3) == now + timedelta(days=3)
    assert join(1) == now + timedelta(days=3)
    assert join(9) == now + timedelta(days=9)
    assert join(None) is None
    assert join(2) is None
    assert june.team.count() == 1


def test_coming_back_is_a_new_membership(admin, mara):
    june = ClientFactory()
    actions.leave_team(member=actions.join_team(client=june, user=mara, role="therapist", by=admin), by=admin)
    actions.join_team(client=june, user=mara, role="therapist", by=admin)
    assert june.team.count() == 2
    assert opens(mara, june)


def test_a_part_needs_the_role_and_an_active_account(admin, mara):
    june = ClientFactory()
    with pytest.raises(Refused, match="that role was not given"):
        actions.join_team(client=june, user=mara, role="prescriber", by=admin)
    with pytest.raises(Refused):
        actions.join_team(client=june, user=admin, role="admin", by=admin)
    mara.is_active = False
    with pytest.raises(Refused):
        actions.join_team(client=june, user=mara, role="therapist", by=admin)


def test_a_cover_that_ended_before_it_began_is_refused(admin, mara):
    with pytest.raises(Refused, match="must end after"):
        actions.join_team(client=ClientFactory(), user=mara, role="therapist", until=clock.now(), by=admin)


def test_monitors_put_nobody_on_a_team(mara):
    with pytest.raises(PermissionDenied):
        actions.join_team(
            client=ClientFactory(), user=mara, role="therapist", by=UserFactory(roles=["monitor"])
        )


class TestPages:
    def test_a_therapist_of_the_team_adds_a_cover_until_the_end_of_a_day(self, client, admin, mara):
        june = TeamMemberFactory(user=mara).client
        cover = UserFactory(roles=["therapist"], name="Hana Cover")
        client.force_login(mara)
        day = (clock.now() + timedelta(days=5)).date()
        answer = client.post(
            f"/clients/{june.pk}/team/",
            {"who": f"{cover.pk}:therapist", "until": day.isoformat(), "why": "Holiday"},
        )
        assert answer.status_code == 302
        until = june.team.get(user=cover).until
        import zoneinfo

        there = until.astimezone(zoneinfo.ZoneInfo("America/Los_Angeles"))
        assert (there.date(), there.hour) == (day + timedelta(days=1), 0)

    def test_a_day_gone_by_is_refused_and_typing_stays(self, client, admin, mara):
        june = TeamMemberFactory(user=mara).client
        client.force_login(mara)
        answer = client.post(
            f"/clients/{june.pk}/team/",
            {"who": f"{mara.pk}:therapist", "until": "2020-01-01", "why": "Holiday"},
        )
        assert answer.status_code == 422
        assert b"choose today or a later day" in answer.content
        assert b'value="Holiday"' in answer.content

    def test_ending_the_last_one_says_what_follows(self, client, admin, mara):
        member = TeamMemberFactory(user=mara)
        client.force_login(admin)
        page = client.get(f"/clients/{member.client_id}/team/{member.pk}/end/")
        assert "No therapist would be left" in page.content.decode()
        assert client.post(f"/clients/{member.client_id}/team/{member.pk}/end/").status_code == 302
        assert client.get(f"/clients/{member.client_id}/team/{member.pk}/end/").status_code == 404

    def test_ending_ones_own_part_leads_away_from_the_client(self, client, admin, mara):
        member = TeamMemberFactory(user=mara)
        client.force_login(mara)
        assert client.post(f"/clients/{member.client_id}/team/{member.pk}/end/")["Location"] == "/"
