"""How hostile words are sent: as browsers send forms, with bytes that are no characters where they are none."""

from copy import deepcopy
from urllib.parse import quote_plus

from django import forms
from django.http import HttpResponse

from tests.security.test_foreign_ids import POSTS, filled, forms_of, somebody
from tests.security.test_url_matrix import path_of

FORM = "application/x-www-form-urlencoded"


def encoded(pairs) -> bytes:
    """Lone surrogates go as the three bytes that broken programs send for them."""
    return b"&".join(
        f"{quote_plus(name)}={quote_plus(value, errors='surrogatepass')}".encode() for name, value in pairs
    )


def post(browser, path: str, pairs) -> HttpResponse:
    cookies = deepcopy(browser.cookies)
    try:
        return browser.generic("POST", path, encoded(pairs), content_type=FORM)
    finally:
        browser.cookies = cookies


class Target:
    """One address that takes a form, with what a person would send there."""

    def __init__(self, ground, line):
        self.line, self.id = line, line.id
        self.browser, user = somebody(ground, line, line.post)
        self.path = path_of(line, ground.own.args(*line.words))
        made = forms_of(self.browser, line, self.path)
        self.honest = [*line.payload, *filled(made, user)]
        self.fields = {form.add_prefix(name): field for form in made for name, field in form.fields.items()}
        self.texts = [name for name, field in self.fields.items() if is_text(field)]

    def with_words(self, words: str, *, fit: bool, only=None) -> list[tuple[str, str]]:
        """All boxes of text with these words, cut to what they hold (`fit`) or whole; or one box alone."""
        names = set([only] if only else self.texts)
        return [
            (name, self._cut(name, words) if fit else words) if name in names else (name, value)
            for name, value in self.honest
        ]

    def _cut(self, name, words) -> str:
        return words[: getattr(self.fields.get(name), "max_length", None)]


def is_text(field) -> bool:
    return isinstance(field, forms.CharField) and not isinstance(field, forms.EmailField)


def targets(ground) -> list[Target]:
    return [Target(ground, line) for line in POSTS]
