"""The admin's list: invitations, roles, deactivation."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client

from kap.accounts import actions
from kap.accounts.models import Invitation, SignInCode, User
from kap.core import clock
from kap.core.actions import System
from kap.core.errors import Refused, Stale
from kap.outbox.models import Message
from tests.factories.core import ClinicFactory
from tests.factories.people import ClientFactory, UserFactory

pytestmark = pytest.mark.django_db
PASSWORD = "seven green bicycles sing"


@pytest.fixture
def admin():
    ClinicFactory()
    return UserFactory(roles=["admin"], name="Ada Admin", email="ada@alderhouse.example")


@pytest.fixture
def desk(client, admin):
    client.force_login(admin)
    return client


def invite(desk, **data):
    given = {"name": "Mara Quinn", "email": "mara@alderhouse.example", "roles": ["therapist"], **data}
    return desk.post("/staff/invite/", given)


def link():
    return Message.objects.filter(kind="staff_invitation").latest("id").context["path"]


def test_an_invited_person_opens_her_own_account_with_her_roles(desk):
    assert invite(desk, roles=["therapist", "admin"]).status_code == 302
    browser = Client()
    assert b"Therapist, Admin" in browser.get(link()).content
    answer = browser.post(link(), {"name": "Mara Quinn", "new_password": PASSWORD, "again": PASSWORD})
    assert answer.status_code == 302
    mara = User.objects.get(email="mara@alderhouse.example")
    assert mara.roles == {"therapist", "admin"}
    assert mara.check_password(PASSWORD)
    assert browser.session["_auth_user_id"] == str(mara.pk)
    assert Invitation.objects.get().accepted_by == mara


def test_the_action_too_asks_whether_an_invitation_still_holds(desk, at):
    moment = at(clock.now())
    invite(desk)
    found = Invitation.objects.get()
    at(moment + actions.INVITATION_LASTS + timedelta(minutes=1))
    with pytest.raises(Stale, match="has run out"):
        actions.accept_invitation(invitation=found, name="Mara Quinn", password=PASSWORD, by=found)
    assert Client().get(link()).status_code == 410
    assert not User.objects.filter(email=found.email).exists()


def test_an_invitation_works_once(desk):
    invite(desk)
    browser, path = Client(), link()
    given = {"name": "Mara Quinn", "new_password": PASSWORD, "again": PASSWORD}
    browser.post(path, given)
    assert Client().get(path).status_code == 410
    assert Client().post(path, given).status_code == 410


def test_sending_again_makes_a_new_link_and_ends_the_old_one(desk):
    invite(desk)
    old = link()
    desk.post(f"/staff/invitations/{Invitation.objects.get().pk}/again/")
    assert Client().get(old).status_code == 410
    assert Client().get(link()).status_code == 200


def test_a_withdrawn_or_run_out_invitation_opens_nothing(desk, at):
    at(2026, 11, 1, 9, 0)
    invite(desk)
    at(2026, 11, 8, 9, 0, 5)
    assert Client().get(link()).status_code == 410
    invitation = Invitation.objects.get()
    desk.post(f"/staff/invitations/{invitation.pk}/again/")
    assert Client().get(link()).status_code == 200
    desk.post(f"/staff/invitations/{invitation.pk}/withdraw/")
    assert Client().get(link()).status_code == 410


def test_nobody_is_invited_twice_nor_with_a_known_address(desk, admin):
    assert invite(desk, email="ADA@alderhouse.example").status_code == 422
    invite(desk)
    answer = invite(desk, email="Mara@alderhouse.example")
    assert answer.status_code == 422
    assert "invited already" in answer.content.decode()


def test_an_account_that_nobody_opened_stands_in_no_invitations_way(desk):
    squatted = UserFactory(
        roles=["client"], email="mara@alderhouse.example", name="Somebody Else", last_login=None
    )
    actions.send_code(user=squatted, by=System("tests"))
    assert invite(desk).status_code == 302
    Client().post(link(), {"name": "Mara Quinn", "new_password": PASSWORD, "again": PASSWORD})
    mara = User.objects.get(email="mara@alderhouse.example")
    assert (mara.pk, mara.name) == (squatted.pk, "Mara Quinn")
    assert mara.is_staff_member
    assert "client" not in mara.roles
    assert mara.check_password(PASSWORD)
    code = SignInCode.objects.get(user=mara)
    assert actions.use_code(row=code, code="000000", by=System("tests")) == "ended"


def test_a_clients_address_is_no_colleagues(desk):
    ClientFactory(user=UserFactory(roles=["client"], email="mara@alderhouse.example", last_login=None))
    answer = invite(desk)
    assert answer.status_code == 422
    assert "Invite with another address" in answer.content.decode()


def test_a_weak_password_keeps_the_typed_name(desk):
    invite(desk)
    answer = Client().post(link(), {"name": "Mara Q. Quinn", "new_password": "x", "again": "x"})
    assert answer.status_code == 422
    assert b"Mara Q. Quinn" in answer.content


def test_roles_change_and_past_ones_stay_on_record(desk, admin):
    mara = UserFactory(roles=["therapist"])
    desk.post(f"/staff/{mara.pk}/roles/", {"roles": ["prescriber", "admin"]})
    assert User.objects.get(pk=mara.pk).roles == {"prescriber", "admin"}
    ended = mara.grants.get(role="therapist")
    assert ended.ended_by == admin.audit_label


def test_the_last_admin_stays_one(desk, admin):
    answer = desk.post(f"/staff/{admin.pk}/roles/", {"roles": ["therapist"]})
    assert answer.status_code == 422
    assert "last admin" in answer.content.decode()
    other = UserFactory(roles=["admin"])
    assert desk.post(f"/staff/{admin.pk}/roles/", {"roles": ["therapist"]}).status_code == 302
    with pytest.raises(Refused, match="last admin"):
        actions.change_roles(user=other, roles=["monitor"], by=other)


def test_nobody_deactivates_herself(admin):
    UserFactory(roles=["admin"])
    with pytest.raises(Refused, match="your own account"):
        actions.deactivate(user=admin, by=admin)


def test_deactivation_ends_open_sessions_and_coming_back_does_not_revive_them(desk):
    mara = UserFactory(roles=["therapist"])
    tablet = Client()
    tablet.post("/sign-in/staff/", {"email": mara.email, "password": "correct horse battery staple"})
    assert tablet.get("/account/").status_code == 200
    desk.post(f"/staff/{mara.pk}/deactivate/")
    assert tablet.get("/account/").status_code == 302
    desk.post(f"/staff/{mara.pk}/reactivate/")
    assert tablet.get("/account/").status_code == 302
    again = tablet.post("/sign-in/staff/", {"email": mara.email, "password": "correct horse battery staple"})
    assert again.status_code == 302


def test_a_second_click_is_told(admin):
    mara = UserFactory(roles=["therapist"])
    actions.deactivate(user=mara, by=admin)
    with pytest.raises(Stale, match="deactivated already"):
        actions.deactivate(user=mara, by=admin)


@pytest.mark.parametrize("role", ["therapist", "prescriber", "monitor", "client"])
@pytest.mark.parametrize("path", ["/staff/", "/staff/invite/"])
def test_only_admins_run_the_list(client, admin, role, path):
    client.force_login(UserFactory(roles=[role]))
    assert client.get(path).status_code == 403


def test_the_actions_ask_again(admin):
    mara = UserFactory(roles=["therapist"])
    for wanted in (
        lambda: actions.invite(email="a@b.example", name="A", roles=["admin"], by=mara),
        lambda: actions.change_roles(user=mara, roles=["admin"], by=mara),
        lambda: actions.deactivate(user=admin, by=mara),
        lambda: actions.open_account(email="a@b.example", name="A", roles=["admin"], by=mara),
    ):
        with pytest.raises(PermissionDenied):
            wanted()


def test_clients_are_not_staff(desk):
    someone = ClientFactory(with_user=True).user
    assert desk.get(f"/staff/{someone.pk}/roles/").status_code == 404
    assert someone.name not in desk.get("/staff/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_admins_removing_each_other_leave_one():
    ClinicFactory()
    one, two = UserFactory(roles=["admin"]), UserFactory(roles=["admin"])
    start, outcomes = threading.Barrier(2), []

    def remove(target, by):
        start.wait()
        try:
            actions.change_roles(user=target, roles=["therapist"], by=by)
            outcomes.append("removed")
        except (Refused, PermissionDenied):
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in ((one, two), (two, one))]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(outcomes) == ["refused", "removed"]
    assert User.objects.with_role("admin").count() == 1
