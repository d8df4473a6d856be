"""Setting up, changing and removing one's own factors, and resetting somebody else's by two people."""

import base64
import re

import pytest
from allauth.usersessions.models import UserSession
from django.core.management import call_command
from django.db import IntegrityError, transaction

from kap.accounts.models import User
from kap.accounts.second import actions, factors, resets
from kap.accounts.second.models import CodeSheet, Factor, FactorReset
from kap.core.errors import Refused, Stale
from kap.outbox.models import Message
from tests.factories.core import ClinicFactory
from tests.factories.people import PASSWORD, UserFactory
from tests.kap.accounts.second_steps import code_of, enrol, enrolled, sign_in

pytestmark = pytest.mark.django_db
SETUP, APP, CODES = "/account/second/", "/account/second/app/", "/account/second/codes/"


@pytest.fixture(autouse=True)
def asked(settings, at):
    settings.SECOND_FACTOR = True
    ClinicFactory()
    at(2026, 11, 19, 14, 0)


def shown_secret(page) -> str:
    return re.search(r'second-secret"[^>]*>([A-Z2-7 ]+)<', page.content.decode())[1].replace(" ", "")


def begin(client, user):
    return client.post("/sign-in/staff/", {"email": user.email, "password": PASSWORD})


# ---------------------------------------------------------------- setting up


def test_from_the_first_password_to_the_work_in_three_steps(client):
    user = UserFactory(roles=["therapist"])
    begin(client, user)
    page = client.get(APP)
    picture = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', page.content.decode())[1]
    assert base64.b64decode(picture).startswith(b"<?xml")
    secret = shown_secret(page)
    done = client.post(APP, {"code": factors.code_at(secret, factors.step_now())})
    assert done["Location"] == CODES
    shown = client.post(CODES)
    codes = re.findall(r"<li><code>(\d{5} \d{5})</code>", shown.content.decode())
    assert len(set(codes)) == 10
    assert client.get("/account/")["Location"] == SETUP
    assert client.post("/account/second/codes/kept/", {"kept": "on"})["Location"] == SETUP
    assert client.get("/account/").status_code == 200
    assert not re.search(r"\d{5} \d{5}", client.get(CODES).content.decode())


def test_a_wrong_code_keeps_the_same_secret(client):
    user = UserFactory(roles=["therapist"])
    begin(client, user)
    secret = shown_secret(client.get(APP))
    answer = client.post(APP, {"code": "000000"})
    assert answer.status_code == 422
    assert shown_secret(answer) == secret
    assert not Factor.objects.of(user).exists()


def test_the_secret_waits_sealed_in_the_session(client):
    begin(client, UserFactory(roles=["therapist"]))
    secret = shown_secret(client.get(APP))
    assert secret not in str(dict(client.session))


def test_five_minutes_after_the_password_it_is_asked_again(client, at):
    begin(client, UserFactory(roles=["therapist"]))
    at(2026, 11, 19, 14, 5, 1)
    answer = client.get(APP)
    assert answer["Location"].startswith("/account/prove/")
    page = client.get(answer["Location"])
    assert b"Your password" in page.content
    wrong = client.post("/account/prove/", {"next": APP, "for": "account", "second_password": "no"})
    assert wrong.status_code == 422
    right = client.post("/account/prove/", {"next": APP, "for": "account", "second_password": PASSWORD})
    assert right["Location"] == APP
    assert client.get(APP).status_code == 200


def test_a_password_proves_nothing_once_there_is_a_factor(client, at):
    user = enrolled("therapist")
    client.force_login(user)
    answer = client.post("/account/prove/", {"next": APP, "for": "account", "second_password": PASSWORD})
    assert answer.status_code == 422
    assert client.get("/account/").status_code == 302


def test_a_session_of_before_cannot_add_a_factor_beside_hers(client):
    user = UserFactory(roles=["therapist"])
    begin(client, user)
    enrol(user)  # meanwhile, in another browser
    for path in (APP, "/account/second/passkey/", CODES):
        assert client.get(path)["Location"].startswith("/account/prove/"), path
    assert client.post(CODES)["Location"].startswith("/account/prove/")


def test_an_app_is_set_up_once(client):
    user = enrolled("therapist")
    secret = factors.new_secret()
    with pytest.raises(Stale):
        actions.add_app(user=user, secret=secret, code=factors.code_at(secret, factors.step_now()), by=user)


# ---------------------------------------------------------------- changing


def passkey(user, name="Phone"):
    return actions.add_passkey(user=user, name=name, credential={"id": name}, by=user)


def test_the_last_factor_cannot_be_removed(client):
    user = enrolled("therapist")
    only = Factor.objects.of(user).get()
    with pytest.raises(Refused, match="last one"):
        actions.remove_factor(factor=only, by=user)
    sign_in(client, user)
    page = client.get(f"/account/second/{only.pk}/remove/")
    assert b"This is your last one" in page.content
    client.post(f"/account/second/{only.pk}/remove/")
    assert Factor.objects.of(user).count() == 1


def test_one_of_two_can_and_it_is_history_and_mail(client):
    user = enrolled("therapist")
    phone = passkey(user)
    sign_in(client, user)
    assert b"Phone" in client.get(SETUP).content
    assert client.post(f"/account/second/{phone.pk}/remove/")["Location"] == SETUP
    assert [f.name for f in Factor.objects.of(user)] == ["Authenticator app"]
    assert Message.objects.filter(to_address=user.email, context__what__icontains="removed: Phone").exists()
    labels = Factor.history.rel.related_model.objects.filter(user_id=user.pk, pgh_label="delete")
    assert labels.get().pgh_context["actor"] == user.audit_label


def test_passkeys_have_names_of_their_own(client):
    user = enrolled("therapist")
    passkey(user)
    with pytest.raises(Refused, match="this name"):
        passkey(user, "phone")
    with pytest.raises(Refused, match="name"):
        passkey(user, "  ")


def test_somebody_elses_factor_is_not_found(client):
    user, other = enrolled("therapist"), enrolled("monitor")
    sign_in(client, user)
    assert client.post(f"/account/second/{Factor.objects.of(other).get().pk}/remove/").status_code == 404


def test_new_recovery_codes_end_the_old_ones(client):
    user = UserFactory(roles=["therapist"])
    old = enrol(user)
    new = actions.make_codes(user=user, by=user)
    assert not set(old) & set(new)
    assert actions.use_recovery_code(user=user, code=old[0], by=user) is None
    assert actions.use_recovery_code(user=user, code=new[0], by=user) == 9


@pytest.mark.parametrize(
    "path", [APP, CODES, "/account/password/", "/account/pin/", "/account/second/passkey/"]
)
def test_changing_how_one_signs_in_asks_again(client, at, path):
    user = enrolled("therapist")
    sign_in(client, user)
    assert client.get(path).status_code == 200
    at(2026, 11, 19, 14, 4, 59)
    assert client.get(path).status_code == 200
    at(2026, 11, 19, 14, 5, 1)
    assert client.get(path)["Location"].startswith("/account/prove/")
    assert client.post(path, {"code": "1"})["Location"].startswith("/account/prove/")


def test_the_challenge_is_given_only_to_who_may_answer_it(client):
    path = "/sign-in/second/challenge/"
    assert client.post(path).status_code == 404
    user = enrolled("therapist")
    begin(client, user)
    assert client.post(path).json()["publicKey"]["userVerification"] == "required"
    assert client.get(path).status_code == 405


@pytest.mark.parametrize(
    "answer", ["", "{", "[]", '"x"', "{}", '{"id":"x","rawId":"x","type":"public-key","response":{}}']
)
def test_a_mangled_passkey_is_a_wrong_one(client, answer):
    user = enrolled("therapist")
    begin(client, user)
    client.post("/sign-in/second/challenge/")
    assert client.post("/sign-in/second/", {"second_credential": answer}).status_code == 422


@pytest.mark.parametrize(
    "answer", ["{", "[]", "{}", '{"id":"x","rawId":"x","type":"public-key","response":{}}']
)
def test_a_mangled_new_passkey_is_refused_in_words(client, answer):
    begin(client, UserFactory(roles=["therapist"]))
    client.post("/account/second/passkey/options/")
    page = client.post("/account/second/passkey/", {"name": "Phone", "second_credential": answer})
    assert page.status_code == 422
    assert b"was not accepted" in page.content


# ---------------------------------------------------------------- reset by two


@pytest.fixture
def clinic_of_four():
    names = {"lost": "therapist", "one": "admin", "two": "admin", "doctor": "prescriber"}
    return {name: enrolled(role, name=name.title()) for name, role in names.items()}


REASON = "Phone stolen; called her at the number on the roster."


def test_one_admin_asks_and_another_confirms(client, clinic_of_four):
    lost, one, two = (clinic_of_four[n] for n in ("lost", "one", "two"))
    sign_in(client, lost)
    hers = client.session.session_key
    client.cookies.clear()
    sign_in(client, one)
    assert client.post(f"/staff/{lost.pk}/second/", {"reason": REASON})["Location"] == "/staff/second/"
    reset = FactorReset.objects.get()
    assert [m.to_address for m in Message.objects.filter(kind="reset_wanted")] == [two.email]
    client.post(f"/staff/second/{reset.pk}/confirm/")
    assert Factor.objects.of(lost).exists()
    client.cookies.clear()
    sign_in(client, two)
    assert REASON.encode() in client.get("/staff/second/").content
    client.post(f"/staff/second/{reset.pk}/confirm/")
    assert not Factor.objects.of(lost).exists()
    assert not CodeSheet.objects.filter(user=lost).exists()
    assert not UserSession.objects.filter(user=lost).exists()
    client.cookies.clear()
    client.cookies["kap_session"] = hers
    assert client.get("/account/")["Location"].startswith("/sign-in/")
    assert Message.objects.filter(to_address=lost.email, context__what__icontains="was removed").exists()
    assert begin(client, lost)["Location"] == SETUP
    assert [e.pgh_label for e in reset.history.order_by("pgh_id")] == ["insert", "update"]


def test_nobody_asks_for_herself_confirms_her_own_asking_or_her_own_reset(clinic_of_four):
    _lost, one, two, doctor = clinic_of_four.values()
    with pytest.raises(Refused, match="your own"):
        actions.ask_reset(user=one, reason=REASON, by=one)
    reset = actions.ask_reset(user=two, reason=REASON, by=one)
    for wrong in (one, two):
        with pytest.raises(Refused, match="Somebody else"):
            actions.confirm_reset(reset=reset, by=wrong)
    assert resets.may_confirm(doctor, reset)  # no third admin: a prescriber stands in
    actions.confirm_reset(reset=reset, by=doctor)
    assert not Factor.objects.of(two).exists()


def test_where_another_admin_is_left_no_prescriber_stands_in(clinic_of_four):
    lost, one, _two, doctor = clinic_of_four.values()
    with pytest.raises(Refused, match="An admin asks"):
        actions.ask_reset(user=lost, reason=REASON, by=doctor)
    reset = actions.ask_reset(user=lost, reason=REASON, by=one)
    with pytest.raises(Refused, match="Somebody else"):
        actions.confirm_reset(reset=reset, by=doctor)


def test_two_prescribers_help_the_only_admin():
    admin, one, two = enrolled("admin"), enrolled("prescriber"), enrolled("prescriber")
    reset = actions.ask_reset(user=admin, reason=REASON, by=one)
    actions.confirm_reset(reset=reset, by=two)
    assert not Factor.objects.of(admin).exists()


def test_a_clinic_of_two_is_told_who_can(clinic_of_four):
    lost, one, two, doctor = clinic_of_four.values()
    User.objects.filter(pk__in=[two.pk, doctor.pk]).update(is_active=False)
    with pytest.raises(Refused, match="reset_second_factor"):
        actions.ask_reset(user=lost, reason=REASON, by=one)
    call_command("reset_second_factor", lost.email, "--yes")
    assert not Factor.objects.of(lost).exists()


def test_an_asking_ends_after_a_day_and_may_be_asked_anew(clinic_of_four, at):
    lost, one, two, _ = clinic_of_four.values()
    old = actions.ask_reset(user=lost, reason=REASON, by=one)
    with pytest.raises(Stale, match="waits"):
        actions.ask_reset(user=lost, reason=REASON, by=two)
    at(2026, 11, 20, 14, 0, 1)
    with pytest.raises(Stale, match="24 hours"):
        actions.confirm_reset(reset=old, by=two)
    actions.ask_reset(user=lost, reason=REASON, by=two)
    assert Factor.objects.of(lost).exists()


def test_it_may_be_refused_and_is_decided_once(client, clinic_of_four):
    lost, one, two, _ = clinic_of_four.values()
    reset = actions.ask_reset(user=lost, reason=REASON, by=one)
    sign_in(client, two)
    client.post(f"/staff/second/{reset.pk}/drop/")
    assert Factor.objects.of(lost).exists()
    with pytest.raises(Stale):
        actions.confirm_reset(reset=reset, by=two)
    with pytest.raises(Stale):
        actions.drop_reset(reset=reset, by=one)


@pytest.mark.parametrize(("asker", "confirmer", "rule"), [
    ("lost", None, "reset_is_asked_by_another"), ("one", "one", "reset_is_confirmed_by_a_third_person"),
    ("one", "lost", "reset_is_confirmed_by_a_third_person"),
])  # fmt: skip
def test_the_database_refuses_two_who_are_one(clinic_of_four, at, asker, confirmer, rule):
    people = clinic_of_four
    row = FactorReset(user=people["lost"], asked_by=people[asker], reason=REASON)
    if confirmer:
        row.confirmed_by, row.confirmed_at = people[confirmer], at(2026, 11, 19, 14, 1)
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        row.save()


def test_a_therapist_takes_no_part(client, clinic_of_four):
    lost = clinic_of_four["lost"]
    sign_in(client, lost)
    assert client.get("/staff/second/").status_code == 403
    assert client.post(f"/staff/{clinic_of_four['one'].pk}/second/", {"reason": REASON}).status_code == 403


def test_asking_wants_a_sentence(client, clinic_of_four):
    sign_in(client, clinic_of_four["one"])
    answer = client.post(f"/staff/{clinic_of_four['lost'].pk}/second/", {"reason": "lost"})
    assert answer.status_code == 422
    assert b"Write a sentence" in answer.content


def test_codes_of_two_browsers_at_once_are_used_once(clinic_of_four):
    lost = clinic_of_four["lost"]
    code = code_of(lost)
    assert [actions.use_app_code(user=lost, code=code, by=lost) for _ in range(2)] == [True, False]
