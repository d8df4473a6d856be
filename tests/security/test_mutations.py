"""The matrix is worth something only if it notices a check that is gone: each check here is taken out, and it must fail.

Run by `make sweep`. A mutant patches one function in place; the lines of the table that should notice are asked again.
"""

from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from django.urls import get_resolver

from kap.accounts import permissions
from kap.accounts.permissions import Can
from kap.documents.models import DocumentQuerySet
from kap.measures.models import ClientQuerySet as MeasureQuerySet
from kap.notes.psychotherapy.models import PsychotherapyQuerySet
from kap.outbox.models import MessageQuerySet
from kap.pathway.models import CourseQuerySet
from kap.people.querysets import ClientQuerySet
from kap.worklist.models import ItemQuerySet
from scheduling.models import AppointmentQuerySet
from sessions.models import SessionQuerySet
from tests.security.ground import ground  # noqa: F401 - a fixture
from tests.security.matrix import lines
from tests.security.test_url_matrix import addresses, wrong_in

LINES = lines()


def seen_by_all(queryset):
    """A model whose rows are everybody's: `visible_to` forgets to filter."""
    return patch.object(queryset, "visible_to", lambda self, user: self)


def also_for(can, role):
    """Somebody's role is given a right too many."""
    return patch.dict(permissions.MAY, {role: permissions.MAY[role] | {can}})


@contextmanager
def open_view(name):
    """`@requires` of one view asks nothing more than an account."""
    entry = next(entry for found, entry in addresses() if found == name)
    kept, inner = entry.callback, entry.callback.__wrapped__

    @permissions.requires(Can.USE_ACCOUNT)
    def open_to_all(request, *args, **kwargs):
        return inner(request, *args, **kwargs)

    entry.callback = open_to_all
    get_resolver().__dict__.pop("_callback_strs", None)
    try:
        yield
    finally:
        entry.callback = kept


def any_parent(module, names):
    """Ids inside an address are no longer tied to the thing around them: `client=` and `session=` are dropped."""
    import importlib

    found = importlib.import_module(module)
    original = found.get_object_or_404

    def loose(rows, *args, **kwargs):
        model = getattr(rows, "model", rows)
        if model.__name__ in names:
            return original(model.objects.all(), pk=kwargs["pk"])
        return original(rows, *args, **kwargs)

    return patch.object(found, "get_object_or_404", loose)


def without_require(module):
    """An action forgets to ask again what its caller may."""
    return patch(f"{module}.require", lambda user, can: None)


# what is taken out → how, and the addresses of which at least one line must then be wrong
MUTANTS = {
    "Client.visible_to": (lambda: seen_by_all(ClientQuerySet), ("desk:chart", "people:allergies")),
    "Client.listed_for": (
        lambda: patch.object(ClientQuerySet, "listed_for", lambda self, user: self), ("people:client", "people:contact_new"),
    ),
    "Course.visible_to": (lambda: seen_by_all(CourseQuerySet), ("desk:blocker", "intake:forms")),
    "Document.visible_to": (lambda: seen_by_all(DocumentQuerySet), ("documents:document", "documents:pdf")),
    "Request.visible_to": (lambda: seen_by_all(MeasureQuerySet), ("measures:take",)),
    "PsychotherapyNote.visible_to": (lambda: seen_by_all(PsychotherapyQuerySet), ("notes:psychotherapy",)),
    "DosingSession.visible_to": (lambda: seen_by_all(SessionQuerySet), ("dosing:session", "dosing:strike")),
    "Appointment.visible_to": (lambda: seen_by_all(AppointmentQuerySet), ("scheduling:appointment", "scheduling:move")),
    "Item.visible_to": (lambda: seen_by_all(ItemQuerySet), ("worklist:item",)),
    "Message.visible_to": (lambda: seen_by_all(MessageQuerySet), ("outbox:message",)),
    "@requires of the roster": (lambda: open_view("people:roster"), ("people:roster",)),
    "@requires of the audit": (lambda: open_view("desk:audit"), ("desk:audit",)),
    "@requires of the order": (lambda: open_view("intake:order_write"), ("intake:order_write",)),
    "roles: a monitor may order": (lambda: also_for(Can.ORDER, "monitor"), ("intake:order_write",)),
    "roles: an admin opens charts": (lambda: also_for(Can.OPEN_CHART, "admin"), ("desk:pipeline",)),
    "the summary's require": (lambda: without_require("integration.actions"), ("integration:summary",)),
    "the gates' right": (lambda: without_require("kap.pathway.actions"), ("pathway:advance",)),
    "factor of its owner": (lambda: any_parent("kap.accounts.second.views", {"Factor"}), ("accounts:factor_remove",)),
    "sign-in of its owner": (lambda: any_parent("kap.accounts.views.sign_ins", {"SignIn"}), ("accounts:sign_in_end",)),
    "hours of the provider": (
        lambda: patch("scheduling.views.shifts.found", lambda request, pk: _provider(pk)), ("scheduling:shifts",),
    ),
}  # fmt: skip


def _provider(pk):
    from kap.people.models import Provider

    return Provider.objects.get(pk=pk)


def noticed(ground, names) -> list[str]:  # noqa: F811
    hers = [line for line in LINES if line.name in names]
    return [words for line in hers for method in ("get", "post") for words in wrong_in(ground, line, method)]


@pytest.mark.sweep
@pytest.mark.parametrize("name", MUTANTS)
def test_a_check_that_is_gone_is_noticed(ground, name):  # noqa: F811
    mutate, names = MUTANTS[name]
    with ExitStack() as stack:
        stack.enter_context(mutate())
        assert noticed(ground, names), f"{name} is gone, and the matrix says nothing."
    assert not noticed(ground, names)


NESTED = {
    "contact of the client": ("kap.people.views.clients", {"Contact"}, "people:contact_change"),
    "member of the client's team": ("kap.people.views.clients", {"TeamMember"}, "people:team_end"),
    "row of the session": ("sessions.views.tools", {"Vitals"}, "dosing:strike"),
}


@pytest.mark.sweep
@pytest.mark.parametrize("name", NESTED)
def test_a_nested_id_that_is_not_checked_is_noticed(ground, name):  # noqa: F811
    from tests.security.test_foreign_ids import test_an_id_inside_another_clients_address_is_not_found as rule

    module, models, address = NESTED[name]
    line = next(line for line in LINES if line.name == address)
    with any_parent(module, models), pytest.raises(AssertionError):
        rule(SimpleNamespace(**vars(ground)), line)
