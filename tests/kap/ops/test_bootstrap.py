"""Set-up says what is missing and how to get it, and keeps what was done."""

import subprocess
import sys

import pytest

from kap.ops import bootstrap
from kap.ops.bootstrap import Trouble


@pytest.fixture
def quiet(monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap, "LOG", tmp_path / "log" / "setup.log")
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "stamp")
    return monkeypatch


def test_without_root_the_missing_packages_are_named_with_their_command(quiet):
    quiet.setattr(bootstrap, "_loads", lambda library: "harfbuzz" not in library)
    quiet.setattr(bootstrap.shutil, "which", lambda name: "/usr/bin/" + name)
    quiet.setattr(bootstrap.os, "geteuid", lambda: 1000)
    with pytest.raises(Trouble, match="sudo apt-get install --no-install-recommends libharfbuzz-subset0"):
        bootstrap._os_packages(testing=False)


def test_without_apt_the_reader_is_told_what_to_look_for(quiet):
    quiet.setattr(bootstrap, "_loads", lambda library: False)
    quiet.setattr(bootstrap.shutil, "which", lambda name: None)
    with pytest.raises(Trouble, match="There is no apt here"):
        bootstrap._os_packages(testing=False)


def test_a_browser_is_wanted_for_tests_only(quiet):
    asked = []
    quiet.setattr(bootstrap, "_loads", lambda library: True)
    quiet.setattr(bootstrap.shutil, "which", lambda name: None)
    quiet.setattr(bootstrap, "_apt", lambda packages, problem: asked.append(packages))
    quiet.delenv("KAP_CHROMIUM", raising=False)
    quiet.setattr(bootstrap.glob, "glob", lambda *a, **k: ["/usr/share/fonts/a.ttf"])
    bootstrap._os_packages(testing=False)
    assert asked == []
    bootstrap._os_packages(testing=True)
    assert asked == [["chromium"]]


def test_a_failing_step_says_its_last_words_and_the_advice(quiet):
    with pytest.raises(Trouble) as trouble:
        bootstrap.run(
            "Packages", ["/bin/sh", "-c", "echo cannot resolve; exit 3"], trouble=bootstrap._no_network
        )
    assert "Packages failed" in str(trouble.value)
    assert "cannot resolve" in str(trouble.value)
    assert "Is there a network?" in str(trouble.value)


def test_a_long_step_shows_that_it_lives(quiet, capsys):
    ticks = iter(range(0, 10_000, 3))
    quiet.setattr(bootstrap.time, "monotonic", lambda: next(ticks))
    bootstrap.run("Packages", ["/bin/sh", "-c", "echo half way; sleep 0.3"])
    assert "s: half way" in capsys.readouterr().out


def test_the_mirror_of_pip_is_handed_to_uv(quiet):
    quiet.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    quiet.delenv("UV_DEFAULT_INDEX", raising=False)
    quiet.setattr(bootstrap, "PYTHON", sys.executable)
    assert bootstrap._as_pip_would()["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"


def test_an_installed_test_lock_is_enough_to_run(quiet):
    installed = []
    quiet.setattr(bootstrap, "_install", lambda kind, title: installed.append(kind))
    quiet.setattr(bootstrap, "_uv", lambda: None)
    quiet.setattr(bootstrap.shutil, "which", lambda name: "/usr/bin/npm")
    bootstrap._packages("test")
    bootstrap._packages("run")
    assert installed == ["test"]


def test_node_comes_from_a_wheel_where_npm_is_missing(quiet):
    installed = []
    quiet.setattr(bootstrap, "_install", lambda kind, title: installed.append(kind))
    quiet.setattr(bootstrap, "_uv", lambda: None)
    quiet.setattr(bootstrap.shutil, "which", lambda name: None)
    bootstrap._packages("run")
    bootstrap._packages("run")
    assert installed == ["run", "node"]


def test_set_up_imports_nothing_of_ours():
    """It runs before there is anything to import."""
    code = (
        "import runpy, sys; sys.argv = ['x', 'nothing']; "
        "runpy.run_path(sys.orig_argv[-1], run_name='looked-at'); "
        "sys.exit(any(name.partition('.')[0] in ('kap', 'django', 'redis') for name in sys.modules))"
    )
    line = [sys.executable, "-I", "-c", code, bootstrap.__file__]
    assert subprocess.run(line, capture_output=True).returncode == 0


def test_no_lock_names_an_index():
    for path in bootstrap.LOCKS.glob("lock-*.txt"):
        text = path.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "--index" not in text
