"""The rules that look at the tables every minute, each by dotted path, so that the outbox imports no later app.

A rule is `run(*, by)`: it owes messages and raises items by keys of their own, so that running it again
changes nothing. One that fails is logged and does not keep the others from running.
"""

import logging
from importlib.util import find_spec

from django.utils.module_loading import import_string

from kap.core.actions import System, action

log = logging.getLogger(__name__)
RULES = (
    "kap.outbox.credentials.warn_expiring",
    "kap.notes.watch.run",
    "kap.measures.watch.run",
    "scheduling.watch.run",
    "intake.watch.run",
    "sessions.watch.run",
    "integration.watch.run",
)


def run() -> list[str]:
    """Run every rule whose module exists. Returns the paths of those that failed."""
    failed = []
    for path in RULES:
        if find_spec(path.rpartition(".")[0]) is None:
            continue
        try:
            look(path=path, by=System("watch"))
        except Exception:
            log.exception("The rule %s failed; it runs again in a minute.", path)
            failed.append(path)
    return failed


@action("outbox.watch")
def look(*, path: str, by) -> None:
    import_string(path)(by=by)
