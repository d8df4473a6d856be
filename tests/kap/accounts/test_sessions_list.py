"""Where somebody is signed in: seen and ended by its owner, by the admin for staff, and at once with a role."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from kap.accounts import actions, sign_ins
from kap.accounts.models import SignIn, SignInEvent
from kap.audit.models import AccessLog
from kap.core import clock
from tests.factories.core import ClinicFactory
from tests.factories.people import PASSWORD, ClientFactory, UserFactory

pytestmark = pytest.mark.django_db
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
    "Mobile/15E148 Safari/604.1"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
EDGE = CHROME + " Edg/141.0"


@pytest.fixture
def mara(settings):
    settings.SESSION_LIMITS = True
    ClinicFactory()
    return UserFactory(roles=["therapist"], email="mara@alderhouse.example", name="Mara Quinn")


@pytest.fixture
def dana(mara):
    return UserFactory(roles=["admin"], email="dana@alderhouse.example", name="Dana Ortiz")


def at(user, agent=CHROME):
    browser = Client(headers={"user-agent": agent})
    assert browser.post("/sign-in/staff/", {"email": user.email, "password": PASSWORD}).status_code == 302
    return browser


def is_in(browser) -> bool:
    return browser.get("/account/").status_code == 200


@pytest.mark.parametrize(
    ("agent", "words"),
    [(CHROME, "Chrome on Windows"), (IPHONE, "Safari on iPhone"), (FIREFOX, "Firefox on Linux"),
     (EDGE, "Edge on Windows"), ("", "Unknown device"), ("curl/8.0", "Unknown device")],
)  # fmt: skip
def test_devices_are_named_as_their_owner_would(agent, words):
    assert sign_ins.device(agent) == words


def test_the_list_says_device_address_since_when_and_which_is_this_one(mara):
    here = at(mara)
    at(mara, IPHONE)
    page = here.get(reverse("accounts:sign_ins")).content.decode()
    assert "Chrome on Windows" in page
    assert "Safari on iPhone" in page
    assert "From 127.0.0.1" in page
    assert page.count("This one") == 1
    assert page.index("Chrome on Windows") < page.index("This one") or "Safari" in page
    assert b"where you are signed in" in here.get("/account/").content


def test_one_is_ended_by_its_owner_and_its_next_click_is_refused(mara):
    here, phone = at(mara), at(mara, IPHONE)
    row = SignIn.objects.exclude(session_key=here.session.session_key).get()
    assert is_in(phone)
    answer = here.post(reverse("accounts:sign_in_end", args=[row.pk]), follow=True)
    assert b"Signed out: Safari on iPhone." in answer.content
    assert not is_in(phone)
    assert is_in(here)
    event = SignInEvent.objects.get(pgh_label="delete", pgh_obj_id=row.pk)
    assert event.pgh_context["actor"] == mara.audit_label
    assert event.pgh_context["verb"] == "accounts.end_sessions"
    assert AccessLog.objects.filter(kind="sign_ins_ended", actor=mara.audit_label).count() == 1


def test_all_others_are_ended_at_once(mara):
    here, phone, desk = at(mara), at(mara, IPHONE), at(mara, FIREFOX)
    here.post(reverse("accounts:sign_ins_end"))
    assert [is_in(one) for one in (here, phone, desk)] == [True, False, False]
    assert SignIn.objects.filter(user=mara).count() == 1


def test_nobody_ends_another_s_and_the_page_of_ending_is_never_a_link(mara, dana):
    here, hers = at(mara), at(dana)
    row = SignIn.objects.get(user=dana)
    assert here.post(reverse("accounts:sign_in_end", args=[row.pk])).status_code == 404
    assert here.post(reverse("accounts:sign_in_end", args=[10**9])).status_code == 404
    assert here.get(reverse("accounts:sign_ins_end")).status_code == 405
    assert here.get(reverse("accounts:staff_sign_ins", args=[dana.pk])).status_code == 403
    assert here.post(reverse("accounts:staff_sign_ins_end", args=[dana.pk])).status_code == 403
    with pytest.raises(PermissionDenied):
        actions.end_sessions(user=dana, sign_ins=[row.pk], by=mara)
    assert is_in(hers)


def test_ids_of_another_person_are_left_alone_by_the_action(mara, dana):
    hers = at(dana)
    at(mara)
    assert actions.end_sessions(user=mara, sign_ins=[SignIn.objects.get(user=dana).pk], by=dana) == 0
    assert is_in(hers)


def test_the_admin_sees_and_ends_those_of_staff(mara, dana):
    admin, desk, phone = at(dana), at(mara), at(mara, IPHONE)
    page = admin.get(reverse("accounts:staff_sign_ins", args=[mara.pk]))
    assert b"Where Mara Quinn is signed in" in page.content
    row = SignIn.objects.get(session_key=phone.session.session_key)
    url = reverse("accounts:staff_sign_ins_end", args=[mara.pk])
    assert b"signed out on 1 device" in admin.post(url, {"sign_in": row.pk}, follow=True).content
    assert [is_in(desk), is_in(phone)] == [True, False]
    for odd in ("x", "9" * 40, "-1", SignIn.objects.get(user=dana).pk):
        assert admin.post(url, {"sign_in": odd}).status_code == 302
    assert [is_in(desk), is_in(admin)] == [True, True]
    admin.post(url)
    assert not is_in(desk)
    assert b"Signed in nowhere" in admin.get(reverse("accounts:staff_sign_ins", args=[mara.pk])).content
    assert reverse("accounts:staff_sign_ins", args=[mara.pk]).encode() in admin.get("/staff/").content


def test_the_admin_does_not_touch_clients(dana):
    client = ClientFactory(with_user=True).user
    admin = at(dana)
    assert admin.get(reverse("accounts:staff_sign_ins", args=[client.pk])).status_code == 404
    with pytest.raises(PermissionDenied):
        actions.end_sessions(user=client, sign_ins=[], by=dana)


def test_a_client_sees_and_ends_her_own(mara):
    user = ClientFactory(with_user=True).user
    browser = Client()
    browser.force_login(user)
    page = browser.get(reverse("accounts:sign_ins"))
    assert page.status_code == 200
    assert b"Sign out everywhere else" not in page.content


# ---------------------------------------------------------------- withdrawn


def test_deactivation_ends_every_sign_in_with_its_next_request(mara, dana):
    desk, phone = at(mara), at(mara, IPHONE)
    actions.deactivate(user=mara, by=dana)
    assert [is_in(desk), is_in(phone)] == [False, False]
    actions.reactivate(user=mara, by=dana)
    assert [is_in(desk), is_in(phone)] == [False, False]


def test_a_withdrawn_role_ends_every_sign_in_at_once(dana):
    both = UserFactory(roles=["therapist", "prescriber"])
    desk = at(both)
    assert is_in(desk)
    actions.change_roles(user=both, roles=["therapist"], by=dana)
    assert not is_in(desk)
    assert not Session.objects.filter(session_key=desk.session.session_key or "-").exists()


def test_a_role_more_ends_nothing_and_holds_from_the_next_request(mara, dana):
    desk = at(mara)
    assert desk.get("/staff/").status_code == 403
    actions.change_roles(user=mara, roles=["therapist", "admin"], by=dana)
    assert desk.get("/staff/").status_code == 200


def test_who_gives_a_role_of_her_own_back_stays_but_may_no_more(dana):
    UserFactory(roles=["admin"])
    dana_too = UserFactory(roles=["admin", "therapist"])
    desk = at(dana_too)
    answer = desk.post(reverse("accounts:roles", args=[dana_too.pk]), {"roles": ["therapist"]})
    assert answer.status_code == 302
    assert desk.get("/staff/").status_code == 403
    assert is_in(desk)


# ---------------------------------------------------------------- signing out


def test_signing_out_ends_the_row_clears_the_browser_and_leaves_nothing_cached(mara):
    desk = at(mara)
    answer = desk.post(reverse("accounts:sign_out"))
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert "no-store" in answer["Cache-Control"]
    assert not SignIn.objects.filter(user=mara).exists()
    assert desk.cookies["kap_seen"].value == ""
    assert not is_in(desk)


def test_signing_out_from_the_lock_ends_the_row_too(mara):
    desk = at(mara)
    with clock.at(clock.now() + timedelta(minutes=16)):
        assert "locked" in desk.get("/account/")["Location"]
        row = sign_ins.of(mara)
        assert [one.locked for one in row] == [True]
        desk.post(reverse("accounts:sign_out"))
    assert not SignIn.objects.filter(user=mara).exists()


def test_dead_rows_go_with_the_next_sign_in_and_are_never_shown(mara):
    at(mara, IPHONE).session.delete()
    assert SignIn.objects.filter(user=mara).count() == 1
    assert sign_ins.of(mara) == []
    at(mara)
    assert [one.words for one in sign_ins.of(mara)] == ["Chrome on Windows"]
    assert SignIn.objects.filter(user=mara).count() == 1


def test_each_sign_in_and_sign_out_is_history_with_its_actor(mara):
    at(mara).post(reverse("accounts:sign_out"))
    told = [
        (e.pgh_label, e.pgh_context["verb"], e.pgh_context["actor"])
        for e in SignInEvent.objects.order_by("pgh_id")
    ]
    assert told == [
        ("insert", "accounts.sign_in", mara.audit_label), ("delete", "accounts.sign_out", mara.audit_label)
    ]  # fmt: skip
