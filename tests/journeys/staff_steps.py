"""What staff do in the browser: sign in, answer alerts, write notes, evaluate, order, plan, book."""

from playwright.sync_api import Page, expect

from tests.journeys.client_steps import main_button, press


def sign_in(page: Page, email: str, password: str) -> Page:
    page.goto("/sign-in/staff/")
    if "sign-in" in page.url:
        page.locator("input[type=email]").fill(email)
        page.locator("input[type=password]").fill(password)
        press(page)
    expect(page.locator("h1")).to_contain_text("Today")
    return page


def take_from_pool(page: Page, name: str) -> str:
    """Take a client who waits; ends on her steps page. Returns the id of her course."""
    page.goto("/pool/")
    page.locator("li, tr, article", has_text=name).get_by_role("button", name="Take").first.click()
    page.wait_for_url("**/steps/")
    return page.url.rstrip("/").split("/")[-2]


def answer_alerts(page: Page, words: str) -> int:
    """Every open safety alert on the task list, each with what was done."""
    count = 0
    while True:
        page.goto("/worklist/")
        link = page.locator("main tr", has_text="Safety alert").locator("a").first
        if not link.count():
            return count
        link.click()
        page.locator("textarea[name=what_was_done]").fill(words)
        press(page)
        count += 1


def write_note(page: Page, name: str) -> None:
    """Fill in every section of a note with words of its own and sign it with the typed name."""
    for box in page.locator("main form textarea, main form input[type=text]").all():
        if box.is_visible() and box.get_attribute("name") != "printed_name" and not box.input_value():
            box.fill(f"Talked about {box.get_attribute('name')}; she is clear and at ease with it.")
    for group in page.eval_on_selector_all(
        "main form input[type=radio]", "boxes => [...new Set(boxes.map(b => b.name))]"
    ):
        page.locator(f"main form input[type=radio][name='{group}']").first.check()
    for box in page.locator("main form input[type=checkbox]").all():
        box.check()
    page.locator("input[name=printed_name]").fill(name)
    press(page)
    expect(page.get_by_role("button", name="Sign and lock")).to_have_count(0)


def gate_lines(page: Page) -> list[str]:
    """What the panel of the gate says is missing, as the person reads it."""
    return [text.strip() for text in page.locator("main .gate li, main [class*=gate] li").all_inner_texts()]


__all__ = ["answer_alerts", "gate_lines", "main_button", "press", "sign_in", "take_from_pool", "write_note"]


def diagnose(page: Page, course: str, code: str) -> None:
    page.goto(f"/courses/{course}/diagnoses/new/?q={code}")
    page.locator(f"input[name=code][value='{code}']").check()
    page.locator("input[name=principal]").check()
    page.get_by_role("button", name="Add this diagnosis").click()
    page.wait_for_load_state()


def evaluate(
    page: Page, course: str, *, day: str, name: str, decision="clear", exit_reason="contraindicated", **more
) -> None:
    """A whole medical evaluation, typed and signed. `day`: ISO date of the visit and of the weight."""
    page.goto(f"/courses/{course}/evaluation/")
    start = page.get_by_role("button", name="Start the evaluation")
    if start.count():
        start.click()
        page.wait_for_load_state()
    for box in page.locator("textarea[name^=flag_]").all():
        if box.is_visible():  # a note needs no response
            box.fill("Asked at the visit; it does not stand in the way, and it is watched.")
    values = {
        "seen_in_person_on": day, "systolic_mmhg": "122", "diastolic_mmhg": "78", "heart_rate_bpm": "72",
        "spo2_percent": "98", "weight_kg": "70", "weight_measured_on": day, "height_cm": "170",
        "note_heart": "No complaints, regular rhythm.", "note_mind": "No psychosis, no mania.",
        "reasons": "Recurrent depression, two trials of medicine without remission; no contraindication found.",
        "lab_hcg": "negative", "lab_hcg_on": day, "lab_pdmp": "checked, nothing", "lab_pdmp_on": day, **more,
    }  # fmt: skip
    for key, value in values.items():
        page.locator(f"[name={key}]").fill(value)
    page.locator("select[name=patient_state]").select_option("CA")
    page.locator(f"input[name=decision][value={decision}]").check()
    if decision in ("defer", "decline"):
        page.locator("select[name=exit_reason]").select_option(exit_reason)
    page.locator("input[name=printed_name]").fill(name)
    page.get_by_role("button", name="Decide and sign").click()
    page.wait_for_load_state()


def order(page: Page, course: str, *, name: str, expires: str, reason: str = "", **values) -> str:
    """Write an order, read it back, sign it. Returns the read-back as it stood on the page."""
    page.goto(f"/courses/{course}/order/write/")
    typed = {
        "strength": "50 mg lozenge", "sessions": "4", "expires_on": expires, "start_systolic_max_mmhg": "140",
        "start_diastolic_max_mmhg": "90", "call_systolic_mmhg": "160", "call_diastolic_mmhg": "100",
        "call_spo2_below_percent": "92", "call_heart_rate_above_bpm": "110", **values,
    }  # fmt: skip
    page.locator(f"input[name=setting][value={typed.pop('setting', 'in_clinic')}]").check()
    page.locator("select[name=route]").select_option(typed.pop("route", "sl"))
    for key, value in typed.items():
        page.locator(f"[name={key}]").fill(value)
    press(page)
    page.wait_for_url("**/review/")
    read_back = page.locator("main").inner_text().replace("\xa0", " ")
    if page.locator("textarea[name=soft_reason]").count():
        page.locator("textarea[name=soft_reason]").fill(
            reason or "Discussed with the client; monitoring as ordered covers it."
        )
    page.locator("input[name=printed_name]").fill(name)
    press(page)
    return read_back


def plan(page: Page, course: str, *, name: str, review: str, sessions: str = "2") -> None:
    page.goto(f"/courses/{course}/plan/")
    start = page.get_by_role("button", name="Start the plan").or_(
        page.get_by_role("button", name="Write the plan")
    )
    if start.count():
        start.first.click()
        page.wait_for_load_state()
    values = {
        "problems": "Recurrent depression; sleep; withdrawal from friends.",
        "interventions": "Ketamine lozenges with psychotherapy, integration after each dose.",
        "sessions_planned": sessions, "days_between": "7", "support": "Brother Sam; weekly group.",
        "review_on": review,
    }  # fmt: skip
    for key, value in values.items():
        page.locator(f"[name={key}]").fill(value)
    for part, value in (("goal", "Feel like getting up"), ("measure", "PHQ-9"), ("target", "below 10")):
        page.locator(f"[name={part}_1]").fill(value)
    page.locator("input[name=printed_name]").fill(name)
    press(page)


def book(page: Page, client: str, service: str, *, day: str, slot: int = 0) -> None:
    """Book through the page: `client` is the id in the address, `day` ISO, `slot` which of the suggested times."""
    page.goto(f"/book/?client={client}&service={service}&from={day}")
    page.locator("input[name=slot]").nth(slot).check()
    page.get_by_role("button", name="Book", exact=False).last.click()
    page.wait_for_url("**/appointments/**")


def ask_since_dose(page: Page, integration: str) -> None:
    """The screener since the last contact, all answered no."""
    page.goto(f"/integration/{integration}/safety/")
    for question in ("q1", "q2", "q6"):
        page.locator(f"main input[name={question}][value='0']").check()
    press(page)


def sign_summary(page: Page, course: str, *, words: str, name: str) -> None:
    page.goto(f"/integration/courses/{course}/summary/")
    page.locator("textarea[name=words]").fill(words)
    page.locator("input[name=printed_name]").fill(name)
    press(page)
