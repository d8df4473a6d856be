"""Who sees which page, and what it says."""

import pytest
from django.urls import reverse

from kap.audit.models import AccessLog
from kap.core import clock
from kap.core.models import ProtocolVersion
from kap.pathway import gates
from kap.pathway.models import Course
from tests.factories.core import ClinicFactory
from tests.factories.pathway import CourseFactory
from tests.factories.people import ClientFactory, ProviderFactory, TeamMemberFactory, UserFactory
from tests.kap.desk import scene

pytestmark = pytest.mark.django_db


def page(client, user, path, **more):
    client.force_login(user)
    return client.get(path, **more)


def words_of(answer) -> str:
    return answer.content.decode()


# --- the door ---------------------------------------------------------------------------------------------------------


def test_the_front_door_leads_each_to_her_own_page(client, db):
    ClinicFactory()
    assert client.get("/")["Location"] == reverse("intake:start")
    person = ClientFactory(with_user=True)
    assert page(client, person.user, "/")["Location"] == "/portal/"
    assert page(client, UserFactory(roles=["monitor"]), "/")["Location"] == "/today/"


PAGES = {
    "/today/": {"therapist", "prescriber", "monitor", "admin"},
    "/pipeline/": {"therapist", "prescriber", "monitor"},
    "/clients/": {"therapist", "prescriber", "monitor", "admin"},
    "/find/": {"therapist", "prescriber", "monitor", "admin"},
    "/reports/": {"therapist", "prescriber", "monitor", "admin"},
    "/reports/file.csv": {"therapist", "prescriber", "monitor", "admin"},
    "/settings/": {"prescriber", "admin"},
    "/settings/clinic/": {"admin"},
    "/settings/protocol/new/": {"prescriber"},
    "/portal/": {"client"},
    "/portal/who-opened/": {"client"},
}


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("role", ["client", "therapist", "prescriber", "monitor", "admin"])
def test_each_page_is_for_those_who_may(client, path, role, gate_says):
    ClinicFactory()
    CourseFactory()
    answer = page(client, UserFactory(roles=[role]), path)
    assert answer.status_code == (200 if role in PAGES[path] else 403)


@pytest.mark.parametrize("path", PAGES)
def test_no_page_opens_without_signing_in(client, path, db):
    ClinicFactory()
    assert client.get(path).status_code == 302


# --- today ------------------------------------------------------------------------------------------------------------


def test_today_of_a_therapist_shows_needs_above_the_day(client, thursday, gate_says):
    gate_says(companion_confirmed="Driver not confirmed.")
    words = words_of(page(client, thursday.mara.user, "/today/"))
    order = [
        "Dana Reyes – safety answer",
        "Theo Kask – integration note not signed",
        "Your day",
        "June Ashworth is",
    ]
    assert words.index(order[0]) < words.index(order[1]) < words.index(order[2])
    assert "June Ashworth is waiting" in words
    assert "Ready for dosing: 5 of 6" in words or "Driver not confirmed" in words


def test_readiness_comes_from_the_gate_itself(client, thursday):
    """No gate is told here what to say: the page asks the real one, and shows what stops the session."""
    words = words_of(page(client, thursday.mara.user, "/today/"))
    appointment, course = thursday.dosing, thursday.dosing.attendees.get().course
    from sessions.entry import Entry

    missing = gates.closed(gates.ask("enter_dosing", course, Entry(appointment, course)))
    assert missing
    from django.utils.html import escape

    for step in missing:
        assert escape(step.missing[0].words.rstrip(".")) in words


def test_a_prescriber_sees_evaluations_that_wait_and_sessions_on_call(client, thursday, gate_says):
    words = words_of(page(client, thursday.osei.user, "/today/"))
    assert "Evaluations waiting" in words
    assert "Priya Shah" in words
    assert "You are on call" in words


def test_an_admin_sees_rooms_providers_and_expiries_but_no_caseload(client, thursday, gate_says):
    words = words_of(page(client, thursday.kit, "/today/"))
    for part in ("The clinic&#x27;s day", "Willow room", "Ana Ruiz", "ACLS certificate", "14 days left"):
        assert part in words or part.replace("&#x27;", "'") in words
    assert "My caseload" not in words
    assert "PHQ-9" not in words


def test_an_empty_day_says_so(client, db, gate_says):
    ClinicFactory()
    words = words_of(page(client, ProviderFactory().user, "/today/"))
    assert "Nothing waits for you." in words
    assert "No sessions today" in words


# --- chart ------------------------------------------------------------------------------------------------------------

TABS = ("timeline", "notes", "dosing", "measures", "medical", "documents", "access")


def chart(june, tab=""):
    return f"/clients/{june.client.pk}/{tab}{'/' if tab else ''}"


def test_the_chart_shows_what_must_not_be_overlooked(client, thursday, gate_says):
    gate_says(companion_confirmed="Driver not confirmed.")
    words = words_of(page(client, thursday.mara.user, chart(thursday.june)))
    for part in (
        "penicillin – hives", "Call prescriber if BP ≥ 160/100 mmHg", "LORazepam – none within 24 h before dosing",
        "Next: dosing 3, tomorrow 13:00", "Driver not confirmed.", "PHQ‑9 down 11 since intake", "24 Oct, 26 h",
        "150 mg", "6 lozenge sessions", "Signed 08-Oct-2026, valid to 08-Oct-2027", "PHQ-9 8 (mild), GAD-7 7 (mild)",
    ):  # fmt: skip
        assert part in words, part
    assert "<title>June Ashworth" in words


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens_and_is_written_down(client, thursday, tab):
    assert page(client, thursday.mara.user, chart(thursday.june, tab)).status_code == 200
    log = AccessLog.objects.get(client_id=thursday.june.client.pk)
    assert log.actor == thursday.mara.user.audit_label


@pytest.mark.parametrize("tab", ["", *TABS])
def test_strangers_find_no_chart(client, thursday, tab):
    stranger = UserFactory(roles=["therapist"])
    assert page(client, stranger, chart(thursday.june, tab)).status_code == 404
    assert not AccessLog.objects.filter(actor=stranger.audit_label).exists()


def test_a_chart_that_cannot_be_logged_is_not_shown(client, thursday, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("log is full")

    monkeypatch.setattr("kap.desk.views.chart.access.opened", broken)
    with pytest.raises(RuntimeError):
        page(client, thursday.mara.user, chart(thursday.june))


def test_an_admin_sees_logistics_and_nothing_clinical(client, thursday):
    words = words_of(page(client, thursday.kit, chart(thursday.june)))
    assert "Sam Ashworth" in words
    assert "Willow room" in words
    for secret in ("penicillin", "sertraline", "PHQ", "150 mg", "160/100", "Consents"):
        assert secret not in words
    for tab in TABS[:-1]:
        assert page(client, thursday.kit, chart(thursday.june, tab)).status_code == 404
    assert page(client, thursday.kit, chart(thursday.june, "access")).status_code == 200


def test_a_chart_before_any_course_says_what_will_appear(client, db):
    ClinicFactory()
    member = TeamMemberFactory()
    for tab in ("", *TABS):
        path = f"/clients/{member.client.pk}/{tab}{'/' if tab else ''}"
        assert page(client, member.user, path).status_code == 200
    words = words_of(page(client, member.user, f"/clients/{member.client.pk}/"))
    assert "Allergies not known" in words
    assert "No course of treatment yet" in words


def test_the_next_step_mends_the_first_line_that_is_missing(client, thursday):
    words = words_of(page(client, thursday.mara.user, chart(thursday.june)))
    assert words.count("btn btn-primary w-100") == 1


def test_drafts_of_others_are_not_shown(client, thursday, gate_says):
    theo = Course.objects.get(client__legal_name="Theo Kask").client
    assert "Draft, only you see it" in words_of(
        page(client, thursday.mara.user, f"/clients/{theo.pk}/notes/")
    )
    assert "Draft, only you see it" not in words_of(
        page(client, thursday.osei.user, f"/clients/{theo.pk}/notes/")
    )


# --- lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed", ["june", "Ashwort", "juhn ashworth", "KAP-00001", "3105550142", "(310) 555-0142"]
)
def test_a_client_is_found_by_name_sound_number_and_phone(client, thursday, typed):
    number = f"KAP-{thursday.june.client.number:05d}"
    typed = typed.replace("KAP-00001", number)
    words = words_of(page(client, thursday.mara.user, f"/find/?q={typed}"))
    assert "June Ashworth" in words


def test_nobody_else_s_client_is_found_or_listed(client, thursday):
    ClientFactory(legal_name="June Stranger")
    for path in ("/find/?q=june", "/clients/?q=june", "/clients/"):
        assert "June Stranger" not in words_of(page(client, thursday.mara.user, path))
    assert "June Stranger" in words_of(page(client, thursday.kit, "/clients/?q=june"))


def test_the_finder_answers_htmx_with_the_list_alone(client, thursday):
    answer = page(client, thursday.mara.user, "/find/?q=june", headers={"HX-Request": "true"})
    assert "<html" not in words_of(answer)
    assert "June Ashworth" in words_of(answer)


@pytest.mark.parametrize("typed", ["%00", "'", "%", "x" * 500, "KAP", "KAP-99999999999", "00000000000000"])
def test_odd_words_find_nobody_and_break_nothing(client, thursday, typed):
    assert page(client, thursday.mara.user, "/find/", data={"q": typed}).status_code == 200
    assert page(client, thursday.mara.user, "/clients/", data={"q": typed, "page": "x"}).status_code == 200


def test_the_admin_s_list_shows_no_stage(client, thursday):
    words = words_of(page(client, thursday.kit, "/clients/"))
    assert "(310) 555-0142" in words
    assert "Integration" not in words


def test_the_board_shows_owner_and_days_and_asks_for_what_is_missing_card_by_card(
    client, thursday, gate_says
):
    words = words_of(page(client, thursday.mara.user, "/pipeline/"))
    assert "June Ashworth" in words
    assert "Mara Quinn" in words
    gate_says(companion_confirmed="Driver not confirmed.")
    path = f"/pipeline/{thursday.june.course.pk}/missing/"
    assert "Driver not confirmed" in words_of(
        page(client, thursday.mara.user, path, headers={"HX-Request": "true"})
    )
    assert page(client, thursday.mara.user, path)["Location"] == chart(thursday.june)
    assert page(client, UserFactory(roles=["therapist"]), path).status_code == 404


# --- portal -----------------------------------------------------------------------------------------------------------


def portal(client, person):
    return words_of(page(client, person.user, "/portal/"))


def test_the_portal_begins_with_the_one_next_thing(client, thursday):
    words = portal(client, thursday.june.client)
    assert "Tell us who will take you home" in words
    assert "Last meal. Then nothing to eat for" in words
    assert "LORazepam: none within 24 h before dosing" in words
    assert "988" in words


def test_privacy_comes_before_forms_and_forms_before_waiting(client, db):
    ClinicFactory()
    person = ClientFactory(with_user=True)
    course = CourseFactory(client=person, stage="enquiry", privacy_acknowledged_at=None)
    assert reverse("intake:privacy", args=[course.pk]) in portal(client, person)
    Course.objects.filter(pk=course.pk).update(privacy_acknowledged_at=clock.now())
    assert "Start your forms" in portal(client, person)


def test_nothing_due_says_until_when(client, db, at):
    at(scene.NOW)
    who = scene.staff()
    with clock.at(scene.at(10, 2)):
        person, course = scene.client_of((who.mara,), "Ida Holm", "preparation", with_user=True)
    scene.book(person, course, "preparation", scene.at(11, 20, 9), staff=(who.mara,))
    words = portal(client, person)
    assert "Nothing to do until tomorrow" in words
    assert "Friday 20 November 2026, 09:00 PST" in words
    assert "where you are" not in words
    type(person).objects.filter(pk=person.pk).update(zone="America/New_York")
    assert "Fri 20 Nov, 12:00 EST where you are" in portal(client, person)


def test_an_account_without_a_record_has_a_page_too(client, db):
    ClinicFactory()
    assert "not joined to a record" in words_of(page(client, UserFactory(roles=["client"]), "/portal/"))


def test_a_client_sees_who_opened_her_record_and_not_her_own_visits(client, thursday):
    page(client, thursday.mara.user, chart(thursday.june))
    portal(client, thursday.june.client)
    words = words_of(page(client, thursday.june.client.user, "/portal/who-opened/"))
    assert "Mara Quinn" in words
    assert "Portal" not in words


# --- settings ---------------------------------------------------------------------------------------------------------


def test_clinic_details_are_changed_by_the_admin_and_bad_ones_are_kept_in_the_form(client, thursday):
    client.force_login(thursday.kit)
    good = {
        "name": "Alder House", "zone": "America/Denver", "phone": "3105550111", "email": "desk@alderhouse.example",
        "address": "1 Main Street", "crisis_phone": "988", "crisis_words": "Call 988.", "privacy_officer_email": "",
        "tax_id": "",
    }  # fmt: skip
    bad = client.post("/settings/clinic/", good | {"email": "x", "phone": ""})
    assert bad.status_code == 422
    assert "enter an email address" in words_of(bad)
    assert client.post("/settings/clinic/", good).status_code == 302
    assert "Mountain Time" in words_of(client.get("/settings/clinic/"))


def new_version(client, base, **more):
    about = {
        "version": "2027.1",
        "effective_on": "2027-01-01",
        "reason": "New evidence",
        "base": str(base.pk),
    }
    return client.post("/settings/protocol/new/", about | more)


def test_a_new_protocol_shows_its_differences_and_is_signed_by_name(client, thursday):
    client.force_login(thursday.osei.user)
    base = ProtocolVersion.objects.latest()
    change = {"at:fasting.solids_hours": "7"}
    shown = new_version(client, base, **change)
    assert shown.status_code == 200
    assert "Sign version 2027.1" in words_of(shown)
    assert not ProtocolVersion.objects.filter(version="2027.1").exists()
    assert new_version(client, base, **change, printed_name="Somebody Else").status_code == 422
    assert new_version(client, base, **change, printed_name="Dr. Kwame Osei").status_code == 302
    made = ProtocolVersion.objects.get(version="2027.1")
    assert (made.signed_by, made.rules.fasting.solids_hours) == (thursday.osei.user, 7)
    assert thursday.june.course.protocol == base


def test_faulty_unchanged_or_stale_versions_are_refused_in_words(client, thursday):
    client.force_login(thursday.osei.user)
    base = ProtocolVersion.objects.latest()
    faulty = new_version(client, base, **{"at:fasting.solids_hours": "soon"})
    assert faulty.status_code == 422
    assert 'value="soon"' in words_of(faulty)
    assert "Change at least one number" in words_of(new_version(client, base))
    new_version(client, base, printed_name="Dr. Kwame Osei", **{"at:fasting.solids_hours": "7"})
    stale = new_version(client, base, version="2027.2", **{"at:fasting.solids_hours": "8"})
    assert stale.status_code == 409
    assert "was signed while you were at it" in words_of(stale)


def test_every_number_stands_with_its_source(client, thursday):
    words = words_of(
        page(client, thursday.mara.user, f"/settings/protocol/{thursday.june.course.protocol_id}/")
    )
    assert "Youngest age" in words
    assert "clinic default, no consensus found" in words
    assert "open courses run under it" in words


# --- reports ----------------------------------------------------------------------------------------------------------


def test_reports_hide_small_groups_and_the_export_is_written_down(client, thursday):
    words = words_of(page(client, thursday.mara.user, "/reports/"))
    assert "under 5" in words
    answer = page(client, thursday.mara.user, "/reports/file.csv?days=")
    assert answer["Content-Type"].startswith("text/csv")
    assert b"Integration window kept" in answer.content
    assert AccessLog.objects.filter(kind="export").count() == 1
