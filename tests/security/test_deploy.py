"""Django's own check of a deployment, and bandit, both with nothing left open."""

import re
import subprocess
import sys

import pytest

from kap.ops.check import APPS, BANDIT
from kap.ops.environment import ROOT
from tests.security import production

NOWHERE = "postgres://kap_app:x@127.0.0.1:9/kap"


def deploy_check(tmp_path, **changes) -> subprocess.CompletedProcess:
    env = production.environment(NOWHERE, str(tmp_path)) | {"REDIS_URL": "redis://127.0.0.1:9/0"} | changes
    line = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "INFO"]
    return subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


def test_a_deployment_has_no_warning(tmp_path):
    done = deploy_check(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
    assert "(1 silenced)" in done.stdout  # auth.W004: email addresses are unique in lower case


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"SITE_URL": "http://clinic.example"}, "SITE_URL must start with https://"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        ({"SECRET_KEY": "a" * 60}, "security.W009"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS"),
        ({"FIELD_KEYS": ""}, "FIELD_KEYS"),
    ],
)
def test_a_deployment_that_is_set_up_badly_is_told_so(tmp_path, change, words):
    done = deploy_check(tmp_path, **change)
    assert done.returncode != 0
    assert words in done.stderr


@pytest.fixture(scope="module")
def bandit_finds(tmp_path_factory):
    """bandit with our settings over one line of code."""

    def run(code: str) -> int:
        folder = tmp_path_factory.mktemp("code")
        (folder / "tried.py").write_text(code)
        line = [*BANDIT[: BANDIT.index("-r")], "-r", str(folder)]
        return subprocess.run(line, cwd=ROOT, capture_output=True, timeout=120).returncode

    return run


def test_bandit_would_find_something(bandit_finds):
    """It runs in `make check`; here only that its settings leave it able to see."""
    assert bandit_finds("x = 1\n") == 0
    assert bandit_finds("import subprocess\nsubprocess.run('ls ' + input(), shell=True)\n") == 1
    assert (
        bandit_finds("from django.utils.safestring import mark_safe\ndef f(x):\n    return mark_safe(x)\n")
        == 1
    )
    assert bandit_finds("import pickle\npickle.loads(input().encode())\n") == 1


def test_what_bandit_is_told_to_pass_over_says_why():
    """`# nosec B123 # reason`; a bare one would hide the next fault on the same line."""
    marks = [
        (str(path.relative_to(ROOT)), line.strip())
        for folder in APPS
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "nosec" in line
    ]
    bare = [mark for mark in marks if not re.search(r"# nosec B\d{3}(, B\d{3})* # \w.{3,}", mark[1])]
    assert bare == []
