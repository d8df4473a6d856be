"""The process that draws: held in from several sides, given up at its limits, and the worker goes on."""

import contextlib
import http.server
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from kap.documents import pdf, pdf_process, rendering
from kap.documents.models import DocumentPdf, RenderJob
from kap.documents.pdf_process import RenderFailed
from tests.factories import documents as make

SANDBOX = Path(pdf_process.__file__).parent / "sandbox"
CANARY = "Wintergoldhaehnchen"
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's part is Linux's")


def page(body: str) -> str:
    return f'<!doctype html><html lang="en"><title>x</title><body>{body}'


NESTED = page("<div>" * 100_000 + CANARY)
TABLE = page("<table>" + "<tr><td>a<td>b<td>c" * 60_000 + "</table>")
WIDE = page("<style>p { width: 1e9px; column-count: 5000 }</style>" + "<p>" + "word " * 200_000)


@pytest.fixture
def own_press(monkeypatch):
    """Tight limits, in a process of the test's own."""

    def tight(**limits):
        pdf_process.end()
        seconds = limits.pop("seconds", None)
        if seconds:
            monkeypatch.setattr(pdf_process, "SECONDS", seconds)
        monkeypatch.setattr(pdf_process, "LIMITS", {**pdf_process.LIMITS, **limits})

    pdf_process.end()
    yield tight
    pdf_process.end()


def draws_again() -> bool:
    return pdf.write(page("<p>after")).body.startswith(b"%PDF-")


# Limits


@pytest.mark.parametrize(
    "html", [NESTED, TABLE, WIDE], ids=["100,000 nested", "60,000 rows", "200,000 words"]
)
def test_a_bomb_ends_in_its_limit_and_the_next_document_is_drawn(own_press, html):
    own_press(cpu_seconds=3, memory_bytes=400 * pdf_process.MB)
    assert draws_again()
    with Watched(pdf_process._running.process.pid) as watched:
        began = time.monotonic()
        with pytest.raises(RenderFailed) as failed:
            pdf.write(html)
        took = time.monotonic() - began
    assert took < pdf_process.SECONDS
    assert "than a document may" in str(failed.value) or "nested too deeply" in str(failed.value)
    assert CANARY not in str(failed.value)
    assert watched.highest_mb < 400
    assert pdf_process._running.usable, "only the copy ended"
    assert draws_again()


class Watched:
    """The most memory that any copy of the process took, as the kernel counts it."""

    def __init__(self, pid: int):
        self.pid, self.highest_mb, self.stop = pid, 0.0, threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        while not self.stop.wait(0.02):
            with contextlib.suppress(OSError, IndexError, ValueError):
                children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
                for child in children:
                    line = Path(f"/proc/{child}/status").read_text().split("VmHWM:")[1].split()[0]
                    self.highest_mb = max(self.highest_mb, int(line) / 1024)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


def test_what_takes_too_long_by_the_clock_is_ended_with_all_it_started(own_press):
    own_press(seconds=0.7)
    assert draws_again()
    group = pdf_process._running.process.pid
    with pytest.raises(RenderFailed, match="longer than a document may"):
        pdf.write(TABLE)
    until = time.monotonic() + 10
    while _group_lives(group) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _group_lives(group)
    own_press(seconds=40.0)
    assert draws_again()


def _group_lives(group: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False


def test_a_text_without_end_is_refused_before_it_is_sent():
    with pytest.raises(RenderFailed, match="too long"):
        pdf.write("x" * (pdf_process.HTML_BYTES + 1))


def test_a_document_that_bursts_leaves_the_worker_and_the_other_documents_alone(
    course, own_press, monkeypatch
):
    own_press(cpu_seconds=3, memory_bytes=400 * pdf_process.MB)
    bad = make.record(course)
    good = make.record(course)
    real = pdf.write
    monkeypatch.setattr(pdf, "write", lambda html: real(NESTED if str(bad.sha256) in html else html))
    assert rendering.render_owed() == 2
    assert DocumentPdf.objects.filter(document=good).exists()
    assert not DocumentPdf.objects.filter(document=bad).exists()
    job = RenderJob.objects.get(pk=bad.pk)
    assert job.attempts == 1
    assert "document may" in job.last_error or "nested" in job.last_error
    assert CANARY not in job.last_error


# The process itself


def test_it_is_started_once_and_each_document_has_a_copy_of_its_own():
    assert draws_again()
    first = pdf_process._running.process.pid
    assert draws_again()
    assert pdf_process._running.process.pid == first
    assert list(Path(pdf_process._running.scratch.name).iterdir()) == [], "fonts of one document lie about"


def test_killed_between_two_documents_it_is_replaced_and_nobody_notices():
    assert draws_again()
    os.kill(pdf_process._running.process.pid, signal.SIGKILL)
    assert draws_again()


def test_killed_while_it_draws_it_is_replaced_and_draws_again():
    assert draws_again()
    pid = pdf_process._running.process.pid
    threading.Timer(0.15, os.kill, (pid, signal.SIGKILL)).start()
    html = page("<p>" + "words of a longer record. " * 6000)
    assert pdf.write(html).pages > 10
    assert pdf_process._running.process.pid != pid


def test_two_processes_give_the_same_bytes(course):
    document = make.record(course)
    first = pdf.render(document).body
    pdf_process.end()
    assert pdf.render(document).body == first


def test_a_fork_of_the_worker_starts_one_of_its_own():
    assert draws_again()
    press = pdf_process._running
    press.owner = os.getpid() + 1  # as a pool process sees what its parent had
    assert not press.usable
    assert draws_again()
    assert press.process.poll() is None, "the parent's is not ours to end"
    press.owner = os.getpid()
    press.end()


@linux
def test_it_dies_with_its_worker_even_by_sigkill():
    code = """
        import os, time, django
        django.setup()
        from kap.documents import pdf, pdf_process
        pdf.write("<!doctype html><title>x</title><p>x")
        print(pdf_process._running.process.pid, pdf_process._running.scratch.name, flush=True)
        time.sleep(60)
    """
    worker = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "kap.settings"}, cwd=SANDBOX.parents[2],
    )  # fmt: skip
    pid = int(worker.stdout.readline().split()[0])
    assert Path(f"/proc/{pid}").exists()
    worker.kill()
    worker.wait()
    worker.stdout.close()
    until = time.monotonic() + 10
    while _alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_where_the_kernel_keeps_nothing_away_nothing_is_drawn():
    from kap.documents.sandbox import confine

    assert confine.enough(["network", "python"])
    assert confine.enough(["syscalls"])
    assert confine.enough(["files", "python"]) is (not confine.LINUX)


# Each layer by itself: code that already runs inside, as after a hole in the library

TRIES = {
    "connect": "import socket; socket.create_connection(('127.0.0.1', {port}), 2).send(b'GET / HTTP/1.0\\r\\n\\r\\n')",
    "read": "print(open({secret!r}).read())",
    "write": "open({outside!r}, 'w').write('x')",
    "delete": "import os; os.unlink({secret!r})",
    "run": "import os; os.execv('/bin/true', ['true'])",
    "shell": "import subprocess; subprocess.run(['/bin/true'], check=True)",
    "signal": "import os; os.kill(os.getppid(), 0)",
    "parent": "print(open(f'/proc/{{__import__(\"os\").getppid()}}/environ').read())",
}
KEPT_BY = {
    "network()": {"connect"},
    "syscalls()": {"connect", "run", "shell", "signal"},
    "files([sys.prefix, sys.base_prefix, '/usr', '/lib', '/lib64'], {scratch!r})": {
        "read",
        "write",
        "delete",
        "parent",
    },
    "python({scratch!r})": {"connect", "write", "run", "shell", "signal"},
}


@linux
@pytest.mark.parametrize("layer", KEPT_BY)
def test_each_layer_keeps_what_it_names_by_itself(tmp_path, canary_server, layer):
    port, hits = canary_server
    (tmp_path / "scratch").mkdir()
    secret = tmp_path / "secret"
    at = {
        "scratch": str(tmp_path / "scratch"),
        "secret": str(secret),
        "outside": str(tmp_path / "out"),
        "port": port,
    }
    available = probe("", layer.format(**at))
    if available == "[]":
        pytest.skip("this machine does not offer it")
    for name in KEPT_BY[layer]:
        line = TRIES[name].format(**at)
        secret.write_text(CANARY)
        assert "Error" not in probe(line, ""), f"{name} does not work even unhindered"
        hits.clear()
        secret.write_text(CANARY)
        (tmp_path / "out").unlink(missing_ok=True)
        said = probe(line, layer.format(**at))
        assert "Error" in said or "Forbidden" in said, name
        assert CANARY not in said
        assert hits == []
        assert secret.read_text() == CANARY
        assert not (tmp_path / "out").exists()


def probe(line: str, layer: str) -> str:
    """What a process prints that first confines itself and then tries."""
    code = f"""
import sys; sys.path.insert(0, {str(SANDBOX)!r})
import confine, encodings.idna, socket, subprocess
confine.no_new_rights()
took = confine.{layer or "enough(['network'])"}
{line or "print(took)"}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    return (done.stdout + done.stderr[-300:]).strip()


@pytest.fixture
def canary_server():
    hits = []

    class Counting(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            hits.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], hits
    server.shutdown()
    server.server_close()
