"""The one way to write.

    @action("dosing.start")
    def start(*, session, by): ...

An action opens the transaction, tells the history triggers who acts, on what verb and for which client,
retries a deadlock when it is the outermost one, and refuses to run without an actor. Actions may call
actions; the inner ones join the outer transaction, and the verb on record is the outermost one.
"""

import functools
import random
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import pghistory
from django.db import OperationalError, connection, transaction

from kap.core.errors import AnonymousAction

RETRIES = 3
DEADLOCK, SERIALIZATION = "40P01", "40001"

_running: ContextVar[tuple[str, ...]] = ContextVar("kap_running_actions", default=())
_as_one: ContextVar[bool] = ContextVar("kap_actions_as_one", default=False)
_request: ContextVar[dict | None] = ContextVar("kap_request_context", default=None)

registry: dict[str, object] = {}


@dataclass(frozen=True)
class System:
    """The product itself as actor: a scheduled task, a command. `name` says which."""

    name: str

    @property
    def audit_label(self) -> str:
        return f"system:{self.name}"


def audit_label(by) -> str:
    label = getattr(by, "audit_label", "")
    if not label:
        raise AnonymousAction(
            "Every action needs a known actor: by=user, a contact's link, or System('task')."
        )
    return label


def action(verb: str):
    """Register a function as an action. Keyword-only; its signature must end in `by`."""

    def decorate(function):
        if verb in registry and registry[verb].__wrapped__.__qualname__ != function.__qualname__:
            raise RuntimeError(f"Two actions are called {verb}.")

        @functools.wraps(function)
        def run(**wanted):
            if "by" not in wanted:
                raise AnonymousAction(f"{verb} was called without by=.")
            label = audit_label(wanted["by"])
            outer = _running.get()
            if outer:
                with transaction.atomic():
                    return function(**wanted)
            return _outermost(verb, label, function, wanted)

        run.verb = verb
        registry[verb] = run
        return run

    return decorate


@contextmanager
def as_one():
    """Inside, all actions end together or not at all: the caller's transaction holds them, and none of them has a
    savepoint of its own to go back to. The first that is refused must end the whole, as in the demonstration."""
    token = _as_one.set(True)
    try:
        with transaction.atomic():
            yield
    finally:
        _as_one.reset(token)


def _outermost(verb, label, function, wanted):
    context = {"verb": verb, "actor": label, "client": _client_id(wanted), **(_request.get() or {})}
    in_transaction = (
        connection.in_atomic_block
    )  # a test, or a caller that holds one: retrying is not ours to do
    token = _running.set((verb,))
    try:
        for attempt in range(RETRIES + 1):
            try:
                with pghistory.context(**context), transaction.atomic(savepoint=not _as_one.get()):
                    return function(**wanted)
            except OperationalError as error:
                if in_transaction or attempt == RETRIES or _code(error) not in (DEADLOCK, SERIALIZATION):
                    raise
                time.sleep(random.uniform(0.02, 0.08) * 2**attempt)  # noqa: S311  # nosec B311 # jitter, not a secret
    finally:
        _running.reset(token)


def _code(error: Exception) -> str:
    return getattr(error.__cause__, "pgcode", None) or ""


def _client_id(wanted: dict) -> str | None:
    """Whose record is touched, found by the names our actions use. Ids only: this goes into every history row."""
    for name in ("client", "course"):
        thing = wanted.get(name)
        if thing is not None:
            return str(getattr(thing, "client_id", None) or thing.pk)
    for thing in wanted.values():
        client = getattr(thing, "client_id", None) or getattr(
            getattr(thing, "course", None), "client_id", None
        )
        if client:
            return str(client)
    return None


def set_request_context(**values):
    """Request id, task id: set by the middleware and the Celery task base, kept with each history row."""
    return _request.set(values)


def request_context() -> dict:
    """Request id and address of what runs now; empty outside a request."""
    return dict(_request.get() or {})


def reset_request_context(token):
    _request.reset(token)


def constraint_name(error: Exception) -> str:
    """The name of the constraint that refused, so that an action can turn it into words."""
    diag = getattr(error.__cause__, "diag", None)
    return getattr(diag, "constraint_name", None) or ""
