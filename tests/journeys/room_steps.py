"""What happens in the dosing room, tap by tap."""

from playwright.sync_api import Page, expect

from tests.journeys.client_steps import press

BASELINE = {
    "systolic_mmhg": "118",
    "diastolic_mmhg": "76",
    "heart_rate_bpm": "70",
    "spo2_percent": "98",
    "respiratory_rate_bpm": "14",
    "temperature_c": "36.8",
}


def open_session(page: Page, appointment: str) -> str:
    """From the page of what is needed into the room. Returns the session's id."""
    page.goto(f"/dosing/open/{appointment}/")
    page.locator("main").get_by_role("button", name="Open session").click()
    page.wait_for_url("**/dosing/*-*/")
    return page.url.rstrip("/").split("/")[-1]


def answer_lines(page: Page, session: str) -> int:
    """Tap every line that this person may answer and has not; there is no button for all."""
    page.goto(f"/dosing/{session}/")
    count = 0
    lines = page.eval_on_selector_all(
        "li[id^=line-]:not(:has(details.again)):has(button[value=fine])", "rows => rows.map(r => r.id)"
    )
    for line in lines:
        row = page.locator(f"#{line}")
        if row.locator("input[name=detail]").is_visible():
            row.locator("input[name=detail]").fill("More than a week ago")
        row.locator("button[value=fine]").click()
        expect(page.locator(f"#{line}")).to_contain_text("Checked, fine")
        count += 1
    return count


def chart(page: Page, session: str, *, moaas: str = "5", **values) -> None:
    """Type one reading and save it."""
    page.goto(f"/dosing/{session}/")
    for key, value in values.items():
        page.locator(f"[name={key}]").fill(value)
    if moaas:
        page.locator(f"input[name=moaas][value='{moaas}']").check(force=True)
    page.get_by_role("button", name="Save vitals").click()
    page.wait_for_load_state()


__all__ = ["BASELINE", "answer_lines", "chart", "open_session", "press"]


def ask_safety(page: Page, session: str) -> None:
    """The screener of today, all answered no."""
    page.goto(f"/dosing/{session}/safety/")
    for question in ("q1", "q2", "q6"):
        page.locator(f"input[name={question}][value='0']").check()
    page.get_by_role("button", name="Save answers").click()
    page.wait_for_url(f"**/dosing/{session}/**")


def confirm_second(page: Page, session: str) -> None:
    """She stands beside and says so at her own device."""
    page.goto(f"/dosing/{session}/")
    page.get_by_role("button", name="I am the second person").click()
    page.wait_for_load_state()


def start(page: Page, session: str) -> None:
    page.goto(f"/dosing/{session}/")
    page.get_by_role("button", name="Start the medicine").click()
    expect(page.locator("main")).to_contain_text("No dose yet")


def give(page: Page, session: str, mg: str, *, witness: str, pin: str) -> None:
    page.goto(f"/dosing/{session}/dose/")
    page.locator("input[name=dose_mg]").fill(mg)
    if page.locator("input[name=lozenge_after]").count():
        held = page.locator("details:has(input[name=lozenge_after]) summary")
        if held.count():
            held.first.click()
        page.locator("input[name=lozenge_held_minutes]").fill("12")
        page.locator("input[name=lozenge_after][value=swallow]").check()
    page.locator("select[name=witness]").select_option(label=witness)
    page.locator("input[name=pin]").fill(pin)
    page.get_by_role("button", name="Record dose").click()
    page.wait_for_load_state()


def record_nausea(page: Page, session: str) -> None:
    page.goto(f"/dosing/{session}/event/")
    for name, value in (
        ("code", "nausea"),
        ("grade", "1"),
        ("relatedness", "probable"),
        ("action", "watched"),
        ("outcome", "resolving"),
    ):
        page.locator(f"input[name={name}][value='{value}']").check()
    page.get_by_role("button", name="Save event").click()
    page.wait_for_load_state()


def strike(page: Page, session: str, shown: str, reason: str) -> None:
    """Strike the reading through whose numbers are `shown`; it stays readable."""
    page.goto(f"/dosing/{session}/")
    page.locator("tr", has_text=shown).locator("a[href*='/strike/']").first.click()
    page.locator("input[name=reason]").fill(reason)
    page.get_by_role("button", name="Strike it through").click()
    page.wait_for_load_state()


def discharge(page: Page, session: str, *, companion: str, name: str) -> None:
    """The whole checklist: full scores, oriented, steady, the companion has taken charge."""
    page.goto(f"/dosing/{session}/discharge/")
    for group in page.eval_on_selector_all(
        "main input[type=radio]", "boxes => [...new Set(boxes.map(b => b.name))]"
    ):
        best = "no" if group == "new_suicidal_thoughts" else None
        boxes = page.locator(f"main input[name='{group}']")
        (page.locator(f"main input[name='{group}'][value='{best}']") if best else boxes.first).check()
    page.locator("select[name=companion]").select_option(label=companion)
    page.locator("input[name=printed_name]").fill(name)
    page.locator("main").get_by_role("button", name="Discharge").click()
    page.wait_for_load_state()
