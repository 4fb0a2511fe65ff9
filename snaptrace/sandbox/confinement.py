"""Confines the process that calls it, before any foreign code is loaded.

The network, by three means of which the last works everywhere: a network namespace
of its own, a system call filter, and Python's audit hook. With the namespace come a
user and a mount namespace, in which the key's file is an empty one. Linux only, but
for the last. Sources: namespaces(7), seccomp(2), prctl(2).
"""

import ctypes
import platform
import struct
import sys
from typing import Any

_NEW_MOUNTS, _NEW_USER, _NEW_NETWORK = 0x00020000, 0x10000000, 0x40000000
_BIND, _PRIVATE, _RECURSIVE = 0x1000, 0x40000, 0x4000
_NO_NEW_PRIVILEGES, _DUMPABLE, _SECCOMP = 38, 4, 22
_SECCOMP_FILTER = 2
_ALLOW, _REFUSE_WITH_EPERM, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
# Calls that open a socket, read another process's memory, or get around the filter:
# socket, connect, ptrace, process_vm_readv, process_vm_writev, io_uring_setup, bpf.
_OF_NETWORK = 2  # the first of them
_REFUSED = {
    "x86_64": (0xC000003E, (41, 42, 101, 310, 311, 425, 321)),
    "aarch64": (0xC00000B7, (198, 203, 117, 270, 271, 425, 280)),
}
_X32 = 0x40000000  # x86-64 numbers from here on are another table of the same calls


def confine(hidden: tuple[str, ...] = (), *, network: bool = False) -> None:
    """Give up network and keys for good; `hidden` files read as empty where possible.

    Every means fails without a word where the kernel does not grant it; the last, the
    audit hook, cannot. With `network` only the keys are given up.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        own_network = 0 if network else _NEW_NETWORK
        if not libc.unshare(_NEW_USER | own_network | _NEW_MOUNTS):
            _hide(libc, hidden)
        elif own_network:
            libc.unshare(_NEW_USER | own_network)
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        _filter_calls(libc, network=network)

    def refuse(event: str, _arguments: tuple[Any, ...]) -> None:
        if event.startswith("socket."):
            raise PermissionError("a confined process has no network")

    if not network:
        sys.addaudithook(refuse)


def protect_parent() -> None:
    """Deny other processes of the user this one's memory and environment."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DUMPABLE, 0, 0, 0, 0)


def _hide(libc: ctypes.CDLL, files: tuple[str, ...]) -> None:
    if libc.mount(None, b"/", None, _PRIVATE | _RECURSIVE, None):
        return
    for name in files:
        libc.mount(b"/dev/null", name.encode(), None, _BIND, None)


def _filter_calls(libc: ctypes.CDLL, *, network: bool) -> None:
    machine = _REFUSED.get(platform.machine())
    if machine is None:
        return
    architecture, every = machine
    refused = every[_OF_NETWORK if network else 0 :]
    load, jump_if, jump_from, give = 0x20, 0x15, 0x35, 0x06
    last = len(refused) + 1  # of the comparisons before the verdicts
    program = [
        (load, 0, 0, 4),  # the architecture
        (jump_if, 1, 0, architecture),
        (give, 0, 0, _KILL),
        (load, 0, 0, 0),  # the number of the call
        (jump_from, last, 0, _X32),
        *((jump_if, last - at, 0, call) for at, call in enumerate(refused, 1)),
        (give, 0, 0, _ALLOW),
        (give, 0, 0, _REFUSE_WITH_EPERM),
    ]
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    held = ctypes.create_string_buffer(code)
    # A struct sock_fprog: how many instructions, and where.
    whole = struct.pack("HxxxxxxP", len(program), ctypes.addressof(held))
    given = ctypes.create_string_buffer(whole)
    libc.prctl(_SECCOMP, _SECCOMP_FILTER, given, 0, 0)
