"""No page asks the database more often, or grows without end, because there is more of what it shows.

Every address that can be opened is in LISTS or in SINGLE. Those of LISTS are asked in a clinic with 10 and with 1,000 of
everything: clients, staff, rooms, invitations, and for one client notes, documents, appointments, answers, messages,
doses, readings … (tests/architecture/ordinary_clinic.py says what). The number of queries must be the same, and the
answer at most three times as long, unless the line says why it shows everything it has.
"""

from dataclasses import dataclass

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, get_resolver, reverse

from tests.architecture.growing import Growing
from tests.architecture.ordinary_clinic import grow, ordinary_clinic
from tests.conftest import empty_database

FEW, MANY = 10, 1000
MAY_GROW = 3  # times as long: full pages, links to further ones, numbers of more digits


@dataclass(frozen=True)
class Look:
    """One page as some people see it. `at`: what it is about, by its name in the ordinary clinic, or a word as it is.

    `whole`: why the page shows all that there is, so that its length is not bounded. `cards`: on a board, how many of
    what at most.
    """

    route: str
    by: str
    at: str = ""
    ask: str = ""
    whole: str = ""
    cards: tuple[str, int] = ("", 0)
    headers: tuple = ()

    def address(self, clinic) -> str:
        path = reverse(self.route, args=[_thing(clinic, name) for name in self.at.split()])
        return path + self.ask.format(client=clinic.client.pk)

    @property
    def words(self) -> str:
        return " ".join(filter(None, (self.route, self.at, self.ask)))


def _thing(clinic, name):
    """`iris.course` → the key of that course; `notes` → the word itself."""
    first, *rest = name.split(".")
    thing = getattr(clinic, first, name)
    for part in rest:
        thing = getattr(thing, part)
    return getattr(thing, "pk", thing)


STAFF = "therapist prescriber monitor admin"
CLINICAL = "therapist prescriber monitor"
CHOICES = "a list to choose from: everybody, or every place, that can be chosen"
ONE_PLACE = "nobody can be in two places at once, which the database sees to: a day has its bounds"
SHEET = "the flowsheet of one session: every reading, always"
HX = (("HX-Request", "true"),)

# fmt: off
LISTS = [
    # ---- the desk
    Look("desk:today", STAFF, whole=f"the board of the day. {ONE_PLACE}"),
    Look("desk:pipeline", CLINICAL, cards=('class="board-card"', 12 * 9)),
    Look("desk:pipeline", "therapist", ask="?stage=intake", cards=('class="board-card"', 25)),
    Look("desk:pipeline", "therapist", ask="?stage=dosing"),
    Look("desk:clients", STAFF),
    Look("desk:clients", "therapist", ask="?q=iris"),
    Look("desk:clients", "therapist", ask="?stage=dosing"),
    Look("desk:search", STAFF, ask="?q=iris"),
    Look("desk:blocker", "therapist", "iris.course", headers=HX),
    Look("desk:blocker", "prescriber", "hana.course", headers=HX),
    Look("desk:chart", STAFF, "client"),
    Look("desk:chart", CLINICAL, "june.client"),
    Look("desk:chart", "prescriber", "hana.client"),
    *(
        Look("desk:chart_tab", CLINICAL, f"client {tab}")
        for tab in ("timeline", "dosing", "measures", "medical", "documents", "access")
    ),
    Look("desk:chart_tab", CLINICAL, "client notes", whole="ten notes a page, each with all its addenda"),
    Look("desk:chart_tab", "prescriber", "hana.client medical"),
    Look("desk:chart_tab", "admin", "client access"),
    Look("desk:portal", "client_user"),
    Look("desk:who_opened", "client_user"),
    Look("desk:reports", "therapist"),
    Look("desk:reports_csv", "therapist"),
    Look("desk:settings", "admin prescriber"),
    Look("desk:settings_clinic", "admin"),
    Look("desk:protocol", "prescriber", "iris.course.protocol"),
    Look("desk:protocol_new", "prescriber"),
    Look("desk:audit", "admin"),
    # ---- accounts
    Look("accounts:account", STAFF + " client_user"),
    Look("accounts:staff", "admin"),
    Look("accounts:invite", "admin"),
    Look("accounts:invite_withdraw", "admin", "invitation"),
    Look("accounts:roles", "admin", "therapist"),
    Look("accounts:deactivate", "admin", "therapist"),
    Look("accounts:sign_ins", "therapist"),
    Look("accounts:staff_sign_ins", "admin", "therapist"),
    Look("accounts:resets", "admin", whole=CHOICES),
    # ---- people
    Look("people:client", STAFF, "client"),
    Look("people:client_edit", "therapist admin", "client"),
    Look("people:contact_new", "therapist", "client"),
    Look("people:contact_change", "therapist", "client contact"),
    Look("people:contact_end", "therapist", "client contact"),
    Look("people:team", "therapist admin", "client", whole=CHOICES),
    Look("people:team_end", "therapist", "client member"),
    Look("people:allergies", "therapist", "noor.client", whole="never cut: each one matters for safety"),
    Look("people:medicines", "therapist", "noor.client", whole="never cut: each one matters for safety"),
    Look("people:roster", "admin"),
    Look("people:provider_new", "admin", whole=CHOICES),
    Look("people:provider", "admin", "iris.therapist_provider"),
    Look("people:provider_edit", "admin", "iris.therapist_provider"),
    Look("people:credential_new", "admin", "iris.therapist_provider"),
    Look("people:credential_end", "admin", "iris.therapist_provider credential"),
    # ---- the pathway
    Look("pathway:pool", "therapist prescriber admin"),
    Look("pathway:assign", "admin", "pool_course", whole=CHOICES),
    Look("pathway:enquiry_new", "therapist admin"),
    Look("pathway:course_new", "therapist", "client"),
    Look("pathway:steps", "therapist", "iris.course"),
    Look("pathway:steps", "prescriber", "hana.course"),
    Look("pathway:steps", "monitor", "june.course"),
    Look("pathway:leave", "therapist", "iris.course"),
    Look("pathway:resume", "therapist", "deferred"),
    # ---- lists of work and of messages
    Look("worklist:list", STAFF),
    Look("worklist:list", "therapist", ask="?show=done"),
    Look("worklist:item", "therapist", "item"),
    *(Look("outbox:list", "therapist admin", ask=f"?tab={tab}") for tab in ("owed", "sent", "dropped", "failed")),
    Look("outbox:message", "admin", "message"),
    Look("outbox:mailbox", "admin"),
    Look("outbox:mailbox_item", "admin", "mail"),
    Look("outbox:mailbox_html", "admin", "mail"),
    # ---- notes, documents and measures
    Look("notes:psychotherapy_list", "therapist", "client"),
    Look("documents:document", "therapist client_user", "document"),
    Look("documents:withdraw", "therapist client_user", "document"),
    Look("documents:sign", "client_user", "to_sign"),
    Look("documents:ask_first", "client_user", "to_sign"),
    Look("documents:decline", "client_user", "to_sign"),
    Look("documents:ask", "therapist", "iris.course"),
    Look("measures:question", "client_user", "asked_measure 1"),
    Look("measures:check", "client_user", "asked_measure"),
    Look("measures:enter", "therapist", "asked_measure"),
    # ---- scheduling
    Look("scheduling:calendar", "therapist", whole=ONE_PLACE, cards=('class="cal-col"', 6)),
    Look("scheduling:calendar", "admin", ask="?view=week", whole=ONE_PLACE),
    Look("scheduling:calendar", "admin", ask="?rooms=1", whole=ONE_PLACE, cards=('class="cal-col"', 12)),
    Look("scheduling:book", "therapist admin"),
    Look("scheduling:book", "therapist", ask="?client={client}", whole=CHOICES),
    Look("scheduling:appointment", "therapist admin", "visit"),
    Look("scheduling:appointment", "monitor", "june.appointment"),
    Look("scheduling:move", "therapist", "visit", whole=CHOICES),
    Look("scheduling:cancel", "therapist", "visit"),
    Look("scheduling:companion_name", "therapist", "june.appointment"),
    Look("scheduling:ics", "therapist client_user", "visit"),
    Look("scheduling:mine", "client_user"),
    Look("scheduling:shifts", "therapist", "iris.therapist_provider"),
    Look("scheduling:shifts", "admin", "iris.therapist_provider", whole=CHOICES),
    Look("scheduling:shift_end", "admin", "shift"),
    Look("scheduling:places", "admin"),
    Look("scheduling:location", "admin", "other_house"),
    Look("scheduling:location_new", "admin"),
    Look("scheduling:room_new", "admin", "other_house"),
    Look("scheduling:room", "admin", "iris.room"),
    Look("scheduling:services", "admin"),
    Look("scheduling:service", "admin", "visit.service"),
    # ---- intake and medical
    Look("intake:tasks", "noor_user"),
    Look("intake:check", "noor_user"),
    Look("intake:page", "noor_user", "goals hopes"),
    Look("intake:privacy", "noor_user therapist", "noor"),
    Look("intake:forms", "therapist prescriber", "hana.course"),
    Look("intake:session_note", "therapist", "noor"),
    Look("intake:for_enter", "therapist", "noor"),
    Look("intake:queue", "prescriber"),
    Look("intake:evaluation", "prescriber therapist", "hana.course"),
    Look("intake:diagnosis_new", "prescriber", "hana.course"),
    Look("intake:order", "prescriber", "hana.course"),
    Look("intake:order_write", "prescriber", "hana.course"),
    Look("intake:plan", "therapist prescriber", "hana.course"),
    # ---- the dosing room
    Look("dosing:rooms", CLINICAL),
    Look("dosing:open", "monitor", "later"),
    Look("dosing:readiness", "prescriber", "later"),
    Look("dosing:preparation", "therapist prescriber", "june.course"),
    Look("dosing:session", "monitor prescriber", "june.session", whole=SHEET),
    Look("dosing:session", "therapist", "iris.session"),
    Look("dosing:flow", "monitor", "june.session", whole=SHEET),
    Look("dosing:observation", "monitor", "june.session"),
    Look("dosing:dose", "monitor prescriber", "june.session"),
    Look("dosing:event", "monitor", "june.session"),
    Look("dosing:strike", "monitor", "june.session vitals june.reading"),
    Look("dosing:discharge", "monitor", "june.session"),
    Look("dosing:left", "monitor", "june.session"),
    Look("dosing:not_dosed", "monitor", "june.session"),
    Look("dosing:safety", "therapist", "june.session"),
    # ---- integration
    Look(
        "integration:note", "therapist prescriber", "iris.integration_session",
        whole="a tab for each integration of the course",
    ),
    Look("integration:screen", "therapist", "iris.integration_session"),
    Look("integration:summary", "therapist", "iris.course", whole="the summary names every dose of the course"),
]
# fmt: on

# Pages of one thing, whose content cannot become more.
SINGLE = {
    "healthz": "one word",
    "readyz": "a line for each part of the installation",
    "desk:home": "sends on to the page of who asks",
    "core:help": "the crisis line",
    "desk:audit_csv": "the rows of desk:audit as a file; names of the kinds of people that occur in it are asked for",
    "accounts:sign_in": "a form",
    "accounts:sign_in_staff": "a form",
    "accounts:code": "a form",
    "accounts:link": "sends on to the form for the code",
    "accounts:password": "a form",
    "accounts:pin": "a form",
    "accounts:password_forgotten": "a form",
    "accounts:password_new": "a form",
    "accounts:invitation": "a form",
    "accounts:second": "a form",
    "accounts:factors": "a person's own few factors",
    "accounts:app_new": "a form",
    "accounts:passkey_new": "a form",
    "accounts:codes": "ten codes",
    "accounts:factor_remove": "a form",
    "accounts:prove": "a form",
    "accounts:reset_ask": "a form",
    "accounts:locked": "a form",
    "accounts:back": "a form",
    "accounts:state": "how long the sign-in lasts",
    "accounts:typed": "what one person typed",
    "people:emergency": "finds one client by number, or by name and birth date",
    "people:emergency_review": "one opening of one record",
    "notes:psychotherapy_new": "a form",
    "notes:psychotherapy": "one note of one author",
    "people:client_new": "sends on to the page of enquiries",
    "pathway:override": "one line of one gate; asked by the tests of the gates",
    "documents:pdf": "one file",
    "measures:take": "sends on to the first open question",
    "measures:sent": "thanks",
    "measures:crisis": "the crisis line",
    "scheduling:bring": "a form",
    "scheduling:companion": "one question to one person",
    "scheduling:companion_thanks": "thanks",
    "scheduling:companion_agreement": "one text to sign",
    "intake:start": "the public page",
    "intake:register": "a form",
    "intake:welcome": "a form",
    "intake:section": "sends on to the first page of the section",
    "intake:sent": "thanks",
    "intake:crisis": "the crisis line",
    "intake:for_tasks": "the page of intake:tasks, filled in by staff",
    "intake:for_check": "the page of intake:check, filled in by staff",
    "intake:for_section": "sends on to the first page of the section",
    "intake:for_page": "the page of intake:page, filled in by staff",
    "intake:for_sent": "thanks",
    "intake:for_crisis": "the crisis line",
    "intake:order_review": "one draft of an order, with the limits it is held against",
    "dosing:pass_entry": "one line of one gate",
    "dosing:pass_start": "one line of one gate",
}


# ---------------------------------------------------------------- the addresses


def routes(resolver=None, room="") -> dict[str, object]:
    """Name → view of everything that answers a GET."""
    found = {}
    for entry in (resolver or get_resolver()).url_patterns:
        if not isinstance(entry, URLPattern):
            found |= routes(entry, f"{entry.namespace}:" if entry.namespace else room)
        elif "GET" in methods(entry.callback):
            found[room + entry.name] = entry.callback
    return found


def methods(view) -> tuple:
    """What django.views.decorators.http lets through; a view without such a decorator takes everything."""
    while view is not None:
        for cell in view.__closure__ or ():
            kept = cell.cell_contents
            if isinstance(kept, list | tuple) and kept and set(kept) <= {"GET", "HEAD", "POST"}:
                return tuple(kept)
        view = getattr(view, "__wrapped__", None)
    return ("GET", "POST")


LISTED = {look.route for look in LISTS}


@pytest.mark.parametrize("name", sorted(routes()))
def test_every_page_is_a_list_or_says_why_not(name):
    assert name in LISTED or name in SINGLE, (
        f"{name}: say in LISTS how it is asked, or in SINGLE why it cannot grow"
    )


def test_the_table_names_only_pages_that_exist_and_each_in_one_half():
    assert not (LISTED | set(SINGLE)) - set(routes())
    assert not LISTED & set(SINGLE)


# ---------------------------------------------------------------- few and many


@dataclass(frozen=True)
class Answer:
    status: int
    queries: list[str]
    length: int
    body: str


class Desk:
    """Everybody signed in once; the first look at each page fills what is kept per process and per session."""

    def __init__(self, clinic):
        self.clinic, self.browsers = clinic, {}

    def ask(self, look: Look, name: str) -> Answer:
        browser = self.browsers.get(name)
        if browser is None:
            browser = self.browsers[name] = Browser(headers=dict(look.headers))
            browser.force_login(getattr(self.clinic, name))
        connection.queries_log.clear()  # it keeps 9,000 and then counts no further
        with CaptureQueriesContext(connection) as asked:
            answer = browser.get(look.address(self.clinic), headers=dict(look.headers))
        body = answer.content.decode(errors="replace") if look.cards[1] else ""
        return Answer(answer.status_code, [q["sql"] for q in asked], len(answer.content), body)

    def warm(self) -> None:
        for look in LISTS:
            for name in look.by.split():
                if name not in self.browsers or name == look.by.split()[0]:
                    self.ask(look, name)

    def ask_all(self) -> dict[tuple[Look, str], Answer]:
        return {(look, name): self.ask(look, name) for look in LISTS for name in look.by.split()}


@pytest.fixture(scope="module")
def answers(django_db_setup, django_db_blocker):
    """Each page of LISTS as each of its people saw it: with few rows and with many."""
    with django_db_blocker.unblock(), override_settings(DEMO=True):  # the mailbox is of the demonstration
        try:
            clinic = ordinary_clinic()
            desk = Desk(clinic)
            with Growing() as growing:
                grow(clinic, growing)
                growing.to(FEW)
                desk.warm()
                few = desk.ask_all()
                growing.to(MANY)
                many = desk.ask_all()
            yield {seen: (few[seen], many[seen]) for seen in few}
        finally:
            empty_database()


def seen_by(look: Look, answers):
    return [(name, *answers[look, name]) for name in look.by.split()]


@pytest.mark.parametrize("look", LISTS, ids=lambda look: look.words)
def test_as_many_queries_for_a_thousand_as_for_ten(look, answers):
    for name, few, many in seen_by(look, answers):
        assert (few.status, many.status) == (200, 200), name
        assert len(many.queries) == len(few.queries) > 0, "\n".join([name, *sorted(more(few, many))])


def more(few: Answer, many: Answer) -> set[str]:
    """The statements that were new, for the message."""
    return {sql[:300] for sql in set(many.queries) - set(few.queries)}


@pytest.mark.parametrize("look", [look for look in LISTS if not look.whole], ids=lambda look: look.words)
def test_a_long_list_has_pages(look, answers):
    for name, few, many in seen_by(look, answers):
        assert many.length <= MAY_GROW * few.length, name


@pytest.mark.parametrize("look", [look for look in LISTS if look.cards[1]], ids=lambda look: look.words)
def test_a_board_draws_no_more_than_can_be_looked_at(look, answers):
    what, at_most = look.cards
    for name, few, many in seen_by(look, answers):
        assert 0 < few.body.count(what) <= many.body.count(what) <= at_most, name
