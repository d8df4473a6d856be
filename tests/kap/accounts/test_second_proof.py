"""Asked again before signing and exporting: nothing that was typed is lost, and no view that signs is forgotten."""

import dis
import inspect
import types

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern, get_resolver, reverse

from kap.accounts.permissions import Can, requires
from kap.accounts.second import proof
from kap.accounts.second.models import Factor
from kap.core import csv
from kap.core.actions import registry
from kap.notes.models import Note
from tests.factories.core import ClinicFactory
from tests.factories.medical import evaluated, medical_case, order_values
from tests.factories.notes import full_body
from tests.factories.people import ClientFactory
from tests.kap.accounts.second_steps import code_of, enrol, sign_in

# ---------------------------------------------------------------- every view that signs or exports

EXEMPT = {  # why it signs and does not ask
    "documents:sign": "only the client herself signs here; each of her sign-ins proves her mailbox",
    "scheduling:companion_agreement": "a companion or chaperone by her own link; she has no account",
    "documents:pdf": "one document of one client, read as a file; its page is open to the same person",
    "scheduling:ics": "one appointment for a calendar",
}
SIGN_OR_EXPORT = {
    "desk:audit_csv", "desk:protocol_new", "desk:reports_csv",
    "documents:withdraw", "dosing:discharge", "dosing:left", "dosing:pass_entry",
    "dosing:pass_start", "dosing:preparation", "dosing:release", "intake:evaluation_decide", "intake:order_sign",
    "intake:plan_sign", "intake:session_note", "integration:note", "integration:summary", "pathway:override",
}  # fmt: skip
CHANGE_SIGN_IN = {
    "accounts:password", "accounts:pin", "accounts:roles", "accounts:invite", "accounts:invite_again", "accounts:deactivate",
    "accounts:reactivate", "accounts:app_new", "accounts:passkey_new", "accounts:passkey_options", "accounts:codes",
    "accounts:factor_remove", "accounts:reset_ask", "accounts:reset_confirm", "accounts:let_in",
}  # fmt: skip
PAGES = ("kap.notes.editor", "kap.documents.chaperone")  # whole pages that views hand over to
OURS = ("kap.", "intake", "scheduling", "sessions", "integration")


def all_views(resolver=None, space=""):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            if entry.callback.__module__.startswith(OURS):
                yield f"{space}{entry.name}", entry.callback
        else:
            yield from all_views(entry, f"{entry.namespace}:" if entry.namespace else space)


def codes_in(code):
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from codes_in(const)


def bodies(function, seen=None):
    """The code of a view and of the helpers it calls in view modules, with their globals and closures."""
    seen = set() if seen is None else seen
    function = inspect.unwrap(function)
    if not hasattr(function, "__code__") or function.__code__ in seen:
        return
    seen.add(function.__code__)
    scope = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    for code in codes_in(function.__code__):
        yield code, scope
        for helper in called(code, scope):
            if "view" in helper.__module__ + helper.__qualname__ or helper.__module__ in PAGES:
                yield from bodies(helper, seen)


def signing_actions() -> set:
    """Every action that takes the name that somebody typed to sign."""
    return {
        run for run in registry.values() if "printed_name" in inspect.signature(run.__wrapped__).parameters
    }


def called(code, scope):
    """Functions that the code names, by themselves or as `module.function`."""
    steps = list(dis.get_instructions(code))
    for this, after in zip(steps, [*steps[1:], None], strict=True):
        thing = scope.get(this.argval) if this.opname in ("LOAD_GLOBAL", "LOAD_DEREF") else None
        if isinstance(thing, types.FunctionType):
            yield thing
        elif (
            isinstance(thing, types.ModuleType)
            and after is not None
            and after.opname in ("LOAD_ATTR", "LOAD_METHOD")
        ):
            found = getattr(thing, after.argval, None)
            if isinstance(found, types.FunctionType):
                yield found


def signs_or_exports(view) -> bool:
    signing = signing_actions()
    for code, scope in bodies(view):
        if "printed_name" in code.co_names + code.co_consts or {
            "Content-Disposition",
        } & {const for const in code.co_consts if isinstance(const, str)}:
            return True
        if any(thing in signing or thing is csv.table for thing in called(code, scope)):
            return True
    return False


VIEWS = dict(all_views())


def test_every_view_that_signs_or_exports_asks_again():
    found = {name for name, view in VIEWS.items() if signs_or_exports(view)}
    assert found - set(EXEMPT) - SIGN_OR_EXPORT - CHANGE_SIGN_IN == set(), (
        "add @proves_again and name it here"
    )
    assert found >= SIGN_OR_EXPORT, "the search no longer sees these"
    bare = {name for name in SIGN_OR_EXPORT | CHANGE_SIGN_IN if not hasattr(VIEWS[name], "proves_again")}
    assert bare == set(), "these need @proves_again"


def test_exempt_views_are_not_forgotten_either():
    assert {name for name in EXEMPT if name in VIEWS} == set(EXEMPT)


def test_the_search_sees_a_view_that_forgot():
    from kap.notes import actions

    @requires(Can.OPEN_CHART)
    def forgetful(request):
        actions.sign(note=None, printed_name=request.POST["printed_name"], by=request.user)

    assert signs_or_exports(forgetful)
    assert not signs_or_exports(VIEWS["desk:today"])


# ---------------------------------------------------------------- the decorator

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(settings, at, db):
    settings.SECOND_FACTOR = True
    ClinicFactory()
    at(2026, 11, 19, 14, 0)


@pytest.fixture
def case(asked):
    made = medical_case()
    evaluated(made)
    enrol(made.prescriber.user)
    return made


def later(at):
    at(2026, 11, 19, 14, 30)


def fields_of(page) -> list[tuple[str, str]]:
    from html.parser import HTMLParser

    class Hidden(HTMLParser):
        found: list

        def handle_starttag(self, tag, attrs):
            attrs = dict(attrs)
            if tag == "input" and attrs.get("type") == "hidden":
                self.found.append((attrs["name"], attrs.get("value", "")))

    reader = Hidden()
    reader.found = []
    reader.feed(page.content.decode())
    return reader.found


def echo_request(user, data, **extra):
    from django.contrib.sessions.backends.db import SessionStore
    from django.urls import ResolverMatch

    request = RequestFactory().post("/here/?a=1", data, **extra)
    request.user, request.session, request.id, request.htmx = user, SessionStore(), "x", False
    request.session.create()
    request.resolver_match = ResolverMatch(lambda: None, (), {}, app_names=["intake"])
    return request


@proof.proves_again("sign something")
def echo(request):
    return HttpResponse(repr(sorted((k, v) for k, v in request.POST.lists())))


TYPED = {
    "text": "Füße\r\nline two <b>\"'&",
    "box": ["a", "b"],
    "empty": "",
    "printed_name": "Dana Okafor",
    "once": "x",
}


def test_every_field_comes_along_multiple_ones_too(case):
    page = echo(echo_request(case.prescriber.user, TYPED))
    carried = [
        pair
        for pair in fields_of(page)
        if pair[0] not in ("csrfmiddlewaretoken", "second_credential", "theme", "next")
    ]
    for name, value in TYPED.items():
        for one in value if isinstance(value, list) else [value]:
            assert (name, one) in carried
    assert b"You are about to sign something" in page.content
    assert b"Dana Okafor" in page.content
    assert b'action="/here/?a=1"' in page.content
    assert "no-store" in page["Cache-Control"]


def test_in_the_dosing_room_the_page_is_the_rooms(case):
    request = echo_request(case.prescriber.user, TYPED)
    request.resolver_match.app_names = request.resolver_match.app_name = "dosing"
    page = echo(request)
    assert b"room.css" in page.content
    assert page.content.count(b"<h1") == 1
    assert b"What you typed is kept" in page.content


def test_the_view_sees_what_was_sent_and_nothing_else(case):
    request = echo_request(case.prescriber.user, {**TYPED, "second_code": code_of(case.prescriber.user)})
    answer = echo(request).content.decode()
    assert "second_code" not in answer
    assert answer == repr(sorted((k, v if isinstance(v, list) else [v]) for k, v in TYPED.items()))


def test_a_wrong_code_keeps_everything_and_says_so(case):
    page = echo(echo_request(case.prescriber.user, {**TYPED, "second_code": "123"}))
    assert page.status_code == 422
    assert ("box", "b") in fields_of(page)
    assert b"does not fit" in page.content


def test_two_presses_of_the_button_pass_once_each(case):
    """The second press sends the same code; it rests on the first one's proof, which is kept at once."""
    first = echo_request(case.prescriber.user, {**TYPED, "second_code": code_of(case.prescriber.user)})
    second = echo_request(case.prescriber.user, {**TYPED, "second_code": code_of(case.prescriber.user)})
    second.session = first.session.__class__(first.session.session_key)
    second.session.load()
    assert second.session.get("kap_proved_at") is None
    second.session["other"] = 1  # loaded before the first one wrote
    assert echo(first).content.startswith(b"[")
    assert echo(second).content.startswith(b"[")


def test_a_stranger_with_her_used_code_does_not_pass(case):
    used = code_of(case.prescriber.user)
    echo(echo_request(case.prescriber.user, {"second_code": used}))
    assert b"second_code" in echo(echo_request(case.prescriber.user, {"second_code": used})).content


def test_a_live_part_of_a_page_gets_the_whole_page(case):
    page = echo(echo_request(case.prescriber.user, TYPED, HTTP_HX_REQUEST="true"))
    assert (page["HX-Retarget"], page["HX-Reswap"]) == ("body", "innerHTML")


def test_clients_and_the_demonstration_are_not_asked(case, settings):
    assert echo(echo_request(ClientFactory(with_user=True).user, TYPED)).content.startswith(b"[")
    settings.SECOND_FACTOR = False
    assert echo(echo_request(case.prescriber.user, TYPED)).content.startswith(b"[")


# ---------------------------------------------------------------- in real views


def test_an_order_is_signed_after_a_code_with_nothing_typed_anew(client, case, at):
    from intake.actions import medical as actions

    sign_in(client, case.prescriber.user)
    order = actions.draft_order(course=case.course, values=order_values(), by=case.prescriber.user)
    path = reverse("intake:order_sign", args=[order.pk])
    form = dict(fields_of(client.get(reverse("intake:order_review", args=[order.pk]))))
    typed = {
        "printed_name": case.prescriber.user.name,
        "seen": form.get("seen", ""),
        "soft_reason": "Weighed with her.",
    }
    later(at)
    asked = client.post(path, typed)
    order.refresh_from_db()
    assert order.signed_at is None
    assert b"You are about to sign this order" in asked.content
    answer = client.post(path, {**dict(fields_of(asked)), "second_code": code_of(case.prescriber.user)})
    order.refresh_from_db()
    assert answer.status_code == 302, answer.content.decode()[:3000]
    assert order.signed_at is not None
    assert order.printed_name == case.prescriber.user.name


def test_a_draft_is_saved_unasked_and_signed_after_asking(client, case, at):
    therapist = case.therapist.user
    enrol(therapist)
    sign_in(client, therapist)
    later(at)
    path = reverse("dosing:preparation", args=[case.course.pk])
    body = {**full_body("preparation"), "version": 0}
    assert client.post(path, {**body, "act": "save"}).status_code == 302
    asked = client.post(path, {**body, "version": 1, "act": "sign", "printed_name": therapist.name})
    assert b"You are about to sign the preparation note" in asked.content
    assert Note.objects.get(kind="preparation").signed_at is None
    data = {}
    for name, value in fields_of(asked):
        data.setdefault(name, []).append(value)
    answer = client.post(path, {**data, "second_code": code_of(therapist)})
    assert answer.status_code == 302, answer.content.decode()
    assert Note.objects.get(kind="preparation").signed_at is not None


def test_a_proof_holds_for_five_minutes_and_not_longer(client, case, at):
    at(2026, 11, 19, 14, 0)
    sign_in(client, case.prescriber.user)
    path = reverse("desk:reports_csv")
    at(2026, 11, 19, 14, 4, 59)
    assert client.get(path)["Content-Type"].startswith("text/csv")
    at(2026, 11, 19, 14, 5, 1)
    assert client.get(path)["Location"].startswith("/account/prove/")


def test_an_export_ends_at_a_page_with_the_link(client, case, at):
    sign_in(client, case.prescriber.user)
    later(at)
    where = client.get(reverse("desk:reports_csv") + "?days=365")["Location"]
    page = client.get(where)
    assert b"save a file with what concerns many people" in page.content
    ready = client.post(
        "/account/prove/", {**dict(fields_of(page)), "second_code": code_of(case.prescriber.user)}
    )
    assert b'href="/reports/file.csv?days=365"' in ready.content
    assert client.get("/reports/file.csv?days=365")["Content-Type"].startswith("text/csv")


def test_proving_goes_only_to_pages_of_ours(client, case, at):
    sign_in(client, case.prescriber.user)
    data = {"next": "https://evil.example/", "for": "go_on", "second_code": code_of(case.prescriber.user, 1)}
    assert "evil" not in client.post("/account/prove/", data)["Location"]


def test_roles_are_changed_after_asking(client, asked, at):
    from tests.kap.accounts.second_steps import enrolled

    admin, other = enrolled("admin"), enrolled("therapist")
    sign_in(client, admin)
    later(at)
    asked_page = client.post(f"/staff/{other.pk}/roles/", {"roles": ["therapist", "monitor"]})
    carried = [value for name, value in fields_of(asked_page) if name == "roles"]
    assert carried == ["therapist", "monitor"]
    client.post(f"/staff/{other.pk}/roles/", {"roles": carried, "second_code": code_of(admin)})
    other.__dict__.pop("_roles", None)
    assert set(other.grants.filter(ended_at=None).values_list("role", flat=True)) == {"therapist", "monitor"}


def test_after_a_failure_the_factor_is_untouched(case):
    echo(echo_request(case.prescriber.user, {"second_code": "1"}))
    assert Factor.objects.of(case.prescriber.user).count() == 1
