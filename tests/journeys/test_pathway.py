"""One client travels the whole pathway, in a real browser, with every process real and the clock moved through weeks."""

import io
from datetime import UTC, datetime

import pypdf
import pytest
from playwright.sync_api import expect

from tests.journeys import client_steps as client
from tests.journeys import room_steps as room
from tests.journeys import staff_steps as staff
from tests.journeys.founding import PIN, found_clinic

pytestmark = pytest.mark.browser

EMAIL, NAME, BROTHER = "june@example.test", "June Ashworth", "sam@example.test"
WORDS = "Called June at 10:20. She is safe and has no plan; a safety plan is agreed and we speak again on Thursday."
READINGS = (("126", "80"), ("134", "84"), ("138", "86"), ("142", "88"))


def utc(*parts) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_from_the_public_page_to_the_course_summary(clinic):
    clinic.move_to(utc(2026, 11, 2, 18, 0))
    cast = found_clinic()
    june = clinic.visitor(size="phone")
    mara = staff.sign_in(clinic.visitor(), cast.mara.email, cast.password)
    osei = staff.sign_in(clinic.visitor(), cast.osei.email, cast.password)

    intake_with_a_safety_answer(clinic, june)
    course, who = from_the_pool_to_medical(mara)
    cleared_ordered_planned(osei, mara, course)
    consent_signed_and_its_pdf_opened(clinic, june)
    prepared(mara, course)
    first = booked_with_its_integration(mara, course, who, day="2026-11-09")
    companion_confirms_by_link(clinic, mara, first)
    clinic.move_to(utc(2026, 11, 6, 16, 5))
    assert "9 Nov" in clinic.mail(EMAIL, subject="Reminder")["Subject"]

    clinic.move_to(utc(2026, 11, 9, 15, 40))
    ana = staff.sign_in(clinic.visitor(size="tablet"), cast.ana.email, cast.password)
    integration = dosed(clinic, ana, mara, first, mg="100", over="160")
    clinic.move_to(utc(2026, 11, 10, 20, 35))
    the_next_dose_waits_for_this_integration(mara, course)
    integrated(clinic, june, mara, integration, phq=[1] * 8 + [0])

    staff.order(
        osei, course, name="Dr. Kwame Osei", expires="2027-03-01", dose_min_mg="100", dose_max_mg="150",
        booster_max_mg="50", session_max_mg="200", reason="Mild effect at 100 mg; pressure steady throughout.",
    )  # fmt: skip
    expect(osei.locator("main")).to_contain_text("150 mg")
    second = booked_with_its_integration(mara, course, who, day="2026-11-17")
    companion_confirms_by_link(clinic, mara, second)
    clinic.move_to(utc(2026, 11, 17, 15, 40))
    staff.sign_in(ana, cast.ana.email, cast.password)
    staff.sign_in(mara, cast.mara.email, cast.password)
    integration = dosed(clinic, ana, mara, second, mg="150", over="210")
    clinic.move_to(utc(2026, 11, 18, 20, 35))
    staff.sign_in(mara, cast.mara.email, cast.password)
    integrated(clinic, june, mara, integration, phq=[0, 1, 0, 1, 0, 0, 1, 0, 0])
    completed(clinic, june, mara, course)


def intake_with_a_safety_answer(clinic, june) -> None:
    client.register(clinic, june, name=NAME, email=EMAIL)
    for section in client.SECTIONS:
        client.fill_section(june, section)
    client.answer(june, "How you have been feeling", [2, 2, 2, 2, 2, 2, 2, 2, 1])
    expect(june.locator("h1")).to_contain_text("You are not alone with this")
    expect(june.locator("main")).to_contain_text("988")
    client.answer(june, "Worry and stress", [2, 1, 2, 1, 1, 2, 1])
    client.answer(june, "Thoughts about life and death", [1, 0, 0])
    june.goto("/forms/check/")
    client.press(june)
    expect(june.locator("h1")).to_contain_text("Your forms are sent")


def from_the_pool_to_medical(mara) -> tuple[str, str]:
    """Returns the ids of course and client. Read on the way: the gate that stays shut."""
    course = staff.take_from_pool(mara, NAME)
    panel = mara.locator("main")
    expect(panel).to_contain_text("The intake session is not signed")
    expect(panel).to_contain_text("A safety alert is not answered")
    who = client.uuid_in(mara.get_by_role("link", name="Chart").first.get_attribute("href"))
    assert staff.answer_alerts(mara, WORDS) == 2
    mara.goto(f"/courses/{course}/session-note/")
    staff.write_note(mara, "Mara Quinn")
    mara.goto(f"/courses/{course}/steps/")
    mara.get_by_role("button", name="Send to medical evaluation").click()
    expect(mara.locator("main")).to_contain_text("No prescriber has taken this client")
    return course, who


def cleared_ordered_planned(osei, mara, course) -> None:
    assert staff.take_from_pool(osei, NAME) == course
    staff.diagnose(osei, course, "F33.1")
    staff.evaluate(osei, course, day="2026-11-02", name="Dr. Kwame Osei")
    expect(osei.locator("main")).to_contain_text("Decided and signed")
    read_back = staff.order(
        osei, course, name="Dr. Kwame Osei", expires="2027-03-01", dose_min_mg="50", dose_max_mg="100",
        booster_max_mg="50", session_max_mg="150",
    )  # fmt: skip
    assert "50 mg (0.71 mg/kg) to 100 mg (1.43 mg/kg)" in read_back
    staff.plan(mara, course, name="Mara Quinn", review="2027-01-20")
    osei.goto(f"/courses/{course}/steps/")
    osei.get_by_role("button", name="Go on to preparation").click()
    expect(osei.locator("main")).to_contain_text("The preparation is not signed")
    expect(osei.locator("main")).to_contain_text("Consent to treatment is not in force")


def consent_signed_and_its_pdf_opened(clinic, june) -> None:
    client.sign_waiting(june, NAME)
    expect(june.locator("main")).to_contain_text("Signed. Thank you")
    page = june.url
    for _ in range(40):
        june.goto(page)
        if june.get_by_role("link", name="Open the PDF").count():
            break
        june.wait_for_timeout(500)
    href = june.get_by_role("link", name="Open the PDF").get_attribute("href")
    body = june.request.get(clinic.url + href).body()
    pages = pypdf.PdfReader(io.BytesIO(body)).pages
    text = " ".join(page.extract_text() for page in pages)
    assert NAME in text
    assert "off-label" in text.lower()
    assert f"1 of {len(pages)}" in text


def prepared(mara, course) -> None:
    mara.goto(f"/dosing/preparation/{course}/")
    staff.write_note(mara, "Mara Quinn")


def booked_with_its_integration(mara, course, who, *, day) -> str:
    mara.goto(f"/book/?client={who}&service=dosing&from={day}")
    mara.get_by_label("Monitor as well").select_option(label="Ana Ruiz, RN")
    mara.get_by_role("button", name="Show times").click()
    mara.locator("input[name=slot]").first.check()
    mara.get_by_role("button", name="Book both").click()
    mara.wait_for_url("**/appointments/**")
    expect(mara.locator("main")).to_contain_text("Booked, with its integration")
    return client.uuid_in(mara.url)


def companion_confirms_by_link(clinic, mara, appointment) -> None:
    mara.goto(f"/dosing/open/{appointment}/")
    expect(mara.locator("main")).to_contain_text("No driver is named")
    mara.goto(f"/appointments/{appointment}/companion/")
    mara.locator("input[name=contact]").first.check()
    staff.press(mara)
    sam = clinic.visitor(size="phone")
    sam.goto(clinic.link_in(clinic.mail(BROTHER, subject="Can you be there")))
    expect(sam.locator("main")).not_to_contain_text("ketamine")
    sam.locator("main form input[type=checkbox]").check()
    sam.get_by_role("button", name="Confirm").click()
    expect(sam.locator("h1")).to_contain_text("Thank you")


def dosed(clinic, ana, mara, appointment, *, mg, over) -> str:
    """Opened, checked, started, given, charted, discharged. Returns the id of the integration that opened."""
    session = room.open_session(ana, appointment)
    expect(ana.locator("main")).to_contain_text("The safety screen was not asked today")
    room.chart(ana, session, **room.BASELINE)
    assert room.answer_lines(ana, session) >= 10
    room.ask_safety(mara, session)
    room.answer_lines(mara, session)
    room.confirm_second(mara, session)
    room.start(ana, session)
    room.give(ana, session, over, witness="Mara Quinn", pin=PIN)
    expect(ana.locator("main")).to_contain_text("the order allows")
    room.give(ana, session, mg, witness="Mara Quinn", pin=PIN)
    for systolic, diastolic in READINGS:
        clinic.later(minutes=10)
        room.chart(
            ana, session, moaas="4", systolic_mmhg=systolic, diastolic_mmhg=diastolic, heart_rate_bpm="84",
            spo2_percent="97",
        )  # fmt: skip
    room.strike(ana, session, "138/86", "Read from the wrong screen")
    expect(ana.locator("body")).to_contain_text("Read from the wrong screen")
    room.record_nausea(ana, session)
    ana.goto(f"/dosing/{session}/discharge/")
    expect(ana.locator("main")).to_contain_text("2 h after the last dose")
    clinic.later(minutes=85)
    room.chart(ana, session, systolic_mmhg="120", diastolic_mmhg="78", heart_rate_bpm="72", spo2_percent="98")
    room.discharge(ana, session, companion="Sam Ashworth", name="Ana Ruiz")
    expect(ana.locator("main")).to_contain_text("Discharged. Integration is open")
    mara.goto(f"/appointments/{appointment}/")
    return integration_of(session)


def integration_of(session: str) -> str:
    from integration.models import IntegrationSession

    return str(IntegrationSession.objects.get(dosing_id=session).pk)


def the_next_dose_waits_for_this_integration(mara, course) -> None:
    mara.goto(f"/courses/{course}/steps/")
    expect(mara.locator("main")).to_contain_text("The integration of dosing 1 is not signed")


def integrated(clinic, june, mara, integration, *, phq) -> None:
    client.sign_in(clinic, june, EMAIL)
    client.answer_due(june, "How you have been feeling", phq)
    client.answer_due(june, "Worry and stress", [1, 1, 0, 1, 0, 1, 0])
    staff.ask_since_dose(mara, integration)
    mara.goto(f"/integration/{integration}/")
    staff.write_note(mara, "Mara Quinn")
    expect(mara.locator("main")).to_contain_text("In the window")


def completed(clinic, june, mara, course) -> None:
    mara.goto(f"/courses/{course}/steps/")
    mara.get_by_role("button", name="Go on to follow-up").click()
    expect(mara.locator("main")).to_contain_text("The course summary is not signed")
    client.sign_in(clinic, june, EMAIL)
    client.answer_due(june, "How you have been feeling", [0, 1, 0, 1, 0, 0, 0, 0, 0])
    client.answer_due(june, "Worry and stress", [0, 1, 0, 1, 0, 0, 0])
    staff.sign_summary(
        mara, course, words="Two doses, both integrated in time. Sleep and drive are back.", name="Mara Quinn"
    )
    mara.goto(f"/courses/{course}/steps/")
    mara.get_by_role("button", name="Complete the course").click()
    expect(mara.locator("main")).to_contain_text("Completed")
