#!/usr/bin/env python
"""Django's command line. Finds the clinic's servers by itself: the given ones, those of a running `make run`,
or the embedded ones, which it then starts for as long as the command takes."""

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

# Commands that never ask the database. They get an address where nobody listens.
OFFLINE = {
    "", "help", "version", "--help", "--version", "check", "collectstatic", "compilemessages", "diffsettings",
    "findstatic", "makemessages", "makemigrations", "startapp",
}  # fmt: skip
AS_OWNER = {"migrate", "createcachetable", "pgtrigger", "showmigrations", "sqlmigrate"}
NOBODY = "postgres://nobody@127.0.0.1:9/offline"
NO_REDIS = "redis://127.0.0.1:9/0"


def main() -> None:
    _own_python()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kap.settings")
    from kap.ops import environment

    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command in AS_OWNER:
        os.environ.setdefault("KAP_AS_OWNER", "1")
    try:
        var = environment.prepare()
        with ExitStack() as until_done:
            if command in OFFLINE:
                _offline()
            else:
                _find_servers(environment, var, until_done, as_owner=command in AS_OWNER)
            _execute()
    except environment.SetupError as error:
        sys.exit(str(error))


def _own_python() -> None:
    """`python manage.py` works without activating anything, once `make setup` was there."""
    try:
        import django  # noqa: F401
    except ImportError:
        ours = Path(__file__).resolve().parent / ".venv" / "bin" / "python"
        if not ours.exists() or os.environ.get("KAP_OWN_PYTHON"):
            sys.exit("Django is not installed here. Run `make setup` first.")
        os.environ["KAP_OWN_PYTHON"] = "1"  # never twice
        os.execv(ours, [str(ours), *sys.argv])


def _find_servers(environment, var: Path, until_done: ExitStack, *, as_owner: bool) -> None:
    names = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
    if all(os.environ.get(name) for name in names):
        return
    is_app = urlsplit(os.environ.get("DATABASE_URL", "")).username == "kap_app"
    if is_app and os.environ.get("REDIS_URL") and not as_owner:
        return  # a host that serves pages has no need of the owner
    given = os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_OWNER_URL")
    running = environment.running(var).get("env", {})
    if running:
        os.environ.setdefault("REDIS_URL", running["REDIS_URL"])
        if not given:
            os.environ.update({name: running[name] for name in names[:2]})
            return
    if as_owner:
        os.environ.setdefault("REDIS_URL", NO_REDIS)
    if not (given and os.environ.get("REDIS_URL")):
        until_done.enter_context(environment.Alone(var))
    # A given Redis is not asked: most commands do without it.
    until_done.enter_context(environment.Servers(var, redis=not os.environ.get("REDIS_URL")))


def _offline() -> None:
    import warnings

    os.environ.setdefault("DATABASE_URL", NOBODY)
    os.environ.setdefault("REDIS_URL", NO_REDIS)
    # makemigrations compares with a database where there is one.
    warnings.filterwarnings("ignore", message="Got an error checking a consistent migration history")


def _execute() -> None:
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"The settings are not right: {error}")


if __name__ == "__main__":
    main()
