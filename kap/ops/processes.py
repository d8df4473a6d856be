"""Children that surely end: their own process group, killed as a whole, and with their parent on Linux."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

_PR_SET_PDEATHSIG = 1
# Loaded here, not in the child: between fork and exec nothing may take a lock.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None = None,
    run_as: Mapping[str, Any] | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen:
    """Start a child in a process group of its own, so that Ctrl-C reaches only us and we choose the order.

    On Linux the kernel sends `death_signal` to the child when we die, even by SIGKILL. Call from the main
    thread: the kernel means the thread that forked.
    """
    parent = os.getpid()

    def before_exec() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:  # we died between fork and prctl
                os._exit(1)

    return subprocess.Popen(
        list(argv),
        env=dict(env) if env is not None else None,
        cwd=str(cwd) if cwd is not None else None,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.STDOUT if stdout is not None else None,
        process_group=0,
        preexec_fn=before_exec,
        **(run_as or {}),
    )


def end(process: subprocess.Popen | None, *, sig: signal.Signals = signal.SIGTERM, wait: float = 10) -> None:
    """Ask the child to end, wait, then kill what is left of its whole group. Safe to call twice."""
    if process is None:
        return
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(sig)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(wait)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)
