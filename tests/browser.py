"""One headless Chromium for the run, and what every page is held against: no script error, no CSP violation, axe."""

import contextlib
from collections.abc import Iterator

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
ZONE = "America/Los_Angeles"
SIZES = {"phone": (320, 720), "tablet": (820, 1180), "desktop": (1280, 900)}
PATIENCE = 40_000  # milliseconds; a shared machine can be slow, and waiting costs nothing where it is not
expect.set_options(timeout=PATIENCE)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def context(
    browser: Browser, base_url: str, *, size="desktop", theme: str = "light", **more
) -> BrowserContext:
    """A fresh visitor. `theme` is set by cookie, as the person would; reduced motion keeps pictures still."""
    width, height = SIZES[size] if isinstance(size, str) else size
    made = browser.new_context(
        base_url=base_url, viewport={"width": width, "height": height}, timezone_id=ZONE, locale="en-US",
        reduced_motion="reduce", **more,
    )  # fmt: skip
    made.add_cookies(
        [
            {"name": "kap_theme", "value": theme, "url": base_url},
            {"name": "kap_room_theme", "value": theme if theme != "light" else "dim", "url": base_url},
        ]
    )
    made.set_default_timeout(PATIENCE)
    return made


def watched(page: Page) -> Page:
    """Collect what must never happen on a page of ours in `page.faults`."""
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(f"script error: {error}"))
    page.on(
        "console",
        lambda message: (
            page.faults.append(f"console: {message.text}")
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )
    return page


def violations(page: Page) -> list[str]:
    """axe-core's findings, a line each."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    return [
        f"{v['id']} ({v['impact']}): {v['help']} at {', '.join(str(n['target']) for n in v['nodes'][:4])}"
        for v in found.response["violations"]
    ]


def scrolls_sideways(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
