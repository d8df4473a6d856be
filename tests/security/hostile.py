"""How hostile words are sent: as browsers send forms, with bytes that are no characters where they are none."""

from copy import deepcopy
from itertools import cycle, islice
from urllib.parse import quote_plus

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse

from kap.core.fields import DateBoxesField
from sessions.forms import IsoInstant
from tests.security import corpus
from tests.security.test_foreign_ids import POSTS, boxes_of, filled, forms_of, somebody
from tests.security.test_url_matrix import path_of

NUMBERS = (forms.IntegerField, forms.DecimalField)
DAYS = (forms.DateField, forms.TimeField, DateBoxesField, IsoInstant)
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

        others = {name: self.fields[name] for name in self.fields.keys() - set(self.texts)}
        self.others = {box: field for name, field in others.items() for box in boxes_of(name, field)}

    def with_odd(self, words: str, *, only=None) -> list[tuple[str, str]]:
        """All boxes that take no text with these words, or one alone."""
        names = {only} if only else self.others.keys()
        return [(name, words if name in names else value) for name, value in self.honest]

    def odd(self) -> list[str]:
        """What boxes cannot take: numbers where one takes a number, times where one takes a time."""
        kinds, odd = tuple(self.others.values()), []
        if kinds:
            odd += ["\x00", "a\ud800", "' OR 1=1"]
        if any(isinstance(field, NUMBERS) for field in kinds):
            odd += corpus.NUMBERS
        if any(isinstance(field, DAYS) for field in kinds):
            odd += corpus.TIMES
        return odd

    def with_each(self, words) -> list[tuple[str, str]]:
        """Another word in each box of text, cut to what it holds."""
        given = dict(zip(self.texts, words, strict=True))
        return [
            (name, self._cut(name, given[name]) if name in given else value) for name, value in self.honest
        ]

    def with_words(self, words: str, *, fit: bool, only=None) -> list[tuple[str, str]]:
        """All boxes of text with these words, cut to what they hold (`fit`) or whole; or one box alone."""
        names = set([only] if only else self.texts)
        return [
            (name, self._cut(name, words) if fit else words) if name in names else (name, value)
            for name, value in self.honest
        ]

    def _cut(self, name, words) -> str:
        return words[: getattr(self.fields.get(name), "max_length", None)]


def sent_to(target: Target):
    """(what is sent, its name): each address gets every word.

    A form cleans each box whatever the others hold, so words that are refused for themselves go into all boxes at once;
    what cleaning takes must come as far as saving: in boxes of text one word each, in others alone.
    """
    size, turn = len(target.texts), cycle(corpus.WORDS)
    for _ in range(-(-len(corpus.WORDS) // size) if size else 0):
        words = list(islice(turn, size))
        yield target.with_each(words), words[0]
    for words in [*corpus.NUL, corpus.LONG] if size else ():
        yield target.with_words(words, fit=True), words
    for name in target.texts[:2]:
        yield target.with_words(corpus.HUGE[0], fit=False, only=name), f"{name}, a megabyte"
    for words in target.odd():
        yield target.with_odd(words), words
        for box in [box for box, field in target.others.items() if takes(field, words)]:
            yield target.with_odd(words, only=box), f"{box}={words}"


def takes(field, words: str) -> bool:
    try:
        field.clean([words] if isinstance(field, forms.MultipleChoiceField) else words)
    except (ValidationError, ValueError):  # three boxes of a date are one value
        return False
    return not isinstance(field, forms.BooleanField)


def is_text(field) -> bool:
    return isinstance(field, forms.CharField) and not isinstance(field, forms.EmailField)


def targets(ground) -> list[Target]:
    return [Target(ground, line) for line in POSTS]
