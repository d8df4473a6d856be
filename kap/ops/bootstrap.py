#!/usr/bin/env python3
"""Set-up from a bare checkout: virtual environment, Python packages, OS packages, front-end files; then go on.

    python3 kap/ops/bootstrap.py run|test|check|setup …

Runs under the system's Python with its standard library alone and imports nothing of ours. A second call finds
everything done and costs about a tenth of a second.
"""

import os
import sys

OLDEST = (3, 11)


def _need_python():
    """Go on under a Python that is new enough, or say which one is needed. Any Python 3 can read this far."""
    if sys.version_info >= OLDEST:
        return
    import shutil

    for name in ("python3.13", "python3.12", "python3.11"):
        if shutil.which(name):
            os.execv(shutil.which(name), [name, *sys.argv])
    sys.exit(
        "KAP needs Python %d.%d or newer; this is %d.%d.\n"
        "Install one (Debian, Ubuntu: apt install python3.11 python3.11-venv) and start again."
        % (OLDEST + tuple(sys.version_info[:2]))
    )


_need_python()

import ctypes  # noqa: E402
import fcntl  # noqa: E402
import glob  # noqa: E402
import hashlib  # noqa: E402
import json  # noqa: E402
import shutil  # noqa: E402
import signal  # noqa: E402
import socket  # noqa: E402
import subprocess  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".kap-installed"
LOCKS = ROOT / "kap" / "ops"
LOG = ROOT / "var" / "log" / "setup.log"

# What must load, and the Debian package that brings it.
LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
TEST_LIBRARIES = {"libatomic.so.1": "libatomic1"}  # the browser driver's own Node wants it
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class Trouble(Exception):
    """Set-up cannot go on. The text says what is wrong and what to do."""


def main(goal, rest):
    os.chdir(ROOT)
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"):
        os.environ.pop(name, None)  # without byte code every start compiles everything anew: 1.3 s a process
    testing = goal in ("test", "check", "setup", "screenshots", "bench", "sweep", "lock")
    if goal == "run" and not PYTHON.exists():
        _port_is_free()
    with _alone():
        _virtual_environment()
        _packages("test" if testing else "run")
        _os_packages(testing and goal != "check")
        if testing or goal == "setup":  # for `run`, `up` does it, beside the database
            _front_end()
    _go_on(goal, rest)


def _go_on(goal, rest):
    """Replace ourselves, so that Ctrl-C and SIGTERM reach the one that matters."""
    python = str(PYTHON)
    # Whole files, in the order that tests/conftest.py gives: the longest first.
    two_at_once = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    lines = {
        "run": [python, "-m", "kap.ops.up", *rest],
        "test": [python, "-m", "pytest", *two_at_once, *rest],
        "check": [python, "-m", "kap.ops.check", *rest],
        "screenshots": [python, "-m", "tests.screenshots", *rest],
        "bench": [python, "-m", "pytest", "-m", "bench", "-s", *rest],
        "sweep": [python, "-m", "pytest", "-m", "sweep", *two_at_once, *rest],
        "backup": [python, "-m", "kap.ops.backup", "backup", *rest],
        "restore": [python, "-m", "kap.ops.backup", "restore", *rest],
        "lock": [python, "-m", "kap.ops.lock", *rest],
    }
    if goal in lines:
        sys.stdout.flush()
        os.execv(python, lines[goal])
    say("Everything is there. `make run` starts the clinic, `make test` runs the tests.")


# ---------------------------------------------------------------- steps


def _virtual_environment():
    whole = PYTHON.exists() and (VENV / "bin" / "pip").exists()
    if whole and _works([str(PYTHON), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if not _works([sys.executable, "-c", "import ensurepip, venv"]):
        version = "python%d.%d-venv" % sys.version_info[:2]
        _apt([version], "Python can make no virtual environment: %s is missing." % version)
    run("Virtual environment", [sys.executable, "-m", "venv", str(VENV)])


def _packages(kind):
    """Install what the lock names. The test lock holds everything of the run lock, in the same versions."""
    wanted = {"run": _sum("run"), "test": _sum("test")}
    have = _installed()
    done = have.get("test") == wanted["test"] or (kind == "run" and have.get("run") == wanted["run"])
    if not done:
        _uv()
        _install(kind, "Python packages")
        _remember({kind: wanted[kind]})
    if not shutil.which("npm") and have.get("node") != _sum("node"):
        _uv()
        _install("node", "Node.js, since npm is missing")
        _remember({"node": _sum("node")})


def _uv():
    if (VENV / "bin" / "uv").exists() and _installed().get("uv") == _sum("uv"):
        return
    line = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--require-hashes",
        "-r",
    ]
    run("Installer (uv)", [*line, str(LOCKS / "lock-uv.txt")], trouble=_no_network)
    _remember({"uv": _sum("uv")})


def _install(kind, title):
    lock = str(LOCKS / f"lock-{kind}.txt")
    line = [
        str(VENV / "bin" / "uv"),
        "pip",
        "install",
        "--python",
        str(PYTHON),
        "--require-hashes",
        "-r",
        lock,
    ]
    try:
        run(title, line, env={**os.environ, **_as_pip_would()})
    except Trouble:
        # pip knows proxies, certificates and mirrors that uv was not told of. It takes ten times as long.
        say("  uv could not; trying pip, which is slower")
        line = [str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
        run(title, [*line, "-r", lock], trouble=_no_network)


def _as_pip_would():
    """uv reads none of pip's settings: hand over the mirror that this machine uses, if it names one."""
    found = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True, stdin=subprocess.DEVNULL
    ).stdout
    values = {}
    for line in found.splitlines():
        name, _, value = line.partition("=")
        values[name.rpartition(".")[2].lower().replace("_", "-")] = (
            value.strip("'\"").replace("\\n", " ").strip()
        )
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}
    env = {
        ours: values[theirs]
        for theirs, ours in names.items()
        if values.get(theirs) and ours not in os.environ
    }
    if values.get("cert") and "SSL_CERT_FILE" not in os.environ:
        env["SSL_CERT_FILE"] = values["cert"]
    if env:
        env.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")  # the lock's hashes say which file is right
    return env


def _os_packages(testing):
    if not sys.platform.startswith("linux"):
        return
    wanted = {**LIBRARIES, **(TEST_LIBRARIES if testing else {})}
    missing = [package for library, package in wanted.items() if not _loads(library)]
    if not glob.glob("/usr/share/fonts/**/*.?tf", recursive=True):
        missing.append("fonts-dejavu-core")  # PDFs use our own font; with no font at all the renderer crashes
    if testing and not os.environ.get("KAP_CHROMIUM") and not any(map(shutil.which, BROWSERS)):
        missing.append("chromium")
    if missing:
        _apt(missing, "OS packages are missing: " + " ".join(missing) + ".")


def _apt(packages, problem):
    command = "apt-get install --no-install-recommends " + " ".join(packages)
    if not shutil.which("apt-get"):
        raise Trouble(
            problem
            + "\nThere is no apt here: install the matching packages of your system, then start again."
        )
    if os.geteuid() != 0:
        raise Trouble(
            problem + "\nInstalling them needs root. Run once:\n  sudo " + command + "\nthen start again."
        )
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    advice = "\nIs there a network? Set it up, or run it yourself:\n  " + command
    run("List of OS packages", ["apt-get", "update", "-qq"], env=env, trouble=lambda words: words + advice)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    title = "OS packages: " + " ".join(packages)
    run(title, install, env=env, trouble=lambda words: words + advice, gently=True)


def _front_end():
    if (ROOT / "package-lock.json").exists():
        run("Front-end files", [str(PYTHON), "-m", "kap.ops.assets"], quick=True)


# ---------------------------------------------------------------- helpers


def run(title, line, env=None, trouble=None, gently=False, quick=False):
    """One step: its name, the passing seconds, the time it took; on failure its last words.

    `gently`: on Ctrl-C let the program end by itself (a package half unpacked is harder to mend than a wait).
    `quick`: a step that usually has nothing to do says nothing unless it takes longer than half a second.
    """
    LOG.parent.mkdir(parents=True, exist_ok=True)
    start, shown, spoken = time.monotonic(), 0.0, not quick
    if spoken:
        say(title + " …")
    with LOG.open("w+", errors="replace") as log:
        process = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=env, process_group=0
        )
        try:
            while process.poll() is None:
                time.sleep(0.05)
                passed = time.monotonic() - start
                if not spoken and passed > 0.5:
                    spoken = say(title + " …")
                if passed - shown >= 5:
                    shown = passed
                    say(f"  {passed:.0f} s: {_last_line(LOG)}")
        finally:
            _end(process, gently)
        log.seek(0)
        words = log.read().strip()
    if process.returncode:
        text = f"{title} failed:\n" + "\n".join("  " + part for part in words.splitlines()[-12:])
        raise Trouble(trouble(text) if trouble else text)
    if spoken:
        say(f"  done in {time.monotonic() - start:.1f} s")


def _end(process, gently):
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT if gently else signal.SIGTERM)
    try:
        process.wait(120 if gently else 10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _last_line(log):
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1].strip()[:90] if lines else "working"


def _no_network(words):
    return (
        words
        + "\nThe packages could not be fetched. Is there a network? Behind a mirror set PIP_INDEX_URL, behind "
        "a proxy HTTPS_PROXY; then start again. What is already there is kept."
    )


def _works(line):
    done = subprocess.run(
        line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return done.returncode == 0


def _loads(library):
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _sum(kind):
    return hashlib.sha256((LOCKS / f"lock-{kind}.txt").read_bytes()).hexdigest()


def _installed():
    try:
        return json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}


def _remember(more):
    STAMP.write_text(json.dumps({**_installed(), **more}))


def _port_is_free():
    """Asked before the first long step; `up` asks again and knows more."""
    port = os.environ.get("PORT", "8000")
    if port.isdigit() and 0 < int(port) < 65536:
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind((os.environ.get("KAP_BIND", "127.0.0.1"), int(port)))
            except OSError as error:
                raise Trouble(
                    f"Port {port} cannot be used ({error.strerror}). Choose another: PORT={int(port) + 1} make run"
                ) from None


class _alone:
    """One set-up at a time in a checkout; a second waits."""

    def __enter__(self):
        (ROOT / "var").mkdir(exist_ok=True)
        self.file = open(ROOT / "var" / ".setup-lock", "w")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Another set-up is at work in this checkout; waiting for it …")
            fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_):
        self.file.close()


def say(text):
    print(text, flush=True)
    return True


def _stop(number, _frame):
    raise KeyboardInterrupt


if __name__ == "__main__":
    for _number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(_number, _stop)
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "setup", sys.argv[2:])
    except Trouble as problem:
        sys.exit(f"\n{problem}")
    except PermissionError as problem:
        sys.exit(
            f"\n{problem.filename} may not be written ({problem.strerror}). Was KAP set up here by another user? "
            "Start as that user, or give the folder to yourself."
        )
    except KeyboardInterrupt:
        print("\nStopped. Start again to go on; what was done is kept.", flush=True)
        sys.exit(130)
