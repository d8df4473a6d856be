"""The second factor in real Chromium: a passkey from the first password to a signature, and how the pages look."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client as Visitor
from django.urls import reverse
from playwright.sync_api import expect

from kap.accounts.second import actions
from kap.accounts.second.models import Factor, FactorReset
from kap.core import clock
from tests import browser as chrome
from tests.factories.core import ClinicFactory
from tests.factories.people import PASSWORD, UserFactory
from tests.kap.accounts.second_steps import code_of, enrol, enrolled, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("KAP_SHOTS", "")
LOOKS = (
    ("phone", "light"),
    ("desktop", "dark"),
    *((("phone", "dark"), ("desktop", "light")) if SHOTS else ()),
)


@pytest.fixture(autouse=True)
def asked(settings, transactional_db):
    settings.SECOND_FACTOR = True
    ClinicFactory(name="Alder House")


def with_authenticator(context, *, verified=True):
    """A page with an authenticator in it, as a laptop with a fingerprint reader has."""
    page = chrome.watched(context.new_page())
    cdp = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": verified, "automaticPresenceSimulation": True,
    }  # fmt: skip
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def give_password(page, email):
    page.goto("/sign-in/staff/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def set_up_passkey(page, email):
    give_password(page, email)
    expect(page.get_by_role("heading", name="Set up your second factor")).to_be_visible()
    page.get_by_role("link", name="Use a passkey").click()
    page.get_by_label("Name of this passkey").fill("Laptop")
    page.get_by_role("button", name="Add passkey").click()


def test_a_passkey_from_the_first_password_to_an_invitation(live_server):
    UserFactory(roles=["admin"], email="rosa@alderhouse.example", name="Rosa Lind")
    with chrome.chromium() as browser:
        page = with_authenticator(chrome.context(browser, live_server.url))
        set_up_passkey(page, "rosa@alderhouse.example")
        page.get_by_role("button", name="Make ten codes").click()
        expect(page.locator("#code-list li")).to_have_count(10)
        page.get_by_label("I kept them").check()
        page.get_by_role("button", name="Go on").click()
        expect(page.get_by_text("Done. From now on")).to_be_visible()

        page.goto("/account/")
        page.get_by_text("Display and sign out").first.click()
        page.get_by_role("button", name="Sign out").first.click()
        give_password(page, "rosa@alderhouse.example")
        page.get_by_role("button", name="Use a passkey").click()
        page.wait_for_url("**/today/")

        clock.move_to(clock.now() + timedelta(minutes=6))
        page.goto("/staff/invite/")
        page.get_by_label("Name").fill("Kit Aram")
        page.get_by_label("Email").fill("kit@alderhouse.example")
        page.get_by_label("Therapist").check()
        page.get_by_label("Monitor").check()
        page.locator("main").get_by_role("button").first.click()
        expect(
            page.get_by_role("heading", name="You are about to invite somebody to work here")
        ).to_be_visible()
        page.get_by_role("button", name="Use a passkey").click()
        expect(page.get_by_text("Invitation to Kit Aram is on its way")).to_be_visible()
        expect(page.get_by_text("Therapist, Monitor").first).to_be_visible()
        assert page.faults == []


def test_a_passkey_without_the_persons_own_gesture_does_not_count(live_server):
    UserFactory(roles=["admin"], email="rosa@alderhouse.example")
    with chrome.chromium() as browser:
        page = with_authenticator(chrome.context(browser, live_server.url), verified=False)
        set_up_passkey(page, "rosa@alderhouse.example")
        expect(page.locator("[data-passkey-words]")).to_contain_text("was not used")
    assert not Factor.objects.exists()


def test_somebody_elses_passkey_does_not_fit(live_server):
    UserFactory(roles=["admin"], email="rosa@alderhouse.example")
    other = UserFactory(roles=["therapist"], email="mara@alderhouse.example")
    enrol(other)
    with chrome.chromium() as browser:
        page = with_authenticator(chrome.context(browser, live_server.url))
        set_up_passkey(page, "rosa@alderhouse.example")
        expect(page.get_by_role("button", name="Make ten codes")).to_be_visible()
        page.context.clear_cookies()
        give_password(page, "mara@alderhouse.example")
        expect(page.get_by_role("heading", name="Second step")).to_be_visible()
        answer = page.evaluate(
            """async () => {
                const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
                const found = await fetch("/sign-in/second/challenge/", {method: "POST", headers: {"X-CSRFToken": token}});
                const asked = (await found.json()).publicKey;
                const raw = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), c => c.charCodeAt(0));
                const text = (b) => btoa(String.fromCharCode(...new Uint8Array(b)))
                    .replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");
                const made = await navigator.credentials.create({publicKey: {challenge: raw(asked.challenge),
                    rp: {id: "localhost", name: "x"}, user: {id: new Uint8Array([1]), name: "x", displayName: "x"},
                    pubKeyCredParams: [{type: "public-key", alg: -7}]}});
                const got = await navigator.credentials.get({publicKey: {challenge: raw(asked.challenge), rpId: "localhost",
                    allowCredentials: [{type: "public-key", id: made.rawId}], userVerification: "required"}});
                return JSON.stringify({id: got.id, rawId: text(got.rawId), type: got.type, clientExtensionResults: {},
                    response: {clientDataJSON: text(got.response.clientDataJSON), signature: text(got.response.signature),
                    authenticatorData: text(got.response.authenticatorData)}});
            }"""
        )
        assert json.loads(answer)["type"] == "public-key"
        status = page.evaluate(
            """async (answer) => {
                const body = new FormData();
                body.append("second_credential", answer);
                const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
                return (await fetch("/sign-in/second/", {method: "POST", body, headers: {"X-CSRFToken": token}})).status;
            }""",
            answer,
        )
        assert status == 422


def test_the_password_can_be_shown_and_is_sent_as_one(live_server):
    UserFactory(roles=["therapist"], email="mara@alderhouse.example")
    with chrome.chromium() as browser:
        page = chrome.watched(chrome.context(browser, live_server.url).new_page())
        page.goto("/sign-in/staff/")
        box = page.locator("input[name=password]")
        box.fill("seen by me")
        page.get_by_role("button", name="Show Password").click()
        assert box.get_attribute("type") == "text"
        page.get_by_role("button", name="Hide Password").click()
        assert box.get_attribute("type") == "password"
        assert page.faults == []


# ---------------------------------------------------------------- how the pages look


def session_of(visitor) -> str:
    return visitor.cookies["kap_session"].value


def people() -> dict[str, tuple[str, list]]:
    """A session each, and the pages that it looks at: address, or address and what is posted."""
    fresh, admin, other = (
        UserFactory(roles=["therapist"], name="Kit Aram"),
        enrolled("admin"),
        enrolled("admin"),
    )
    lost = enrolled("prescriber", name="Ines Osei")
    actions.add_passkey(user=admin, name="Blue key", credential={"id": "x"}, by=admin)
    actions.ask_reset(user=lost, reason="Phone stolen; called her at the number on the roster.", by=other)
    half = Visitor()
    half.post("/sign-in/staff/", {"email": admin.email, "password": PASSWORD})
    starting, through, stale = Visitor(), Visitor(), Visitor()
    starting.post("/sign-in/staff/", {"email": fresh.email, "password": PASSWORD})
    sign_in(through, admin)
    sign_in(stale, other)
    kept = stale.session
    kept["kap_proved_at"] = 1
    kept.save()
    assert FactorReset.objects.exists()
    return {
        "": ("", ["/sign-in/staff/"]),
        "half": (session_of(half), ["/sign-in/second/"]),
        "starting": (session_of(starting), ["/account/second/", "/account/second/app/", "/account/second/passkey/"]),
        "through": (session_of(through), [
            "/account/second/", "/account/second/codes/", "/account/", "/account/password/", "/staff/", "/staff/second/",
            reverse("accounts:reset_ask", args=[lost.pk]), "/account/second/codes/ Make ten codes",
            f"/account/second/{Factor.objects.of(admin).first().pk}/remove/",
        ]),
        "stale": (session_of(stale), ["/account/prove/?next=%2Freports%2F&for=export", "/staff/invite/ Send invitation"]),
    }  # fmt: skip


def look(page, address, name, folder) -> list[str]:
    path, _, press = address.partition(" ")
    page.goto(path)
    if press:
        with page.expect_navigation():
            page.locator("main form").last.evaluate("form => form.submit()")
    found = [f"{name} {address}: {line}" for line in chrome.violations(page)]
    if chrome.scrolls_sideways(page):
        found.append(f"{name} {address}: scrolls sideways")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
    return found + [f"{name} {address}: {fault}" for fault in page.faults]


@pytest.mark.sweep
def test_every_page_is_accessible_and_fits(live_server):
    found, who = [], people()
    with chrome.chromium() as browser:
        for size, theme in LOOKS:
            for label, (key, addresses) in who.items():
                context = chrome.context(browser, live_server.url, size=size, theme=theme)
                if key:
                    context.add_cookies([{"name": "kap_session", "value": key, "url": live_server.url}])
                page = chrome.watched(context.new_page())
                for n, address in enumerate(addresses):
                    found += look(page, address, f"{label or 'door'}-{n}-{size}-{theme}", SHOTS)
                context.close()
    assert found == []


def test_an_app_code_without_javascript(live_server):
    user = enrolled("therapist", email="mara@alderhouse.example")
    code = code_of(user, 1)
    with chrome.chromium() as browser:
        page = chrome.context(browser, live_server.url, java_script_enabled=False).new_page()
        give_password(page, "mara@alderhouse.example")
        page.get_by_label("Code").fill(code)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/today/")
