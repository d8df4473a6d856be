"""Taking rights away from this process, for good and without any privilege. Linux does the most of it.

Each layer is enough for what it names, so that one that a machine does not offer leaves the others:

    network()   a network namespace of its own, in which there is nothing, not even a loopback
    syscalls()  seccomp: sockets, other programs, other processes, new rights answer "not permitted"
    files()     Landlock: only the named folders can be read, only one can be written
    python()    audit hook: the same once more inside Python, which also tells where it was tried
    limits()    memory, computing time, files, size of a file

The names of layers that took hold are returned; `enough` says whether they suffice.
"""

import ctypes
import os
import platform
import resource
import struct
import sys
from itertools import chain
from pathlib import Path

LINUX = sys.platform.startswith("linux")
_libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 1, 38, 22
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_EPERM = 1


class Forbidden(PermissionError):
    """Something that a document may not do was tried."""


def enough(layers: list[str]) -> bool:
    """On Linux the kernel itself must keep the network away; elsewhere Python's refusal has to do."""
    return not LINUX or "network" in layers or "syscalls" in layers


def die_with_parent(parent: int) -> None:
    """The kernel ends us when our parent ends, however it ends."""
    if LINUX:
        _libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def no_new_rights() -> None:
    """Needed by seccomp and Landlock. No program that is started from here has more rights than we have."""
    if LINUX:
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def network() -> list[str]:
    """Before any thread was started. Not permitted in some containers: then the others must do."""
    if not LINUX:
        return []
    user, group = os.geteuid(), os.getegid()
    if _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0:
        try:  # without these no file could be made in the folder for temporary ones
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        except OSError:
            pass
        return ["network"]
    return ["network"] if _libc.unshare(_CLONE_NEWNET) == 0 else []


# What is denied, by the numbers of system calls on the two kinds of machine that we know. Row by row:
# socket connect accept sendto recvfrom sendmsg recvmsg bind listen socketpair accept4 recvmmsg sendmmsg;
# execve execveat kill tkill ptrace process_vm_readv process_vm_writev pidfd_open pidfd_getfd pidfd_send_signal;
# mount unshare setns bpf perf_event_open userfaultfd add_key request_key keyctl io_uring_setup, _enter, _register.
_CALLS = {
    "x86_64": (
        (41, 42, 43, 44, 45, 46, 47, 49, 50, 53, 288, 299, 307),
        (59, 322, 62, 200, 101, 310, 311, 434, 438, 424),
        (165, 272, 308, 321, 298, 323, 248, 249, 250, 425, 426, 427),
    ),
    "aarch64": (
        (198, 203, 202, 206, 207, 211, 212, 200, 201, 199, 242, 243, 269),
        (221, 281, 129, 130, 117, 270, 271, 434, 438, 424),
        (40, 97, 268, 280, 241, 282, 217, 218, 219, 425, 426, 427),
    ),
}
_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def syscalls() -> list[str]:
    """No sockets, no other program, no reach into another process. Inherited by every child."""
    if not LINUX or platform.machine() not in _CALLS:
        return []
    arch, denied = _ARCHITECTURE[platform.machine()], chain.from_iterable(_CALLS[platform.machine()])
    load, jump_equal, jump_at_least, answer = 0x20, 0x15, 0x35, 0x06
    kill, refuse, allow = 0x80000000, 0x00050000 | _EPERM, 0x7FFF0000
    lines = [
        (load, 0, 0, 4), (jump_equal, 1, 0, arch), (answer, 0, 0, kill),
        (load, 0, 0, 0), (jump_at_least, 0, 1, 0x40000000), (answer, 0, 0, kill),
    ]  # fmt: skip
    for number in denied:
        lines += [(jump_equal, 0, 1, number), (answer, 0, 0, refuse)]
    lines.append((answer, 0, 0, allow))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    program = _Program(len(lines), ctypes.cast(code, ctypes.c_void_p))
    return ["syscalls"] if _libc.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0) == 0 else []


_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on both kinds of machine
_READ = 0b1101  # execute (which mapping a library needs), read a file, list a folder


def files(readable: list[str], writable: str) -> list[str]:
    """Only these folders and what is in them, from now on; what is open stays open."""
    if not LINUX:
        return []
    version = _libc.syscall(_CREATE, None, 0, 1)
    if version < 1:
        return []
    every = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 15)) - 1
    handled = struct.pack("QQ", every, 0b11) if version >= 4 else struct.pack("Q", every)
    rules = _libc.syscall(_CREATE, handled, len(handled), 0)
    if rules < 0:
        return []
    try:
        for path in readable:
            _allow(rules, path, _READ)
        _allow(rules, writable, every)
        return ["files"] if _libc.syscall(_RESTRICT, rules, 0) == 0 else []
    finally:
        os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    if not os.path.exists(path):
        return
    if not os.path.isdir(path):
        rights &= 0b110  # what a single file can have
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _libc.syscall(_ADD, rules, 1, struct.pack("=Qi", rights, handle), 0)
    finally:
        os.close(handle)


_NEVER = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.kill", "os.chmod",
    "os.chown", "os.link", "os.symlink", "ftplib.", "smtplib.", "urllib.Request", "http.client.", "webbrowser.",
)  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def python(writable: str) -> list[str]:
    """Cannot be taken back. After it Python code opens no socket, starts nothing and writes only in one folder."""
    inside = os.path.realpath(writable) + os.sep

    def hook(event: str, args) -> None:
        if event.startswith(_NEVER):
            raise Forbidden(f"A document may not do this: {event}")
        if event == "open":
            path, _, flags = args
            if isinstance(flags, int) and flags & _WRITES and not _within(path, inside):
                raise Forbidden("A document may not write a file.")

    sys.addaudithook(hook)
    return ["python"]


def _within(path, inside: str) -> bool:
    if isinstance(path, int):
        return True  # a descriptor that is open already
    return os.path.realpath(os.fsdecode(path)).startswith(inside)


def limits(*, memory_bytes: int, cpu_seconds: int, file_bytes: int, open_files: int) -> None:
    """Of this process alone. Beyond its time the kernel kills it; beyond its memory it gets none."""
    for what, soft, hard in (
        (resource.RLIMIT_AS, memory_bytes, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1),
        (resource.RLIMIT_FSIZE, file_bytes, file_bytes),
        (resource.RLIMIT_NOFILE, open_files, open_files),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        _, most = resource.getrlimit(what)
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(what, (soft, hard))
