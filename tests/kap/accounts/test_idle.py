"""Who does nothing is signed out or locked, to the second, by the clinic's clock; what was typed is kept."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from kap.accounts import actions, idle
from kap.accounts.models import SignIn
from kap.audit.models import AccessLog
from kap.core import clock
from tests.factories.core import ClinicFactory
from tests.factories.people import PASSWORD, ClientFactory, UserFactory

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)
STAFF, CLIENTS, WHOLE = 15 * 60, 30 * 60, 12 * 60 * 60
HOME = "/account/"


@pytest.fixture(autouse=True)
def limits(settings):
    ClinicFactory()
    settings.SESSION_LIMITS = True


@pytest.fixture
def moment():
    """moment(90): ninety seconds after the sign-in, exactly."""
    with clock.at(START):
        pass
    opened = []

    def go(seconds):
        while opened:
            opened.pop().__exit__(None, None, None)
        opened.append(clock.at(START + timedelta(seconds=seconds)))
        opened[-1].__enter__()

    go(0)
    yield go
    opened.pop().__exit__(None, None, None)


@pytest.fixture
def mara(moment):
    return UserFactory(roles=["therapist"], email="mara@alderhouse.example", name="Mara Quinn")


@pytest.fixture
def jordan(moment):
    return ClientFactory(with_user=True, legal_name="Jordan Avery").user


def signed_in(user, client=None):
    """By the staff page, as she would; a client by force, as the code's own tests do."""
    browser = client or Client()
    if user.is_staff_member:
        assert browser.post("/sign-in/staff/", {"email": user.email, "password": PASSWORD}).status_code == 302
    else:
        browser.force_login(user)
    return browser


def is_in(browser) -> bool:
    return "_auth_user_id" in browser.session


def unlock(browser, secret=PASSWORD, **more):
    return browser.post("/session/locked/", {"secret": secret, **more})


# ---------------------------------------------------------------- the rule alone


@pytest.mark.parametrize(
    ("since_last", "since_sign_in", "limit", "live", "state"),
    [
        (STAFF - 1, 3600, STAFF, False, "open"), (STAFF, 3600, STAFF, False, "lock"),
        (CLIENTS - 1, 3600, CLIENTS, False, "open"), (CLIENTS, 3600, CLIENTS, False, "out"),
        (0, WHOLE - 1, STAFF, False, "open"), (0, WHOLE, STAFF, False, "out"), (0, WHOLE, CLIENTS, False, "out"),
        (STAFF, WHOLE, STAFF, False, "out"), (0, WHOLE, STAFF, True, "open"), (STAFF, WHOLE, STAFF, True, "lock"),
    ],
)  # fmt: skip
def test_limits_of_the_sign_in(since_last, since_sign_in, limit, live, state):
    now = 1_000_000.0
    found = idle.verdict(now=now, last=now - since_last, began=now - since_sign_in, limit=limit, live=live)
    assert found == state


def test_the_limits_are_those_of_the_house():
    assert (idle.STAFF_SECONDS, idle.CLIENT_SECONDS, idle.WHOLE_SECONDS, idle.WARN_SECONDS) == (
        900,
        1800,
        43200,
        120,
    )


# ---------------------------------------------------------------- staff and clients, to the second


@pytest.mark.parametrize(("seconds", "stays"), [(STAFF - 1, True), (STAFF + 1, False)])
def test_staff_are_locked_after_fifteen_minutes(mara, moment, seconds, stays):
    browser = signed_in(mara)
    moment(seconds)
    answer = browser.get(HOME)
    assert (answer.status_code == 200) is stays
    assert is_in(browser) is stays
    if not stays:
        assert answer["Location"].startswith("/session/locked/?next=")
        assert AccessLog.objects.filter(kind="locked", actor=mara.audit_label).exists()


@pytest.mark.parametrize(("seconds", "stays"), [(CLIENTS - 1, True), (CLIENTS + 1, False)])
def test_clients_are_signed_out_after_thirty_minutes(jordan, moment, seconds, stays):
    browser = signed_in(jordan)
    browser.get(HOME)
    moment(seconds)
    answer = browser.get(HOME, follow=True)
    assert is_in(browser) is stays
    if not stays:
        assert answer.redirect_chain[-1][0].startswith("/sign-in/")
        assert b"nothing was done for a while" in answer.content


def test_each_thing_done_starts_the_time_anew_exactly(mara, moment):
    """The row is written at most once a minute, yet the limit counts from the last request, not from the row."""
    browser = signed_in(mara)
    for second in (10, 50, 59):
        moment(second)
        browser.get(HOME)
    assert SignIn.objects.get(user=mara).last_seen_at == START
    moment(59 + STAFF - 1)
    assert browser.get(HOME).status_code == 200
    last = 59 + STAFF - 1
    assert SignIn.objects.get(user=mara).last_seen_at == START + timedelta(seconds=last)
    moment(last + STAFF + 1)
    assert browser.get(HOME).status_code == 302


def test_a_minute_of_clicks_writes_the_row_once(mara, moment, django_assert_num_queries):
    browser = signed_in(mara)
    writes = []
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for second in range(61, 121, 6):
        moment(second)
        with CaptureQueriesContext(connection) as queries:
            browser.get(HOME)
        writes += [q for q in queries if "UPDATE" in q["sql"] and "usersession" in q["sql"]]
    assert len(writes) == 1


def test_without_the_cookie_the_row_speaks_and_an_altered_or_old_cookie_gains_nothing(mara, moment):
    browser = signed_in(mara)
    moment(120)
    browser.get(HOME)
    old = browser.cookies["kap_seen"].value
    del browser.cookies["kap_seen"]
    moment(120 + STAFF - 1)
    assert browser.get(HOME).status_code == 200
    other = signed_in(UserFactory(roles=["admin"]))  # her cookie is younger, but of another session
    moment(120 + 2 * STAFF - 60)
    other.get(HOME)
    moment(120 + 2 * STAFF)
    browser.cookies["kap_seen"] = other.cookies["kap_seen"].value
    assert browser.get(HOME).status_code == 302
    fresh = signed_in(mara)
    moment(120 + 3 * STAFF + 1)
    fresh.cookies["kap_seen"] = old
    assert fresh.get(HOME).status_code == 302


def test_fractions_of_a_second_do_not_put_the_cookie_into_the_future(mara, moment):
    """Rounded up it would lie ahead of the next request and be taken for none."""
    browser = Client()
    browser.force_login(mara)  # no row to fall back on
    for second in (10.06, 10.07, 10.06 + STAFF - 1):
        moment(second)
        assert browser.get(HOME).status_code == 200


def test_twelve_hours_end_it_whatever_is_done(mara, moment):
    browser = signed_in(mara)
    for second in range(600, WHOLE, 600):
        moment(second)
        assert browser.get(HOME).status_code == 200
    moment(WHOLE - 1)
    assert browser.get(HOME).status_code == 200
    moment(WHOLE + 1)
    answer = browser.get(HOME, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/sign-in/")
    assert b"12 hours after you signed in" in answer.content
    assert not is_in(browser)


# ---------------------------------------------------------------- what does not count


@pytest.mark.parametrize("headers", [{"HTTP_X_AUTOMATIC": "1"}, {"HTTP_X_AUTOSAVE": "1"}])
def test_a_page_that_asks_by_itself_still_goes_idle(mara, moment, headers):
    browser = signed_in(mara)
    for second in range(10, STAFF, 10):
        moment(second)
        assert browser.get(HOME, **headers).status_code == 200
    moment(STAFF + 1)
    assert browser.get(HOME, HTTP_HX_REQUEST="true", **headers).status_code == 401


def test_asking_how_long_is_left_does_not_count(mara, moment):
    browser = signed_in(mara)
    moment(600)
    assert browser.get("/session/state/").json()["left"] == STAFF - 600
    moment(STAFF + 1)
    told = browser.get("/session/state/").json()
    assert (told["state"], told["user"]) == ("locked", str(mara.pk))
    assert "Mara" not in browser.get("/session/state/").content.decode()


def test_every_page_part_that_is_polled_says_so():
    folder = Path(__file__).resolve().parents[3] / "templates"
    polled = re.compile(r"<[^>]*hx-trigger=\"[^\"]*every[^>]*>")
    found = [(path.name, tag) for path in folder.rglob("*.html") for tag in polled.findall(path.read_text())]
    assert found, "Nothing polls any more: drop this rule."
    assert [name for name, tag in found if "X-Automatic" not in tag] == []


# ---------------------------------------------------------------- keys and touches


def test_keys_and_touches_told_late_count_from_when_they_were(mara, moment):
    browser = signed_in(mara)
    moment(600)
    assert browser.post("/session/active/", {"ago": "20000"}).json()["left"] == STAFF - 20
    moment(580 + STAFF - 1)
    assert browser.get("/session/state/").json()["state"] == "open"
    moment(580 + STAFF + 1)
    assert browser.get("/session/state/").json()["state"] == "locked"


@pytest.mark.parametrize("ago", ["-999999", "never", "99999999999"])
def test_activity_is_never_told_into_the_future_nor_takes_time_away(mara, moment, ago):
    browser = signed_in(mara)
    moment(300)
    browser.get(HOME)
    moment(310)
    left = browser.post("/session/active/", {"ago": ago}).json()["left"]
    assert left == (STAFF if ago == "-999999" else STAFF - 10)


def test_a_machine_that_slept_does_not_tell_an_old_key_as_a_new_one(mara, moment):
    browser = signed_in(mara)
    moment(800)
    assert browser.post("/session/active/", {"ago": str(790 * 1000)}).json()["left"] == STAFF - 790


def test_nobody_signed_in_has_nothing_to_prolong(moment):
    assert Client().post("/session/active/", {"ago": "0"}).json()["state"] == "out"


# ---------------------------------------------------------------- the lock


def test_the_same_person_unlocks_with_her_password_in_the_same_sign_in(mara, moment):
    browser = signed_in(mara)
    row, key = SignIn.objects.get(user=mara), browser.session.session_key
    moment(STAFF + 1)
    assert browser.get("/staff/").status_code == 302
    page = browser.get("/session/locked/?next=/account/")
    assert b"Your password" in page.content
    assert b"Mara" not in page.content
    assert unlock(browser, "not the right words at all").status_code == 422
    assert not is_in(browser)
    answer = unlock(browser, next="/account/")
    assert answer["Location"] == "/account/"
    assert is_in(browser)
    assert browser.session.session_key != key
    again = SignIn.objects.get(user=mara)
    assert (again.pk, again.session_key, again.created_at) == (
        row.pk,
        browser.session.session_key,
        row.created_at,
    )
    assert AccessLog.objects.filter(kind="unlock", actor=mara.audit_label).count() == 1
    assert AccessLog.objects.filter(kind="unlock_failed", actor=mara.audit_label).count() == 1
    assert browser.get(HOME).status_code == 200


def test_a_page_unlocks_in_place_and_gets_a_token_that_fits(mara, moment):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(mara)
    moment(STAFF + 1)
    told = browser.get("/session/state/").json()
    assert told["state"] == "locked"
    sent = {"HTTP_X_CSRFTOKEN": told["csrf"], "HTTP_ACCEPT": "application/json"}
    wrong = browser.post("/session/locked/", {"secret": "x"}, **sent)
    assert (wrong.status_code, wrong.json()["problem"]) == (422, "This does not fit. Type it again.")
    right = browser.post("/session/locked/", {"secret": PASSWORD}, **sent).json()
    assert (right["state"], right["user"]) == ("open", str(mara.pk))
    assert browser.post("/session/active/", {"ago": "0"}, HTTP_X_CSRFTOKEN=right["csrf"]).status_code == 200


def test_five_wrong_tries_at_the_lock_make_wait(mara, moment):
    browser = signed_in(mara)
    moment(STAFF + 1)
    browser.get(HOME)
    for _ in range(5):
        unlock(browser, "not the right words at all")
    assert b"Too many tries" in unlock(browser).content
    assert not is_in(browser)


def test_a_pin_alone_never_unlocks_a_desk(mara, moment):
    mara.set_pin("7294")
    mara.save()
    browser = signed_in(mara)
    moment(STAFF + 1)
    browser.get(HOME)
    assert unlock(browser, "7294").status_code == 422
    assert not is_in(browser)


@pytest.mark.parametrize("what", ["deactivated", "password", "role"])
def test_the_lock_does_not_open_for_whose_account_changed_meanwhile(mara, moment, what):
    browser, admin = signed_in(mara), UserFactory(roles=["admin"])
    moment(STAFF + 1)
    browser.get(HOME)
    if what == "deactivated":
        actions.deactivate(user=mara, by=admin)
    elif what == "password":
        actions.change_password(user=mara, password="quite another set of words", by=mara)
    else:
        actions.change_roles(user=mara, roles=["monitor"], by=admin)
    assert unlock(browser)["Location"] == "/sign-in/"
    assert not is_in(browser)


def test_twelve_hours_on_a_lock_needs_the_whole_sign_in(mara, moment):
    browser = signed_in(mara)
    moment(STAFF + 1)
    browser.get(HOME)
    moment(WHOLE + 1)
    assert unlock(browser)["Location"] == "/sign-in/"
    assert browser.get("/session/state/").json()["state"] == "out"
    assert not is_in(browser)


def test_a_locked_session_opens_no_page_to_anybody(mara, moment):
    browser = signed_in(mara)
    moment(STAFF + 1)
    for path in ("/", "/staff/", "/account/", "/worklist/", reverse("desk:today")):
        answer = browser.get(path)
        assert answer.status_code in (302, 404), path
        assert b"Mara" not in answer.content
    assert browser.post("/account/", HTTP_X_AUTOSAVE="1").status_code == 401
    assert browser.post("/account/", HTTP_X_ROOM="1").status_code == 401


def test_somebody_else_who_signs_in_ends_the_lock(mara, moment):
    browser = signed_in(mara)
    moment(STAFF + 1)
    browser.get(HOME)
    signed_in(UserFactory(roles=["admin"], name="Dana Ortiz"), browser)
    assert "kap_locked" not in browser.session
    assert b"Dana Ortiz" in browser.get(HOME).content
    assert unlock(browser)["Location"] != "/account/"


def test_a_page_of_one_person_never_writes_as_another(mara, moment):
    browser = signed_in(UserFactory(roles=["admin"]))
    assert browser.get(HOME, HTTP_X_AS=str(mara.pk)).status_code == 401
    assert browser.get(HOME, HTTP_X_AS=browser.session["_auth_user_id"]).status_code == 200


def test_unlocking_is_not_a_fresh_proof_but_keeps_the_second_factor_seen(mara, moment, settings):
    from kap.accounts.second import state

    browser = signed_in(mara)
    session = browser.session
    session[state.THROUGH], session[state.PROVED_AT] = str(mara.pk), START.timestamp()
    session.save()
    moment(STAFF + 1)
    browser.get(HOME)
    unlock(browser)
    assert browser.session[state.THROUGH] == str(mara.pk)
    assert state.PROVED_AT not in browser.session


# ---------------------------------------------------------------- typing kept, without script


FORM = {"email": "new@alderhouse.example", "name": "Ångström “Q” <b>", "roles": ["monitor", "therapist"]}


def carried(page: bytes) -> list[tuple[str, str]]:
    from html import unescape

    form = page.decode().split('data-busy="Sending…"')[1].split("</form>")[0]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return [(unescape(n), unescape(v)) for n, v in found if n != "csrfmiddlewaretoken"]


def test_a_form_sent_too_late_is_kept_and_sent_after_unlocking(moment):
    dana = UserFactory(roles=["admin"])
    browser = signed_in(dana)
    moment(STAFF + 1)
    answer = browser.post("/staff/invite/", FORM)
    assert answer["Location"].startswith("/session/locked/")
    assert "Ångström" not in str(dict(browser.session)), "sealed at rest"
    answer = browser.post(answer["Location"], {"secret": PASSWORD})
    page = browser.get(answer["Location"] if "typed" in answer["Location"] else "/session/typed/")
    kept = carried(page.content)
    assert sorted(kept) == sorted(
        [("email", FORM["email"]), ("name", FORM["name"]), ("roles", "monitor"), ("roles", "therapist")]
    )
    assert b'action="/staff/invite/"' in page.content
    assert browser.post("/staff/invite/", FORM)["Location"] == "/staff/"
    assert "kap_typed" not in browser.session
    assert FORM["email"].encode() in browser.get("/staff/").content


def test_a_client_s_form_waits_for_her_and_for_nobody_else(jordan, moment):
    browser = signed_in(jordan)
    browser.get(HOME)
    moment(CLIENTS + 1)
    answer = browser.post(
        "/account/sign-ins/others/end/", {"words": "what I typed", "new_password": "secret words"}
    )
    assert answer["Location"] == "/sign-in/?next=%2Fsession%2Ftyped%2F"
    assert b"What you sent was not lost" in browser.get(answer["Location"]).content
    other = ClientFactory(with_user=True).user
    browser.force_login(other)
    assert b"what I typed" not in browser.get("/session/typed/", follow=True).content
    browser.force_login(jordan)
    # another's sign-in in between threw the session away, and with it what was kept
    assert b"what I typed" not in browser.get("/session/typed/", follow=True).content


def test_what_a_client_typed_comes_back_without_its_passwords(jordan, moment):
    browser = signed_in(jordan)
    browser.get(HOME)
    moment(CLIENTS + 1)
    browser.post(
        "/account/sign-ins/others/end/", {"words": "what I typed", "new_password": "secret words", "pin": "1"}
    )
    browser.force_login(jordan)
    page = browser.get("/session/typed/")
    assert carried(page.content) == [("words", "what I typed")]
    browser.post("/session/typed/")
    assert browser.get("/session/typed/").status_code == 302


def test_a_session_ended_elsewhere_still_keeps_what_was_sent(jordan, moment):
    browser = signed_in(jordan)
    browser.get(HOME)
    browser.session.delete()
    answer = browser.post("/account/sign-ins/others/end/", {"words": "what I typed"})
    assert "typed" in answer["Location"]
    browser.force_login(jordan)
    assert carried(browser.get("/session/typed/").content) == [("words", "what I typed")]


def test_strangers_posts_are_not_laid_aside(moment):
    browser = Client()
    answer = browser.post("/account/sign-ins/others/end/", {"words": "x" * 1000})
    assert answer.status_code == 302
    assert "kap_typed" not in browser.session


def test_a_form_from_another_site_is_never_kept(mara, moment):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(mara)
    browser.get(HOME)
    moment(STAFF + 1)
    assert browser.post("/staff/invite/", FORM).status_code == 403
    assert "kap_typed" not in browser.session


# ---------------------------------------------------------------- pages


def test_pages_tell_their_script_the_limits_and_may_not_be_kept(mara, moment):
    browser = signed_in(mara)
    moment(60)
    page = browser.get(HOME)
    words = page.content.decode()
    assert f'data-limit="{STAFF}"' in words
    assert f'data-whole="{WHOLE - 60}"' in words
    assert "no-store" in page["Cache-Control"]
    assert "js/idle.js" in words
    assert 'hx-history="false"' in words
    assert '"historyCacheSize":0' in words


def test_no_page_is_kept_by_the_browser(mara, moment, settings):
    settings.SESSION_LIMITS = False
    browser = signed_in(mara)
    for path in ("/account/", "/sign-in/", "/nowhere/", "/help/"):
        assert "no-store" in browser.get(path)["Cache-Control"], path


def test_the_limits_hold_in_production_and_in_the_demonstration():
    words = (Path(__file__).resolve().parents[3] / "kap" / "settings.py").read_text()
    assert 'SESSION_LIMITS = MODE != "test"' in words
