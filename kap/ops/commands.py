"""The command lines of the three processes, in one place for `up` and for the tests' stack."""

import os
import sys

WSGI = "kap.wsgi:application"
# Celery warns at every start as root. docs/operations.md rules that out for real records; a trial may.
_CELERY = (
    sys.executable, "-W", "ignore:You're running the worker with superuser", "-m", "celery", "-q", "-A", "kap.celery",
)  # fmt: skip


def web(port: int, *, workers: int | None = None, bind: str = "127.0.0.1") -> list[str]:
    """gunicorn with sync workers: under this load threads and ASGI were slower (measured)."""
    workers = workers or int(os.environ.get("WEB_CONCURRENCY") or max(2, os.cpu_count() or 1))
    return [
        sys.executable, "-m", "gunicorn", WSGI, "--bind", f"{bind}:{port}", "--workers", str(workers),
        "--worker-class", "sync", "--timeout", "60", "--graceful-timeout", "10", "--max-requests", "5000",
        "--max-requests-jitter", "500", "--log-level", "warning", "--no-control-socket",
    ]  # fmt: skip


def worker(*, concurrency: int | None = None, name: str = "worker@%h") -> list[str]:
    """The Celery worker. It needs no gossip: there is nobody to talk to."""
    concurrency = concurrency or int(os.environ.get("KAP_WORKER_CONCURRENCY") or 2)
    return [
        *_CELERY, "worker", "--loglevel", "WARNING", "--concurrency", str(concurrency), "--hostname", name,
        "--without-gossip", "--without-mingle",
    ]  # fmt: skip


def beat(schedule: str) -> list[str]:
    """The clock of periodic work. `schedule` is the file where it keeps when it ran what. One per clinic."""
    return [
        *_CELERY, "beat", "--loglevel", "WARNING", "--schedule", schedule, "--pidfile=",
    ]  # fmt: skip
