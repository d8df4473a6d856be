"""Every address that can be opened, and how test_every_list_is_flat.py asks it: LISTS can grow, SINGLE cannot."""

from dataclasses import dataclass

from django.urls import reverse


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
    Look("desk:reports", "therapist admin"),
    Look("desk:reports_csv", "therapist"),
    Look("desk:settings", "admin prescriber"),
    Look("desk:settings_clinic", "admin"),
    Look("desk:protocol", "prescriber", "iris.course.protocol"),
    Look("desk:protocol_new", "prescriber"),
    Look("desk:audit", "admin"),
    Look("desk:audit_csv", "admin", whole="the file has all that was asked for, up to 5,000 lines"),
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
