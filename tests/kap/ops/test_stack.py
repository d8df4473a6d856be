"""The real processes for journeys: up together, killed and started one by one, gone at the end."""

import os

import pytest

from kap.ops import stack as stack_module
from kap.ops.environment import Servers
from kap.ops.readiness import http_answers
from kap.ops.stack import StackError, stack


@pytest.fixture
def servers(sandbox, clean_environment):
    """The sandbox's application on servers of its own."""
    clean_environment.setenv("KAP_VAR_DIR", str(sandbox.root / "var"))
    clean_environment.setenv("SECRET_KEY", "x" * 60)
    clean_environment.setattr(stack_module, "ROOT", sandbox.root)
    with Servers(sandbox.root / "var"):
        yield os.environ["DATABASE_URL"], os.environ["REDIS_URL"]


def test_processes_start_die_and_end_as_told(servers, folder):
    with stack(*servers, folder=folder / "logs", web=2) as clinic:
        assert http_answers(clinic.url + "/healthz") == 200
        assert all(clinic.running(name) for name in ("web", "worker", "beat"))
        pids = [clinic.pid(name) for name in ("web", "worker", "beat")]
        clinic.kill("worker")
        assert not clinic.running("worker")
        assert http_answers(clinic.url + "/healthz") == 200
        clinic.start("worker")
        clinic.wait("worker")
        pids.append(clinic.pid("worker"))
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)
    assert http_answers(clinic.url + "/healthz") is None


def test_a_web_process_that_cannot_start_says_why(servers, sandbox, folder):
    (sandbox.root / "kap" / "wsgi.py").write_text("raise RuntimeError('the sky is falling')")
    with pytest.raises(StackError, match="the sky is falling"), stack(*servers, folder=folder / "logs"):
        pass
