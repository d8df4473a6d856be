"""A page of intake questions as a form, and what was typed on it as answers.

The questions are data (intake.questions); nothing here knows one of them. Fields are never "required" to Django:
what is missing or wrong is said by questions.validate, in its words. Names: a question's key; on a card "list-0-name".
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass

from django import forms
from django.forms.utils import ErrorDict
from django.template.loader import render_to_string
from django.utils.html import format_html

from intake import questions
from intake.questions.kinds import Kind, Question, Section
from intake.questions.visibility import may_appear
from kap.core.fields import DateBoxes

NUMERIC = {"dose_amount"}
BIRTH = "bday"


class AnyChoice(forms.ChoiceField):
    def valid_value(self, value):
        return True


class NumberUnit(forms.MultiWidget):
    """The number and its unit: two controls with names of their own, beside each other."""

    use_fieldset = True

    def __init__(self, question: Question, attrs=None):
        self.question = question
        units = [("", "")] if len(question.ranges) > 1 else []
        units += [(limits.unit, limits.words) for limits in question.ranges]
        super().__init__({"amount": forms.TextInput(), "unit": forms.Select(choices=units)}, attrs)

    def decompress(self, value):
        return [value.get("amount", ""), value.get("unit", "")] if isinstance(value, dict) else ["", ""]

    def render(self, name, value, attrs=None, renderer=None):
        context = self.get_context(name, value, attrs)
        return render_to_string("intake/_number_unit.html", {**context, "short": self.question.short})


@dataclass
class Card:
    """One card of a repeating question."""

    number: int
    words: str
    fields: list
    filled: bool

    @property
    def index(self) -> int:
        return self.number - 1


@dataclass
class Block:
    """One question as shown: its field, or its cards. `when`: on which answers of the same page it hangs."""

    question: Question
    shown: bool
    when: str = ""
    field: object = None
    cards: list[Card] = dataclasses.field(default_factory=list)


class PageForm(forms.Form):
    """The questions of one page. `answers`: the section's stored answers; `everything`: those of all sections.

    Questions that hang on an answer of this very page are there too, hidden, so that they can appear without a
    round trip. With `data`, `answers` are replaced by what was typed; `check` adds what is wrong with it.
    """

    mark_optional = True
    use_required_attribute = False

    def __init__(self, section: Section, page: str, answers, everything, *, data=None, cards=0, only=None, check=False,
                 today=None):  # fmt: skip
        super().__init__(data, initial={})
        self.section, self.page, self.stored, self.today = section, page, dict(answers), today
        self.check, self.only, self.wanted_cards = check, only, cards
        self.asked = [q for q in section.questions if section.page_of(q) == page]
        self.asked = [q for q in self.asked if may_appear(section, q, answers, everything)]
        self._counts = {}
        for question in self.asked:
            self._add(question)
        self.typed = self.read() if data is not None else self.page_answers(answers)
        self.answers = {**self.stored, **self.typed} if data is not None else self.stored
        self.everything = {**(everything or {}), section.key: self.answers}
        self.visible = {
            q.key for q in questions.visible_questions(section, self.answers, self.everything, page=page)
        }

    def page_answers(self, answers) -> dict:
        return {q.key: answers[q.key] for q in self.asked if q.key in answers}

    # --- fields ---

    def _add(self, question):
        value = self.stored.get(question.key)
        if question.kind is not Kind.REPEATING:
            self.fields[question.key] = make_field(question, big=self.section.one_per_page)
            self.initial[question.key] = shown_value(question, value)
            return
        rows = value if isinstance(value, list) else []
        count = max(1, len(rows), min(self.wanted_cards, question.max_rows))
        if self.is_bound:
            count = max(1, posted_cards(question, self.data))
        self._counts[question.key] = count
        for index in range(count):
            row = rows[index] if index < len(rows) and isinstance(rows[index], dict) else {}
            for part in question.fields:
                name = f"{question.key}-{index}-{part.key}"
                self.fields[name] = make_field(part)
                self.initial[name] = shown_value(part, row.get(part.key))

    def full_clean(self):
        self._errors, self.cleaned_data = ErrorDict(), {}
        if not self.is_bound or not self.check:
            return
        found = questions.validate(
            self.section, self.answers, self.everything, page=self.page, today=self.today
        )
        for key, words in found.items():
            if self.only is not None and key.split(".")[0] not in self.only:
                continue
            name = key.replace(".", "-")
            if name not in self.fields:
                name = next((one for one in self.fields if one.startswith(f"{name}-")), name)
            if name in self.fields:
                self._errors[name] = self.error_class([words], renderer=self.renderer)

    # --- answers ---

    def read(self) -> dict:
        """What was typed, in the shapes of Kind. Unknown choices count as no answer."""
        return {q.key: self._read(q) for q in self.asked if self._was_posted(q)}

    def _was_posted(self, question) -> bool:
        """A radio that nobody chose is not in the data at all; `asked` says that the page had it."""
        return question.key in self.data.get("asked", "").split()

    def _read(self, question):
        if question.kind is not Kind.REPEATING:
            return typed_value(question, self.fields[question.key].widget, self.data, question.key)
        rows = []
        for index in range(self._counts[question.key]):
            name = f"{question.key}-{index}"
            row = {
                part.key: typed_value(part, self.fields[f"{name}-{part.key}"].widget, self.data, f"{name}-{part.key}")
                for part in question.fields
            }  # fmt: skip
            rows.append({key: value for key, value in row.items() if questions.is_answered(value)})
        return rows

    @property
    def too_long(self) -> dict[str, str]:
        """Texts over their limit, by field name; they are not stored."""
        found = questions.validate(self.section, self.answers, self.everything, page=self.page)
        return {
            key.replace(".", "-"): words
            for key, words in found.items()
            if _length(self.typed, key) > _limit(self.section, key)
        }

    def storable(self) -> dict:
        """What may go into the draft: everything typed but empty cards, and texts over their limit,
        whose former answer stays."""
        long = {name.split("-")[0] for name in self.too_long}
        kept = {key: value for key, value in self.typed.items() if key not in long}
        cards = [
            question.key
            for question in self.asked
            if question.kind is Kind.REPEATING and question.key in kept
        ]
        return kept | {key: [row for row in kept[key] if row] for key in cards}

    # --- the page ---

    @property
    def blocks(self) -> list[Block]:
        return [self._block(question) for question in self.asked]

    def _block(self, question) -> Block:
        block = Block(question, question.key in self.visible, _when(question, self.page_keys))
        if question.kind is not Kind.REPEATING:
            block.field = self[question.key]
            return block
        for index in range(self._counts[question.key]):
            bound = [self[f"{question.key}-{index}-{part.key}"] for part in question.fields]
            filled = any(questions.is_answered(one.value()) for one in bound)
            block.cards.append(Card(index + 1, question.item_words, bound, filled))
        return block

    @property
    def page_keys(self) -> list[str]:
        return [question.key for question in self.asked]

    @property
    def keys(self) -> str:
        return " ".join(self.page_keys)

    @property
    def shown_keys(self) -> str:
        return " ".join(key for key in self.page_keys if key in self.visible)


def digest(answers) -> str:
    """A short mark of a page's stored answers: two windows that show different ones can tell."""
    kept = {key: value for key, value in sorted(answers.items()) if questions.is_answered(value)}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]


def posted_cards(question, data) -> int:
    """How many cards the posted page had."""
    start = f"{question.key}-"
    numbers = [name[len(start) :].split("-")[0] for name in data if name.startswith(start)]
    found = [int(number) for number in numbers if number.isascii() and number.isdigit() and len(number) < 4]
    return min(max(found, default=-1) + 1, question.max_rows + 1)


def make_field(question: Question, *, big: bool = False) -> forms.Field:
    label, hint = question.words, question.hint
    common = {"label": label, "help_text": hint, "required": question.required}
    if question.kind in (Kind.YES_NO_UNSURE, Kind.CHOICE, Kind.MULTI):
        return _choice_field(question, common, big)
    if question.kind is Kind.DATE3:
        return forms.Field(widget=DateBoxes(birth=question.autocomplete == BIRTH), **common)
    if question.kind is Kind.NUMBER_UNIT:
        return forms.Field(widget=NumberUnit(question), **common)
    attrs = {"autocomplete": question.autocomplete} if question.autocomplete else {}
    if question.kind is Kind.LONG_TEXT:
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 4, **attrs}), strip=False, **common)
    if question.kind is Kind.PHONE:
        attrs |= {"inputmode": "tel"}
    if question.kind is Kind.EMAIL:
        attrs |= {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}
    if question.key in NUMERIC:
        attrs |= {"inputmode": "decimal"}
    return forms.CharField(widget=forms.TextInput(attrs=attrs), strip=False, **common)


def _choice_field(question, common, big):
    choices = [(choice.value, _choice_words(choice)) for choice in question.options]
    if question.kind is Kind.MULTI:
        widget = forms.CheckboxSelectMultiple(choices=choices)
        return forms.MultipleChoiceField(choices=choices, widget=widget, **common)
    if len(choices) > 7:
        choices = [("", ""), *choices]
        attrs = {"autocomplete": question.autocomplete} if question.autocomplete else {}
        return AnyChoice(choices=choices, widget=forms.Select(choices=choices, attrs=attrs), **common)
    beside = (
        question.kind is Kind.YES_NO_UNSURE and not big
    )  # a question on a page of its own has room for rows
    attrs = {"data-look": "segmented"} if beside else {}
    return AnyChoice(choices=choices, widget=forms.RadioSelect(choices=choices, attrs=attrs), **common)


def _choice_words(choice):
    if not choice.hint:
        return choice.words
    return format_html('{}<small class="choice-hint">{}</small>', choice.words, choice.hint)


def shown_value(question, value):
    """A stored answer as the widget wants it."""
    if question.kind is Kind.DATE3:
        return [value.get(part, "") for part in ("month", "day", "year")] if isinstance(value, dict) else None
    if question.kind is Kind.MULTI:
        return value if isinstance(value, list) else []
    return value


def typed_value(question, widget, data, name):
    raw = widget.value_from_datadict(data, {}, name)
    if question.kind is Kind.DATE3:
        return dict(zip(("month", "day", "year"), (plain(part) for part in raw), strict=True))
    if question.kind is Kind.NUMBER_UNIT:
        unit = plain(raw[1])
        return {
            "amount": plain(raw[0]).strip(),
            "unit": unit if unit in {r.unit for r in question.ranges} else "",
        }
    if question.kind is Kind.MULTI:
        return [value for value in dict.fromkeys(raw or []) if question.choice(value)]
    if question.options:
        return raw if question.choice(raw) else ""
    return plain(raw)


def plain(text) -> str:
    """Text as we keep it: one kind of line end, and no NUL, which a database cannot hold."""
    return (text or "").replace("\x00", "").replace("\r\n", "\n")


def _when(question, here) -> str:
    """For the script: "alcohol=yes,unsure;other!=none"."""
    return ";".join(
        f"{rule.question}{'!=' if rule.unless else '='}{','.join(rule.any_of)}"
        for rule in question.show_if
        if not rule.section and rule.question in here
    )


def _part(section, key):
    question = section.question(key.split(".")[0])
    if "." in key:
        return next(part for part in question.fields if part.key == key.split(".")[2])
    return question


def _limit(section, key) -> int:
    return _part(section, key).limit


def _length(typed, key) -> int:
    name, *rest = key.split(".")
    value = typed.get(name)
    if rest and isinstance(value, list) and int(rest[0]) < len(value):
        value = value[int(rest[0])].get(rest[1])
    return len(value.strip()) if isinstance(value, str) else 0
