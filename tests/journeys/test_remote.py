"""A lozenge at home: by video, with a chaperone in the room, and with the place on record before anything is given."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from intake.actions import sign_session
from intake.models import TelemedicineBasis
from integration.models import IntegrationSession
from kap.notes import actions as notes
from kap.pathway import actions as pathway
from tests.factories.intake import IntakeFactory, answers, sent
from tests.factories.medical import Case, diagnosed, evaluated, planned
from tests.factories.notes import full_body
from tests.journeys import client_steps as client
from tests.journeys import room_steps as room
from tests.journeys import staff_steps as staff
from tests.journeys.founding import PIN, found_clinic

pytestmark = [pytest.mark.browser, pytest.mark.sweep]

NAME, EMAIL = "Ines Duarte", "ines@mail.example"
CHAPERONE, HER_MAIL = "Paulo Duarte", "paulo@mail.example"
PLACE = {
    "address": "77 Ocean Avenue, flat 4, Long Beach", "state": "CA", "callback": "951 555 0142, 951 555 0190",
    "emergency_number": "562 555 0911", "nearest_ed": "St. Mary, Long Beach", "lozenges_before": "4",
    "disconnect_plan": "Call Ines, then Paulo; after 10 minutes the emergency number.",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _orm_beside_playwright(monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


def utc(*parts) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_a_lozenge_at_home_with_a_chaperone(clinic):
    clinic.move_to(utc(2026, 11, 3, 18, 0))
    cast = found_clinic()
    case = cleared_by_video(cast)
    course, who = str(case.course.pk), str(case.client.pk)
    ines = clinic.visitor(size="phone")
    mara = staff.sign_in(clinic.visitor(), cast.mara.email, cast.password)
    osei = staff.sign_in(clinic.visitor(), cast.osei.email, cast.password)
    client.sign_in(clinic, ines, EMAIL)

    ordered_for_home(osei, case)
    both_consents_signed(ines)
    prepared(mara, course)
    appointment = booked_by_video(mara, who)
    chaperone_named_and_confirmed(clinic, mara, course, who, appointment)

    clinic.move_to(utc(2026, 11, 9, 15, 45))
    ana = staff.sign_in(clinic.visitor(size="tablet"), cast.ana.email, cast.password)
    session = checked_from_afar(ana, mara, appointment)
    dosed_at_home(clinic, ana, session)
    discharged(clinic, ana, session)
    the_integration_is_open(mara, course, session)


def cleared_by_video(cast) -> Case:
    """Forms, intake session and evaluation as the browser does them in the other journeys; seen by video only."""
    course = IntakeFactory(client__legal_name=NAME, client__email=EMAIL)
    sent(course, answers(details={"legal_name": NAME, "email": EMAIL}))
    pathway.take(course=course, by=cast.mara)
    note = notes.start(course=course, kind="intake", by=cast.mara)
    note = notes.save_draft(note=note, body=full_body("intake"), revision=note.revision, by=cast.mara)
    sign_session(note=note, printed_name=cast.mara.name, by=cast.mara)
    course = pathway.advance(course=course, gate="medical", by=cast.mara)
    pathway.take(course=course, by=cast.osei)
    case = Case(course, cast.osei.provider, cast.mara.provider)
    diagnosed(case)
    evaluated(case, seen_in_person_on=None)
    planned(case)
    return case


def ordered_for_home(osei, case) -> None:
    """An injection at home is refused; the lozenge is read back, and what it rests on in law is kept."""
    course = str(case.course.pk)
    doses = {"dose_min_mg": "50", "dose_max_mg": "100", "session_max_mg": "100"}
    refused_for_home(osei, course, doses)
    read_back = staff.order(
        osei, course, name="Dr. Kwame Osei", expires="2026-12-30", setting="remote", sessions="2", **doses
    )
    assert "at home" in read_back.lower()
    assert TelemedicineBasis.objects.get(client=case.client).basis == "flexibility"
    osei.goto(f"/courses/{course}/steps/")
    osei.get_by_role("button", name="Go on to preparation").click()
    panel = osei.locator("main")
    for words in ("Consent to treatment", "Telehealth consent", "Chaperone agreement"):
        expect(panel).to_contain_text(f"{words} is not in force")


def refused_for_home(osei, course, doses) -> None:
    osei.goto(f"/courses/{course}/order/write/")
    osei.locator("input[name=setting][value=remote]").check()
    osei.locator("select[name=route]").select_option("im")
    typed = {
        "strength": "vial 50 mg/mL", "sessions": "2", "expires_on": "2026-12-30", "start_systolic_max_mmhg": "140",
        "start_diastolic_max_mmhg": "90", "call_systolic_mmhg": "160", "call_diastolic_mmhg": "100",
        "call_spo2_below_percent": "92", "call_heart_rate_above_bpm": "110", **doses,
    }  # fmt: skip
    for key, value in typed.items():
        osei.locator(f"[name={key}]").fill(value)
    staff.press(osei)
    expect(osei.locator("main")).to_contain_text("lozenge")
    expect(osei.locator("[name=dose_max_mg]")).to_have_value("100")


def both_consents_signed(ines) -> None:
    """Her own two; the third is the chaperone's, and not hers to sign."""
    for _text in range(2):
        client.sign_waiting(ines, NAME)
        expect(ines.locator("main")).to_contain_text("Signed. Thank you")
    ines.goto("/portal/")
    expect(ines.locator("a[href^='/documents/sign/']")).to_have_count(0)


def prepared(mara, course) -> None:
    mara.goto(f"/dosing/preparation/{course}/")
    staff.write_note(mara, "Mara Quinn")


def booked_by_video(mara, who) -> str:
    mara.goto(f"/book/?client={who}&service=dosing&from=2026-11-09")
    expect(mara.locator(".book-by")).to_contain_text("at home", ignore_case=True)
    mara.get_by_label("Monitor as well").select_option(label="Ana Ruiz, RN")
    mara.get_by_label("Integration, how").select_option("video")
    mara.get_by_role("button", name="Show times").click()
    mara.locator("input[name=slot]").first.check()
    mara.get_by_role("button", name="Book both").click()
    mara.wait_for_url("**/appointments/**")
    expect(mara.locator("main")).to_contain_text("Video")
    expect(mara.locator("main")).not_to_contain_text("Willow room")
    appointment = client.uuid_in(mara.url)
    expect(mara.locator("section", has=mara.locator("#pair"))).to_contain_text("video")
    return appointment


def chaperone_named_and_confirmed(clinic, mara, course, who, appointment) -> None:
    mara.goto(f"/dosing/open/{appointment}/")
    expect(mara.locator("main")).to_contain_text("No chaperone is named")
    expect(mara.locator("main")).to_contain_text("Chaperone agreement is not in force")
    mara.goto(f"/clients/{who}/contacts/new/")
    for key, value in (
        ("name", CHAPERONE),
        ("relation", "Brother"),
        ("phone", "951 555 0190"),
        ("email", HER_MAIL),
    ):
        mara.locator(f"input[name={key}]").fill(value)
    for box in ("is_chaperone", "is_adult"):
        mara.locator(f"input[name={box}]").check()
    staff.press(mara)
    mara.goto(f"/appointments/{appointment}/companion/")
    mara.get_by_label(CHAPERONE).check()
    mara.get_by_role("button", name="Name and ask").click()
    mara.wait_for_url(f"**/appointments/{appointment}/**")
    confirms_and_signs(clinic, clinic.visitor(size="phone"))
    mara.goto(f"/dosing/open/{appointment}/")
    expect(mara.locator("main")).not_to_contain_text("is not in force")
    expect(mara.locator("main")).to_contain_text("A session is opened on the day it is booked for")


def confirms_and_signs(clinic, paulo: Page) -> None:
    """By the mailed link: what is asked of him first, then his agreement with his own name."""
    paulo.goto(clinic.link_in(clinic.mail(HER_MAIL, subject="Can you be there")))
    paulo.locator("main form input[type=checkbox]").check()
    paulo.get_by_role("button", name="Confirm").click()
    paulo.wait_for_url("**/agreement/")
    for box in paulo.locator(".sign-initials input").all():
        box.fill("PD")
    paulo.locator("input[name=printed_name]").fill(NAME)
    client.press(paulo)
    expect(paulo.locator("main")).to_contain_text(CHAPERONE)
    paulo.locator("input[name=printed_name]").fill(CHAPERONE)
    client.press(paulo)
    expect(paulo.locator("h1")).to_contain_text("Thank you")


# ---------------------------------------------------------------- the day


def checked_from_afar(ana, mara, appointment) -> str:
    session = room.open_session(ana, appointment)
    main = ana.locator("main")
    expect(main).to_contain_text("Where the client is")
    expect(main).to_contain_text("No prescriber or therapist has confirmed being on live video")
    expect(main).not_to_contain_text("Second person")
    ana.locator("#line-location button[value=fine]").click()
    expect(ana.locator("main")).to_contain_text("record it under “Where the client is” first")
    place_recorded(ana)
    room.chart(ana, session, **room.BASELINE)
    lines_answered(ana, session)
    room.ask_safety(mara, session)
    lines_answered(mara, session)
    expect(mara.locator("#line-location")).to_contain_text("77 Ocean Avenue")
    return session


def place_recorded(ana) -> None:
    for key, value in PLACE.items():
        ana.locator(f"#remote [name={key}]").fill(value)
    ana.locator("#remote input[name=photo_id_seen]").check()
    with ana.expect_navigation():
        ana.get_by_role("button", name="Save the place").click()
    expect(ana.locator("#remote")).to_contain_text("Ana Ruiz")


def lines_answered(page: Page, session: str) -> None:
    """Each line by its own tap; what was recorded of the place speaks for the lines about it."""
    page.goto(f"/dosing/{session}/")
    for line in page.eval_on_selector_all(
        "li[id^=line-]:not(:has(details.again)):has(button[value=fine])", "rows => rows.map(row => row.id)"
    ):
        if line == "line-benzodiazepine":
            page.locator(f"#{line} input[name=detail]").fill("None for a year")
        page.locator(f"#{line} button[value=fine]").click()
        expect(page.locator(f"#{line}")).to_contain_text("Checked, fine")


def dosed_at_home(clinic, ana, session) -> None:
    room.start(ana, session)
    room.give(ana, session, "100", witness="Mara Quinn", pin=PIN)
    expect(ana.locator("main")).to_contain_text("100 mg")
    for minutes, systolic in ((30, "128"), (30, "124"), (30, "121")):
        clinic.later(minutes=minutes)
        room.chart(ana, session, moaas="5", systolic_mmhg=systolic, diastolic_mmhg="80", heart_rate_bpm="76")
    expect(ana.locator("main")).to_contain_text("121/80")


def discharged(clinic, ana, session) -> None:
    ana.goto(f"/dosing/{session}/discharge/")
    expect(ana.locator("main")).to_contain_text("after the last dose")
    clinic.later(minutes=35)
    room.chart(ana, session, systolic_mmhg="119", diastolic_mmhg="77", heart_rate_bpm="70", spo2_percent="98")
    room.discharge(ana, session, companion=CHAPERONE, name="Ana Ruiz")
    expect(ana.locator("main")).to_contain_text("Count the lozenges that are left")
    ana.locator("input[name=lozenges_after]").fill("2")
    with ana.expect_navigation():
        ana.locator("main").get_by_role("button", name="Discharge").click()
    expect(ana.locator("body")).to_contain_text("Discharged. Integration is open")


def the_integration_is_open(mara, course, session) -> None:
    """Its window runs from the actual end, and the booked time by video lies in it."""
    opened = IntegrationSession.objects.select_related("dosing", "appointment").get(dosing=session)
    assert (opened.opens_at - opened.dosing.ended_at).total_seconds() == 24 * 3600
    assert (opened.closes_at - opened.dosing.ended_at).total_seconds() == 48 * 3600
    assert opened.appointment.mode == "video"
    assert opened.opens_at <= opened.appointment.starts_at <= opened.closes_at
    mara.goto(f"/integration/{opened.pk}/")
    expect(mara.locator("main")).to_contain_text("Integration")
    mara.goto(f"/courses/{course}/steps/")
    expect(mara.locator("main")).to_contain_text("The integration of dosing 1 is not signed")
