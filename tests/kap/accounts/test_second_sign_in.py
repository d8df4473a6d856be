"""Staff sign in by password and then a second factor; without one they can do nothing but set one up."""

import pytest
from django.conf import settings as live_settings

from kap.accounts.models import User
from kap.accounts.second import actions, factors, state
from kap.accounts.second.models import AppSecret, Factor, RecoveryCode
from kap.audit.models import AccessLog
from kap.core import clock, vault
from kap.outbox.models import Message
from tests.factories.core import ClinicFactory
from tests.factories.people import PASSWORD, ClientFactory, UserFactory
from tests.kap.accounts.second_steps import code_of, enrol, enrolled, secret_of, sign_in

pytestmark = pytest.mark.django_db
FIRST, SECOND, SETUP = "/sign-in/staff/", "/sign-in/second/", "/account/second/"


@pytest.fixture(autouse=True)
def asked(settings, at):
    settings.SECOND_FACTOR = True
    ClinicFactory()
    at(2026, 11, 19, 14, 0)


@pytest.fixture
def mara():
    return enrolled("therapist", email="mara@alderhouse.example", name="Mara Quinn")


def knock(client, user, password=PASSWORD, **more):
    return client.post(FIRST, {"email": user.email, "password": password, **more})


def is_in(client):
    return "_auth_user_id" in client.session


# ---------------------------------------------------------------- signing in


def test_the_password_alone_opens_nothing(client, mara):
    answer = knock(client, mara)
    assert answer["Location"] == SECOND
    assert not is_in(client)
    assert client.get("/today/").status_code == 302
    assert client.get("/today/")["Location"].startswith("/sign-in/")


def test_password_and_code_open_the_session_and_go_where_she_wanted(client, mara):
    answer = sign_in(client, mara, next_path="/calendar/")
    assert answer["Location"] == "/calendar/"
    assert is_in(client)
    assert client.get("/account/").status_code == 200
    assert AccessLog.objects.filter(kind="sign_in", actor=mara.audit_label).count() == 1


def test_the_second_step_without_the_first_goes_back(client, mara):
    assert client.get(SECOND)["Location"] == FIRST
    assert client.post(SECOND, {"second_code": code_of(mara)})["Location"] == FIRST


def test_the_first_step_holds_for_ten_minutes(client, mara, at):
    knock(client, mara)
    at(2026, 11, 19, 14, 9, 59)
    assert client.get(SECOND).status_code == 200
    at(2026, 11, 19, 14, 10, 1)
    assert client.post(SECOND, {"second_code": code_of(mara)})["Location"] == FIRST


def test_a_password_changed_in_between_makes_the_first_step_void(client, mara):
    knock(client, mara)
    actions_password(mara)
    assert client.post(SECOND, {"second_code": code_of(mara)})["Location"] == FIRST


@pytest.mark.parametrize("what", ["deactivated", "no longer staff"])
def test_an_account_withdrawn_in_between_makes_the_first_step_void(client, mara, what):
    knock(client, mara)
    if what == "deactivated":
        type(mara).objects.filter(pk=mara.pk).update(is_active=False)
    else:
        mara.grants.update(ended_at=clock.now(), ended_by="system:tests")
    assert client.post(SECOND, {"second_code": code_of(mara)})["Location"] == FIRST
    assert "_auth_user_id" not in client.session


def test_another_persons_second_factor_seen_in_this_browser_is_not_hers(client, mara):
    other = enrolled("therapist")
    client.force_login(other)
    session = client.session
    session[state.THROUGH], session[state.READY] = str(mara.pk), True
    session.save()
    assert client.get("/account/")["Location"].startswith("/account/prove/")


def actions_password(user):
    from kap.accounts import actions as accounts

    accounts.change_password(user=user, password="another four unrelated words", by=user)


def test_a_wrong_code_stays_outside_and_is_logged(client, mara):
    knock(client, mara)
    answer = client.post(SECOND, {"second_code": "000000"})
    assert answer.status_code == 422
    assert b"does not fit" in answer.content
    assert not is_in(client)
    assert AccessLog.objects.filter(kind="second_factor_failed").count() == 1


def test_a_code_cannot_be_used_twice(client, mara):
    code = code_of(mara)
    sign_in(client, mara)
    client.post("/sign-out/")
    knock(client, mara)
    assert client.post(SECOND, {"second_code": code}).status_code == 422
    assert not is_in(client)


def test_an_earlier_code_is_used_up_with_a_later_one(client, mara):
    assert actions.use_app_code(user=mara, code=code_of(mara, 1), by=mara)
    assert not actions.use_app_code(user=mara, code=code_of(mara, 0), by=mara)


def test_a_phone_may_be_half_a_minute_wrong_and_not_more(mara, at):
    later = code_of(mara, 2)
    assert not actions.use_app_code(user=mara, code=later, by=mara)
    assert actions.use_app_code(user=mara, code=code_of(mara, 1), by=mara)


def test_an_empty_box_is_no_failure(client, mara):
    knock(client, mara)
    for _ in range(7):
        assert b"Type a code" in client.post(SECOND, {"second_code": ""}).content
    mara.refresh_from_db()
    assert mara.failures == 0
    assert client.post(SECOND, {"second_code": code_of(mara)}).status_code == 302


def test_codes_may_be_typed_with_spaces(client, mara):
    knock(client, mara)
    code = code_of(mara)
    assert client.post(SECOND, {"second_code": f" {code[:3]} {code[3:]} "}).status_code == 302


def test_five_wrong_codes_wait_whatever_comes_next(client, mara):
    knock(client, mara)
    for _ in range(5):
        client.post(SECOND, {"second_code": "000000"})
    answer = client.post(SECOND, {"second_code": code_of(mara)})
    assert b"Too many tries" in answer.content
    assert not is_in(client)


def test_a_recovery_code_opens_once_and_she_is_told(client):
    mara = UserFactory(roles=["therapist"])
    codes = enrol(mara)
    knock(client, mara)
    assert client.post(SECOND, {"second_code": factors.spaced(codes[3], 5)}).status_code == 302
    assert Message.objects.filter(
        kind="sign_in_changed", context__what__icontains="9 of 10 are left"
    ).exists()
    client.post("/sign-out/")
    knock(client, mara)
    assert client.post(SECOND, {"second_code": codes[3]}).status_code == 422
    assert client.post(SECOND, {"second_code": codes[4]}).status_code == 302


def test_somebody_elses_recovery_code_does_not_fit(client, mara):
    others = enrol(UserFactory(roles=["therapist"]))
    knock(client, mara)
    assert client.post(SECOND, {"second_code": others[0]}).status_code == 422


def test_secrets_are_sealed_to_their_row_and_codes_are_hashes(mara):
    row, secret = AppSecret.objects.get(authenticator__user=mara), secret_of(mara)
    assert vault.is_sealed(row.secret)
    assert secret not in row.secret
    assert Factor.objects.of(mara).get().data == {}
    other = enrolled("monitor")
    theirs = AppSecret.objects.get(authenticator__user=other)
    theirs.secret = row.secret
    with pytest.raises(vault.Unreadable):
        vault.read(theirs, "secret")
    assert all(len(row.code_hash) == 64 for row in RecoveryCode.objects.all())


# ---------------------------------------------------------------- nothing before it is set up


def test_without_a_factor_there_is_nothing_but_setting_one_up(client):
    user = UserFactory(roles=["therapist", "admin"])
    assert knock(client, user)["Location"] == SETUP
    for path in ("/today/", "/clients/", "/staff/", "/account/", "/account/password/", "/settings/"):
        assert client.get(path)["Location"] == SETUP, path
    page = client.get(SETUP)
    assert b"Until yours is set up, nothing else opens" in page.content


def test_a_session_from_before_the_rule_is_held_to_it(client, settings):
    user = UserFactory(roles=["therapist"])
    settings.SECOND_FACTOR = False
    client.force_login(user)
    assert client.get("/account/").status_code == 200
    settings.SECOND_FACTOR = True
    assert client.get("/account/")["Location"] == SETUP


def test_a_session_that_never_saw_her_factor_is_asked_for_it(client, mara):
    client.force_login(mara)
    answer = client.get("/account/")
    assert answer["Location"].startswith("/account/prove/?next=%2Faccount%2F")
    proved = client.post(
        "/account/prove/", {"next": "/account/", "for": "go_on", "second_code": code_of(mara)}
    )
    assert proved["Location"] == "/account/"
    assert client.get("/account/").status_code == 200


def test_live_parts_and_autosave_are_sent_the_right_way(client):
    client.force_login(UserFactory(roles=["therapist"]))
    assert client.get("/today/", headers={"HX-Request": "true"})["HX-Redirect"] == SETUP
    assert client.post("/today/", headers={"X-Autosave": "1"}).status_code == 401


def test_posts_are_refused_too(client):
    client.force_login(UserFactory(roles=["therapist"]))
    assert client.post("/clients/new/", {"legal_name": "Nobody"})["Location"] == SETUP


def test_recovery_codes_belong_to_it(client):
    user = UserFactory(roles=["therapist"])
    enrol(user, kept=False)
    assert sign_in(client, user).status_code == 302
    assert client.get("/account/")["Location"] == SETUP
    assert b"One more step" in client.get(SETUP).content
    client.post("/account/second/codes/kept/", {})
    assert client.get("/account/")["Location"] == SETUP
    client.post("/account/second/codes/kept/", {"kept": "on"})
    assert client.get("/account/").status_code == 200


def test_clients_are_not_asked(client):
    june = ClientFactory(with_user=True)
    client.force_login(june.user)
    assert client.get("/account/").status_code == 200


def test_a_client_who_becomes_staff_is(client):
    june = ClientFactory(with_user=True).user
    client.force_login(june)
    june.grants.create(role="therapist", granted_by="system:tests")
    assert client.get("/account/")["Location"] == SETUP


def test_signing_out_is_always_possible(client):
    client.force_login(UserFactory(roles=["therapist"]))
    assert client.post("/sign-out/")["Location"].startswith("/sign-in/")
    assert not is_in(client)


def test_the_setting_is_off_in_demo_and_on_in_production():
    """What settings.py computes; here, in test mode, the fixture turned it on."""
    import os
    import subprocess
    import sys

    code = (
        "import django; from django.conf import settings; django.setup();"
        "print(settings.SECOND_FACTOR, settings.MFA_WEBAUTHN_USER_VERIFICATION)"
    )

    def told(**env):
        base = {**os.environ, "DJANGO_SETTINGS_MODULE": "kap.settings", **env}
        return subprocess.run(
            [sys.executable, "-c", code],
            env=base,
            capture_output=True,
            text=True,
            check=True,
            cwd=live_settings.BASE_DIR,
        ).stdout.split()

    assert told(KAP_MODE="demo", KAP_SECOND_FACTOR="1") == ["False", "required"]
    whole = {
        "KAP_MODE": "production", "SITE_URL": "https://kap.example", "ALLOWED_HOSTS": "kap.example",
        "SECRET_KEY": "x" * 60, "FIELD_KEYS": "t1:" + "A" * 43, "KAP_SECOND_FACTOR": "0",
    }  # fmt: skip
    assert told(**whole) == ["True", "required"]


# ---------------------------------------------------------------- a hundred failures in a row


def test_the_hundredth_failure_in_a_row_locks_until_an_admin_lets_her_in(client, mara):
    User.objects.filter(pk=mara.pk).update(failures=99)
    knock(client, mara, password="wrong")
    mara.refresh_from_db()
    assert mara.locked_at is not None
    assert Message.objects.filter(kind="sign_in_changed", context__what__icontains="locked").count() == 1
    answer = knock(client, mara)
    assert answer.status_code == 422
    assert b"does not fit" in answer.content
    admin = enrolled("admin")
    sign_in(client, admin)
    assert b"Let in" in client.get("/staff/").content
    assert client.post(f"/staff/{mara.pk}/let-in/").status_code == 302
    client.post("/sign-out/")
    assert knock(client, mara)["Location"] == SECOND


def test_a_locked_account_answers_like_a_wrong_password(client, mara):
    User.objects.filter(pk=mara.pk).update(failures=100, locked_at="2026-11-19T13:00:00Z")
    locked, other = knock(client, mara), knock(client, UserFactory.build(email="nobody@alderhouse.example"))
    assert same(locked, mara.email) == same(other, "nobody@alderhouse.example")


def same(answer, email):
    import re

    text = answer.content.decode().replace(email, "ADDRESS")
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": "\w+"|data-now="[^"]+"', "", text)
    return answer.status_code, re.sub(r"once[^>]+value=\"[^\"]+\"", "", text)


def test_known_and_unknown_people_get_the_same_bytes(client, mara):
    june = ClientFactory(with_user=True).user
    gone = UserFactory(roles=["therapist"], is_active=False)
    answers = {
        same(client.post(FIRST, {"email": email, "password": "wrong words all of them"}), email)
        for email in (mara.email, june.email, gone.email, "nobody@alderhouse.example")
    }
    assert len(answers) == 1


def test_wrong_codes_count_towards_the_lock_and_signing_in_ends_the_row(client, mara, at):
    knock(client, mara, password="wrong")
    knock(client, mara)
    client.post(SECOND, {"second_code": "000000"})
    mara.refresh_from_db()
    assert mara.failures == 2
    client.post(SECOND, {"second_code": code_of(mara)})
    mara.refresh_from_db()
    assert mara.failures == 0


def test_a_lock_ends_the_second_step_too(client, mara):
    knock(client, mara)
    User.objects.filter(pk=mara.pk).update(locked_at="2026-11-19T13:00:00Z")
    assert client.post(SECOND, {"second_code": code_of(mara)})["Location"] == FIRST


def test_history_knows_factors_and_no_secret(mara):
    from kap.accounts.models import Factor as Tracked

    events = Tracked.objects.of(mara).get().history.all()
    assert [event.pgh_label for event in events] == ["insert"]
    assert events[0].pgh_context["verb"] == "accounts.add_app"
    assert not any("secret" in f.name or f.name == "data" for f in events[0]._meta.get_fields())
