"""Ids of other clients in addresses, query strings and form fields, and fields that no form declares: none is accepted.

Every page with a POST is filled in as its form wants it, by somebody who may; then the same is sent with each id swapped
for its twin of the other team, and with fields added that only the product may set. Afterwards no row of another
client has changed, none points to her, and nothing that was smuggled in stands anywhere.
"""

import re
from contextlib import contextmanager
from datetime import date, time
from uuid import UUID

import pytest
from django import forms
from django.db import connection
from django.urls import reverse

from kap.core.fields import DateBoxesField
from tests.security.ground import ground  # noqa: F401 - a fixture
from tests.security.matrix import OUTSIDE, lines
from tests.security.test_url_matrix import outcome, path_of, undone, visit, visitors

LINES = lines()
POSTS = [
    line for line in LINES if line.post - OUTSIDE and line.name not in ("accounts:sign_out", "accounts:theme")
]
NESTED = [line for line in LINES if len(line.gaps) > 1 and "token" not in str(line.words)]
BESIDE = {"django_session", "usersessions_usersession", "audit_accesslog", "kap_cache"}
SMUGGLED_AT, SMUGGLED = "1999-09-09T09:09:09+00:00", "smuggled-in"
ORDER = ("prescriber", "therapist", "colleague", "monitor", "client", "admin")


# ---------------------------------------------------------------- forms as pages make them


@contextmanager
def caught():
    """Every form that is made inside."""
    made, original = [], forms.BaseForm.__init__

    def noticing(self, *args, **kwargs):
        original(self, *args, **kwargs)
        made.append(self)

    forms.BaseForm.__init__ = noticing
    try:
        yield made
    finally:
        forms.BaseForm.__init__ = original


def forms_of(browser, line, path) -> list:
    with caught() as made:
        if line.get:
            visit(browser, "get", path)
        if not made:
            visit(browser, "post", path, line.payload)
    return [form for form in made if form.fields]


def filled(made, user) -> list[tuple[str, str]]:
    """What a person would type: something of the right kind in each box."""
    sent = []
    for form in made:
        for name, field in form.fields.items():
            value = form.initial.get(name, field.initial)
            value = value() if callable(value) else value
            if isinstance(field, DateBoxesField):
                parts = field.widget.decompress(value or date(1984, 5, 17))
                sent += zip(boxes_of(form.add_prefix(name), field), map(str, parts), strict=True)
                continue
            sent += [(form.add_prefix(name), one) for one in _values(name, field, value, user)]
    return sent


def boxes_of(name: str, field) -> list[str]:
    """What the browser calls the boxes of a field: a date has three."""
    if isinstance(field.widget, forms.MultiWidget):
        return [name + part for part in field.widget.widgets_names]
    return [name]


def _values(name, field, value, user) -> list[str]:
    if isinstance(field, forms.ModelChoiceField):
        return [str(pk) for pk in field.queryset.values_list("pk", flat=True)[:1]]
    if isinstance(field, forms.MultipleChoiceField | forms.ChoiceField):
        if value not in (None, "", []):
            return [str(one) for one in (value if isinstance(value, list | tuple) else [value])]
        return [
            str(key) for key, _ in field.choices if key not in ("", None) and not isinstance(_, list | tuple)
        ][:1]
    if name == "printed_name":
        return [user.name]
    if value not in (None, ""):
        return [str(value)]
    return [_typed(field)]


def _typed(field) -> str:
    for kind, words in (
        (forms.BooleanField, "on"), (forms.DateField, date(2026, 11, 20).isoformat()), (forms.TimeField, time(12).isoformat()),
        (forms.EmailField, "new@mail.example"), (forms.IntegerField, str(getattr(field, "min_value", 0) or 1)),
    ):  # fmt: skip
        if isinstance(field, kind):
            return words
    return "Words enough to say why."[: getattr(field, "max_length", None) or 99]


# ---------------------------------------------------------------- what is another's


def twins(ground) -> dict[str, str]:  # noqa: F811
    """Each id of a record of ours → the id of the same thing of a client of the other team."""
    own, other = ground.own.things, ground.other.things
    of_a_record = [word for word in own if "." in word or word in ground.own.clients]
    pairs = {str(own[word]): str(other[word]) for word in of_a_record}
    for word, client in ground.own.clients.items():
        if client.user_id:
            pairs[str(client.user_id)] = str(ground.other.clients[word].user_id)
    return pairs


def strangers_ids(ground) -> list[str]:  # noqa: F811
    return [value for value in twins(ground).values() if re.fullmatch(r"[0-9a-f-]{36}", value)]


def attempts() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables")
        return dict(cursor.fetchall())


def mark(table: str, pattern: str) -> str:
    """One value for all rows of a table that carry any of these words."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT md5(coalesce(string_agg(x, chr(10) ORDER BY x), \'\')) FROM (SELECT t::text AS x FROM "{table}" t) r '
            "WHERE x ~ %s", [pattern]
        )  # fmt: skip
        return cursor.fetchone()[0]


@pytest.fixture(scope="module")
def guard(ground):  # noqa: F811
    """guard(send) → (answer, tables in which something of another client, or something smuggled, has appeared)."""
    pattern = "|".join([*strangers_ids(ground), "1999-09-09", SMUGGLED])
    clean: dict[str, str] = {}

    def watch(send):
        before = attempts()
        with undone():
            answer = send()
            touched = [
                name for name, n in attempts().items() if n != before.get(name, 0) and name not in BESIDE
            ]
            now = {name: mark(name, pattern) for name in touched}
        for name in touched:
            clean.setdefault(name, mark(name, pattern))
        return answer, [name for name in touched if now[name] != clean[name]]

    return watch


def sent_by(browser, path, payload):
    """A POST without taking it back: the guard does that, after it has looked."""
    from copy import deepcopy

    cookies, body = deepcopy(browser.cookies), {}
    for name, value in payload:
        body.setdefault(name, []).append(value)
    try:
        return browser.post(path, body)
    finally:
        browser.cookies = cookies


def somebody(ground, line, may):  # noqa: F811
    everybody = visitors(ground, line)
    who = next((one for one in ORDER if one in may), "therapist")
    whose = ground.own.client_of(line.words)
    client = ground.own.clients.get(whose) or ground.own.clients["iris"]
    return everybody[who], ground.users.get(who) or client.user


def smuggled(ground) -> list[tuple[str, str]]:  # noqa: F811
    other = ground.other.things
    stranger = str(ground.other.therapist.pk)
    at = dict.fromkeys(("signed_at", "decided_at", "created_at", "recorded_at", "ended_at"), SMUGGLED_AT)
    words = dict.fromkeys(("sha256", "owed_by", "added_by"), SMUGGLED)
    people = dict.fromkeys(("author", "author_id", "signed_by", "signed_by_id"), stranger)
    ids = {
        "client": "iris", "client_id": "iris", "course": "iris.course", "course_id": "iris.course", "id": "iris.contact",
        "session": "june.session", "session_id": "june.session", "about": "june.session", "contact_id": "iris.contact",
        "order_id": "hana.order", "document_id": "iris.document", "pk": "iris.contact",
    }  # fmt: skip
    flags = {"is_staff": "on", "is_superuser": "on", "is_active": "", "revision": "99"}
    return [
        *at.items(),
        *words.items(),
        *people.items(),
        *flags.items(),
        *((k, str(other[v])) for k, v in ids.items()),
    ]


# ---------------------------------------------------------------- in the address


@pytest.mark.parametrize("line", NESTED, ids=[line.id for line in NESTED])
def test_an_id_inside_another_clients_address_is_not_found(ground, line):  # noqa: F811
    """Each gap in turn from the other team; and the thing of one client in the address of another of the same team."""
    own, other = ground.own.args(*line.words), ground.other.args(*line.words)
    method = "get" if line.get else "post"
    browser, _user = somebody(ground, line, line.may(method))
    wrong = [[other[n] if n == gap else value for n, value in enumerate(own)] for gap in line.gaps]
    sibling = {"iris": "june", "june.session": "rita.session"}.get(line.words[0])
    if sibling:
        wrong.append([ground.own.things[sibling], *own[1:]])
    assert outcome(visit(browser, method, path_of(line, own))) == "in"
    for args in wrong:
        if line.words[0] in ("provider", "location"):
            args = [other[0], own[1]]  # the roster is one: only the pair does not fit
        assert visit(browser, method, path_of(line, args)).status_code == 404, args


QUERIES = (
    ("therapist", "scheduling:book", (), "client", "iris"),
    ("therapist", "scheduling:book", (), "course", "iris.course"),
    ("admin", "people:provider_new", (), "user", "iris"),
    (
        "prescriber",
        "pathway:override",
        ("rita.course", "=enter_dosing", "=companion_confirmed"),
        "about",
        "dora.appointment",
    ),
    (
        "prescriber",
        "pathway:override",
        ("rita.course", "=start_medicine", "=two_staff_present"),
        "about",
        "rita.session",
    ),
    ("therapist", "measures:enter", ("iris.measure",), "back", "iris"),
    ("therapist", "desk:clients", (), "q", "iris"),
    ("therapist", "desk:search", (), "q", "iris"),
)


@pytest.mark.parametrize(
    ("who", "name", "words", "key", "thing"), QUERIES, ids=[f"{q[1]}?{q[3]}" for q in QUERIES]
)
def test_an_id_in_the_query_string_shows_nothing_of_another(ground, who, name, words, key, thing):  # noqa: F811
    path = reverse(name, args=ground.own.args(*words))
    answer = visit(ground.visitors[who], "get", f"{path}?{key}={ground.other.things[thing]}")
    body = answer.content.decode()
    assert answer.status_code in (200, 404)
    assert not re.search(r"\b(Iris|June|Rita|Dora|Hana|Noor) Other\b", body)


# ---------------------------------------------------------------- in the fields


@pytest.mark.parametrize("line", POSTS, ids=[line.id for line in POSTS])
def test_foreign_ids_and_undeclared_fields_are_not_accepted(ground, guard, line):  # noqa: F811
    browser, user = somebody(ground, line, line.post)
    path = path_of(line, ground.own.args(*line.words))
    made = forms_of(browser, line, path)
    no_choice_is_anothers(ground, made)
    honest = [*line.payload, *filled(made, user)]
    _answer, touched = guard(lambda: sent_by(browser, path, [*honest, *smuggled(ground)]))
    assert not touched, "smuggled in, or another's, by undeclared fields"
    pairs = twins(ground)
    for n, (name, value) in enumerate(honest):
        if value in pairs:
            swapped = [*honest[:n], (name, pairs[value]), *honest[n + 1 :]]
            answer, touched = guard(lambda sent=swapped: sent_by(browser, path, sent))
            assert not touched, f"{name} took an id of another client"
            assert answer.status_code < 500


@pytest.mark.sweep
def test_most_pages_accept_what_is_filled_in_here(ground, guard):  # noqa: F811
    """Else the test above would try only what is refused anyway."""
    went, writes = [], 0
    for line in POSTS:
        browser, user = somebody(ground, line, line.post)
        path = path_of(line, ground.own.args(*line.words))
        honest = [*line.payload, *filled(forms_of(browser, line, path), user)]
        before = attempts()
        answer = visit(browser, "post", path, honest)
        went.append(answer.status_code in (200, 204, 302))
        changed = {name for name, n in attempts().items() if n != before.get(name, 0)} - BESIDE
        writes += bool(changed)
    print(f"\n{len(POSTS)} addresses: {sum(went)} accepted what was filled in, {writes} wrote")
    assert sum(went) > len(POSTS) * 0.6, f"{sum(went)} of {len(POSTS)}"
    assert writes > len(POSTS) * 0.4, f"{writes} of {len(POSTS)}"


def no_choice_is_anothers(ground, made) -> None:  # noqa: F811
    """Neither offered, nor taken when it is sent all the same."""
    strange = set(strangers_ids(ground))
    fields = [(form, *item) for form in made for item in form.fields.items()]
    for form, name, field in fields:
        if isinstance(field, forms.ModelChoiceField):
            offered = {str(pk) for pk in field.queryset.values_list("pk", flat=True)}
            for pk in _of_model(ground, field.queryset.model):
                with pytest.raises(forms.ValidationError):
                    field.clean(str(pk))
        elif isinstance(field, forms.ChoiceField):
            offered = {str(key) for key, _words in field.choices}
        else:
            continue
        assert not offered & strange, f"{type(form).__name__}.{name} offers what is another client's"


def _of_model(ground, model) -> list:  # noqa: F811
    """Records of the other team that this field would hold."""
    wanted = [UUID(value) for value in strangers_ids(ground)]
    return (
        list(model.objects.filter(pk__in=wanted).values_list("pk", flat=True))
        if model._meta.pk.name == "id"
        else []
    )


# ---------------------------------------------------------------- the checks can fail


def test_a_row_that_points_to_another_client_is_noticed(ground, guard):  # noqa: F811
    from kap.people.models import Contact

    def link():
        return Contact.objects.filter(pk=ground.own.things["iris.contact"]).update(
            client=ground.other.things["iris"]
        )

    assert "people_contact" in guard(link)[1]


def test_a_smuggled_date_is_noticed(ground, guard):  # noqa: F811
    from kap.people.models import Contact

    def set_it():
        return Contact.objects.filter(pk=ground.own.things["iris.contact"]).update(name=SMUGGLED)

    assert "people_contact" in guard(set_it)[1]
