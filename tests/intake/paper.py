"""A client who uses the pages without JavaScript: reads a form, types into it, presses a button, lands somewhere."""

from urllib.parse import urldefrag, urlsplit

from lxml import html


class Paper:
    """`page` is the parsed page on show, `path` its address."""

    def __init__(self, browser):
        self.browser = browser
        self.path, self.status, self.page, self.text, self.wanted = "", 0, None, "", ""

    def open(self, path: str) -> "Paper":
        return self._show(self.browser.get(urldefrag(path).url, follow=True), path)

    def _show(self, response, path) -> "Paper":
        chain = getattr(response, "redirect_chain", [])
        self.path = urlsplit(chain[-1][0]).path if chain else urlsplit(path).path
        self.status, self.response, self.wanted = response.status_code, response, ""
        self.page = html.fromstring(response.content.decode())
        self.text = " ".join(self.page.text_content().split())
        return self

    @property
    def form(self):
        inside = self.page.xpath(f"//main//form[@method='post'][contains(string(@action), '{self.wanted}')]")
        return inside[0] if inside else None

    def on(self, action: str) -> "Paper":
        """From here on the form with this in its address; "" for the first on the page."""
        self.wanted = action
        return self

    def fields(self) -> dict:
        """What a browser would send if nothing more were typed."""
        sent = {}
        for name, value in self.form.form_values():
            sent.setdefault(name, []).append(
                value.removeprefix("\n")
            )  # the line break after <textarea> is not text
        return sent

    def value(self, name: str) -> str:
        return (self.form.fields[name] or "").removeprefix("\n")

    def press(self, button: dict | None = None, **typed) -> "Paper":
        """Type and press. Lists tick several boxes; names that the page does not have are an error."""
        sent = self.fields()
        for name, value in typed.items():
            name = name.replace("__", "-")
            if name not in self.form.fields:
                raise AssertionError(f"{self.path} has no field {name}: {sorted(self.form.fields)}")
            if not self.is_shown(name):
                raise AssertionError(f"{name} is not shown at {self.path}")
            sent[name] = value if isinstance(value, list) else [value]
        action = self.form.get("action") or self.path
        return self._show(self.browser.post(action, {**sent, **(button or {})}, follow=True), action)

    def is_shown(self, name: str) -> bool:
        found = self.page.xpath(f"//*[@name='{name}'][not(@type='hidden')]")
        return bool(found) and not found[0].xpath("ancestor-or-self::*[@hidden]")

    def errors(self) -> dict:
        """{field id: words} of the summary at the top."""
        found = self.page.xpath("//div[contains(@class, 'errbox')]//li/a")
        return {link.get("href").lstrip("#"): link.text_content() for link in found}

    @property
    def h1(self) -> str:
        return " ".join(self.page.xpath("//h1")[0].text_content().split())

    def links(self) -> dict:
        return {" ".join(a.text_content().split()): a.get("href") for a in self.page.xpath("//main//a")}
