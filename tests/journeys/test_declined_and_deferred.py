"""Two who do not simply go on: one declined for a contraindication, one deferred and resumed where she was."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from kap.pathway.models import Course
from scheduling.models import Appointment
from tests.factories.intake import IntakeFactory, answer_measures, answers, fill_in, sent
from tests.journeys import client_steps as client
from tests.journeys import staff_steps as staff
from tests.journeys.founding import found_clinic

pytestmark = [pytest.mark.browser, pytest.mark.sweep]

HANA, HER_MAIL = "Hana Ito", "hana@mail.example"
RUTH, RUTHS_MAIL = "Ruth Abara", "ruth@mail.example"
WHY_NOT = "Schizophrenia, two admissions; ketamine may bring psychosis back. Talked through with her and her psychiatrist."
WHY_LATER = "Cardiologist's letter about the murmur is awaited; asked for on 3 November."


@pytest.fixture(autouse=True)
def _orm_beside_playwright(monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


def test_one_is_declined_at_screening_another_deferred_and_resumed(clinic):
    clinic.move_to(datetime(2026, 11, 3, 18, 0, tzinfo=UTC))
    cast = found_clinic()
    hana = clinic.visitor(size="phone")
    mara = staff.sign_in(clinic.visitor(), cast.mara.email, cast.password)
    osei = staff.sign_in(clinic.visitor(), cast.osei.email, cast.password)

    sends_forms_with_a_contraindication(clinic, hana)
    course, who = seen_by_the_therapist(mara)
    booked = taken_and_booked(osei, mara, course, who)
    declined_by_the_prescriber(osei, course)
    what_is_left_of_it(clinic, hana, mara, course, booked)

    ruth = clinic.visitor(size="phone")
    course = deferred_by_the_therapist(clinic, mara)
    she_reads_that_it_is_paused(clinic, ruth)
    resumed_where_she_was(mara, ruth, course)


# ---------------------------------------------------------------- declined


def sends_forms_with_a_contraindication(clinic, hana) -> None:
    """Her mental health is told in the browser; the ordinary sections are filled in as she would."""
    client.register(clinic, hana, name=HANA, email=HER_MAIL)
    course = Course.objects.get(client__legal_name=HANA)
    fill_in(course, only=[key for key in client.SECTIONS if key != "mental_health"])
    answer_measures(course)
    client.fill_section(hana, "mental_health", psychosis="yes")
    hana.goto("/forms/check/")
    expect(
        hana.locator("dt", has_text="Psychosis").first.locator("xpath=following-sibling::dd[1]")
    ).to_have_text("Yes")
    client.press(hana)
    expect(hana.locator("h1")).to_contain_text("Your forms are sent")


def seen_by_the_therapist(mara) -> tuple[str, str]:
    """Taken from the pool, the session held and signed, sent on. Read on the way: the gate that is shut."""
    course = staff.take_from_pool(mara, HANA)
    who = client.uuid_in(mara.get_by_role("link", name="Chart").first.get_attribute("href"))
    expect(mara.locator("main")).to_contain_text("The intake session is not signed")
    expect(mara.get_by_role("button", name="Send to medical evaluation")).to_have_count(0)
    mara.goto(f"/courses/{course}/session-note/")
    expect(mara.locator("body")).to_contain_text("Schizophrenia spectrum or psychosis")
    staff.write_note(mara, "Mara Quinn")
    mara.goto(f"/courses/{course}/steps/")
    mara.get_by_role("button", name="Send to medical evaluation").click()
    expect(mara.locator("main")).to_contain_text("is at medical evaluation now")
    return course, who


def taken_and_booked(osei, mara, course, who) -> str:
    assert staff.take_from_pool(osei, HANA) == course
    expect(osei.locator("main")).to_contain_text("The medical evaluation is not decided")
    staff.book(mara, who, "evaluation", day="2026-11-06")
    return client.uuid_in(mara.url)


def declined_by_the_prescriber(osei, course) -> None:
    staff.evaluate(
        osei,
        course,
        day="2026-11-03",
        name="Dr. Kwame Osei",
        decision="decline",
        exit_reason="life_event",
        reasons=WHY_NOT,
    )
    expect(osei.get_by_role("alert").first).to_contain_text("reason", ignore_case=True)
    osei.locator("select[name=exit_reason]").select_option("contraindicated")
    osei.locator("input[name=decision][value=decline]").check()
    osei.locator("input[name=printed_name]").fill("Dr. Kwame Osei")
    osei.get_by_role("button", name="Decide and sign").click()
    expect(osei.locator("main")).to_contain_text("Decided and signed")
    expect(osei.locator("main")).to_contain_text("Decline")
    expect(osei.locator("main")).to_contain_text(WHY_NOT)


def what_is_left_of_it(clinic, hana, mara, course, booked) -> None:
    """She is told kindly, nothing is booked, the course is closed and no longer on the board of open ones."""
    hana.goto("/portal/")
    page = hana.locator("main")
    expect(page).to_contain_text("not the right one for you at this time")
    expect(page).to_contain_text("help you to find the care")
    expect(page).not_to_contain_text("Your next appointment")
    expect(page).not_to_contain_text("Schizophrenia")
    assert not Appointment.objects.upcoming().filter(attendees__course=course).exists()
    told = clinic.mail(HER_MAIL, subject="cancelled")
    assert "schizo" not in clinic.body(told).lower()
    mara.goto(f"/appointments/{booked}/")
    expect(mara.locator("main")).to_contain_text("Cancelled")
    mara.goto(f"/courses/{course}/steps/")
    expect(mara.locator("body")).to_contain_text("This course is closed")
    expect(mara.locator("body")).to_contain_text("A contraindication was found")
    mara.goto("/pipeline/")
    expect(mara.locator("main")).not_to_contain_text(HANA)
    mara.goto("/clients/?q=hana")
    expect(mara.locator("main")).to_contain_text("Declined")


# ---------------------------------------------------------------- deferred


def deferred_by_the_therapist(clinic, mara) -> str:
    """Ruth has sent her forms and is seen; then something is waited for."""
    course = IntakeFactory(client__legal_name=RUTH, client__email=RUTHS_MAIL)
    sent(course, answers(details={"legal_name": RUTH, "email": RUTHS_MAIL}))
    assert staff.take_from_pool(mara, RUTH) == str(course.pk)
    mara.goto(f"/courses/{course.pk}/session-note/")
    staff.write_note(mara, "Mara Quinn")
    mara.goto(f"/courses/{course.pk}/steps/")
    mara.get_by_role("link", name="Defer or end the course").click()
    mara.get_by_role("button", name="Defer or end").click()
    expect(mara.get_by_role("alert").first).to_be_visible()
    mara.locator("input[name=why][value='deferred:awaiting_clearance']").check()
    mara.locator("textarea[name=words]").fill(WHY_LATER)
    mara.get_by_role("button", name="Defer or end").click()
    expect(mara.locator("main")).to_contain_text("This course is deferred")
    expect(mara.get_by_role("button", name="Send to medical evaluation")).to_have_count(0)
    expect(mara.locator("body")).to_contain_text("Waiting for a clearance or a test")
    mara.goto("/pipeline/")
    column = mara.locator("section.board-col", has=mara.locator("#col-deferred"))
    expect(column).to_contain_text(RUTH)
    return str(course.pk)


def she_reads_that_it_is_paused(clinic, ruth) -> None:
    client.sign_in(clinic, ruth, RUTHS_MAIL)
    ruth.goto("/portal/")
    expect(ruth.locator("main")).to_contain_text("Your treatment is paused")
    expect(ruth.locator("main")).to_contain_text("waiting for a test result or a letter")


def resumed_where_she_was(mara, ruth, course) -> None:
    """At intake, with what was signed before still standing: the next step is open at once."""
    mara.goto(f"/courses/{course}/steps/")
    mara.get_by_role("link", name="Resume").click()
    expect(mara.locator("main")).to_contain_text(WHY_LATER)
    mara.locator("textarea[name=words]").fill("The letter is here: a harmless murmur.")
    mara.get_by_role("button", name="Resume course").click()
    expect(mara.locator("main")).to_contain_text("goes on at intake")
    mara.get_by_role("button", name="Send to medical evaluation").click()
    expect(mara.locator("main")).to_contain_text("is at medical evaluation now")
    ruth.goto("/portal/")
    expect(ruth.locator("main")).to_contain_text("A doctor is looking at your answers")
