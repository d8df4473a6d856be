"""What a client does, with her phone and her mailbox."""

import re

from playwright.sync_api import Page, expect

# What is typed where the question asks for words; everything else is answered by the first harmless choice.
TYPED = {
    "chosen_name": "", "pronouns": "she/her", "street": "12 Fig Lane", "city": "Riverside", "state": "CA",
    "postcode": "92501", "phone": "951 555 0142", "name": "Sam Ashworth", "relation": "Brother",
    "email": "sam@example.test",
}  # fmt: skip
CHOSEN = {
    "sex_at_birth": "female", "time_zone": "America/Los_Angeles", "setting": "clinic", "who": "now", "adult": "yes",
    "takes": "none", "has": "none", "other_substances": "none", "seeking_help_for": "depression",
    "ketamine_pcp": "never", "may_know": "treatment", "height_unit": "cm", "weight_unit": "kg", "safe_ways": "email",
}  # fmt: skip


def main_button(page: Page):
    return page.locator("main form .btn-primary").first


def press(page: Page) -> None:
    """The page's one primary button. Ends on the page that answers: a save on its way may hold the button a moment."""
    with page.expect_navigation():
        main_button(page).click()


def register(clinic, page: Page, *, name: str, email: str) -> None:
    page.goto("/")
    page.get_by_role("link", name="Start your forms").click()
    page.get_by_label("name", exact=False).first.fill(name)
    page.locator("input[type=email]").fill(email)
    page.get_by_role("button", name="Send code").click()
    use_code(clinic, page, email)
    expect(page.locator("h1")).to_contain_text("privacy", ignore_case=True)
    main_button(page).click()
    expect(page.locator("h1")).to_contain_text("Your forms")


def use_code(clinic, page: Page, email: str) -> None:
    """The link alone shows nothing; the code of the same mail opens the door."""
    mail = clinic.mail(email, subject="sign-in")
    page.goto(clinic.link_in(mail))
    page.locator("input[name=code]").fill(clinic.code_in(mail))
    page.locator("main form:has(input[name=code]) button[type=submit]").click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def sign_in(clinic, page: Page, email: str) -> None:
    page.goto("/sign-in/")
    if "sign-in" not in page.url:
        return  # still signed in at this device
    page.locator("input[type=email]").fill(email)
    page.locator("main form:has(input[type=email]) button[type=submit]").click()
    use_code(clinic, page, email)


def fill_section(page: Page, key: str, **answers) -> None:
    """Every page of one section of the forms, from its first question to the task list."""
    page.goto(f"/forms/{key}/")
    for _ in range(30):
        if page.url.rstrip("/").endswith("/forms"):
            return
        before = page.url
        fill_page(page, answers)
        press(page)
        page.wait_for_load_state()
        problems = page.locator(".error-summary, [role=alert]")
        assert not (page.url == before and problems.count()), f"{before}: {problems.first.inner_text()}"
    raise AssertionError(f"{key} has no end; now at {page.url}")


def fill_page(page: Page, answers: dict) -> None:
    for name in page.eval_on_selector_all(
        "main form input[type=radio], main form input[type=checkbox]",
        "boxes => [...new Set(boxes.map(b => b.name))]",
    ):
        boxes = page.locator(f"main form input[name='{name}']")
        if not boxes.first.is_visible():
            continue
        wanted = answers.get(name, CHOSEN.get(name))
        values = boxes.evaluate_all("boxes => boxes.map(b => b.value)")
        value = (
            wanted if wanted in values else next(v for v in ("no", "none", "never", values[0]) if v in values)
        )
        page.locator(f"main form input[name='{name}'][value='{value}']").check()
    for box in page.locator("main form input[type=text], main form input[type=tel], main form input[type=email], "
                            "main form input:not([type]), main form textarea, main form select").all():  # fmt: skip
        if not box.is_visible():
            continue
        name = box.get_attribute("name")
        if value := answers.get(name, _typed(name, box)):
            if box.evaluate("b => b.tagName") == "SELECT":
                box.select_option(value)
            else:
                box.fill(value)


def _typed(name: str, box) -> str:
    if box.evaluate("b => b.tagName") != "SELECT" and box.input_value():
        return ""
    for part, value in (("month", "8"), ("day", "3"), ("year", "1984")):
        if name.endswith(part):
            return value
    if name in TYPED or name in CHOSEN:
        return TYPED.get(name) or CHOSEN.get(name, "")
    if "amount" in name:
        return "70" if "weight" in name else "170"
    return "Nothing to add" if box.evaluate("b => b.tagName") == "TEXTAREA" else ""


SECTIONS = (
    "details", "emergency_contact", "companion", "health", "mental_health", "substances", "medicines", "allergies",
    "safety", "goals",
)  # fmt: skip


def uuid_in(url: str) -> str:
    return re.search(r"[0-9a-f]{8}-[0-9a-f-]{27}", url).group(0)


def answer(page: Page, title: str, scores: list[int]) -> None:
    """One questionnaire from the task list, a question a page; ends after its answers are sent."""
    page.goto("/forms/")
    page.get_by_role("link", name=title).first.click()
    for score in scores:
        page.locator(f"main input[type=radio][value='{score}']").check()
        press(page)
    if "/question/difficulty" in page.url:
        page.locator("main input[type=radio]").nth(1).check()
        press(page)
    expect(page.locator("h1")).to_contain_text("Check your answers")
    press(page)


def sign_waiting(page: Page, name: str) -> None:
    """Read and sign whatever waits on the client's own page."""
    page.goto("/portal/")
    page.locator("a[href^='/documents/sign/']").first.click()
    for box in page.locator("main form input[type=text]").all():
        if box.is_visible() and box.get_attribute("name") != "printed_name":
            box.fill("".join(part[0] for part in name.split()))
    for box in page.locator("main form input[type=checkbox]").all():
        box.check()
    page.locator("input[name=printed_name]").fill(name)
    page.locator("main form:has(input[name=printed_name]) .btn-primary").click()
    page.wait_for_load_state()


def answer_due(page: Page, title: str, scores: list[int]) -> None:
    """A questionnaire that waits on the client's own page."""
    page.goto("/portal/")
    card = page.locator("main li, main section, main article", has_text=title).last
    card.locator("a[href^='/measures/']").first.click()
    for score in scores:
        page.locator(f"main input[type=radio][value='{score}']").check()
        press(page)
    if "/question/difficulty" in page.url:
        page.locator("main input[type=radio]").nth(1).check()
        press(page)
    press(page)
    page.wait_for_url(lambda url: "/check" not in url)
