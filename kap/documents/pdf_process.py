"""The worker's side of drawing PDFs: one confined process, started at the first document and kept.

What a document says never reaches the worker's own process: no network, no file, no secret, no database lies
within reach of the code that reads HTML and CSS (kap/documents/sandbox). A document that takes too long, too much
memory or too much room is given up, in words, and the worker goes on with the next.
"""

import contextlib
import json
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

CHILD = Path(__file__).parent / "sandbox" / "child.py"
ASSETS = (
    "css/pdf.css",
    *(f"vendor/fonts/KapInter-{face}.ttf" for face in ("Regular", "Italic", "SemiBold", "Bold")),
)
MB = 1024 * 1024
# Of one document. A long consent takes 0.3 s, 250 MB of address space and 100 kB.
LIMITS = {
    "memory_bytes": 768 * MB, "cpu_seconds": 20, "file_bytes": 4 * MB, "open_files": 32, "pdf_bytes": 32 * MB,
}  # fmt: skip
SECONDS = 40.0  # by the wall's clock, however little it computes
START_SECONDS = 60.0  # on a machine that is busy
HTML_BYTES = 8 * MB


class RenderFailed(Exception):
    """The PDF could not be made; the words say why."""


@dataclass(frozen=True)
class Rendered:
    body: bytes
    pages: int


def draw(html: str, *, fontconfig: Path) -> Rendered:
    """The PDF of this HTML. Raises RenderFailed. A process that was found dead is replaced once."""
    raw = html.encode("utf-8")
    if len(raw) > HTML_BYTES:
        raise RenderFailed("The document is too long to be printed.")
    with _lock:
        for last in (False, True):
            press = _press(fontconfig)
            try:
                return press.draw(raw)
            except _Gone:
                end()
                if last:
                    raise RenderFailed("The process that draws PDFs ended twice.") from None
    raise AssertionError


class _Gone(Exception):
    """The process was not there any more when it was asked."""


class Press:
    """The running process. `layers`: what keeps documents in, as it reported."""

    def __init__(self, fontconfig: Path, limits: dict):
        self.owner = os.getpid()
        self.scratch = tempfile.TemporaryDirectory(prefix="kap-pdf-", ignore_cleanup_errors=True)
        static = settings.BASE_DIR / "static"
        order = {
            "static": str(static), "assets": ASSETS, "scratch": self.scratch.name, "parent": os.getpid(),
            "readable": _readable(static, fontconfig), **limits,
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-s", "-P", str(CHILD), json.dumps(order)], cwd="/", env=_plain_env(self.scratch.name, fontconfig),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            words, _ = self._hear(time.monotonic() + START_SECONDS)
        except _Gone:
            self.end()
            raise RenderFailed("The process that draws PDFs did not start.") from None
        except BaseException:
            self.end()
            raise
        if not words["ok"]:
            self.end()
            raise RenderFailed(f"The process that draws PDFs did not start. {words['error']}")
        self.layers: list[str] = words["layers"]

    @property
    def usable(self) -> bool:
        return self.owner == os.getpid() and self.process.poll() is None

    def draw(self, raw: bytes) -> Rendered:
        until = time.monotonic() + SECONDS
        try:
            self.process.stdin.write(struct.pack(">Q", len(raw)) + raw)
            self.process.stdin.flush()
        except OSError:
            raise _Gone from None
        try:
            words, body = self._hear(until)
        except (RenderFailed, BaseException):
            self.end()  # half an answer may be on its way; and on a time limit of the task the drawing must stop
            raise
        if not words["ok"]:
            raise RenderFailed(str(words["error"])[:300])
        return Rendered(body, int(words["pages"]))

    def _hear(self, until: float) -> tuple[dict, bytes]:
        """One answer. Raises RenderFailed when it does not come in time, _Gone when the process ended."""
        said = b""
        while b"\n" not in said:
            said += self._some(until)
        head, _, body = said.partition(b"\n")
        words = json.loads(head)
        parts, missing = [body], words.get("length", 0) - len(body)
        while missing > 0:
            parts.append(self._some(until))
            missing -= len(parts[-1])
        return words, b"".join(parts)

    def _some(self, until: float) -> bytes:
        handle = self.process.stdout.fileno()
        if not select.select([handle], [], [], max(0.0, until - time.monotonic()))[0]:
            raise RenderFailed("It took longer than a document may.")
        part = os.read(handle, MB)
        if not part:
            raise _Gone
        return part

    def end(self) -> None:
        """It and whatever it was drawing, at once."""
        if self.owner != os.getpid():
            return  # the parent's, seen after a fork: not ours to end
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self.scratch.cleanup()


_lock = threading.RLock()
_running: Press | None = None


def _press(fontconfig: Path) -> Press:
    global _running
    if _running is None or not _running.usable:
        end()
        _running = Press(fontconfig, LIMITS)
    return _running


def end() -> None:
    """Let the process go; the next document starts another."""
    global _running
    if _running is not None:
        _running.end()
    _running = None


def _plain_env(scratch: str, fontconfig: Path) -> dict[str, str]:
    """Nothing of ours: no secret, no address. The fixed seed makes equal documents equal to the byte."""
    keep = {
        name: os.environ[name]
        for name in ("LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
        if name in os.environ
    }
    return {
        "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": scratch, "TMPDIR": scratch, "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1", "FONTCONFIG_FILE": str(fontconfig), **keep,
    }  # fmt: skip


def _readable(static: Path, fontconfig: Path) -> list[str]:
    """What the library may still load while it draws: itself, and our fonts."""
    return [
        sys.prefix, sys.base_prefix, "/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom",
        str(static / "vendor" / "fonts"), str(static / "css"), str(fontconfig.parent), str(CHILD.parent),
    ]  # fmt: skip
